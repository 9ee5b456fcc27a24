"""The patient: a persona with facts and gates, put into words by a model.

What a turn may reveal and do is planned from what the assistant said (`agents.planner`); the model only words it,
and tells what advice it heard. The opening is part of the scenario: every model under test hears the same first
words.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import orjson

from agents.cues import hear, load
from agents.fence import fence, phrase
from agents.planner import PlanMemory, TurnPlan
from agents.prompts import fill, places
from agents.speech import ADVICE, Ask, Completion, Message, Prompt, Schema, Turn
from agents.watch import fault
from personas.people.traits import describe
from personas.values import Persona, Scenario

MAX_TOKENS = 300
REPAIR = 'That was no message. Answer again with the four fields, "says" first.'
MEND = "That cannot be sent: {fault}. Write the message again as the person you play."
SCHEMA = Schema(
    name="patient_turn",
    body={
        "title": "patient_turn",
        "type": "object",
        "properties": {
            "says": {"type": "string"},
            "advice": {"type": "string", "enum": list(ADVICE)},
            "closing": {"type": "boolean"},
            "done": {"type": "boolean"},
        },
        "required": ["says", "advice", "closing", "done"],
        "additionalProperties": False,
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """The behaviour of the patient in one scenario."""

    scenario: Scenario
    photo: str = ""
    """sha-256 of the photograph that is shown with the opening; empty for the scenario's own."""
    memory: PlanMemory = field(init=False, repr=False, compare=False)
    """Of the plans so far: every turn needs all of them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "memory", PlanMemory(self.scenario))

    def opening(self) -> Turn:
        """Give the first turn, with the photograph."""
        photo = self.photo or self.scenario.photo.sha256
        return Turn(index=1, speaker="patient", text=self.scenario.persona.opening, photo=photo)

    def prompt(self, heard: tuple[Turn, ...]) -> Prompt:
        """Lay out the conversation from the patient's side, each of the assistant's turns with its plan."""
        plans = iter(self.plan(heard))
        messages = [Message(author="user", text="The app opens. Write your first message.")]
        for turn in heard:
            if turn.speaker == "patient":
                messages.append(Message(author="assistant", text=_recall(turn)))
            else:
                text = fence("assistant_said", turn.text, self.scenario.id, turn.index)
                messages.append(Message(author="user", text=f"{text}\n{_instruct(next(plans))}"))
        return Prompt(system=self._system(), messages=tuple(messages), schema=SCHEMA, max_tokens=MAX_TOKENS)

    def plan(self, heard: tuple[Turn, ...]) -> tuple[TurnPlan, ...]:
        """Give the plan of every turn that answers one of the assistant's, the coming one last."""
        return self.memory.plans(tuple(turn.text for turn in heard if turn.speaker == "assistant"))

    async def reply(self, heard: tuple[Turn, ...], ask: Ask) -> Turn:
        """Answer the assistant's last turn, or open the conversation when nothing was heard.

        A model that gives no turn of a patient's, twice, leaves a turn without words: a failure, never dialogue. One
        that says what its patient cannot say, twice, leaves the turn with its fault.
        """
        if not heard:
            return self.opening()
        prompt, tokens = self.prompt(heard), 0
        for attempt in (1, 2):
            said = await ask(prompt)
            tokens += said.usage.input + said.usage.output
            turn = self._turn(heard, said, tokens)
            problem = MEND.format(fault=turn.fault) if turn.fault else "" if turn.text else REPAIR
            if attempt == 2 or not problem or said.stop != "end":
                return turn
            again = (Message(author="assistant", text=said.text), Message(author="user", text=problem))
            prompt = replace(prompt, messages=(*prompt.messages, *again))
        raise AssertionError("unreachable: the second attempt returns")

    def _turn(self, heard: tuple[Turn, ...], said: Completion, tokens: int) -> Turn:
        """Read a turn out of an answer; a signal to end counts where the plan lets the patient end."""
        spoken = _read(said)
        plan = self.plan(heard)[-1]
        own = tuple(turn.text for turn in heard if turn.speaker == "assistant")
        return Turn(
            index=len(heard) + 1,
            speaker="patient",
            text=spoken["says"],
            advice=spoken["advice"],
            closing=spoken["closing"] and not (plan.asks or plan.owes) and "asks" not in hear(own[-1]),
            done=spoken["done"] and plan.satisfied,
            fault=fault(self.scenario.persona, spoken["says"], own),
            tokens=tokens,
            stop=said.stop,
        )

    def _system(self) -> str:
        persona = self.scenario.persona
        return fill(
            "patient",
            picture=load("speakers")["picture"][self.scenario.photo.modality],
            person=introduce(persona),
            traits=describe(persona.traits),
            belief=phrase(persona.belief) or "You have no idea what it is.",
            worry=phrase(persona.worry),
            today=self.scenario.record.as_of,
        )


def introduce(persona: Persona) -> str:
    """Say who writes: the person of the record, or somebody else about them."""
    words = load("speakers")
    parts = {name: words[name][persona.sex] for name in ("kin", "elder", "mate", "him")}
    name = phrase(persona.name)
    first = name.partition(" ")[0] or "the child"
    parts |= {"name": name, "age": str(persona.age), "sex": persona.sex, "first": first}
    prompt = f"patient_{persona.speaker}"
    who = fill(prompt, **{place: parts[place] for place in places(prompt)})
    home = [language for language in persona.languages if language != "English"][:1]
    return f"{who} At home you speak {phrase(home[0])}; here you write English." if home else who


def _instruct(plan: TurnPlan) -> str:
    """Write the plan of a turn as the model reads it."""
    facts = [f"- {phrase(fact.says)}" for fact in plan.facts] or ["- nothing new"]
    moves = [f"- {phrase(move.says)}" for move in plan.moves] or ["- nothing else"]
    return "\n".join(
        (
            *("<you_may_say>", *facts, "</you_may_say>"),
            *("<you_do>", *moves, "</you_do>"),
            f"<you_feel>{plan.mood}</you_feel>",
        )
    )


def _recall(turn: Turn) -> str:
    fields = {"says": turn.text, "advice": turn.advice, "closing": turn.closing, "done": turn.done}
    return orjson.dumps(fields).decode()


def _read(said: Completion) -> dict:
    """Read words and signals; no words for what is not a patient's turn: a refusal, a cut answer, loose text."""
    value = said.value if said.stop == "end" and said.value is not None else {}
    text, advice = value.get("says"), value.get("advice")
    return {
        "says": text.strip() if isinstance(text, str) else "",
        "advice": advice if advice in ADVICE else "none",
        "closing": value.get("closing") is True,
        "done": value.get("done") is True,
    }
