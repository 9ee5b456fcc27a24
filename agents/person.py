"""A person at the patient's seat: what their role card says, and how what they write becomes a turn.

The one idea: they are asked as a model is, through an `Ask`, so that whatever records and repeats a model's answers
does the same with theirs. No planner decides what they may say and nothing checks it: the card tells them. Nothing
here knows how the card is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.cues import load
from agents.patient import MAX_TOKENS, SCHEMA, introduce
from agents.speech import Ask, Message, Prompt, Turn
from personas.people.traits import describe
from personas.values import Scenario

CARD = "person"
"""Name of the table beside the prompts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCard:
    """Who somebody is to be, in plain words."""

    who: str
    how: str
    """Their traits, a sentence each."""
    belief: str
    """What they think it is."""
    want: str
    hidden: str
    """What they want and do not say at first."""
    facts: tuple[tuple[str, str], ...]
    """What they know, in the first person, and when they say it."""
    today: str
    """ISO date."""
    rules: tuple[str, ...]

    def text(self) -> str:
        """Give the whole card as lines."""
        parts = (("Who you are", self.who), ("How you are", self.how), ("What you think it is", self.belief))
        parts += (("What you want", self.want), ("What you keep back", self.hidden), ("Today", self.today))
        told = [f"{name}: {words}" for name, words in parts]
        facts = [f"- {says} ({when})" for says, when in self.facts]
        return "\n".join((*told, "What you know:", *facts, "Rules:", *(f"- {rule}" for rule in self.rules)))


def deal(scenario: Scenario) -> RoleCard:
    """Give the role card of a scenario's patient."""
    persona, words = scenario.persona, load(CARD)
    return RoleCard(
        who=introduce(persona),
        how=describe(persona.traits),
        belief=persona.belief or words["card"]["belief"],
        want=persona.worry,
        hidden=persona.hidden or words["card"]["hidden"],
        facts=tuple((fact.says, words["gate"][fact.gate]) for fact in persona.facts),
        today=scenario.record.as_of,
        rules=tuple(words["card"]["rules"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPatient:
    """The behaviour of the patient in one scenario, where a person plays it."""

    scenario: Scenario
    photo: str
    """sha-256 of the photograph that is shown with the opening."""

    def prompt(self, heard: tuple[Turn, ...]) -> Prompt:
        """Lay out what they have before them: the card, and what was said so far, a message a turn."""
        messages = tuple(
            Message(author="assistant" if turn.speaker == "patient" else "user", text=turn.text)
            for turn in heard
        )
        card = deal(self.scenario).text()
        return Prompt(system=card, messages=messages, schema=SCHEMA, max_tokens=MAX_TOKENS)

    async def reply(self, heard: tuple[Turn, ...], ask: Ask) -> Turn:
        """Say what the person wrote; the opening is the scenario's, as for everybody."""
        if not heard:
            opening = self.scenario.persona.opening
            return Turn(index=1, speaker="patient", text=opening, photo=self.photo)
        said = await ask(self.prompt(heard))
        value = said.value or {}
        return Turn(
            index=len(heard) + 1,
            speaker="patient",
            text=str(value.get("says", "")).strip(),
            done=value.get("done") is True,
            stop=said.stop,
        )
