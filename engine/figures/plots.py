"""The few kinds of picture that all figures are: dots with intervals, bars, parts of a whole, and tables in colour.

Rows come in as dictionaries with `label` (the line they stand on), `said` (the mark in words) and the numbers; lines
stand in the order given and the picture grows with them. Nothing here knows what is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from engine.figures.naming import breadth
from engine.figures.theme import HEAD, INK, LETTER, LINE, PAPER, SMALL, SOFT, TEXT, WIDTH
from engine.figures.values import Row

LINE_HEIGHT = 23
DOUBLE = 13
"""px of a line where a label takes two."""
TALL = 26
"""Lines from which the axis is above them: nobody looks for it so far below."""
EDGE, TALE = 14, 46
"""px to the right of the axis that the last tick's number needs, and those that the number behind a bar does."""
FEWEST, MOST, WIDEST = 34, 152, 190
"""px that labels have at least, at most, and where there is no need to see the marks finely."""
NARROW = 38
"""px of a cell in which numbers are a size smaller."""
ASIDE = 36
"""px to the right for words about each line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The axis that numbers are read from."""

    title: str
    domain: tuple[float, float] | None = None
    format: str = "~r"
    ticks: tuple[float, ...] | None = None
    zero: bool = False
    kind: str = "linear"
    mirrored: bool = False
    """Whether numbers to the left of zero are written without their sign."""
    rule: float | None = None
    """Where a line is drawn to compare with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One of several marks on a line, told apart by colour and by shape."""

    name: str
    colour: str
    shape: str = "circle"


def lines_of(
    order: Sequence[str], *, height: float = LINE_HEIGHT, padding: float = 0.0, most: int = MOST
) -> tuple[alt.Y, int, int]:
    """Give the axis of lines, its width and the height of them all, px."""
    parts = [part for name in order for part in name.split("\n")]
    double = len(parts) > len(order)
    room = int(min(most, max(FEWEST, LETTER * max(map(breadth, parts), default=0) + 6)))
    height = max(height, DOUBLE * 2 + 4) if double else height
    lower = {"condition": {"test": "indexof(datum.value, '\\n') > 0", "value": -DOUBLE / 2}, "value": 0}
    split = {"labelExpr": "split(datum.value, '\\n')", "labelLineHeight": DOUBLE, "labelOffset": lower}
    heads = f"substring(datum.value, 0, 1) == '{HEAD}'"
    axis = alt.Axis(
        title=None,
        labelAlign="left",
        labelPadding=room,
        labelLimit=2 * MOST,
        labelFontWeight={"condition": {"test": heads, "value": "bold"}, "value": "normal"},
        labelColor={"condition": {"test": heads, "value": SOFT}, "value": INK},
        **(split if double else {}),
    )
    scale = alt.Scale(domain=list(order), paddingInner=padding, paddingOuter=padding / 2)
    return alt.Y("label:N", axis=axis, scale=scale), room, int(height * len(order))


def along(field: str, scale: Scale, *, above: bool = False) -> alt.X:
    """Give the axis of numbers, below or above them."""
    more: dict[str, Any] = {}
    if scale.mirrored:
        more["labelExpr"] = f"format(abs(datum.value), '{scale.format}')"
    elif scale.format.startswith("+"):
        more["labelExpr"] = f"datum.value == 0 ? '0' : format(datum.value, '{scale.format}')"
    # A count would thin out ticks that are given.
    more |= {"values": list(scale.ticks)} if scale.ticks else {"tickCount": 4, "labelSeparation": 8}
    side = "top" if above else "bottom"
    axis = alt.Axis(
        orient=side, title=scale.title, format=scale.format, labelOverlap=True, labelFlush=False, **more
    )
    span = {"domain": list(scale.domain)} if scale.domain else {}
    return alt.X(
        f"{field}:Q", axis=axis, scale=alt.Scale(zero=scale.zero, type=scale.kind, nice=not span, **span)
    )


