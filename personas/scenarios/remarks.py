"""What was left out, for people: one sentence a reason, however many there are of it.

The one idea: a reader wants to know what, how many and why, and one name to look up; a list of a thousand names
hides the one reason that differs. This does not know why anything is left out.
"""

from __future__ import annotations

from collections.abc import Iterable


def grouped(pairs: Iterable[tuple[str, str]], one: str, many: str) -> list[str]:
    """Give a sentence for each reason among pairs of a name and a reason, in the order in which they first came.

    `one` is filled with name and reason; `many`, for what more than one have, with their count as well.
    """
    names: dict[str, list[str]] = {}
    for name, reason in pairs:
        names.setdefault(reason, []).append(name)
    return [
        (one if len(having) == 1 else many).format(name=having[0], reason=reason, count=len(having))
        for reason, having in names.items()
    ]
