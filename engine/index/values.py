"""What is asked of the index, and what it answers.

Values only. Whatever names, titles and texts are in them came from models and files: text to be shown, never markup.
Nothing here knows how it is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from agents.interview import Interview
from agents.speech import Turn
from engine.account import Account
from engine.cells import Cell
from engine.events import (
    CallAnswered,
    CallFailed,
    ConversationEnded,
    ConversationFailed,
    ConversationStarted,
    Event,
    InterviewGiven,
    TurnSpoken,
    VerdictGiven,
)
from rubrics.values import Verdict

State = Literal["planned", "running", "failed", "ended", "judged"]
"""Not begun, begun, could not be finished, came to its end, has every first vote (or is kept from the jury)."""
OVERALL = "overall"
"""The mean over all dimensions, none lacking, beside the dimensions' own."""
FACETS = ("model", "arm", "state", "reason", "cap")
"""Facets of every run; each stratum of its scenarios is one too, by its title."""
SORTS = (
    *(
        "place",
        "title",
        "model",
        "arm",
        "state",
        "reason",
        "turns",
        "calls",
        "input",
        "output",
        "cost",
        "seconds",
    ),
    *("began", "over", OVERALL, "least", "disagreement"),
)
"""What rows can be sorted by; each dimension of the rubric too, by its name. `place` is the plan's order."""
MOST_ROWS = 500
LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which conversations are wanted: those that meet every condition; an empty one is none."""

    text: str = ""
    """Words that begin so ("melanom" finds "melanoma"), each somewhere in what was said, the title or the model's
    name; words in double quotes as they stand together. No character of it is an operator."""
    models: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    """Why it is over: stop reasons; for one that failed `infra_error`."""
    caps: tuple[str, ...] = ()
    """Any of these was named by a juror, each as `dimension/key`."""
    strata: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Levels by a stratum's title."""
    scores: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Least and most, 1 to 5, both included, by dimension or `overall`."""
    disagreement: float = 0.0
    """Points between two jurors at least, 0 to 4; 0 asks for none."""
    sort: str = "place"
    down: bool = False
    """Largest first. What has no value comes last either way; ties are in the plan's order."""
    offset: int = 0
    limit: int = 50
    """Rows, 1 to 500."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One conversation in a line."""

    id: str
    """`model/scenario/arm/repeat`."""
    place: int
    """In the plan's order, from 0."""
    scenario: str
    title: str
    model: str
    arm: str
    repeat: int
    script: bool
    """A baseline, which no model plays."""
    state: State
    reason: str = ""
    """Stop reason; `infra_error` for one that failed, empty until it is over."""
    cause: str = ""
    """Of the failure; else empty."""
    turns: int = 0
    """So far; of both speakers."""
    calls: int = 0
    """Answered ones of all roles; what was taken over from another run is none."""
    input: int = 0
    """Tokens of these calls."""
    output: int = 0
    """Tokens of these calls, reasoning included."""
    cost: float = 0.0
    """USD of these calls; what it would have cost, where simulated."""
    began: float | None = None
    """Unix time, seconds, of its latest attempt; None before any."""
    over: float | None = None
    """Unix time, seconds; None until it ended or failed."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """Mean of the votes that count by dimension, 1 to 5, as `raw` in scores.csv: own family out, a juror who voted
    twice weighs once. A dimension without such a vote is left out."""
    overall: float | None = None
    """Mean over the dimensions; None where one lacks."""
    least: int | None = None
    """The lowest vote that counts."""
    disagreement: float | None = None
    """The largest distance between two jurors whose votes count, over the dimensions, 0 to 4; None without two."""
    votes: int = 0
    """First votes that are in, abstentions included."""
    caps: tuple[str, ...] = ()
    """Caps that jurors named, each as `dimension/key`, sorted."""

    @property
    def seconds(self) -> float | None:
        """Give the time from the beginning to the end of its latest attempt; None until it is over."""
        return None if self.began is None or self.over is None else max(0.0, self.over - self.began)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The rows of one page, and what could be chosen next."""

    total: int
    """Conversations that meet the wish."""
    rows: tuple[Summary, ...]
    facets: Mapping[str, Mapping[str, int]]
    """By facet (`FACETS` and the titles of strata), conversations with each value under the other conditions, in the
    order of the values; one that a wish names is told also where its count is 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Siblings:
    """The same scenario and repeat otherwise; each in the plan's order, the conversation itself left out."""

    models: tuple[Summary, ...]
    """With other models, in the same arm."""
    arms: tuple[Summary, ...]
    """With the same model, in other arms."""
    repeats: tuple[Summary, ...]
    """With the same model and arm, played again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One conversation, whole, as its events say; they were validated when it was opened."""

    id: str
    cell: Cell | None
    """What it is by the plan: scenario with persona, record, photograph and truth, the arm and what it shows; None
    for a canary."""
    summary: Summary | None
    """None for a canary."""
    taken: tuple[Event, ...]
    """Events that were taken over from another run, and cost this one nothing."""
    events: tuple[Event, ...]
    """All, in the order of the journal, those taken over first; what a resumed run said again stands twice."""

    @property
    def turns(self) -> tuple[Turn, ...]:
        """Give what was said, in order, each turn once; beyond the end of an ended conversation nothing."""
        spoken = {e.body.turn.index: e.body.turn for e in self.events if isinstance(e.body, TurnSpoken)}
        last = self.ended.turns if self.ended else max(spoken, default=0)
        return tuple(spoken[index] for index in sorted(spoken) if index <= last)

    @property
    def calls(self) -> tuple[tuple[float, CallAnswered | CallFailed], ...]:
        """Give every call with its Unix time, in order; one that was made twice was paid twice, and stands twice."""
        return tuple((e.at, e.body) for e in self.events if isinstance(e.body, CallAnswered | CallFailed))

    @property
    def interview(self) -> Interview | None:
        """Give what the model said when the patient had left; None when it was not asked."""
        return next(
            (e.body.interview for e in reversed(self.events) if isinstance(e.body, InterviewGiven)), None
        )

    @property
    def verdicts(self) -> Mapping[tuple[str, str, int], Verdict]:
        """Give the votes by juror, dimension and reading; of one that was given anew, the latest."""
        votes = [e.body.verdict for e in self.events if isinstance(e.body, VerdictGiven)]
        return {(vote.juror, vote.dimension, vote.reading): vote for vote in votes}

    @property
    def began(self) -> float | None:
        """Give the Unix time of its latest beginning, seconds; None before any."""
        return next((e.at for e in reversed(self.events) if isinstance(e.body, ConversationStarted)), None)

    @property
    def ended(self) -> ConversationEnded | None:
        """Give how it ended; None while it has not."""
        return next((e.body for e in reversed(self.events) if isinstance(e.body, ConversationEnded)), None)

    @property
    def failed(self) -> ConversationFailed | None:
        """Give why its latest attempt failed; None where it ended, or is being tried again."""
        outcomes = (ConversationStarted, ConversationEnded, ConversationFailed)
        last = next((e.body for e in reversed(self.events) if isinstance(e.body, outcomes)), None)
        return last if isinstance(last, ConversationFailed) and not self.ended else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What a refresh read."""

    events: int
    """Read this time."""
    damaged: int
    """Lines read this time that are no event."""
    left: int
    """Bytes of the journal that are still to be read; a torn tail counts."""
    size: int
    """Bytes of the journal."""
    anew: bool
    """What was there before was thrown away: a segment is not what it was, or the plan is another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headway:
    """How far a run is."""

    planned: int
    started: int
    """Conversations begun, whatever became of them."""
    running: tuple[Summary, ...]
    """Begun and not over, the latest first, 50 at most."""
    under_way: int
    """How many these are in all; of a run that was killed, what it left."""
    ended: Mapping[str, int]
    """Conversations by stop reason."""
    failed: Mapping[str, int]
    """Conversations by cause."""
    judged: int
    """Conversations with every first vote in, abstentions included, and those that no jury hears."""
    votes: int
    """First votes that are in, abstentions included."""
    votes_planned: int
    """Jurors times dimensions, for every conversation planned."""
    abstained: Mapping[str, int]
    """First votes without a score, by status."""
    total: Account
    """Calls, tokens and USD."""
    roles: Mapping[str, Account]
    """By patient, assistant, interview, juror."""
    models: Mapping[str, Account]
    seconds: Mapping[str, float]
    """Of answered calls, by model: the attempts that succeeded."""
    began: float | None
    """Unix time of the first event of this run's own journal, seconds; None before any."""
    latest: float | None
    """Unix time of the latest event, seconds."""
    finished: bool
    """Whether the last that was taken up came to its end."""
    calls_per_second: float
    """Over the 10 s before the latest event."""
    tokens_per_second: float
    """Likewise, input and output."""
    damaged: int
    """Lines of the journal that are no event."""
