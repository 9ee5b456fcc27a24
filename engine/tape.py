"""The tape: an Ask answered from recorded answers, while keys and digests match.

Resume is a tape that at its end falls through to the provider, and a prompt that differs from the recorded one is
named, never answered. Judging again is a tape that is not strict: what is asked as it was recorded costs nothing,
and what is asked otherwise is asked anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from agents.speech import Completion
from engine.errors import Diverged
from engine.events import CallAnswered, Event

Key = tuple[str, str, int]
"""Conversation, role, sequence."""


class Tape:
    """Recorded answers by key."""

    def __init__(self, events: Iterable[Event] = (), *, strict: bool = True) -> None:
        self._strict = strict
        self._answers: dict[Key, tuple[str, Completion]] = {
            (event.conversation, event.body.role, event.body.sequence): (
                event.body.digest,
                event.body.completion,
            )
            for event in events
            if isinstance(event.body, CallAnswered)
        }

    def __len__(self) -> int:
        return len(self._answers)

    def answer(self, key: Key, digest: str) -> Completion | None:
        """Give the recorded answer; None past the end of the tape; when the prompt was another, Diverged, or None
        from a tape that is not strict.
        """
        recorded = self._answers.get(key)
        if recorded is None or (recorded[0] != digest and not self._strict):
            return None
        if recorded[0] != digest:
            conversation, role, sequence = key
            raise Diverged(
                f"the prompt of call {sequence} of the {role} in {conversation} is not the recorded one "
                f"({digest[:12]} now, {recorded[0][:12]} then): the run cannot be continued by this version."
            )
        return recorded[1]
