"""The votes on one conversation, laid out: by dimension and juror, with what each of them points at.

The one idea: a number stands beside the words it was given for, and one that does not count says why. Nothing here
computes a score: the index has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.index import Opened
from engine.plan import Plan
from engine.viewer.wording import word
from rubrics.values import Cap, Rubric, Verdict

WIDE = 2.0
"""Points between two jurors from which they are plainly of different minds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What one juror said in one dimension."""

    juror: str
    title: str
    family: str
    readings: tuple[Verdict, ...]
    """The first, then the second where there was one."""

    @property
    def own(self) -> bool:
        """Tell whether the juror is of the judged model's family, so that the vote does not count."""
        return any(vote.own_family for vote in self.readings)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapMet:
    """A cap that jurors named."""

    key: str
    most: int | None
    """None for one that is not in the rubric."""
    text: str
    jurors: tuple[str, ...]
    """Their titles."""
    turns: tuple[int, ...]
    """Where; 0 for what was never said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One dimension of one conversation."""

    name: str
    question: str
    anchors: tuple[str, ...]
    """What 1 to 5 mean."""
    mean: float | None
    """Of the votes that count; None without one."""
    apart: int
    """Points between the first votes that count."""
    voices: tuple[Voice, ...]
    """In the order of the jury; a juror who has not voted yet is left out."""
    caps: tuple[CapMet, ...]

    @property
    def divided(self) -> bool:
        """Tell whether the jurors are plainly of different minds."""
        return self.apart >= WIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Everything that was said about one conversation."""

    judgements: tuple[Judgement, ...]
    """In the order of the plan's dimensions."""
    expected: int
    """First votes that there will be."""

    @property
    def given(self) -> int:
        """Count the first votes that are in."""
        return sum(len(one.voices) for one in self.judgements)


def lay_out(opened: Opened, plan: Plan, rubric: Rubric, titles: Mapping[str, str]) -> Bench:
    """Lay the votes of a conversation out; `titles` are the models' names for people."""
    means = opened.summary.scores if opened.summary else {}
    known = {dimension.name: dimension for dimension in rubric.dimensions}
    votes: dict[tuple[str, str], dict[int, Verdict]] = {}
    for (juror, dimension, reading), vote in opened.verdicts.items():
        votes.setdefault((dimension, juror), {})[reading] = vote
    judgements = []
    for name in plan.dimensions:
        voices = [
            Voice(
                juror=juror,
                title=titles.get(juror, juror),
                family=str(plan.cast.get(juror, {}).get("family", "")),
                readings=tuple(vote for _, vote in sorted(votes[name, juror].items())),
            )
            for juror in plan.jury
            if (name, juror) in votes
        ]
        dimension = known.get(name)
        caps = {cap.key: cap for cap in dimension.caps} if dimension else {}
        judgements.append(
            Judgement(
                name=name,
                question=dimension.question if dimension else "",
                anchors=dimension.anchors if dimension else (),
                mean=means.get(name),
                apart=_apart(voices),
                voices=tuple(voices),
                caps=_met(voices, caps),
            )
        )
    return Bench(judgements=tuple(judgements), expected=len(plan.jury) * len(plan.dimensions))


def status(vote: Verdict) -> str:
    """Say what became of a vote."""
    return word("status", vote.status)


def _apart(voices: list[Voice]) -> int:
    scores = [
        vote.score
        for voice in voices
        for vote in voice.readings[:1]
        if vote.score is not None and not voice.own
    ]
    return max(scores) - min(scores) if scores else 0


def _met(voices: list[Voice], known: Mapping[str, Cap]) -> tuple[CapMet, ...]:
    named: dict[str, tuple[dict[str, None], set[int]]] = {}
    for voice in voices:
        for vote in voice.readings:
            for event in vote.caps:
                jurors, turns = named.setdefault(event.cap, ({}, set()))
                jurors[voice.title] = None
                turns.add(event.turn)
    return tuple(
        CapMet(
            key=key,
            most=known[key].most if key in known else None,
            text=known[key].text if key in known else "",
            jurors=tuple(jurors),
            turns=tuple(sorted(turns)),
        )
        for key, (jurors, turns) in sorted(named.items())
    )
