"""The plan: everything a run is, before its first call.

Two runs with the same digest may share a folder: the second goes on where the first stopped. What only happened
to be so (time, versions, limits, where a provider was reached, what was out of order) is written down and does not
count. No path of the user's machine is in it, and of an address only the host.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import orjson
from pydantic import ConfigDict, TypeAdapter

from agents.prompts import digests
from engine.catalog import CAST, Catalog, Model
from engine.cells import Arm, Bounds
from engine.config import hosts, versions
from engine.person import DESCRIBED, HUMAN, Part, is_person
from personas.tidy import placeless
from personas.values import Scenario
from rubrics.values import Rubric

FORMAT = 1
FEWEST_TURNS, MOST_TURNS = 2, 50
"""Of the patient: with fewer it could never say that it has what it came for."""
MOST_REPEATS = 100
"""Of every scenario with every model."""
INCIDENTAL = {"created", "versions", "limits", "endpoints", "faults", "fault_plan"}
EMBEDDED = "embedded simulator"
SCRIPT = "script"
"""Family and provider of baselines, which no model plays."""
JUDGING = ("juror", "canary")
"""How the names of prompts begin that only the jury reads."""
AGAIN = 0.2
"""Share of the conversations that are judged twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What plan.json holds."""

    format: int
    simulated: bool
    """True when the embedded simulator answers: numbers about invented minds."""
    created: str
    """ISO time, UTC."""
    seed: int
    source: str
    """Data set of the photographs."""
    scenarios: int
    turns: int = Bounds().turns
    """The patient's in a conversation, at most."""
    repeats: int = 1
    """Of every scenario with every model."""
    interview: bool = False
    """Whether the models are asked for their differential and urgency when the patient has left."""
    scenarios_digest: str
    """sha-256 over the scenario ids in order."""
    arms: tuple[str, ...]
    models: dict[str, dict[str, Any]]
    """Name → who it is, where (of an endpoint of its own only the host), how it is asked, USD per million tokens."""
    baselines: tuple[str, ...] = ()
    """Those of the models that are scripts: they play the first arm, once."""
    patient: str
    jury: tuple[str, ...]
    jury_sees_photo: bool = False
    again: float = 0.0
    """Share of the conversations that every juror judges a second time, 0 to 1."""
    canary: bool = False
    """Whether every juror is tried with a transcript that orders a score."""
    cast: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The same of those that play the patient and the jury."""
    rubric: dict[str, str]
    dimensions: tuple[str, ...]
    meanings: dict[str, str] = field(default_factory=dict)
    """sha-256 of what a juror is told of each dimension, levels of urgency included."""
    prompts: dict[str, str]
    prices_dated: str
    faults: dict[str, str]
    """What the simulator was told to break, by model; empty in a live run."""
    fault_plan: str = ""
    """sha-256 of the file with the simulator's faults; empty when there was none."""
    faulty_answers: str = ""
    """sha-256 of those faults that change what a model says, so that it is another model; an outage passes."""
    rejudges: str = ""
    """Digest of the plan of the run whose conversations are judged again; empty where they were played."""
    limits: dict[str, dict[str, int]]
    versions: dict[str, str]
    endpoints: dict[str, str] = field(default_factory=dict)
    """Host, with its port where one was named, by provider, or by model where it has an endpoint of its own."""
    __pydantic_config__ = ConfigDict(extra="forbid")

    @property
    def digest(self) -> str:
        """Give the 64 hex digits that say whether two runs are one."""
        return _digest({key: value for key, value in asdict(self).items() if key not in INCIDENTAL})

    @property
    def person(self) -> Part:
        """Tell which part a person plays, by how it is described; empty where models play them all."""
        if self.patient == HUMAN and is_person(self.cast):
            return "patient"
        return "assistant" if is_person(self.models) else ""


