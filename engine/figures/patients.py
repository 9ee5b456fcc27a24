"""The patients: how like real ones they speak, and which scenarios are out because one broke its facts.

Nothing here knows how a breach is found.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from math import log10
from pathlib import Path
from typing import Any

from engine.audit.contrast import glance
from engine.figures.naming import labels, plain
from engine.figures.phrases import number
from engine.figures.plots import Kind, Scale, bars, dots, placed
from engine.figures.theme import PALETTE, SHAPES, WARN
from engine.figures.values import Matter, Row, Sketch

FILE = Path(__file__).with_name("figures.toml")


@cache
def features() -> Mapping[str, str]:
    """Give the short names of what is compared."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))["realism"]["features"]


def sketch_realism(matter: Matter) -> Sketch | None:
    """Draw how many times as much of each feature simulated patients have as real ones."""
    beside = matter.audited["beside"] if matter.audited else asdict(glance(matter.results.dialogues()))
    gaps: Sequence[Mapping[str, Any]] = [
        one for one in beside["gaps"] if one["simulated"] > 0 and one["real"] > 0
    ]
    if not gaps:
        return None
    corpora = labels(one["corpus"] for one in gaps)
    named = {one["feature"]: features().get(one["feature"], one["feature"]) for one in gaps}
    kept: list[Row] = [
        {
            "feature": one["feature"],
            "corpus": one["corpus"],
            "simulated": one["simulated"],
            "real": one["real"],
        }
        for one in gaps
    ]
    drawn = [
        placed(
            row,
            value=row["simulated"] / row["real"],
            label=named[row["feature"]],
            kind=corpora[row["corpus"]],
            said=f"{named[row['feature']]}: simulated {number(row['simulated'])}, "
            f"{plain(row['corpus'])} {number(row['real'])}",
        )
        for row in kept
    ]
    names = list(corpora.values())
    kinds = [
        Kind(name=name, colour=PALETTE[at % len(PALETTE)], shape=SHAPES[at % len(SHAPES)])
        for at, name in enumerate(names)
    ]
    return Sketch(
        rows=tuple(kept),
        chart=dots(drawn, list(dict.fromkeys(named.values())), _ratios(drawn), kinds, apart=False),
        note="On the dashed line, simulated patients speak as the real ones of that collection do; means only.",
    )


def _ratios(drawn: Sequence[Row]) -> Scale:
    """Give an axis on which twice as much is as far from one as half as much."""
    reach = max(abs(log10(row["value"])) for row in drawn)
    ends = (0.5, 1, 2) if reach <= log10(2) else (0.25, 0.5, 1, 2, 4) if reach <= log10(4) else (0.1, 1, 10)
    widest = max(10**reach * 1.1, ends[-1])
    span = (1 / widest, widest)
    return Scale(title="times as much as real patients", kind="log", rule=1.0, ticks=ends, domain=span)


def sketch_quarantine(matter: Matter) -> Sketch | None:
    """Draw how many scenarios are out by each rule."""
    rules: dict[str, set[str]] = {}
    shown: dict[str, set[str]] = {}
    for one in matter.results.exclusions:
        rules.setdefault(one.rule, set()).add(one.scenario)
        shown.setdefault(one.rule, set()).add(one.conversation)
    if not rules:
        return None
    by = {rule: rule.replace("_", " ") for rule in sorted(rules, key=lambda rule: -len(rules[rule]))}
    kept: list[Row] = [
        {"rule": rule, "scenarios": len(rules[rule]), "conversations": len(shown[rule])} for rule in by
    ]
    drawn = [
        placed(
            row,
            label=by[row["rule"]],
            kind="out",
            start=0,
            end=row["scenarios"],
            text=f"{row['scenarios']:,}",
            said=f"{by[row['rule']]}: {row['scenarios']:,} scenarios, in {row['conversations']:,} conversations",
        )
        for row in kept
    ]
    out, all_of = len(matter.results.excluded), matter.results.plan.scenarios
    chart = bars(
        drawn, list(by.values()), Scale(title="scenarios", zero=True), [Kind(name="out", colour=WARN)]
    )
    return Sketch(
        rows=tuple(kept),
        chart=chart,
        note=f"{out:,} of {all_of:,} scenarios are out, for every model alike; one may be out by several rules.",
    )
