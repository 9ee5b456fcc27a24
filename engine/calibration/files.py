"""A calibration as files: tables a program reads, and everything in one JSON value.

Every line of calibration.csv is one number with its interval and what it rests on. Whatever comes from a
simulated run says so in every file. Nothing here computes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import orjson

from engine.calibration.source import JurySource
from rubrics.calibration.annotations import Annotations
from rubrics.calibration.beside import SideBySide
from rubrics.calibration.calibrate import Calibrated, DimensionReport
from rubrics.calibration.correct import COLUMNS, MEASURES
from rubrics.numbers.values import Estimate

Row = dict[str, Any]


def number_rows(reports: Sequence[DimensionReport], beside: Sequence[SideBySide]) -> Iterator[Row]:
    """Give the rows of calibration.csv."""
    for report in reports:
        if report.found:
            for row in _found_rows(report.found):
                yield {"dimension": report.dimension, **row}
        else:
            yield {"dimension": report.dimension, "table": "refused", "row": report.refused} | _empty(report)
    for one in beside:
        for side, error in one.errors.items():
            yield {"dimension": one.dimension, "table": "beside", "row": side} | _cells("mean error", error)
        for side, gap in (("raw", one.raw), ("calibrated", one.calibrated)):
            if gap:
                row = {"dimension": one.dimension, "table": "beside", "row": f"second less first, {side}"}
                yield row | _cells("difference", gap)


def _empty(report: DimensionReport) -> Row:
    return {"number": "", "value": "", "low": "", "high": "", "n": report.labelled, "cases": report.cases}


def _found_rows(found: Calibrated) -> Iterator[Row]:
    for scale, distance in (("raw", found.correction.raw), ("calibrated", found.correction.calibrated)):
        basis = distance.bias
        for measure in MEASURES:
            yield {"table": "distance", "row": scale} | _cells(measure, getattr(distance, measure))
        for limit in ("low_limit", "high_limit", "rank"):
            plain = {"table": "distance", "row": scale} | _cells(limit, basis)
            value = getattr(distance, limit)
            n = distance.models if limit == "rank" else plain["n"]
            yield plain | {"value": _figure(value), "low": "", "high": "", "n": n}
    for one in found.correction.means:
        for column in COLUMNS:
            yield {"table": "model", "row": one.model} | _cells(column, getattr(one, column))
    for concord in found.concords:
        who = f"{concord.who} and {concord.whom}"
        yield {"table": "agreement", "row": who} | _cells("kappa", concord.kappa)
        yield {"table": "agreement", "row": who} | _cells("alpha", concord.alpha)
        if concord.short:
            yield {"table": "agreement", "row": who} | _cells("kappa less the ceiling", concord.short)
    for bias in found.biases:
        title = f"{bias.stratum}: {bias.level}"
        yield {"table": "stratum", "row": title} | _cells("bias, raw", bias.raw)
        yield {"table": "stratum", "row": title} | _cells("bias, calibrated", bias.calibrated)
    for rate in found.rates:
        yield {
            "table": "false",
            "row": f"{rate.kind}, {rate.scale}",
            "number": "rate",
            "value": _figure(rate.rate),
            "low": "",
            "high": _figure(rate.upper),
            "n": rate.n,
            "cases": "",
        }


def _cells(number: str, one: Estimate) -> Row:
    return {
        "number": number,
        "value": _figure(one.value),
        "low": _figure(one.low),
        "high": _figure(one.high),
        "n": one.basis.n,
        "cases": one.basis.clusters,
    }


def score_rows(
    source: JurySource, annotations: Annotations, reports: Sequence[DimensionReport]
) -> Iterator[Row]:
    """Give the rows of calibrated_scores.csv: every conversation with a jury score, in its order."""
    table = source.table
    means, counts = annotations.means, annotations.counts
    for c, name in enumerate(table.scores.votes.conversations):
        for d, report in enumerate(reports):
            if np.isnan(table.points[c, d + 1]):
                continue
            yield {
                "conversation": name,
                "model": table.model.names[table.model.index[c]],
                "case": table.case.names[table.case.index[c]],
                "dimension": report.dimension,
                "score": _figure(table.points[c, d + 1]),
                "calibrated": _figure(report.found.scores[c]) if report.found else "",
                "clinicians": _figure(means[c, d]),
                "annotators": int(counts[c, d]),
            }


def whole(
    source: JurySource,
    annotations: Annotations,
    reports: Sequence[DimensionReport],
    *,
    hashes: dict[str, str],
    beside: Sequence[SideBySide],
) -> bytes:
    """Give everything as JSON."""
    content = {
        "simulated": source.simulated,
        "jury": source.name,
        "verdicts": {
            "account": source.account,
            "left_out": [asdict(left) for left in source.left_out],
            "notes": source.notes,
        },
        "hashes": source.hashes | hashes,
        "annotators": annotations.annotators,
        "layout": annotations.layout,
        "layout_guessed": annotations.guessed,
        "cells": annotations.cells,
        "used": annotations.used,
        "left_out": [asdict(left) for left in annotations.left_out],
        "notes": annotations.notes,
        "dimensions": [_dimension(report) for report in reports],
        "beside": [asdict(one) for one in beside],
    }
    option = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(content, option=option) + b"\n"


def _dimension(report: DimensionReport) -> Row:
    plain = {
        "dimension": report.dimension,
        "labelled": report.labelled,
        "cases": report.cases,
        "unjudged": report.unjudged,
        "refused": report.refused,
        "thin": report.thin,
    }
    found = report.found
    if not found:
        return plain
    return plain | {
        "distance": {"raw": asdict(found.correction.raw), "calibrated": asdict(found.correction.calibrated)},
        "trust": found.correction.trust,
        "draws": found.correction.draws,
        "models": [asdict(one) for one in found.correction.means],
        "agreement": [asdict(one) for one in found.concords],
        "gain": asdict(found.gain),
        "strata": [asdict(one) for one in found.biases],
        "false": [asdict(one) for one in found.rates],
        "labels_by_chance_p": found.chosen,
        "map": found.knots,
    }


def _figure(value: float | None) -> str:
    return "" if value is None or np.isnan(value) else f"{value:.4f}"
