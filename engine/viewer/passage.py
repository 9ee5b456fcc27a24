"""One conversation as it is read: every turn, and beside it what is known of just that turn.

The one idea: whatever points at a turn is put beside it: the quotes of jurors, marked in what was said, the caps that
were met in it, what the patient told or should not have told, what it took. Nothing here computes a score, and
nothing here knows a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from agents.speech import Turn
from engine.console.clean import clean
from engine.events import CallAnswered, CallFailed, TurnSpoken
from engine.index import Opened
from engine.reading.caps import CapFinding
from engine.viewer.facts import Disclosed
from engine.viewer.votes import Bench
from rubrics.values import Quote, Verdict
from rubrics.verdicts import locate

SPEAKERS = ("patient", "assistant")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A turn as it is shown: the words that somebody pointed at are marked."""

    index: int
    speaker: str
    photo: str
    text: Markup
    """Made of escaped pieces and our own marks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voiced:
    """Who quotes something, and in which vote."""

    title: str
    """Of the juror."""
    dimension: str
    vote: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """A piece of a turn that jurors point at."""

    text: str
    found: bool
    """Whether it stands in the turn word for word, and is marked there."""
    by: tuple[Voiced, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CapHere:
    """A cap that jurors say was met in a turn."""

    key: str
    most: int | None
    text: str
    dimension: str
    jurors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCall:
    """One call: what it took."""

    at: float
    """Unix time of its end, seconds."""
    body: CallAnswered | CallFailed

    @property
    def answered(self) -> bool:
        """Tell whether an answer came."""
        return isinstance(self.body, CallAnswered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """A turn, and what stands beside it."""

    said: Said
    turn: Turn
    cited: tuple[Cited, ...] = ()
    caps: tuple[CapHere, ...] = ()
    ruled: tuple[CapFinding, ...] = ()
    """Caps that rules find in its words, without a model."""
    disclosed: Disclosed | None = None
    """None for the assistant's, and where nothing is said of it."""
    calls: tuple[MadeCall, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A conversation, whole or as far as it is."""

    beats: tuple[Beat, ...]
    unsaid: tuple[CapHere, ...]
    """Caps that jurors name for something that was never said."""
    unsaid_ruled: tuple[CapFinding, ...]
    others: tuple[MadeCall, ...]
    """Calls that made no turn: the interview's and the jurors'."""


def tell(
    opened: Opened,
    bench: Bench,
    *,
    disclosed: Mapping[int, Disclosed],
    ruled: Iterable[CapFinding] = (),
) -> Passage:
    """Put everything beside the turn that it points at."""
    found = list(ruled)
    spent, others = _spend(opened)
    cited = _cite(bench)
    beats = []
    for turn in opened.turns:
        here = tuple(_found(text, turn.text, by) for text, by in cited.get(turn.index, {}).items())
        caps = tuple(_caps(bench, turn.index))
        pieces = [one.text for one in here if one.found]
        beats.append(
            Beat(
                said=Said(
                    index=turn.index,
                    speaker=turn.speaker,
                    photo=turn.photo,
                    text=mark(turn.text, [piece for text in pieces if (piece := locate(text, turn.text))]),
                ),
                turn=turn,
                cited=here,
                caps=caps,
                ruled=tuple(one for one in found if one.turn == turn.index),
                disclosed=disclosed.get(turn.index),
                calls=tuple(spent.get(turn.index, ())),
            )
        )
    return Passage(
        beats=tuple(beats),
        unsaid=tuple(_caps(bench, 0)),
        unsaid_ruled=tuple(one for one in found if not one.turn),
        others=tuple(others),
    )


def mark(text: str, pieces: Iterable[str]) -> Markup:
    """Give a stranger's text with pieces of it marked; pieces that run into one another are one mark."""
    spans = sorted(
        (start, start + len(piece)) for piece in pieces if piece and (start := text.find(piece)) >= 0
    )
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    parts, last = [], 0
    for start, end in joined:
        parts += [_safe(text[last:start]), Markup("<mark>"), _safe(text[start:end]), Markup("</mark>")]
        last = end
    return Markup("").join([*parts, _safe(text[last:])])


def _safe(text: str) -> Markup:
    return escape(clean(text))


def _cite(bench: Bench) -> dict[int, dict[str, list[Voiced]]]:
    """Give by turn what is quoted out of it, and who quotes it; the quotes with which a cap is named as well."""
    found: dict[int, dict[str, list[Voiced]]] = {}
    for judgement in bench.judgements:
        for voice in judgement.voices:
            for vote in voice.readings:
                by = Voiced(title=voice.title, dimension=judgement.name, vote=vote)
                for text, turn in dict.fromkeys((quote.text, quote.turn) for quote in _quotes(vote)):
                    found.setdefault(turn, {}).setdefault(text, []).append(by)
    return found


def _quotes(vote: Verdict) -> Iterator[Quote]:
    yield from vote.evidence
    yield from (Quote(turn=event.turn, text=event.quote) for event in vote.caps if event.quote)


def _found(text: str, said: str, by: list[Voiced]) -> Cited:
    return Cited(text=text, found=locate(text, said) is not None, by=tuple(by))


def _caps(bench: Bench, turn: int) -> Iterator[CapHere]:
    """Give the caps that were met in a turn, 0 standing for what was never said."""
    for judgement in bench.judgements:
        for cap in judgement.caps:
            jurors = tuple(
                dict.fromkeys(
                    voice.title
                    for voice in judgement.voices
                    for vote in voice.readings
                    for event in vote.caps
                    if event.cap == cap.key and event.turn == turn
                )
            )
            if jurors:
                yield CapHere(
                    key=cap.key, most=cap.most, text=cap.text, dimension=judgement.name, jurors=jurors
                )


def _spend(opened: Opened) -> tuple[dict[int, list[MadeCall]], list[MadeCall]]:
    """Give the calls by the turn they made, and those that made none; what a call cost is where it was heard."""
    spent: dict[int, list[MadeCall]] = {}
    waiting: dict[str, list[MadeCall]] = {speaker: [] for speaker in SPEAKERS}
    others: list[MadeCall] = []
    for event in opened.events:
        body = event.body
        if isinstance(body, CallAnswered | CallFailed):
            call = MadeCall(at=event.at, body=body)
            waiting.get(body.role, others).append(call)
        elif isinstance(body, TurnSpoken):
            spent.setdefault(body.turn.index, []).extend(waiting[body.turn.speaker])
            waiting[body.turn.speaker] = []
    rest = [call for calls in waiting.values() for call in calls]  # of a turn that never came
    return spent, [*rest, *others]