def upward(field: str, scale: Scale) -> alt.Y:
    """Give the axis of numbers where they are read from the side."""
    more = {"values": list(scale.ticks)} if scale.ticks else {"tickCount": 5}
    axis = alt.Axis(title=scale.title, format=scale.format, labelColor=SOFT, labelFontSize=SMALL, **more)
    return alt.Y(f"{field}:Q", axis=axis, scale=alt.Scale(zero=False, domain=list(scale.domain or (0, 1))))


def dots(
    drawn: Sequence[Row],
    order: Sequence[str],
    scale: Scale,
    kinds: Sequence[Kind] = (),
    *,
    apart: bool = True,
) -> alt.LayerChart:
    """Draw a dot and its interval for every row: `value`, `low` and `high`; the colour is `paint` or that of `kind`.

    With several kinds they stand below each other on their line, or `apart=False` on top.
    """
    split, above = bool(kinds) and apart, len(order) > TALL
    aside = [one for one in drawn if one.get("aside")]
    tall = max(LINE_HEIGHT, 11 * len(kinds) + 7) if split else LINE_HEIGHT
    y, room, height = lines_of(order, height=tall, most=WIDEST if aside else MOST)
    more = {
        "yOffset": alt.YOffset("kind:N", scale=alt.Scale(domain=[k.name for k in kinds], paddingOuter=0.5))
    }
    base = alt.Chart(alt.Data(values=list(drawn))).encode(y=y, **(more if split else {}))
    colour, shape = told_apart(kinds, WIDTH - room)
    whole = [one for one in drawn if one.get("low") is not None]
    rules = base.properties(data=alt.Data(values=whole)).mark_rule(aria=False, strokeWidth=1.5)
    marks = base.mark_point().encode(
        x=along("value", scale, above=above),
        description="said:N",
        color=colour,
        **({"shape": shape} if kinds else {}),
    )
    layers = [rules.encode(x=along("low", scale, above=above), x2="high:Q", color=colour)] if whole else []
    if scale.rule is not None:
        layers = [beside(scale.rule, scale, above=above), *layers]
    width = WIDTH - room - EDGE - (ASIDE if aside else 0)
    if aside:
        words = base.properties(data=alt.Data(values=aside)).mark_text(aria=False, align="right", color=SOFT)
        layers.append(words.encode(x=alt.value(width + ASIDE + EDGE - 4), text="aside:N"))
    return alt.layer(*layers, marks).properties(width=width, height=height)


def told_apart(kinds: Sequence[Kind], room: float) -> tuple[alt.Color, alt.Shape | None]:
    """Give the colours and shapes of kinds, with their legend, which has so many px of room."""
    if not kinds:
        return alt.Color("paint:N", scale=None, legend=None), None
    names = [kind.name for kind in kinds]
    legend = alt.Legend(columns=_columns(names, room)) if len(names) > 1 else None
    colour = alt.Color(
        "kind:N", scale=alt.Scale(domain=names, range=[k.colour for k in kinds]), legend=legend
    )
    shape = alt.Shape("kind:N", scale=alt.Scale(domain=names, range=[k.shape for k in kinds]), legend=legend)
    return colour, shape


def _columns(names: Sequence[str], room: float) -> int:
    """Give how many entries of a legend stand beside each other."""
    widest = max(map(breadth, names)) * LETTER + 24
    return max(1, min(len(names), int(room / widest)))


def beside(value: float, scale: Scale, *, above: bool = False) -> alt.Chart:
    """Draw an upright line to compare with."""
    where = alt.Chart(alt.Data(values=[{"at": value}]))
    return where.mark_rule(aria=False, strokeDash=[3, 3], color=SOFT).encode(
        x=along("at", scale, above=above)
    )


