"""The spotlight: which conversation is followed, and what to call the others.

One conversation is followed from its first word to its end; then the next one that begins and matches is. A
call may want a listener before the journal has told of its conversation: for this the light can be claimed.
Nothing here knows what is shown of a conversation.
"""

from __future__ import annotations

from engine.console.clean import flatten
from engine.events import ConversationEnded, ConversationFailed, ConversationStarted, Event


class Spotlight:
    """The choice of the followed conversation."""

    def __init__(self, pattern: str | None) -> None:
        self._pattern = (pattern or "").strip("/")
        self._begun: set[str] = set()
        self._names: dict[str, tuple[str, str]] = {}
        self._over = True
        self.conversation = ""
        """The followed one, also after its end while no other has begun; empty before the first."""

    def hear(self, event: Event) -> None:
        """Take note of beginnings and ends."""
        body = event.body
        if isinstance(body, ConversationStarted):
            title = body.title if body.arm == "full" else f"{body.title} ({body.arm})"
            self._names[event.conversation] = (flatten(body.model), flatten(title))
            self.claim(event.conversation)
            self._begun.add(event.conversation)
        elif isinstance(body, ConversationEnded | ConversationFailed) and self.lit(event.conversation):
            self._over = True

    def claim(self, conversation: str) -> None:
        """Follow this conversation if it is a new one, matches, and no other is being followed."""
        if self._over and conversation not in self._begun and self._matches(conversation):
            self.conversation, self._over = conversation, False

    def lit(self, conversation: str) -> bool:
        """Tell whether this conversation is the followed one."""
        return bool(conversation) and conversation == self.conversation

    def names(self, conversation: str) -> tuple[str, str]:
        """Give the model and the title of a conversation, fit for a terminal."""
        return self._names.get(conversation) or (flatten(conversation.partition("/")[0]), "")

    def _matches(self, conversation: str) -> bool:
        # By whole parts: gpt-5.1 follows no gpt-5.10.
        return not self._pattern or f"{conversation}/".startswith(f"{self._pattern}/")


def span(seconds: float) -> str:
    """Give a time to wait in words, as exact as it deserves."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"


def remaining(eta: float | None) -> str:
    """Give the time left in words; nothing when there is nothing left to do."""
    if eta is None:
        return "time left not known yet"
    return f"{span(eta)} left" if eta else ""


def dollars(amount: float, simulated: bool) -> str:
    """Give what was spent, or would have been."""
    return f"${amount:,.2f} it would have cost" if simulated else f"${amount:,.2f} spent"
