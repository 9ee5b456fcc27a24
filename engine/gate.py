"""The gate: how an agent's thought becomes a call.

    tape ∘ recorder ∘ retry ∘ limiter ∘ provider

Functions of one type, each around the next; the innermost two are one, since the limiter learns from what the
provider's headers say. An answer is on the disk before anyone hears it. The gate knows who asks and what it
costs; it does not know what is asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from agents.speech import Ask, Completion, Prompt
from engine.catalog import Model
from engine.charges import Forecast
from engine.errors import CallError
from engine.events import CallAnswered, CallFailed
from engine.journal import Journal
from engine.limiter import Limiter
from engine.providers import Listen, Provider
from engine.retry import Tries, retried
from engine.tape import Tape

Tune = Callable[[], Listen | None]
"""Gives whoever listens to a call just now; None asks for a plain call, which costs a fraction of a streamed one."""


def silent() -> None:
    """Nobody listens."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The way to one model."""

    model: Model
    provider: Provider
    limiter: Limiter
    journal: Journal
    tape: Tape
    forecast: Forecast = field(default_factory=Forecast)

    def ask(self, line: Line, tune: Tune = silent) -> Ask:
        """Give the function this role thinks through; `tune` is asked at every call who wants to listen in."""
        ask = self._limited(line, tune)
        ask = retried(ask, line.tries, self.limiter, model=self.model.name)
        ask = self._recorded(ask, line)
        return self._taped(ask, line)

    def _limited(self, line: Line, tune: Tune) -> Ask:
        async def asking(prompt: Prompt) -> Completion:
            guess = self.forecast.guess(line.role, prompt, whole=self.limiter.rule.reserves)
            async with self.limiter.hold(guess.expect, line.priority) as permit:
                began = time.perf_counter()
                try:
                    reply = await self.provider.ask(prompt, self.model, tune())
                finally:
                    line.tries.seconds = round(time.perf_counter() - began, 4)
                permit.settle(guess.hear(reply.completion.usage), reply.rates)
                return reply.completion

        return asking

    def _recorded(self, ask: Ask, line: Line) -> Ask:
        async def asking(prompt: Prompt) -> Completion:
            key = {
                "role": line.role,
                "model": self.model.name,
                "sequence": line.sequence,
                "digest": line.digest,
            }
            try:
                said = await ask(prompt)
            except CallError as error:
                failed = CallFailed(
                    **key, cause=error.cause, message=str(error), attempts=tuple(line.tries.made)
                )
                await self.journal.record(failed, line.conversation)
                raise
            answered = CallAnswered(
                **key,
                completion=said,
                attempts=tuple(line.tries.made),
                latency=line.tries.made[-1].seconds,
                cost=round(self.model.price.cost(said.usage), 8),
            )
            await self.journal.record(answered, line.conversation)
            return said

        return asking

    def _taped(self, ask: Ask, line: Line) -> Ask:
        async def asking(prompt: Prompt) -> Completion:
            line.sequence += 1
            line.digest = prompt.digest  # a walk over the whole prompt: once a call
            recorded = self.tape.answer((line.conversation, line.role, line.sequence), line.digest)
            return recorded if recorded is not None else await ask(prompt)

        return asking
