"""What somebody may have meant by a name that is not known.

Nothing here knows what is named.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

SHOWN = 80
"""Characters of a name that are looked at, and told: nobody means more."""


def short(name: str) -> str:
    """Give as much of a name as a sentence can hold; a sign stands for each character that cannot be seen."""
    seen = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in name[:SHOWN])
    return seen if len(name) <= SHOWN else f"{seen[:-1]}…"


def nearest(name: str, known: Iterable[str], rest: str = "", *, cutoff: float = 0.5) -> str:
    """Ask whether the nearest known name was meant, "did you mean 'x'?"; the rest where none is near enough.

    The cutoff is how alike two names must be, 0 to 1. Without a rest the known names are told.
    """
    names = list(known)
    near = difflib.get_close_matches(name[:SHOWN], names, n=1, cutoff=cutoff)
    return f"did you mean {near[0]!r}?" if near else rest or f"known are {', '.join(names)}."
