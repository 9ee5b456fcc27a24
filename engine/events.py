"""What is written down: one tagged union of events, in one envelope.

The journal is the only hinge between a conversation and everything after it. Events are values; identity and
time are in the envelope. Nothing here knows how an event is stored or who reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from agents.interview import Interview
from agents.speech import Completion, Turn
from personas.values import Photo
from rubrics.values import Verdict

StopReason = Literal[
    "patient_done",
    "assistant_closed",
    "escalated_and_acknowledged",
    "max_turns",
    "token_budget",
    "stalemate",
    "refusal",
    "infra_error",
    "patient_fault",
]
"""Why a conversation is over. `infra_error` is a `ConversationFailed`, which is no result and is had again;
`patient_fault` is a result that is kept out of the scores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at a call."""

    cause: str
    """"ok", or the cause of the error (`engine.errors`)."""
    seconds: float
    """Time from sending to the answer or the failure, waiting for limits excluded."""
    message: str = ""
    """What the provider said of a failure, secrets removed; empty for success."""
    pause: float = 0.0
    """Seconds waited after it before the next one; 0 when it was the last."""
    most: float = 0.0
    """USD that it may have cost beside what is known: the worst case, where an answer may have begun that was not
    heard whole."""
    most_tokens: int = 0
    """The same in tokens, both directions together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A process took the run up (again)."""

    plan: str
    """Digest of the plan."""
    simulated: bool
    kind: Literal["run_started"] = "run_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoFitted:
    """A photograph was made smaller for those models that take none so large; all others get it as it is."""

    photo: Photo
    """As it is in the scenarios."""
    size: int
    """Bytes of its file."""
    sent: Photo
    """As these models get it."""
    sent_size: int
    """Bytes of its file; base64 adds a third on the wire."""
    models: tuple[str, ...]
    kind: Literal["photo_fitted"] = "photo_fitted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationStarted:
    """A patient, an assistant and a floor-keeper sat down."""

    scenario: str
    title: str
    model: str
    arm: str
    repeat: int
    kind: Literal["conversation_started"] = "conversation_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered:
    """A model answered. Written before anyone hears the answer."""

    role: str
    """"patient", "assistant", "interview", or "juror/<model>/<dimension>", with "/2" when it judges again."""
    model: str
    sequence: int
    """Counts the calls of this role in this conversation from 0."""
    digest: str
    """Of the provider-neutral prompt."""
    completion: Completion
    attempts: tuple[Attempt, ...]
    latency: float
    """Seconds of the attempt that succeeded."""
    cost: float
    """USD by the dated prices of the models file; what it would have cost, where simulated."""
    kind: Literal["call_answered"] = "call_answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailed:
    """A model did not answer, for good."""

    role: str
    model: str
    sequence: int
    digest: str
    cause: str
    message: str
    attempts: tuple[Attempt, ...]
    kind: Literal["call_failed"] = "call_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnSpoken:
    """Something was said."""

    turn: Turn
    kind: Literal["turn_spoken"] = "turn_spoken"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationEnded:
    """The conversation came to its end and can be judged."""

    stop_reason: StopReason
    turns: int
    kind: Literal["conversation_ended"] = "conversation_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationFailed:
    """The conversation could not be finished; not a result, never judged."""

    boundary: str
    """Who could not go on: patient, assistant."""
    cause: str
    """Of the error (`engine.errors`), or what was wrong with what was said."""
    message: str
    stop_reason: Literal["infra_error"] = "infra_error"
    kind: Literal["conversation_failed"] = "conversation_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class InterviewGiven:
    """The patient has left, and the model said what it thinks; or why there is nothing."""

    interview: Interview
    kind: Literal["interview_given"] = "interview_given"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictGiven:
    """A juror voted, or abstained."""

    verdict: Verdict
    kind: Literal["verdict_given"] = "verdict_given"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """Everything planned has been tried."""

    completed: int
    failed: int
    kind: Literal["run_finished"] = "run_finished"


Body = Annotated[
    RunStarted
    | PhotoFitted
    | ConversationStarted
    | CallAnswered
    | CallFailed
    | TurnSpoken
    | ConversationEnded
    | ConversationFailed
    | InterviewGiven
    | VerdictGiven
    | RunFinished,
    Field(discriminator="kind"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the journal."""

    at: float
    """Unix time, seconds."""
    conversation: str = ""
    """`model/scenario/arm/repeat`; empty for events of the run as a whole."""
    body: Body


EVENT = TypeAdapter(Event)
"""Validates a line of the journal, in which anything may stand."""
