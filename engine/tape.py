"""The tape: an Ask answered from recorded answers, while keys and digests match.

Resume is a tape that at its end falls through to the provider, and a prompt that differs from the recorded one is
named, never answered. Where a damaged journal has lost an answer, its conversation takes another course from
there, and what was recorded of the old one no longer counts. Judging again is a tape that is not strict: what is
asked as it was recorded costs nothing, and what is asked otherwise is asked anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from agents.speech import Completion
from engine.errors import Diverged
from engine.events import CallAnswered, Event

Key = tuple[str, str, int]
"""Conversation, role, sequence."""


class Tape:
    """Recorded answers by key."""

    def __init__(self, events: Iterable[Event] = (), *, strict: bool = True) -> None:
        self._strict = strict
        self._answers: dict[Key, tuple[int, str, Completion]] = {
            (event.conversation, event.body.role, event.body.sequence): (
                number,
                event.body.digest,
                event.body.completion,
            )
            for number, event in enumerate(events)
            if isinstance(event.body, CallAnswered)
        }
        self._heard: dict[str, float] = {conversation: -1 for conversation, _, _ in self._answers}
        """The last place on the tape of what was said, for each conversation that is on it; endless once
        something was asked anew."""

    def __len__(self) -> int:
        return len(self._answers)

    def answer(self, key: Key, digest: str) -> Completion | None:
        """Give the recorded answer, or None: past the end of the tape, and to another prompt than the recorded one
        from a tape that is not strict, or where something said before it was recorded only later; else Diverged.
        """
        conversation, role, sequence = key
        if conversation not in self._heard:
            return None
        number, then, said = self._answers.get(key, (inf, "", None))
        if said is not None and then != digest:
            if self._strict and self._heard[conversation] < number:
                raise Diverged(
                    f"the prompt of call {sequence} of the {role} in {conversation} is not the recorded one "
                    f"({digest[:12]} now, {then[:12]} then): the run cannot be continued by this version."
                )
            number, said = inf, None
        if not role.startswith("juror/"):  # jurors do not hear each other
            self._heard[conversation] = max(number, self._heard[conversation])
        return said
