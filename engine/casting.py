"""Casting: who plays which part, against what, found out before anything is called.

The models come from the files, the backend from the user's wish and the keys there are. Behind every account
stands either its own provider or the embedded simulator, and nothing after this needs to know which.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import orjson

from engine.catalog import Catalog, read_catalog
from engine.config import Access, Backend, decide_backend, detours, live_access, missing
from engine.errors import BadOption
from engine.models import Model
from engine.simulator.faults import SAID, BadPlan, check_models, load_plan, read_rules
from engine.simulator.launch import Endpoint, launch
from engine.simulator.served import load_served


@dataclass(frozen=True, slots=True, kw_only=True)
class CastWish:
    """Whom the user asked for."""

    models: str
    models_file: Path | None = None
    backend: str = "auto"
    seed: int = 7
    faults: dict[str, str]
    """What the simulator shall break, by model."""
    fault_plan: Path | None = None
    """File that says so."""
    jury: str | None = None
    """Jurors, by name and parted by commas; None for those of the models file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who plays, and how they are reached."""

    catalog: Catalog
    """With the limits that hold for this backend."""
    models: tuple[Model, ...]
    """Those under test."""
    company: tuple[Model, ...]
    """Everyone who is called, each once."""
    backend: Backend
    remarks: tuple[str, ...]
    """What the user should know of it before the first call."""


Part = Literal["models", "patient", "jury"]
EVERYBODY: frozenset[Part] = frozenset(get_args(Part))


def make_cast(wish: CastWish, parts: Collection[Part] = EVERYBODY) -> Cast:
    """Find out who plays; raise BadOption or BadCredential for what cannot be.

    Only who plays one of the `parts` is called, and needs a key.
    """
    catalog = read_catalog(wish.models_file)
    if wish.jury is not None:
        catalog = catalog.seat(wish.jury)
    models = catalog.choose(wish.models) if "models" in parts else ()
    company = catalog.company(models, parts)
    backend = decide_backend(wish.backend, company)
    if backend == "live":
        if wish.faults or wish.fault_plan:
            option = "--fault" if wish.faults else "--faults"
            raise BadOption(f"{option} breaks the simulator, and this run is live: add --backend simulated.")
        for model in company:  # an address that is none, or a key, is found now
            live_access(model)
        remarks = (*detours(company), *alone(catalog, {model.name: model.family for model in models}))
        return Cast(catalog=catalog, models=models, company=company, backend=backend, remarks=remarks)
    _check_served(company)
    check_faults(wish.fault_plan, _by_id(catalog, wish.faults))
    remarks = (
        *(_why_simulated(company) if wish.backend == "auto" else ()),
        *alone(catalog, {model.name: model.family for model in models}),
    )
    catalog = catalog.within(catalog.simulated)
    models, company = (tuple(catalog.models[one.name] for one in group) for group in (models, company))
    return Cast(catalog=catalog, models=models, company=company, backend=backend, remarks=remarks)


@asynccontextmanager
async def open_accesses(cast: Cast, wish: CastWish) -> AsyncIterator[dict[str, Access]]:
    """Give the way to every account of the company while the block lasts, with the simulator behind it if need be."""
    accounts = {model.account: model for model in cast.company}
    if cast.backend == "live":
        yield {account: live_access(model) for account, model in accounts.items()}
        return
    faults = wish.fault_plan or _by_id(cast.catalog, wish.faults)
    async with launch(wish.seed, faults) as endpoint:
        yield {account: _simulated(model, endpoint) for account, model in accounts.items()}


def digest_faults(path: Path | None) -> str:
    """Give the sha-256 of a file of faults, "" for none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path else ""


def faulty_answers(wish: CastWish, catalog: Catalog) -> str:
    """Give the sha-256 of the faults that change what a model says, "" for none; an outage changes nothing of it."""
    rules = load_plan(wish.fault_plan) if wish.fault_plan else read_rules(_by_id(catalog, wish.faults))
    said = [
        (sorted(rule.models or ()), asdict(replace(rule, models=None))) for rule in rules if rule.kind in SAID
    ]
    return hashlib.sha256(orjson.dumps(said)).hexdigest() if said else ""


def check_faults(path: Path | None, faults: Mapping[str, str]) -> None:
    """Refuse a plan of faults that cannot be carried out, and faults by model (ids) likewise."""
    option = "--faults" if path else "--fault"
    if path and faults:
        raise BadOption("--fault and --faults do not go together: write the one into the other's file.")
    try:
        check_models(load_plan(path) if path else read_rules(faults), load_served())
    except BadPlan as error:
        raise BadOption(f"{option}: {error}") from error


def _simulated(model: Model, endpoint: Endpoint) -> Access:
    urls = {"anthropic": endpoint.anthropic, "openai": endpoint.openai, "bedrock": endpoint.bedrock}
    secrets = {
        "anthropic": {"ANTHROPIC_API_KEY": "simulated"},
        "openai": {"OPENAI_API_KEY": "simulated"},
        "bedrock": {"AWS_ACCESS_KEY_ID": "simulated", "AWS_SECRET_ACCESS_KEY": "simulated"},
    }
    return Access(base_url=urls[model.provider], secrets=secrets[model.provider])


def _by_id(catalog: Catalog, faults: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, kind in faults.items():
        if (served := catalog.find(name, "--fault").id) in found:
            raise BadOption(
                f"--fault names {served} twice: write its faults in a file and give it as --faults."
            )
        found[served] = kind
    return found


def _check_served(company: tuple[Model, ...]) -> None:
    """Refuse whom the simulator cannot play, and say what a live run would take."""
    served = load_served()
    for model in company:
        if (known := served.get(model.id)) and known.protocol == model.provider:
            continue
        lacking = missing(company)
        live = "leave out --backend simulated"
        if lacking:
            live = (
                f"for a live run set {'; '.join(lacking.values())} (or give [roles] to models that need none)"
            )
        raise BadOption(
            f"{model.name} cannot be simulated, since the simulator serves no {model.id!r}: {live}, "
            f"or leave {model.name} out."
        )


def _why_simulated(company: tuple[Model, ...]) -> tuple[str, ...]:
    lacking = missing(company)
    return (
        f"No credentials for {', '.join(lacking)}: the embedded simulator answers instead.",
        f"A live run needs {'; '.join(lacking.values())}.",
    )


def alone(catalog: Catalog, families: Mapping[str, str]) -> tuple[str, ...]:
    """Name the models, given with their families, that only their own would judge, whose votes no score counts."""
    jury = {catalog.models[name].family for name in catalog.jury}
    lonely = [name for name, family in families.items() if jury == {family}]
    if not lonely:
        return ()
    return (
        f"The whole jury is of the family of {', '.join(lonely)}: no score will count, so add a juror of another.",
    )