PLAN = TypeAdapter(Plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much is played and judged; fields of the plan."""

    turns: int = Bounds().turns
    repeats: int = 1
    baselines: tuple[str, ...] = ()
    interview: bool = True
    jury_sees_photo: bool = False
    again: float = AGAIN
    canary: bool = True


PLENTY = Extent()


def make_plan(
    scenarios: tuple[Scenario, ...],
    models: tuple[Model, ...],
    arms: tuple[Arm, ...],
    *,
    catalog: Catalog,
    rubric: Rubric,
    extent: Extent = PLENTY,
    seed: int,
    simulated: bool,
    faults: dict[str, str],
    fault_plan: str = "",
    faulty_answers: str = "",
    person: Part = "",
    created: str,
) -> Plan:
    """Write down what is about to be run; `person` says which part a person plays."""
    called = catalog.company(models, _called(person))
    return Plan(
        format=FORMAT,
        simulated=simulated,
        created=created,
        seed=seed,
        source=", ".join(sorted({scenario.source for scenario in scenarios})),
        scenarios=len(scenarios),
        **asdict(extent),
        scenarios_digest=digest_scenarios(scenarios),
        arms=tuple(arm.name for arm in arms),
        models={model.name: described(model) for model in models} | _others(extent.baselines, person),
        patient=HUMAN if person == "patient" else catalog.patient,
        **_describe_jury(catalog, rubric),
        cast=_describe_cast(catalog, person),
        prompts=digests(),
        prices_dated=catalog.dated,
        faults=faults,
        fault_plan=fault_plan,
        faulty_answers=faulty_answers,
        limits={model.name: model.limits.model_dump(exclude_none=True) for model in catalog.models.values()},
        versions=versions(),
        endpoints=_reach(called, simulated),
    )


def digest_scenarios(scenarios: Iterable[Scenario]) -> str:
    """Give the sha-256 over the ids of scenarios, in order; an id is the hash of everything that a scenario holds."""
    return hashlib.sha256("\n".join(scenario.id for scenario in scenarios).encode()).hexdigest()


def remake_plan(plan: Plan, *, catalog: Catalog, rubric: Rubric, sees_photo: bool, created: str) -> Plan:
    """Write down that recorded conversations are judged again: all as it was, but for the jury and the rubric."""
    jury = tuple(catalog.models[name] for name in catalog.jury)
    today = {name: digest for name, digest in digests().items() if name.startswith(JUDGING)}
    kept = {name: digest for name, digest in plan.prompts.items() if not name.startswith(JUDGING)}
    patient = {name: one for name, one in plan.cast.items() if name == plan.patient}
    return replace(
        plan,
        created=created,
        **_describe_jury(catalog, rubric),
        jury_sees_photo=sees_photo,
        again=AGAIN,
        canary=True,
        cast=patient | {model.name: described(model) for model in jury},
        prompts=kept | today,
        rejudges=plan.rejudges or plan.digest,
        versions=versions(),
        endpoints=plan.endpoints | _reach(jury, plan.simulated),
    )


def _describe_jury(catalog: Catalog, rubric: Rubric) -> dict[str, Any]:
    return {
        "jury": catalog.jury,
        "rubric": {key: getattr(rubric, key) for key in ("name", "version", "status", "digest")},
        "dimensions": tuple(dimension.name for dimension in rubric.dimensions),
        "meanings": {dimension.name: _digest((dimension, rubric.levels)) for dimension in rubric.dimensions},
    }


def _digest(value: object) -> str:
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _reach(company: Iterable[Model], simulated: bool) -> dict[str, str]:
    return {model.provider: EMBEDDED for model in company} if simulated else hosts(tuple(company))


def _others(scripts: Iterable[str], person: Part) -> dict[str, dict[str, Any]]:
    """Describe the baselines, and a person who takes a model's place, as models are described."""
    described = {
        name: {"title": name.replace("-", " ").capitalize(), "family": SCRIPT, "provider": SCRIPT, "id": name}
        for name in scripts
    }
    return described | ({HUMAN: DESCRIBED} if person == "assistant" else {})


def _describe_cast(catalog: Catalog, person: Part) -> dict[str, dict[str, Any]]:
    """Describe whoever plays the patient, and the jury."""
    called = {model.name: described(model) for model in catalog.company((), _called(person))}
    return ({HUMAN: DESCRIBED} if person == "patient" else {}) | called


def _called(person: Part) -> tuple[str, ...]:
    """Give the parts beside the models under test that models play."""
    return ("jury",) if person == "patient" else CAST


def described(model: Model) -> dict[str, Any]:
    """Write down who a model is, how it is asked and what it costs; of an endpoint of its own only the host.

    Of an id, or an option, that is a path on somebody's disk there is only the last step.
    """
    told = {"title", "family", "provider", "id", "origin", "price"}
    asked = {"verdict", "cache", "image", "length", "options"}
    return _placeless(model.model_dump(include=told | asked)) | {"endpoint": model.host}


def _placeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _placeless(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_placeless(one) for one in value]
    return placeless(value) if isinstance(value, str) else value
