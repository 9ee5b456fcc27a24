"""How findings are put into words: numbers never without their interval, names in a list, what an interval carries.

The one idea: `sure` says which way an interval lies, and what includes 0 is told as what cannot be told. Nothing
here knows what the numbers are about.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from engine.prose import figure, percent, plural

FEW_CASES = 40
"""Cases below which intervals come out too narrow."""
NAMED = 4
"""Names in a sentence; the others are counted."""


class Bounded(Protocol):
    """Something with an interval, where it has one."""

    low: float | None
    high: float | None


class Spanned(Bounded, Protocol):
    """A number with an interval, where it has one."""

    value: float | None


def written(value: float | None, digits: int = 2, *, signed: bool = False) -> str:
    """Write a number with a true minus sign, as figures and tables have it; `signed` for a plus as well."""
    plus = "+" if signed and value is not None and round(value, digits) > 0 else ""
    return f"{plus}{figure(value, digits)}".replace("-", "−")


def ends(low: float | None, high: float | None) -> str:
    """Give an interval as it stands behind a number; words where there is none."""
    return "[no interval]" if low is None or high is None else f"[{written(low)}, {written(high)}]"


def points(one: Spanned) -> str:
    """Give points with their interval."""
    return f"{written(one.value)} {ends(one.low, one.high)}"


def size(one: Spanned) -> str:
    """Give how large a difference is, whichever way it goes, with its interval."""
    if one.value is None or one.value >= 0:
        return points(one)
    low, high = (None if end is None else -end for end in (one.high, one.low))
    return f"{written(-one.value)} {ends(low, high)}"


def share(one: Spanned) -> str:
    """Give a share in percent with its interval, as far as it lies between none and all."""
    if one.low is None or one.high is None:
        return f"{percent(one.value)} [no interval]"
    return f"{percent(one.value)} [{percent(max(one.low, 0.0))}, {percent(min(one.high, 1.0))}]"


def sure(one: Bounded) -> int:
    """Tell which way an interval lies: 1 above 0, -1 below, 0 where it includes 0 or there is none."""
    if one.low is None or one.high is None:
        return 0
    return (one.low > 0) - (one.high < 0)


def apart(one: Bounded, other: Bounded) -> bool:
    """Tell whether the first interval lies wholly above the other."""
    return one.low is not None and other.high is not None and one.low > other.high


def names(many: Sequence[str], most: int = NAMED) -> str:
    """List names; of many the first, and how many more."""
    if len(many) > most:
        return f"{', '.join(many[:most])} and {len(many) - most} more"
    return " and ".join((", ".join(many[:-1]), many[-1])) if len(many) > 1 else "".join(many)


def few(cases: int) -> str:
    """Warn of intervals that rest on few cases; "" for enough."""
    if cases >= FEW_CASES:
        return ""
    return f"With {plural(cases, 'case')} distrust every interval: so few make them too narrow."
