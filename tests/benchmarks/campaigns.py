"""What the benchmarks of calls share: a campaign on one protocol against the canned server, and nobody watching.

The one idea: everything is the real engine's (agents, gate, limiter, journal, provider, SDK) but the models at the
other end. It knows no measure.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from agents.speech import Message, Prompt
from engine.campaign import open_gates
from engine.catalog import Catalog
from engine.cells import ARMS, Cell
from engine.config import Access
from engine.gate import Gate
from engine.journal import open_journal
from engine.models import Limits, Model
from engine.plan import Extent, make_plan
from engine.tape import Tape
from engine.troupe import Troupe
from personas.scenarios.build import Sample
from personas.seeds import derive
from rubrics.rubric import load_rubric
from tests.samples import embedded
from tests.staging import staged

PROTOCOLS = ("openai", "anthropic", "bedrock")
SIDE = 224
"""px; noise of this size is a file of 150 KB, and 200 KB of base64."""
CALLS = 19
"""Of one conversation: five by the patient, five by the assistant, nine votes."""
LONGER = 1.05
"""Times as many at most: a few patients have more on their list than the canned ones say, and ask on."""
ALLOWED = {"openai": 0.7, "anthropic": 0.9, "bedrock": 0.9}
"""ms of CPU per call without a photograph; twice as much with one."""


class Silence:
    """A console that nobody looks at."""

    def hear(self, event: object) -> None:
        """Take nothing in."""

    def listen(self, conversation: str, role: str) -> None:
        """Want no stream."""

    def say(self, text: str) -> None:
        """Say nothing."""


def company(protocol: str, in_flight: int) -> Catalog:
    """Give one assistant, one patient and three jurors, all on one protocol."""
    limits = Limits(requests=10**9, input_tokens=10**12, output_tokens=10**12, in_flight=in_flight)
    verdict = "tool" if protocol == "bedrock" else "schema"
    models = {
        name: Model(
            name=name,
            title=name,
            family=name,
            provider=protocol,
            id="us.amazon.nova-pro-v1:0" if protocol == "bedrock" else "canned",
            verdict=verdict,
            cache=protocol != "openai",
            limits=limits,
        )
        for name in ("assistant", "patient", "one", "two", "three")
    }
    return Catalog(dated="", patient="patient", jury=("one", "two", "three"), simulated=limits, models=models)


def access(protocol: str, url: str) -> Access:
    """Give the way to the canned server."""
    secrets = {
        "anthropic": {"ANTHROPIC_API_KEY": "canned"},
        "openai": {"OPENAI_API_KEY": "canned"},
        "bedrock": {"AWS_ACCESS_KEY_ID": "canned", "AWS_SECRET_ACCESS_KEY": "canned"},
    }[protocol]
    return Access(base_url=f"{url}/v1" if protocol == "openai" else url, secrets=secrets)


def noisy_sample(count: int) -> Sample:
    """Give scenarios whose photographs are noise: 150 KB each, every one another."""
    sample = embedded(count, 7)
    album, scenarios = sample.album, []
    for scenario in sample.scenarios:
        pixels = derive("noise", scenario.id).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG", compress_level=0)
        scenarios.append(replace(scenario, photo=album.put(file.getvalue(), drawn=True)))
    return replace(sample, scenarios=tuple(scenarios))


def long_prompt(sample: Sample, number: int, *, photo: bool) -> Prompt:
    """Give a prompt of about 6 KB, with the photograph of a scenario or without."""
    scenario = sample.scenarios[number % len(sample.scenarios)]
    shown = scenario.photo if photo else None
    messages = [Message(author="user", text="x" * 800, photo=shown, mark=True)]
    for turn in range(4):
        messages.append(Message(author="assistant" if turn % 2 == 0 else "user", text=f"{turn}" + "y" * 500))
    return Prompt(system="z" * 3000, messages=tuple(messages), max_tokens=700)


@asynccontextmanager
async def opened(
    protocol: str, url: str, sample: Sample, *, folder: Path, in_flight: int
) -> AsyncIterator[tuple[Callable[[], Troupe], dict[str, Gate]]]:
    """Open everything a campaign needs; give what calls a troupe together, and the gates."""
    catalog, rubric = company(protocol, in_flight), load_rubric()
    models = (catalog.models["assistant"],)
    plan = make_plan(
        sample.scenarios,
        models,
        (ARMS["full"],),
        catalog=catalog,
        rubric=rubric,
        seed=7,
        simulated=True,
        faults={},
        extent=Extent(interview=False, again=0.0, canary=False),
        created="",
    )
    campaign = staged(folder, plan, sample, catalog, {protocol: access(protocol, url)})
    (folder / "journal").mkdir(parents=True)
    async with (
        open_journal(folder / "journal") as journal,
        open_gates(campaign, journal, Tape()) as gates,
    ):
        yield lambda: Troupe(campaign.repertoire, gates, journal, Silence()), gates


def cells(sample: Sample, count: int, arm: str, *, first: int = 0) -> list[tuple[int, Cell]]:
    """Give so many conversations over the scenarios in turn, numbered from `first`."""
    scenarios = sample.scenarios
    return [
        (
            number,
            Cell(
                scenario=scenarios[number % len(scenarios)],
                model="assistant",
                arm=ARMS[arm],
                repeat=number // len(scenarios),
            ),
        )
        for number in range(first, first + count)
    ]


def sent(gates: dict[str, Gate]) -> int:
    """Count the calls that were let out; models with one id share a limiter."""
    limiters = {id(gate.limiter): gate.limiter for gate in gates.values()}
    return sum(limiter.statistics().requests for limiter in limiters.values())
