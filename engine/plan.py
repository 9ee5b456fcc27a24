"""The plan: everything a run is, before its first call.

Two runs with the same digest may share a folder: the second goes on where the first stopped. What only happened
to be so (time, versions, limits, where a provider was reached) is written down and does not count. No path of the
user's machine is in it, and of an address only the host.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson
from pydantic import TypeAdapter

from agents.prompts import digests
from engine.catalog import Catalog, Model
from engine.cells import Arm, Bounds
from engine.config import hosts, versions
from personas.values import Scenario
from rubrics.values import Rubric

FORMAT = 1
INCIDENTAL = {"created", "versions", "limits", "endpoints"}
EMBEDDED = "embedded simulator"


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
    scenarios_digest: str
    """sha-256 over the scenario ids in order."""
    arms: tuple[str, ...]
    models: dict[str, dict[str, Any]]
    """Name → who it is, where (of an endpoint of its own only the host), how it is asked, USD per million tokens."""
    patient: str
    jury: tuple[str, ...]
    cast: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The same of those that play the patient and the jury."""
    rubric: dict[str, str]
    dimensions: tuple[str, ...]
    prompts: dict[str, str]
    prices_dated: str
    faults: dict[str, str]
    """What the simulator was told to break, by model; empty in a live run."""
    fault_plan: str = ""
    """sha-256 of the file with the simulator's faults; empty when there was none."""
    limits: dict[str, dict[str, int]]
    versions: dict[str, str]
    endpoints: dict[str, str] = field(default_factory=dict)
    """Host, with its port where one was named, by provider, or by model where it has an endpoint of its own."""

    @property
    def digest(self) -> str:
        """Give the 64 hex digits that say whether two runs are one."""
        kept = {key: value for key, value in asdict(self).items() if key not in INCIDENTAL}
        return hashlib.sha256(orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)).hexdigest()

    @property
    def conversations(self) -> int:
        """Give how many conversations the plan holds."""
        return self.scenarios * len(self.arms) * len(self.models)


PLAN = TypeAdapter(Plan)


def make_plan(
    scenarios: tuple[Scenario, ...],
    models: tuple[Model, ...],
    arms: tuple[Arm, ...],
    *,
    catalog: Catalog,
    rubric: Rubric,
    seed: int,
    turns: int = Bounds().turns,
    simulated: bool,
    faults: dict[str, str],
    fault_plan: str = "",
    created: str,
) -> Plan:
    """Write down what is about to be run."""
    company = catalog.company(models)
    ids = "\n".join(scenario.id for scenario in scenarios)
    return Plan(
        format=FORMAT,
        simulated=simulated,
        created=created,
        seed=seed,
        source=", ".join(sorted({scenario.source for scenario in scenarios})),
        scenarios=len(scenarios),
        turns=turns,
        scenarios_digest=hashlib.sha256(ids.encode()).hexdigest(),
        arms=tuple(arm.name for arm in arms),
        models={model.name: _describe(model) for model in models},
        patient=catalog.patient,
        jury=catalog.jury,
        cast={model.name: _describe(model) for model in catalog.company(())},
        rubric={key: getattr(rubric, key) for key in ("name", "version", "status", "digest")},
        dimensions=tuple(dimension.name for dimension in rubric.dimensions),
        prompts=digests(),
        prices_dated=catalog.dated,
        faults=faults,
        fault_plan=fault_plan,
        limits={model.name: model.limits.model_dump(exclude_none=True) for model in catalog.models.values()},
        versions=versions(),
        endpoints={model.provider: EMBEDDED for model in company} if simulated else hosts(company),
    )


def _describe(model: Model) -> dict[str, Any]:
    told = {"title", "family", "provider", "id", "origin", "price"}
    asked = {"verdict", "cache", "image", "length", "options"}
    return model.model_dump(include=told | asked) | {"endpoint": model.host}
