"""What the models said when the patient had left, and which caps their conversations met.

Nothing here knows how it was asked.
"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from engine.cells import arm_of
from engine.evidence.bounds import Ceiling
from engine.figures.naming import family_of, model_labels
from engine.figures.phrases import between, share, signed
from engine.figures.plots import Kind, Scale, along, beside, dots, lines_of, placed, table, told_apart, upward
from engine.figures.standing import among, ordered
from engine.figures.strata import estimated
from engine.figures.theme import ACCENT, INK, SOFT, TEXT, WARN, WIDTH, family_paint
from engine.figures.values import Matter, Row, Sketch
from rubrics.numbers.forecasts import ReliabilityBin
from rubrics.numbers.questions import FULL
from rubrics.numbers.values import Estimate

SIDES = (
    Kind(name="too low", colour=WARN, shape="square"),
    Kind(name="too high", colour=ACCENT, shape="square"),
)
SMALL_SIDE = 118
"""px of a small picture's side; two stand beside each other."""
CAPS = {
    "found": ("by words", ACCENT),
    "named": ("by jury", ACCENT),
    "both": ("by both", ACCENT),
    "credited": ("scored 4–5", WARN),
}


def sketch_triage(matter: Matter) -> Sketch | None:
    """Draw how often each model gave less urgency than the case has, to the left, and more, to the right."""
    rows = [
        row for row in matter.evidence.triage if arm_of(row.model) == FULL and row.under.value is not None
    ]
    if not rows:
        return None
    by, order = ordered(matter, [row.model for row in rows])
    kept: list[Row] = []
    drawn = []
    for one in rows:
        for kind, part, sign in ((SIDES[0], one.under, -1), (SIDES[1], one.over, 1)):
            row = {"model": one.model, "side": "under" if sign < 0 else "over"} | estimated(part)
            ends = [None if end is None else sign * min(1.0, max(0.0, end)) for end in (part.low, part.high)]
            said = (
                f"{by[one.model]}: urgency {kind.name} in {between(part.value, part.low, part.high, share)}"
            )
            kept.append(row)
            drawn.append(
                placed(row, label=by[one.model], kind=kind.name, at=sign * (part.value or 0.0), said=said)
                | {"low": ends[0], "high": ends[1]}
            )
    return Sketch(
        rows=tuple(kept),
        chart=_opposed(drawn, order),
        note="Urgency stated after the conversation, against the case's own. Line: 95% interval, "
        f"{among('n', [row['n'] for row in kept])}.",
    )


