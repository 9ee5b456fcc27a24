"""Do raters agree? Anybody's table of ratings in, every coefficient out, as text or as JSON.

Whatever was left out, guessed or undefined is said beside the numbers, so that nobody takes a number for more
than it rests on. Nothing here knows how a coefficient is computed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from engine.agreement.page import write_page
from personas.seeds import derive
from rubrics.agreement.alpha import Level
from rubrics.agreement.layout import ColumnWish
from rubrics.agreement.reading import RatingReading, ScaleWish, read_ratings
from rubrics.agreement.survey import AgreementSurvey, survey


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementWish:
    """What was asked on the command line; None leaves it to be guessed."""

    unit: str | None = None
    rater: str | None = None
    value: str | None = None
    where: str | None = None
    level: Level | None = None
    low: float | None = None
    high: float | None = None
    as_json: bool = False


def agreement(path: Path, wish: AgreementWish) -> str:
    """Give the report on a file of ratings.

    Raises rubrics.errors.Unusable, in one sentence, for a file or a wish that cannot be used.
    """
    columns = ColumnWish(unit=wish.unit, rater=wish.rater, value=wish.value, where=wish.where)
    reading = read_ratings(path, columns, ScaleWish(level=wish.level, low=wish.low, high=wish.high))
    found = survey(reading.table, reading.level, reading.labels, derive("agreement"), numeric=reading.numeric)
    if wish.as_json:
        return _json(path, reading, found)
    return write_page(path.name, reading, found)


def _json(path: Path, reading: RatingReading, found: AgreementSurvey) -> str:
    table = reading.table
    content = {
        "file": path.name,
        "layout": reading.layout,
        "layout_guessed": reading.guessed_layout,
        "level": reading.level,
        "level_guessed": reading.guessed_level,
        "scale": reading.labels,
        "cells": reading.cells,
        "units": len(table.units),
        "raters": table.raters,
        "values": int(table.patterns.times @ table.patterns.given),
        "left_out": [asdict(left) for left in reading.left_out],
        "notes": reading.notes,
    }
    content |= {
        "missing": found.missing,
        "coefficients": [asdict(one) for one in found.coefficients],
        "mean_squares": [asdict(squares) for squares in found.squares],
        "fleiss_z": found.z,
        "by_pair": [asdict(pair) for pair in found.pairs],
        "by_rater": [asdict(use) for use in found.raters],
        "by_value": [asdict(use) for use in found.values],
        "table": None if found.table is None else found.table.astype(int).tolist(),
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()
