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
        self._begun: set[str] = set()  # and not over
        self._titles: dict[str, str] = {}  # by scenario
        self._over = True
        self.conversation = ""
        """The followed one, also after its end while no other has begun; empty before the first."""

    def hear(self, event: Event) -> None:
        """Take note of beginnings and ends."""
        body = event.body
        if isinstance(body, ConversationStarted):
            self._titles[body.scenario] = flatten(body.title)
            self.claim(event.conversation)
            self._begun.add(event.conversation)
        elif isinstance(body, ConversationEnded | ConversationFailed):
            self._begun.discard(event.conversation)  # nobody claims it any more
            self._over |= self.lit(event.conversation)

    def claim(self, conversation: str) -> None:
        """Follow this conversation if it is a new one, matches, and no other is being followed."""
        if self._over and conversation not in self._begun and self._matches(conversation):
            self.conversation, self._over = conversation, False

    def lit(self, conversation: str) -> bool:
        """Tell whether this conversation is the followed one."""
        return bool(conversation) and conversation == self.conversation

    def names(self, conversation: str) -> tuple[str, str]:
        """Give the model and the title of a conversation, fit for a terminal."""
        model, *rest = conversation.rsplit("/", 3)
        title = self._titles.get(rest[0], "") if len(rest) == 3 else ""
        if not title:
            return flatten(conversation.partition("/")[0]), ""
        return flatten(model), title if rest[1] == "full" else f"{title} ({flatten(rest[1])})"

    @property
    def held(self) -> int:
        """Names and titles that are kept."""
        return len(self._begun) + len(self._titles)

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
