"""Plays whole conversations with the simulated minds, through the real agents and nothing else.

The one idea: an Ask that turns a prompt into the request a server would have received and thinks at once, so
the minds are tested on exactly the words of a run. It knows no network. `python -m tests.play` prints some.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field, replace

import orjson

from agents.assistant import Assistant
from agents.juror import Juror
from agents.patient import Patient
from agents.speech import Ask, Completion, Prompt, Turn
from engine.conversation import over
from engine.simulator.minds import think
from engine.simulator.request import Heard, Request
from personas.photos.album import Album
from personas.values import Fact, Persona, Photo, Record, Scenario, Truth
from rubrics.rubric import load_rubric
from rubrics.values import Verdict
from tests.samples import embedded

RUBRIC = load_rubric()
MODELS = (
    "claude-opus-4-6",
    "gpt-5.2",
    "claude-sonnet-4-6",
    "gpt-5.1",
    "claude-haiku-4-5-20251001",
    "us.amazon.nova-pro-v1:0",
    "us.meta.llama4-maverick-17b-instruct-v1:0",
    "us.amazon.nova-2-lite-v1:0",
)
JURY = ("claude-sonnet-4-6", "gpt-5.1", "us.amazon.nova-pro-v1:0")
PATIENT = "claude-haiku-4-5-20251001"


@dataclass(slots=True, kw_only=True)
class Theatre:
    """A sample of scenarios with their photographs, and how long each role thought about them."""

    album: Album
    seed: int = 7
    spent: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """CPU seconds of each call, by role."""

    def request(self, prompt: Prompt, model: str) -> Request:
        """Turn a prompt into what a server receives."""
        messages = tuple(
            Heard(
                author=message.author,
                text=message.text,
                images=(self.album.data(message.photo),) if message.photo else (),
            )
            for message in prompt.messages
        )
        return Request(
            model=model,
            system=prompt.system,
            messages=messages,
            schema_name=prompt.schema.name if prompt.schema else "",
            schema=prompt.schema.body if prompt.schema else None,
            max_tokens=prompt.max_tokens,
        )

    def ask(self, model: str, role: str) -> Ask:
        """Give the Ask of one model in one role."""

        async def ask(prompt: Prompt) -> Completion:
            request = self.request(prompt, model)
            start = time.process_time()
            text = think(request, self.seed)
            self.spent[role].append(time.process_time() - start)
            value = orjson.loads(text) if prompt.schema and text else None
            return Completion(text=text, value=value, stop="end" if text else "refusal")

        return ask

    async def talk(
        self, scenario: Scenario, model: str, *, photo: bool = True, record: bool = True
    ) -> tuple[Turn, ...]:
        """Play a conversation to its end."""
        patient = Patient(scenario=scenario)
        assistant = Assistant(scenario=scenario, sees_photo=photo, sees_record=record)
        hears, speaks = self.ask(PATIENT, "patient"), self.ask(model, "assistant")
        turns: tuple[Turn, ...] = ()
        while over(turns) is None:
            patients = len(turns) % 2 == 0
            turns += (await (patient.reply(turns, hears) if patients else assistant.reply(turns, speaks)),)
        return turns

    async def judge(
        self, scenario: Scenario, turns: tuple[Turn, ...], juror: str = JURY[0]
    ) -> dict[str, Verdict]:
        """Give one juror's verdicts on all dimensions."""
        seat, ask = Juror(name=juror, rubric=RUBRIC), self.ask(juror, "juror")
        return {
            dimension.name: await seat.judge(scenario, turns, dimension, ask=ask, own_family=False)
            for dimension in RUBRIC.dimensions
        }


def theatre(count: int, seed: int = 3) -> tuple[Theatre, tuple[Scenario, ...]]:
    """Open a theatre with the first `count` embedded scenarios."""
    sample = embedded(count, seed)
    return Theatre(album=sample.album), sample.scenarios


def fact(slot: str, says: str, gate: str = "if_asked", **more: object) -> Fact:
    """Make a fact up."""
    return Fact(slot=slot, says=says, gate=gate, discriminating=False, **more)


def invented(
    *facts: Fact, task: str = "T1", variant: str = "", traits: dict[str, str] | None = None, **persona: object
) -> Scenario:
    """Make a scenario up by hand, of somebody of 60 with a spot on the cheek; `persona` changes who they are."""
    who = {"id": "p", "name": "Ada Sato", "age": 60, "sex": "female", "worry": "You want to know what it is."}
    opening = "Hi, what is this spot on my cheek? Photo attached."
    lived = {"traits": {"verbosity": "rambling"} | (traits or {}), "facts": facts, "opening": opening}
    return Scenario(
        id="s-invented",
        task=task,
        variant=variant,
        title="woman of 60, spot on the cheek",
        photo=Photo(sha256="0" * 64, media_type="image/jpeg", width=8, height=8, drawn=True),
        record=Record(id="r", name="Ada Sato", age=60, sex="female", as_of="2026-01-05", source="built-in"),
        persona=Persona(**(who | lived | persona)),
        truth=Truth(
            label="bcc",
            title="Basal cell carcinoma",
            accepted=("basal cell carcinoma", "bcc"),
            malignant=True,
            urgency="U2",
            ceiling="low",
            site="cheek",
            findings=(),
            must_ask=(),
            must_not=(),
            risks=(),
            photo="clear",
        ),
        cluster="c",
        source="drawn",
    )


def withheld(scenario: Scenario) -> Scenario:
    """Give the case as it is on the card when no photograph was given."""
    return replace(scenario, truth=replace(scenario.truth, photo="withheld"))


async def season(
    house: Theatre, scenarios: tuple[Scenario, ...], models: tuple[str, ...] = MODELS
) -> dict[str, dict[str, list[int]]]:
    """Play and judge every scenario with every model; give all scores by model and dimension."""
    scores: dict[str, dict[str, list[int]]] = {model: defaultdict(list) for model in models}
    for model in models:
        for scenario in scenarios:
            turns = await house.talk(scenario, model)
            for juror in JURY:
                for name, verdict in (await house.judge(scenario, turns, juror)).items():
                    if verdict.score is not None:
                        scores[model][name].append(verdict.score)
    return scores


def show(turns: tuple[Turn, ...]) -> str:
    """Write a conversation as a script."""
    return "\n".join(f"  {turn.speaker[:4].upper()}{'*' if turn.done else ' '} {turn.text}" for turn in turns)


async def main(count: int) -> None:
    """Print conversations of all models in turn, then mean scores and the time each role took."""
    house, scenarios = theatre(40)
    for number, scenario in enumerate(scenarios[:count]):
        model = MODELS[number % len(MODELS)]
        turns = await house.talk(scenario, model)
        truth = scenario.truth
        print(f"\n=== {scenario.title} | {truth.title} {truth.urgency} {truth.photo} | {model}")
        print(show(turns))
        for name, verdict in (await house.judge(scenario, turns)).items():
            print(
                f"    {name} {verdict.score} {verdict.reasoning} {[quote.text for quote in verdict.evidence]}"
            )
    scores = await season(house, scenarios)
    for model, by_dimension in scores.items():
        means = {name: round(statistics.mean(values), 2) for name, values in by_dimension.items()}
        print(f"{model:46} {means}")
    for role, spent in house.spent.items():
        print(f"{role}: {1000 * statistics.mean(spent):.3f} ms mean CPU over {len(spent)} calls")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 12))
