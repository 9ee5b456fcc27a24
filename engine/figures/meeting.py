"""Two dimensions against each other: how safe the advice is beside how accurate the description.

Each model is named at its point. Nothing here knows what makes a model safe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from engine.figures.naming import breadth, family_of, model_labels
from engine.figures.phrases import number
from engine.figures.plots import Scale, along, placed, spread, upward
from engine.figures.standing import among, is_script, standings
from engine.figures.theme import INK, LETTER, PAPER, SMALL, SOFT, WIDTH, family_paint
from engine.figures.values import Matter, Row, Sketch
from rubrics.leaderboard import HIGHEST, LOWEST

UP, ACROSS = "safety", "accuracy"
SIDE = WIDTH - 54
"""px of the square that points stand in."""
BESIDE, ROOM = 8, 7
"""px between a point and its name, and about a point where no name may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Where something stands, px from the upper left."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Tell whether both take some of the same room."""
        apart = self.right < other.left or other.right < self.left
        return not (apart or self.bottom < other.top or other.bottom < self.top)


def sketch_safety(matter: Matter) -> Sketch | None:
    """Draw every model's safety against its accuracy; nothing for a rubric without both."""
    by_model: dict[str, dict[str, Any]] = {}
    for row in standings(matter):
        if row.dimension in (UP, ACROSS) and not is_script(matter, row.model):
            by_model.setdefault(row.model, {})[row.dimension] = row
    both = {model: found for model, found in by_model.items() if len(found) == 2}
    if not both:
        return None
    kept: list[Row] = [{"model": model} | _columns(found) for model, found in both.items()]
    ends = [row[f"{which}{end}"] for row in kept for which in (UP, ACROSS) for end in ("", "_low", "_high")]
    domain = spread(ends, (LOWEST, HIGHEST))
    by = model_labels(matter, both)
    drawn = [
        placed(
            row,
            label=by[row["model"]],
            paint=family_paint(family_of(matter.results, row["model"])),
            said=f"{by[row['model']]}: safety {number(row[UP])}, accuracy {number(row[ACROSS])}, n {row['n']}",
        )
        for row in kept
    ]
    named = _named(drawn, domain)
    lost = len(drawn) - len(named)
    note = (
        f"Lines: 95% intervals. {among('n', [row['n'] for row in kept])} conversations each."
        f"{f' {lost} points stand too close to be named.' if lost else ''}"
    )
    return Sketch(rows=tuple(kept), chart=_chart(drawn, named, domain), note=note)


def _columns(found: dict[str, Any]) -> Row:
    row: Row = {}
    for which in (UP, ACROSS):
        one = found[which]
        row |= {which: one.mean, f"{which}_low": one.low, f"{which}_high": one.high}
    return row | {"n": min(one.n for one in found.values())}


def _chart(drawn: Sequence[Row], named: Sequence[Row], domain: tuple[float, float]) -> alt.LayerChart:
    scales = [Scale(title=f"{which}, 1 to 5", domain=domain) for which in (ACROSS, UP)]
    points = alt.Chart(alt.Data(values=list(drawn)))
    paint = alt.Color("paint:N", scale=None, legend=None)
    low, high = domain
    ends = alt.Chart(alt.Data(values=[{"x": low, "y": low}, {"x": high, "y": high}]))
    layers: list[Any] = [
        ends.mark_line(aria=False, color=SOFT, strokeDash=[4, 4], strokeWidth=1).encode(x="x:Q", y="y:Q"),
        *_corners(domain),
    ]
    across = points.mark_rule(aria=False, opacity=0.55).encode(
        y=upward(UP, scales[1]), x=along(f"{ACROSS}_low", scales[0]), x2=f"{ACROSS}_high:Q", color=paint
    )
    up = points.mark_rule(aria=False, opacity=0.55).encode(
        x=along(ACROSS, scales[0]), y=upward(f"{UP}_low", scales[1]), y2=f"{UP}_high:Q", color=paint
    )
    whole = [row for row in drawn if row[f"{UP}_low"] is not None and row[f"{ACROSS}_low"] is not None]
    if whole:
        layers += [part.properties(data=alt.Data(values=whole)) for part in (across, up)]
    layers.append(
        points.mark_point(size=80).encode(
            x=along(ACROSS, scales[0]), y=upward(UP, scales[1]), color=paint, description="said:N"
        )
    )
    for side in sorted({row["align"] for row in named}):
        texts = alt.Chart(alt.Data(values=[row for row in named if row["align"] == side]))
        # A name is written twice, first as broad as paper: lines do not cross it out.
        for look in ({"stroke": PAPER, "strokeWidth": 3, "color": PAPER}, {"color": INK}):
            written = texts.mark_text(aria=False, align=side, fontSize=SMALL, **look)
            layers.append(written.encode(x="at:Q", y="height:Q", text="label:N"))
    return alt.layer(*layers).properties(width=SIDE, height=SIDE)


def _corners(domain: tuple[float, float]) -> list[alt.Chart]:
    """Say on which side of the diagonal what is."""
    low, high = domain
    words = (
        ("safer than accurate", low, high, "left", 9),
        ("less safe than accurate", high, low, "right", -7),
    )
    return [
        alt.Chart(alt.Data(values=[{"x": x, "y": y, "t": text}]))
        .mark_text(
            aria=False, align=align, dx=4 if align == "left" else -4, dy=dy, color=SOFT, fontStyle="italic"
        )
        .encode(x="x:Q", y="y:Q", text="t:N")
        for text, x, y, align, dy in words
    ]


def _named(drawn: Sequence[Row], domain: tuple[float, float]) -> list[Row]:
    """Put each name beside its point where no other name or point stands; one that finds no room is left out."""
    low, high = domain
    px = SIDE / (high - low)
    points = [((row[ACROSS] - low) * px, (high - row[UP]) * px) for row in drawn]
    taken = [Box(left=x - ROOM, top=y - ROOM, right=x + ROOM, bottom=y + ROOM) for x, y in points]
    frame = Box(left=0, top=18, right=SIDE, bottom=SIDE - 18)
    named = []
    for row, (x, y) in zip(drawn, points, strict=True):
        width = breadth(row["label"]) * LETTER * SMALL / 12 + 2
        for align, dx, dy in (
            *(("left", BESIDE, 0), ("right", -BESIDE, 0), ("center", 0, -13), ("center", 0, 13)),
            *(("left", BESIDE, -11), ("left", BESIDE, 11), ("right", -BESIDE, -11), ("right", -BESIDE, 11)),
        ):
            left = x + dx - {"left": 0, "right": width, "center": width / 2}[align]
            box = Box(left=left, top=y + dy - 6, right=left + width, bottom=y + dy + 6)
            inside = frame.left <= box.left and box.right <= SIDE + 4 and box.top >= 0 and box.bottom <= SIDE
            if inside and not any(box.meets(other) for other in taken):
                taken.append(box)
                place = {"at": low + (x + dx) / px, "height": high - (y + dy) / px}
                named.append({"label": row["label"], "align": align} | place)
                break
    return named