def bars(
    drawn: Sequence[Row], order: Sequence[str], scale: Scale, kinds: Sequence[Kind] = ()
) -> alt.LayerChart:
    """Draw a bar for every row from `start` to `end`, coloured by `kind`, with `text` behind or `inside` it."""
    y, room, height = lines_of(order, padding=0.3)
    base = alt.Chart(alt.Data(values=list(drawn))).encode(y=y)
    colour, _ = told_apart(kinds, WIDTH - room)
    ends = {"x": along("start", scale), "x2": "end:Q"}
    layers = [base.mark_bar(cornerRadius=1).encode(**ends, color=colour, description="said:N")]
    inner = [one | {"middle": (one["start"] + one["end"]) / 2} for one in drawn if one.get("inside")]
    if inner:
        words = alt.Chart(alt.Data(values=inner)).mark_text(aria=False, color=PAPER)
        layers.append(words.encode(y=y, x="middle:Q", text="inside:N"))
    told = [one for one in drawn if one.get("text")]
    if told:
        text = base.properties(data=alt.Data(values=told)).mark_text(aria=False, align="left", dx=4)
        layers.append(text.encode(x="end:Q", text="text:N"))
    return alt.layer(*layers).properties(
        width=WIDTH - room - EDGE - (TALE - EDGE if told else 0), height=height
    )


def table(drawn: Sequence[Row], order: Sequence[str], columns: Sequence[str]) -> alt.LayerChart:
    """Draw a table: a cell for every row at `label` and `column`, filled with `paint` as strongly as `strength`
    (0 to 1) and `text` in it.
    """
    y, room, height = lines_of(order, height=25)
    # A few columns do not become bars.
    width = int(min(WIDTH - room - 4, 80 * len(columns)))
    longest = max((breadth(word) for column in columns for word in column.split()), default=0)
    upright = longest * 0.83 * LETTER * SMALL / TEXT < width / max(1, len(columns))
    axis = alt.Axis(
        title=None,
        orient="top",
        labelAngle=0 if upright else -90,
        labelAlign="center" if upright else "left",
        labelBaseline="bottom" if upright else "middle",
        labelExpr="split(datum.value, ' ')" if upright else "datum.value",
        labelColor=INK,
        labelFontSize=SMALL,
        labelLineHeight=SMALL + 2,
        labelPadding=4
        + (SMALL + 2) * (max((len(column.split()) for column in columns), default=1) - 1) * upright,
        labelOverlap=False,
        labelLimit=130,
    )
    x = alt.X("column:N", axis=axis, scale=alt.Scale(domain=list(columns)))
    base = alt.Chart(alt.Data(values=list(drawn))).encode(x=x, y=y)
    cells = base.mark_rect(stroke=LINE, strokeWidth=1).encode(
        fill=alt.Fill("paint:N", scale=None, legend=None),
        fillOpacity=alt.FillOpacity("strength:Q", scale=None, legend=None),
        description="said:N",
    )
    text = base.mark_text(aria=False, fontSize=SMALL - (width < NARROW * len(columns))).encode(text="text:N")
    return alt.layer(cells, text).properties(width=width, height=height)


def columns(drawn: Sequence[Row], across: str, up: str, kinds: Sequence[Kind]) -> alt.LayerChart:
    """Draw what goes on in time: a box for every row from `left` to `right` and `start` to `end`."""
    colour, _ = told_apart(kinds, WIDTH - 64)
    base = alt.Chart(alt.Data(values=list(drawn))).mark_rect()
    boxes = base.encode(
        x=along("left", Scale(title=across, zero=True)),
        x2="right:Q",
        y=alt.Y("start:Q", axis=alt.Axis(title=up, tickCount=4, labelColor=SOFT, labelFontSize=SMALL)),
        y2="end:Q",
        color=colour,
        description="said:N",
    )
    return alt.layer(boxes).properties(width=WIDTH - 64, height=150)


def spread(
    ends: Sequence[float | None], within: tuple[float, float], step: float = 0.5
) -> tuple[float, float]:
    """Give the part of a scale that numbers lie in, in whole steps."""
    known = [end for end in ends if end is not None]
    low, high = min(known, default=within[0]), max(known, default=within[1])
    low, high = step * ((low + 1e-9) // step), -step * ((-high + 1e-9) // step)
    return max(within[0], low), min(within[1], max(high, low + step))


def placed(row: Mapping[str, Any], **more: Any) -> Row:
    """Give what is drawn of a row."""
    return {key: value for key, value in row.items() if not isinstance(value, (tuple, list, dict))} | more
