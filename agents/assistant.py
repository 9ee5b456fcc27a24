"""The assistant under test: it gets the photograph and the record, hears the patient, and answers.

The scaffold is one prompt and nothing else (no tools, no retrieval), so that what is measured is the model.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.fence import fence, phrase
from agents.prompts import fill
from agents.speech import Ask, Message, Prompt, Turn
from personas.records.chart import render
from personas.values import Scenario

MAX_TOKENS = 700
NO_RECORD = "No health record is available."


@dataclass(frozen=True, slots=True, kw_only=True)
class Assistant:
    """The behaviour of the assistant in one scenario, with or without its photograph and record."""

    scenario: Scenario
    sees_photo: bool = True
    sees_record: bool = True
    words: str = ""
    """What is in the photograph, said instead of showing it; empty where nothing is."""

    def prompt(self, heard: tuple[Turn, ...]) -> Prompt:
        """Lay out the conversation: record, photograph and opening first, since they are sent every time."""
        record = self.scenario.record
        system = fill(
            "assistant",
            today=record.as_of,
            record=fence("health_record", render(record) if self.sees_record else NO_RECORD),
        )
        messages = tuple(
            Message(
                author="user" if turn.speaker == "patient" else "assistant",
                text=self._worded(turn),
                photo=self.scenario.photo if turn.photo and self.sees_photo else None,
                mark=turn is heard[0] or turn is heard[-1],
            )
            for turn in heard
        )
        return Prompt(system=system, messages=messages, max_tokens=MAX_TOKENS)

    def _worded(self, turn: Turn) -> str:
        """Give the text of a turn, a description in front of it where the photograph would be."""
        return (
            fill("described", words=phrase(self.words), text=turn.text)
            if turn.photo and self.words
            else turn.text
        )

    async def reply(self, heard: tuple[Turn, ...], ask: Ask) -> Turn:
        """Answer the last turn heard."""
        said = await ask(self.prompt(heard))
        return Turn(
            index=len(heard) + 1,
            speaker="assistant",
            text=said.text.strip(),
            tokens=said.usage.input + said.usage.output,
            stop=said.stop,
        )
