"""The gate: how an agent's thought becomes a call.

    tape ∘ recorder ∘ retry ∘ purse ∘ limiter ∘ provider

Functions of one type, each around the next; the innermost two are one, since the limiter learns from what the
provider's headers say. An answer is on the disk before anyone hears it. The gate knows who asks and what it
costs; it does not know what is asked.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from agents.speech import Ask, Completion, Prompt
from engine.catalog import Model
from engine.charges import Forecast
from engine.errors import CallError, Overdue
from engine.events import CallAnswered, CallFailed
from engine.journal import Journal
from engine.limiter import Limiter
from engine.models import Price
from engine.providers import Listen, Provider, Reply
from engine.purse import Curfew, Purse, Share, cost_of
from engine.retry import Tries, retried
from engine.tape import Key, Tape
from engine.worst import Heard, WorstCase

Tune = Callable[[], Listen | None]
"""Gives whoever listens to a call just now; None asks for a plain call, which costs a fraction of a streamed one."""

LEFT = "left"
"""Cause of a call that the run went away from, and whose answer, if there was one, nobody heard."""


def silent() -> None:
    """Nobody listens."""


@dataclass(slots=True)
class Clock:
    """The time that one conversation, or one vote, has for its providers: for calls and the pauses between attempts.

    The wait in our own queues is not counted.
    """

    length: float = math.inf
    """Seconds."""
    used: float = 0.0

    @property
    def left(self) -> float:
        return self.length - self.used

    def overdue(self, *, begun: bool) -> Overdue:
        """Give the error of whom it has run out for; `begun` says that a call was out."""
        return Overdue(
            f"the {self.length:g} s that a conversation has for its providers are used up: give it more with "
            "--conversation-deadline, or find out who is so slow.",
            begun=begun,
        )


@dataclass(slots=True, kw_only=True)
class Line:
    """Who asks: one role in one conversation, how urgent it is, and how far it has come."""

    conversation: str
    role: str
    priority: int
    """Older conversations have lower numbers and go first, their jury included."""
    sequence: int = -1
    """Of the call being made; a role makes one at a time."""
    digest: str = ""
    """Of its prompt."""
    tries: Tries = field(default_factory=Tries)
    clock: Clock = field(default_factory=Clock)
    heard: Heard | None = None
    """The last prompt that was answered, be it from the tape."""


class Way(Protocol):
    """The way to one model, whoever is at its end."""

    def ask(self, line: Line, tune: Tune = silent) -> Ask:
        """Give the function a role thinks through."""
        ...


class Answers(Protocol):
    """What may know the answer to a call already."""

    def answer(self, key: Key, digest: str) -> Completion | None:
        """Give the answer to the prompt of this digest; None to have the call made."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The way to one model that is called."""

    model: Model
    provider: Provider
    limiter: Limiter
    journal: Journal
    tape: Tape
    forecast: Forecast = field(default_factory=Forecast)
    purse: Purse = field(default_factory=Purse)
    curfew: Curfew = field(default_factory=Curfew)
    worst: WorstCase = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "worst", WorstCase(self.model))

    def ask(self, line: Line, tune: Tune = silent) -> Ask:
        """Give the function this role thinks through; `tune` is asked at every call who wants to listen in."""
        ask = self._paid(line, tune)
        ask = retried(ask, line.tries, self.limiter, model=self.model.name)
        ask = recorded(ask, line, self.journal, model=self.model.name, price=self.model.price)
        return taped(ask, line, self.tape)

    def _paid(self, line: Line, tune: Tune) -> Ask:
        async def asking(prompt: Prompt) -> Completion:
            if line.tries.made:
                line.clock.used += line.tries.made[-1].pause
            if line.clock.left <= 0:
                raise line.clock.overdue(begun=False)
            async with self.purse.hold(self.worst.of(prompt, line.heard), line.priority) as share:
                reply = await self._limited(line, prompt, tune, share)
                if reply is None:
                    return await share.bar()
                usage = reply.completion.usage
                self.worst.learn(share.worst, usage)
                if usage.input or usage.output:
                    share.settle(cost_of(self.model.price.cost(usage), usage.input + usage.output))
                else:  # a server of one's own may not count at all
                    line.tries.most = share.doubt()
                return reply.completion

        return asking

    async def _limited(self, line: Line, prompt: Prompt, tune: Tune, share: Share) -> Reply | None:
        """Call the model when the limits allow it; None when by then it is too late."""
        guess = self.forecast.guess(line.role, prompt, whole=self.limiter.rule.reserves)
        async with self.limiter.hold(guess.expect, line.priority) as permit:
            if self.curfew.late(self.model.name):
                return None
            began = _now()
            try:
                reply = await self._asked(prompt, line.clock, tune())
            except (CallError, asyncio.CancelledError) as error:
                if getattr(error, "begun", True):  # whoever is cancelled leaves a call behind
                    line.tries.most = share.doubt()
                raise
            finally:
                line.tries.seconds = round(_now() - began, 4)
                line.clock.used += line.tries.seconds
            self.curfew.hear(self.model.name, line.tries.seconds)
            permit.settle(guess.hear(reply.completion.usage), reply.rates)
            return reply

    async def _asked(self, prompt: Prompt, clock: Clock, listen: Listen | None) -> Reply:
        """Call the model, for as long as the conversation has time."""
        if clock.left >= self.model.seconds:  # the provider's own timeout comes first
            return await self.provider.ask(prompt, self.model, listen)
        try:
            async with asyncio.timeout(clock.left):
                return await self.provider.ask(prompt, self.model, listen)
        except TimeoutError:
            raise clock.overdue(begun=True) from None


def recorded(ask: Ask, line: Line, journal: Journal, *, model: str, price: Price) -> Ask:
    """Give an Ask whose answer, or its failure, is on the disk before anyone hears of it."""

    async def asking(prompt: Prompt) -> Completion:
        key = {
            "role": line.role,
            "model": model,
            "sequence": line.sequence,
            "digest": line.digest,
        }
        tries = line.tries
        try:
            said = await ask(prompt)
        except CallError as error:
            failed = CallFailed(**key, cause=error.cause, message=str(error), attempts=tuple(tries.made))
            await journal.record(failed, line.conversation)
            raise
        except asyncio.CancelledError:
            if tries.most.tokens:
                tries.close(LEFT)
            if any(attempt.most_tokens for attempt in tries.made):  # it may stand on somebody's bill
                failed = CallFailed(**key, cause=LEFT, message="", attempts=tuple(tries.made))
                journal.note(failed, line.conversation)
            raise
        answered = CallAnswered(
            **key,
            completion=said,
            attempts=tuple(tries.made),
            latency=tries.made[-1].seconds,
            cost=round(price.cost(said.usage), 12),
        )
        await journal.record(answered, line.conversation)
        return said

    return asking


def taped(ask: Ask, line: Line, tape: Answers) -> Ask:
    """Give an Ask that asks only for what the tape does not know."""

    async def asking(prompt: Prompt) -> Completion:
        line.sequence += 1
        line.digest = prompt.digest  # a walk over the whole prompt: once a call
        said = tape.answer((line.conversation, line.role, line.sequence), line.digest)
        if said is None:
            said = await ask(prompt)
        line.heard = Heard(prompt, said.usage.input)
        return said

    return asking


def _now() -> float:
    return asyncio.get_running_loop().time()
