"""Numbers in words, 80 columns wide: never without what they rest on.

Nothing here knows what the numbers are about.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.console.clean import flatten

if TYPE_CHECKING:  # it comes with scipy, and a page that says "12%" needs none
    from rubrics.numbers.values import Estimate

WIDTH = 80
TINY = 0.001
"""A p below it is written as such."""


def wrap(text: str, start: str = "", indent: int = 0) -> Iterator[str]:
    """Break a text into lines; what strangers named is made safe to show."""
    yield from textwrap.wrap(
        flatten(text),
        WIDTH,
        initial_indent=start,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    )


def entry(title: str, text: str) -> Iterator[str]:
    """Write a title and what stands behind it."""
    return wrap(text, f"  {title:9}", 11)


def item(text: str) -> Iterator[str]:
    """Write a point of a list."""
    return wrap(text, "  ", 4)


def short(text: str, width: int) -> str:
    """Cut a name in its middle: names often differ at their end only."""
    plain = flatten(text)
    if len(plain) <= width:
        return plain
    start = width // 2
    return f"{plain[:start]}…{plain[start + 1 - width :]}"


def figure(value: float | None, digits: int = 2) -> str:
    """Give a number; a dash where there is none."""
    return "–" if value is None else f"{value + 0.0:.{digits}f}".replace("-0.00", "0.00")


def span(one: Estimate, digits: int = 2) -> str:
    """Give an interval; a dash where there is none."""
    if one.low is None or one.high is None:
        return "–"
    return f"{figure(one.low, digits)} to {figure(one.high, digits)}"


def percent(value: float | None) -> str:
    """Give a share in percent."""
    return "–" if value is None else f"{100 * value:.0f}%"


def chance(p: float | None) -> str:
    """Give a p as people read it."""
    if p is None:
        return "p unknown"
    return f"p < {TINY}" if p < TINY else f"p = {p:.3f}"


def plural(count: int, what: str) -> str:
    """Count things: 1 scenario, 2 scenarios."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
