"""How figures look: sizes in px, and colours that are variables of the house's style sheet.

A figure is as wide as a phone's screen, so that its letters can be read there; on wider ones it grows a little or
stands beside another. Nothing here knows a number.
"""

from __future__ import annotations

import textwrap
from typing import Any

WIDTH, FRAME = 350, 364
"""px that are laid out, and px of a picture with what hangs over its edges."""
TEXT, SMALL, LARGE = 13, 12, 15
LETTER = 7.5
"""Width of a letter of TEXT in a broad script; most are narrower."""
HEAD = "\u2007"
"""Begins the label of a line that heads others: a blank that no cleaned name begins with."""
INK, SOFT, LINE, ACCENT, WARN, GOOD, PAPER = (
    f"var(--{name})" for name in ("ink", "soft", "line", "accent", "warn", "good", "card")
)
PALETTE = (ACCENT, WARN, GOOD, *(f"var(--family-{name})" for name in ("nova", "other", "gpt", "llama")))
"""For kinds that have no colour of their own, in turn; shapes or places tell them apart as well."""
SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down", "triangle-right")
FAMILIES = ("claude", "gpt", "nova", "llama", "script")
"""Families that have a colour."""


def family_paint(family: str) -> str:
    """Give the colour of a family of models."""
    return f"var(--family-{family if family in FAMILIES else 'other'})"


def score_paint(score: int) -> str:
    """Give the colour of a score, 1 to 5."""
    return f"var(--score-{score})"


def wrapped(text: str, size: int = TEXT) -> list[str]:
    """Break a text into lines that fit a figure."""
    return textwrap.wrap(text, int(FRAME / (0.9 * LETTER * size / TEXT)))


def dressed(chart: Any, title: str, lines: list[str]) -> dict[str, Any]:
    """Give a chart as Vega-Lite, in the house's clothes, under its title and the lines below that."""
    bold = LARGE + 2
    words = {"text": wrapped(title, bold), "subtitle": [line for part in lines for line in wrapped(part)]}
    return chart.to_dict(validate=False) | {
        "background": "transparent",
        "padding": {"left": 2, "right": 6, "top": 2, "bottom": 2},
        "title": words | {"anchor": "start", "frame": "bounds", "offset": 14},
        "config": CONFIG,
    }


CONFIG = {
    "font": "sans-serif",
    "view": {"stroke": None},
    "title": {
        "color": INK,
        "fontSize": LARGE,
        "fontWeight": "bold",
        "lineHeight": 18,
        "subtitleColor": SOFT,
        "subtitleFontSize": TEXT,
        "subtitleLineHeight": 16,
        "subtitlePadding": 5,
    },
    "axis": {
        "labelColor": SOFT,
        "labelFontSize": SMALL,
        "titleColor": SOFT,
        "titleFontSize": TEXT,
        "titleFontWeight": "normal",
        "titlePadding": 6,
        "gridColor": LINE,
        "domain": False,
        "ticks": False,
    },
    "axisY": {"labelColor": INK, "labelFontSize": TEXT},
    "legend": {
        "orient": "top",
        "title": None,
        "labelColor": INK,
        "labelFontSize": TEXT,
        "symbolSize": 60,
        "columnPadding": 8,
        "offset": 6,
        "labelLimit": 300,
    },
    "header": {"labelColor": INK, "labelFontSize": TEXT, "title": None, "labelPadding": 4},
    "point": {"filled": True, "size": 60, "opacity": 1},
    "rule": {"color": SOFT},
    "text": {"color": INK, "fontSize": SMALL},
}
