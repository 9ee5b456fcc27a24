"""Disputes: where two annotators are two points apart, or one names a cap that the other does not.

The one idea: who adjudicates sees what was said and not by whom, so annotators are letters, dealt anew for each
conversation. Nothing here knows who is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from engine.annotation.marks import Mark, Opinion, Subject
from personas.seeds import derive

APART = 2
"""Points between two annotators from which on a third looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """What annotators say of one dimension of one conversation, where they differ."""

    subject: Subject
    said: tuple[tuple[str, Opinion], ...]
    """A letter and an opinion each."""
    why: str
    """In a clause."""
    caps: tuple[str, ...] = ()
    """That some name and some do not."""


def find_disputes(marks: Mapping[str, Mapping[Subject, Mark]], seed: int) -> tuple[Dispute, ...]:
    """Find the disputes among the marks that hold, by annotator and subject, in the order of subjects."""
    subjects = sorted({subject for held in marks.values() for subject in held})
    found = []
    for subject in subjects:
        said = {who: held[subject].opinion for who, held in sorted(marks.items()) if subject in held}
        said = {who: opinion for who, opinion in said.items() if opinion.settled}
        caps = _caps_apart([*said.values()])
        if why := _difference([*said.values()], caps):
            order = derive(seed, "annotation", "letters", *subject).permutation(len(said))
            names = [*said]
            letters = tuple((chr(65 + at), said[names[place]]) for at, place in enumerate(order))
            found.append(Dispute(subject=subject, said=letters, why=why, caps=caps))
    return tuple(found)


def _caps_apart(opinions: list[Opinion]) -> tuple[str, ...]:
    sets = [{event.cap for event in one.caps} for one in opinions if one.score is not None]
    return tuple(sorted({cap for one, other in combinations(sets, 2) for cap in one ^ other}))


def _difference(opinions: list[Opinion], caps: tuple[str, ...]) -> str:
    scores = [one.score for one in opinions if one.score is not None]
    why = []
    if scores and max(scores) - min(scores) >= APART:
        why.append(f"the scores are {max(scores) - min(scores)} points apart")
    if caps:
        listed = " and ".join(part for part in (", ".join(caps[:-1]), caps[-1]) if part)
        why.append(f"not all say that {listed} happened")
    return " and ".join(why)
