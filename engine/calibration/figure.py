"""Before and after in one picture: the jury's scores beside the clinicians', each dimension in two panels.

On the dashed line both say the same; the solid line is the map. Labelled conversations that say the same are one
dot, larger for more. Nothing here knows how a map is learnt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
import numpy as np

from engine.console.clean import flatten
from rubrics.calibration.calibrate import DimensionReport
from rubrics.scores import Floats

SIDE, GAP, TOP = 240, 90, 110
LOWEST, HIGHEST = 1.0, 5.0
STEP = 0.05
"""Points that are drawn as one dot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """Some conversations, px."""

    x: float
    y: float
    r: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One scatter plot, px."""

    x: int
    y: int
    title: str
    says: str
    across: str
    dots: Sequence[Dot]
    line: str
    """Points of the map; empty for none."""


def draw_figure(
    name: str, reports: Sequence[DimensionReport], raw: Floats, labels: Floats, simulated: bool
) -> bytes:
    """Draw the dimensions that are calibrated; `raw` and `labels` are (C, D)."""
    drawn = [(d, report) for d, report in enumerate(reports) if report.found]
    panels = [
        panel for row, (d, report) in enumerate(drawn) for panel in _row(row, report, raw[:, d], labels[:, d])
    ]
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    pages = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    return (
        pages.get_template("figure.svg")
        .render(
            title=f"Jury and clinicians, {flatten(name)}",
            simulated=simulated,
            width=2 * SIDE + 3 * GAP - 40,
            height=TOP + len(drawn) * (SIDE + GAP + 30) - 60,
            side=SIDE,
            ticks=[{"at": _place(score), "says": f"{score}"} for score in range(1, 6)],
            panels=panels,
        )
        .encode()
    )


def _row(row: int, report: DimensionReport, raw: Floats, label: Floats) -> Iterator[Panel]:
    found = report.found
    assert found
    known = ~np.isnan(raw) & ~np.isnan(label)
    sides = (("before", raw, found.correction.raw), ("after", found.scores, found.correction.calibrated))
    line = " ".join(f"{_place(x)},{round(SIDE - _place(y), 1)}" for x, y in found.knots)
    for column, (when, score, distance) in enumerate(sides):
        yield Panel(
            x=60 + column * (SIDE + GAP),
            y=TOP + row * (SIDE + GAP + 30),
            title=f"{flatten(report.dimension)}, {when}",
            says=f"bias {distance.bias.value:+.2f}, mean error {distance.mae.value:.2f}, n {report.labelled:,}",
            across="jury" if column == 0 else "jury, calibrated",
            dots=_dots(score[known], label[known]),
            line=line if column == 0 else "",
        )


def _dots(across: Floats, up: Floats) -> list[Dot]:
    rounded = np.column_stack([across, up]) / STEP
    many = Counter(map(tuple, rounded.round().astype(int).tolist()))
    return [
        Dot(x=_place(x * STEP), y=round(SIDE - _place(y * STEP), 1), r=round(min(2.2 * n**0.5, 9.0), 1))
        for (x, y), n in sorted(many.items())
    ]


def _place(score: float) -> float:
    """Give px from the left end; adjusted scores may lie a little off the scale."""
    inner = np.clip(score, LOWEST, HIGHEST)
    return round(12 + (SIDE - 24) * float(inner - LOWEST) / (HIGHEST - LOWEST), 1)
