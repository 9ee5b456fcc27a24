"""The simulator's own bill: what it answered, for whom, and what came of the answer on its way out.

A client's ledger is right when it agrees with this one, which is kept at the other end of the wire. The one idea:
an answer is paid for once it is made, whether or not anybody is left to read it. It keeps sums and one number per
different call, so that it stays small; nothing here knows a protocol, a price or a client.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.simulator.tokens import TokenUsage


@dataclass(slots=True)
class Sum:
    """Answers of one kind, and the tokens their usage told."""

    count: int = 0
    input: int = 0
    """Everything that was sent, cached or not."""
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    """Reasoning included."""
    reasoning: int = 0

    def add(self, usage: TokenUsage) -> None:
        """Add an answer."""
        self.count += 1
        self.input += usage.input
        self.cache_read += usage.read
        self.cache_write += usage.written
        self.output += usage.output
        self.reasoning += usage.reasoning


@dataclass(slots=True)
class Account:
    """One model's part of the bill."""

    whole: Sum = field(default_factory=Sum)
    """Handed to the network to the last byte, as they should be."""
    cut: Sum = field(default_factory=Sum)
    """Made, and then broken on their way: by a fault, or because the client had left."""
    abandoned: int = 0
    """Calls whose client left before an answer was made."""
    refused: dict[str, int] = field(default_factory=dict)
    """Calls that got an error and no answer, by status."""
    repeated: int = 0
    """Answers, whole or cut, to a request of which the very same had been answered before."""


@dataclass(slots=True)
class OpenCall:
    """A call while it is being answered."""

    model: str = ""
    """Id on the wire; empty as long as the request has not been understood."""
    key: int = 0
    usage: TokenUsage | None = None
    """None until the answer is made."""
    whole: bool = False
    refused: int = 0
    """Status of the error it got; 0 for none."""

    def make(self, digest: str, usage: TokenUsage) -> None:
        """Take down that the answer is made; `digest` is the body's."""
        self.key, self.usage = hash((self.model, digest)), usage


class Bill:
    """What one simulator has done since it started."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._seen: set[int] = set()
        self._open = 0
        self._most = 0

    @contextmanager
    def call(self) -> Iterator[OpenCall]:
        """Keep a call on the bill while the block lasts; what is known of it at the end decides where it stands."""
        one = OpenCall()
        self._open += 1
        self._most = max(self._most, self._open)
        try:
            yield one
        finally:
            self._open -= 1
            self._close(one)

    def _close(self, one: OpenCall) -> None:
        account = self._accounts.setdefault(one.model, Account())
        if one.usage is not None:
            (account.whole if one.whole else account.cut).add(one.usage)
            account.repeated += one.key in self._seen
            self._seen.add(one.key)
        elif one.refused:
            status = str(one.refused)
            account.refused[status] = account.refused.get(status, 0) + 1
        else:
            account.abandoned += 1

    def statement(self) -> dict[str, Any]:
        """Give the bill as JSON has it: calls open now, most that were open at one time, and each model's part.

        What could not be understood, and so named no model, stands under "".
        """
        models = {model: asdict(account) for model, account in sorted(self._accounts.items())}
        return {"open": self._open, "open_most": self._most, "models": models}
