"""The commands: what each flag is called, and what it asks for.

    playing.py     a run, and going on with one
    seat.py        a person plays a part
    encore.py      a recorded run taken up again: replay, rejudge, ablate
    viewing.py     a run in a browser
    desk.py        files looked at: scenarios, records, audit, agreement, calibrate
    marking.py     clinicians at work: annotate
    abacus.py      numbers: score, power, compare
    publishing.py  what people look at: report

What a command needs is imported when it is given, so that help answers at once. A command that calls no model gives
what it has to say, and run.py prints it. Nothing here knows how any of it is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a command has to say."""

    pieces: Iterable[str]
    """Text, its line ends included; made while it is read."""
    json: bool = False
    """True for what programs read, which is passed on as it is."""
    good: bool = True
    """False gives exit status 1."""


def whole(kind: object, tokens: Sequence[Token]) -> int:
    """Read a whole number; cyclopts would round 2.5 without a word."""
    try:
        return int(tokens[0].value)
    except ValueError:
        raise ValueError(f"{tokens[0].value!r} is not a whole number.") from None


def number_or_file(kind: object, tokens: Sequence[Token]) -> int | Path:
    """Read a whole number where there is one, else the name of a file."""
    word = tokens[0].value
    try:
        return int(word)
    except ValueError:
        return Path(word)


Whole = Annotated[int, Parameter(converter=whole)]
Count = Annotated[int | None, Parameter(converter=whole)]
Flag = Annotated[bool, Parameter(negative="")]
HELP = Told(pieces=())
"""Given back by a command that was asked for nothing: the program says what there is to ask for."""