def _opposed(drawn: Sequence[Row], order: Sequence[str]) -> alt.LayerChart:
    y, room, height = lines_of(order, padding=0.35)
    ends = [abs(row[key] or 0.0) for row in drawn for key in ("at", "low", "high")]
    most = min(1.0, max(0.1, -(-max(ends) * 10 // 1) / 10))
    scale = Scale(title="share of conversations", domain=(-most, most), format=".0%", mirrored=True)
    base = alt.Chart(alt.Data(values=list(drawn))).encode(y=y)
    colour, _ = told_apart(SIDES, WIDTH - room)
    bar = base.mark_bar(cornerRadius=1).encode(x=along("at", scale), color=colour, description="said:N")
    whole = alt.Data(values=[row for row in drawn if row["low"] is not None])
    rule = base.properties(data=whole).mark_rule(aria=False, color=INK, strokeWidth=1.5)
    rules = [rule.encode(x=along("low", scale), x2="high:Q")] if whole["values"] else []
    return alt.layer(bar, *rules, beside(0.0, scale)).properties(width=WIDTH - room - 14, height=height)


def sketch_reliability(matter: Matter) -> Sketch | None:
    """Draw how often each model was right, by how sure it said it was: a small picture for each."""
    bins = [
        one
        for one in matter.evidence.reliability
        if arm_of(one.model) == FULL and one.confidence is not None and one.right.value is not None
    ]
    order = [row.model for row in matter.evidence.forecasts if arm_of(row.model) == FULL]
    by = model_labels(matter, order or [one.model for one in bins])
    if not bins:
        return None
    kept: list[Row] = []
    charts = []
    for model, label in by.items():
        own = [one for one in bins if one.model == model]
        if own:
            rows = [_bin_row(one) for one in own]
            kept += rows
            charts.append(_small(rows, label))
    return Sketch(
        rows=tuple(kept),
        chart=alt.concat(*charts, columns=2, spacing=14),
        note="Across: how sure it said it was. Up: how often it was right. On the dashed line both are the same, "
        "below it is too sure. Larger dots: more conversations. Lines: 95% intervals.",
    )


def _bin_row(one: ReliabilityBin) -> Row:
    return {
        "model": one.model,
        "bin_low": one.low,
        "bin_high": one.high,
        "confidence": one.confidence,
    } | estimated(one.right)


def _small(rows: Sequence[Row], label: str) -> alt.LayerChart:
    scale = Scale(title="", domain=(0, 1), format=".0%", ticks=(0, 0.5, 1))
    drawn = [
        placed(
            row,
            said=f"{label}, sure at {share(row['confidence'])}: right in "
            f"{between(row['value'], row['low'], row['high'], share)}, n {row['n']}",
        )
        for row in rows
    ]
    for row in drawn:
        row["low"], row["high"] = (
            None if row[end] is None else min(1.0, max(0.0, row[end])) for end in ("low", "high")
        )
    base = alt.Chart(alt.Data(values=drawn))
    across = along("confidence", scale)
    ends = alt.Chart(alt.Data(values=[{"x": 0, "y": 0}, {"x": 1, "y": 1}]))
    layers = [
        ends.mark_line(aria=False, color=SOFT, strokeDash=[4, 4], strokeWidth=1).encode(x="x:Q", y="y:Q")
    ]
    whole = [row for row in drawn if row["low"] is not None]
    if whole:
        rule = base.properties(data=alt.Data(values=whole)).mark_rule(aria=False)
        layers.append(rule.encode(x=across, y=upward("low", scale), y2="high:Q"))
    size = alt.Size(
        "n:Q",
        scale=alt.Scale(type="sqrt", range=[16, 150], domain=[0, max(row["n"] for row in rows)]),
        legend=None,
    )
    layers.append(
        base.mark_point(color=ACCENT).encode(
            x=across, y=upward("value", scale), size=size, description="said:N"
        )
    )
    title = alt.TitleParams(label, fontSize=TEXT, fontWeight="normal", anchor="start", offset=4)
    return alt.layer(*layers).properties(width=SMALL_SIDE, height=SMALL_SIDE, title=title)


def sketch_confidence(matter: Matter) -> Sketch | None:
    """Draw by how much each model is too sure, or not sure enough."""
    rows = [
        row
        for row in matter.evidence.forecasts
        if arm_of(row.model) == FULL and row.overconfidence.value is not None
    ]
    if not rows:
        return None
    by = model_labels(matter, [row.model for row in rows])
    kept = [{"model": row.model} | estimated(row.overconfidence) for row in rows]
    drawn = [
        placed(
            row,
            label=by[row["model"]],
            paint=family_paint(family_of(matter.results, row["model"])),
            said=f"{by[row['model']]}: {between(row['value'], row['low'], row['high'], percent_points)}, "
            f"n {row['n']}",
        )
        | {"low": clip(row["low"]), "high": clip(row["high"])}
        for row in kept
    ]
    scale = Scale(title="stated less right", format="+.0%", rule=0.0)
    return Sketch(
        rows=tuple(kept),
        chart=dots(drawn, list(by.values()), scale),
        note="Right of the line: too sure. Left: not sure enough. Line: 95% interval, "
        f"{among('n', [row['n'] for row in kept])}.",
    )


def clip(end: float | None) -> float | None:
    """Keep an end of an interval within what a difference of shares can be."""
    return None if end is None else min(1.0, max(-1.0, end))


def percent_points(value: float | None) -> str:
    """Write a difference of shares."""
    return "–" if value is None else f"{signed(100 * value, 0)} points"


def sketch_caps(matter: Matter) -> Sketch | None:
    """Draw how often something happened that bounds safety, by the words, the jury, and both."""
    rows = [
        row for row in matter.evidence.ceilings if row.cap == "any" and arm_of(row.model) == FULL and row.n
    ]
    if not any(row.found or row.named for row in rows):
        return None
    by, order = ordered(matter, [row.model for row in rows])
    cells = [_cap_cell(one, key, by[one.model]) for one in rows for key in CAPS]
    return Sketch(
        rows=tuple(row for row, _ in cells),
        chart=table([drawn for _, drawn in cells], order, [title for title, _ in CAPS.values()]),
        note=f"Share of conversations in which something bounds the safety score, {among('n', [r.n for r in rows])}; "
        "last: found by the words, and yet scored 4 or more.",
    )


def _cap_cell(one: Ceiling, key: str, label: str) -> tuple[Row, Row]:
    title, paint = CAPS[key]
    count = getattr(one, key)
    row: Row = {"model": one.model, "by": key, "conversations": count, "n": one.n, "share": count / one.n}
    said = f"{label}, {title}: {count:,} of {one.n:,} conversations"
    text = share(row["share"])
    drawn = placed(
        row, label=label, column=title, paint=paint, strength=0.6 * row["share"], text=text, said=said
    )
    return row, drawn


def clipped(one: Estimate) -> Row:
    """Lay a share out as columns, its interval no wider than shares go."""
    row = estimated(one)
    return row | {end: None if row[end] is None else min(1.0, max(0.0, row[end])) for end in ("low", "high")}
