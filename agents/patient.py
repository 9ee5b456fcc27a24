"""The patient: a persona with facts and gates, put into words by a model.

What a turn may reveal is decided here, from what the assistant asked; the model only puts it into words. So
whether a fact was due can be checked exactly, and the same questions get the same facts from every patient
model. The opening is part of the scenario: every model under test hears the same first words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import orjson

from agents.fence import fence
from agents.prompts import fill
from agents.speech import Ask, Completion, Message, Prompt, Schema, Turn
from personas.people.slots import asked
from personas.people.traits import describe
from personas.values import Fact, Persona, Scenario

MAX_TOKENS = 300
KIN = {"female": "daughter", "male": "son", "unknown": "child"}
REPAIR = 'That was no message. Answer again with the two fields, "says" and "done".'
SCHEMA = Schema(
    name="patient_turn",
    body={
        "type": "object",
        "properties": {"says": {"type": "string"}, "done": {"type": "boolean"}},
        "required": ["says", "done"],
        "additionalProperties": False,
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """The behaviour of the patient in one scenario."""

    scenario: Scenario

    def opening(self) -> Turn:
        """Give the first turn, with the photograph."""
        return Turn(
            index=1, speaker="patient", text=self.scenario.persona.opening, photo=self.scenario.photo.sha256
        )

    def prompt(self, heard: tuple[Turn, ...]) -> Prompt:
        """Lay out the conversation from the patient's side, each of the assistant's turns with what it unlocked."""
        persona = self.scenario.persona
        system = fill(
            "patient",
            person=introduce(persona),
            traits=describe(persona.traits),
            belief=persona.belief or "You have no idea what it is.",
            worry=persona.worry,
            today=self.scenario.record.as_of,
        )
        messages = [Message(author="user", text="The app opens. Write your first message.")]
        for position, turn in enumerate(heard):
            if turn.speaker == "patient":
                said = orjson.dumps({"says": turn.text, "done": turn.done}).decode()
                messages.append(Message(author="assistant", text=said))
            else:
                facts = [f"- {fact.says}" for fact in self.due(heard[: position + 1])] or ["- nothing new"]
                due = "\n".join(("<you_may_say>", *facts, "</you_may_say>"))
                text = fence("assistant_said", turn.text, self.scenario.id, turn.index)
                messages.append(Message(author="user", text=f"{text}\n{due}"))
        return Prompt(system=system, messages=tuple(messages), schema=SCHEMA, max_tokens=MAX_TOKENS)

    def due(self, heard: tuple[Turn, ...]) -> tuple[Fact, ...]:
        """Give the facts that the last turn heard, the assistant's, unlocks, in the order of the scenario."""
        times: dict[str, int] = {}
        *before, last = [asked(turn.text) for turn in heard if turn.speaker == "assistant"]
        for slots in before:
            for slot in slots:
                times[slot] = times.get(slot, 0) + 1
        first = not before
        return tuple(
            fact
            for fact in self.scenario.persona.facts
            if (fact.gate == "volunteered" and first)
            or (fact.gate == "if_asked" and fact.slot in last and not times.get(fact.slot))
            or (fact.gate == "if_asked_twice" and fact.slot in last and times.get(fact.slot) == 1)
        )

    async def reply(self, heard: tuple[Turn, ...], ask: Ask) -> Turn:
        """Answer the assistant's last turn, or open the conversation when nothing was heard.

        A model that gives no turn of a patient's, twice, leaves a turn without words: a failure, never dialogue.
        """
        if not heard:
            return self.opening()
        prompt = self.prompt(heard)
        said = await ask(prompt)
        if said.stop == "end" and _read(said) is None:
            again = (Message(author="assistant", text=said.text), Message(author="user", text=REPAIR))
            said = await ask(replace(prompt, messages=(*prompt.messages, *again)))
        text, done = _read(said) or ("", False)
        return Turn(index=len(heard) + 1, speaker="patient", text=text, done=done, stop=said.stop)


def introduce(persona: Persona) -> str:
    """Say who writes: the person of the record, or a parent of the child whose record it is."""
    if persona.speaker == "self":
        return fill("patient_self", name=persona.name, age=str(persona.age), sex=persona.sex)
    first, kin = persona.name.split()[0], KIN[persona.sex]
    return fill("patient_parent", name=persona.name, first=first, kin=kin, age=str(persona.age))


def _read(said: Completion) -> tuple[str, bool] | None:
    """Read words and signal; None for what is not a patient's turn: a refusal, a cut answer, loose text."""
    if said.stop != "end" or said.value is None or not isinstance(said.value.get("says"), str):
        return None
    text = said.value["says"].strip()
    return (text, said.value.get("done") is True) if text else None
