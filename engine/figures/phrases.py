"""Numbers as a mark says them. Nothing here knows what they are about."""

from __future__ import annotations

from collections.abc import Callable


def number(value: float | None, digits: int = 2) -> str:
    """Write a number."""
    return "–" if value is None else f"{value + 0.0:.{digits}f}".replace("-", "−")


def signed(value: float | None, digits: int = 2) -> str:
    """Write a difference."""
    return "–" if value is None else f"{value:+.{digits}f}".replace("-", "−")


def share(value: float | None) -> str:
    """Write a share, 0 to 1, in percent."""
    return "–" if value is None else f"{100 * value:.0f}%".replace("-", "−")


def between(
    value: float | None,
    low: float | None,
    high: float | None,
    write: Callable[[float | None], str] = number,
) -> str:
    """Write a number with its interval, where it has one."""
    if low is None or high is None:
        return f"{write(value)}, no interval"
    return f"{write(value)}, 95% interval {write(low)} to {write(high)}"
