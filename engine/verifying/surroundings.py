"""The surroundings of a recorded run: whether its files are what its plan says, and what is otherwise today.

The plan holds digests of all that shapes a prompt, so the likely reason of a difference can be named. Nothing here
knows whether there was one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from agents.prompts import digests
from engine.catalog import Catalog, read_catalog
from engine.config import versions
from engine.errors import BadRun
from engine.models import Limits, Model
from engine.person import is_person
from engine.plan import Plan, described, digest_scenarios
from engine.setting import Setting
from personas.photos.shelf import HASH
from rubrics.values import Rubric

SHOWN = 12
"""Hex digits of a digest that people see."""
HANDS = Limits(requests=1, tokens=1, in_flight=2)
"""Of models that are not called: who waits for nobody needs few hands."""
CHUNK = 1 << 20


def remember_models(plan: Plan) -> Catalog:
    """Give the models of a run as its plan describes them; BadRun when it does not."""
    held = {
        name: one
        for name, one in (plan.models | plan.cast).items()
        if name not in plan.baselines and not is_person({name: one})
    }
    try:
        models = {name: _remember(name, one) for name, one in held.items()}
    except ValidationError as error:
        said = error.errors(include_input=False)[0]
        place = ".".join(map(str, said["loc"])) or "its whole"
        raise BadRun(
            f"the plan describes a model as this version does not know any ({said['msg']} at {place}): use its own."
        ) from error
    for name in (*(() if plan.person == "patient" else (plan.patient,)), *plan.jury):
        if name not in models:
            raise BadRun(f"the plan does not describe {name}, who plays in it: restore plan.json.")
    return Catalog(
        dated=plan.prices_dated, patient=plan.patient, jury=plan.jury, simulated=HANDS, models=models
    )


def _remember(name: str, held: Mapping[str, object]) -> Model:
    host = held.get("endpoint")
    return Model(**{**held, "name": name, "limits": HANDS, "endpoint": f"http://{host}" if host else ""})


def check_files(setting: Setting, rubric: Rubric) -> Iterator[str]:
    """Say in a sentence each which file is not the one that the plan names."""
    plan = setting.plan
    if rubric.digest != plan.rubric["digest"]:
        yield (
            f"rubric.toml is not the plan's ({plan.rubric['digest'][:SHOWN]} there, {rubric.digest[:SHOWN]} now)."
        )
    if (now := digest_scenarios(setting.scenarios)) != plan.scenarios_digest:
        yield f"scenarios.jsonl is not the plan's ({plan.scenarios_digest[:SHOWN]} there, {now[:SHOWN]} now)."


@dataclass(frozen=True, slots=True, kw_only=True)
class Blobs:
    """Photographs of a run that cannot be looked at, by their sha-256."""

    absent: frozenset[str]
    """Not there: an export leaves them out unless they are asked for."""
    damaged: dict[str, str]
    """There under another's name; a sentence each."""


def check_blobs(folder: Path, setting: Setting, sent: Iterable[str]) -> Blobs:
    """Find the photographs that are not there, or not what they are called.

    `sent` are those that were made smaller for some model.
    """
    needed = {photo.sha256 for photo in setting.photos} | set(sent)
    found = {
        blob.name: _hash(blob) for blob in sorted((folder / "blobs").glob("*")) if HASH.fullmatch(blob.name)
    }
    damaged = {
        name: f"blobs/{name} is not the photograph of that name: its sha-256 is {digest[:SHOWN]}…."
        for name, digest in found.items()
        if name != digest
    }
    return Blobs(absent=frozenset(needed - found.keys()), damaged=damaged)


def _hash(blob: Path) -> str:
    try:
        return hashlib.sha256(blob.read_bytes()).hexdigest()
    except OSError as error:
        raise BadRun(f"{blob} cannot be read ({error.strerror}): put it back.") from error


def compare_today(plan: Plan) -> Iterator[str]:
    """Say in a clause each what a prompt or a call rests on and is not as it was when the run was played."""
    today = digests()
    if changed := [name for name, digest in plan.prompts.items() if today.get(name) != digest]:
        yield f"prompts and what words them: {', '.join(changed)}"
    yield from _models(plan)
    now = versions()
    moved = [
        f"{name} {was}, now {now.get(name)}" for name, was in plan.versions.items() if now.get(name) != was
    ]
    if moved:
        yield f"versions: {', '.join(moved)}"


def _models(plan: Plan) -> Iterator[str]:
    """Say what of a model's description is otherwise in the built-in models file."""
    known = read_catalog().models
    for name, was in (plan.models | plan.cast).items():
        if name not in known:
            continue  # of a file of the user's own
        now = described(known[name])
        if differ := [key for key in now if key != "price" and now[key] != was.get(key)]:
            yield f"{name} in the built-in models file: {', '.join(differ)}"
