"""How the tables were read, and what of them was left out.

Nothing here knows what was computed from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.calibration.source import JurySource
from engine.prose import entry, wrap
from rubrics.agreement.sieve import LeftOut
from rubrics.calibration.annotations import Annotations


def say_verdicts(source: JurySource) -> Iterator[str]:
    """Say how a table of verdicts was read; of a run there is nothing to say."""
    if not source.account:
        return
    yield "Verdicts"
    for title, said in source.account.items():
        yield from entry(title, said)
    yield from _omissions(source.notes, source.left_out)
    yield ""


def say_annotations(annotations: Annotations) -> Iterator[str]:
    """Say how the clinicians' table was read, and what was left out of it."""
    yield "Annotations"
    guess = " (guessed)" if annotations.guessed else ""
    yield from entry("read as", annotations.layout + guess)
    people = f"{len(annotations.annotators):,} annotators"
    named = int((annotations.counts > 0).any(axis=1).sum())
    told = f"{annotations.used:,} of {annotations.cells:,} cells: {people}, {named:,} conversations"
    yield from entry("scores", told)
    yield from _omissions(annotations.notes, annotations.left_out)


def _omissions(notes: Sequence[str], left_out: Sequence[LeftOut]) -> Iterator[str]:
    for note in notes:
        yield from entry("note", note)
    if not left_out:
        yield "  left out nothing"
        return
    yield f"  left out {sum(left.count for left in left_out):,}"
    for left in left_out:
        yield from wrap(left.cause, f"  {left.count:>7,}  ", 11)
        if any(left.examples):
            yield from wrap(" · ".join(left.examples), " " * 11, 11)
