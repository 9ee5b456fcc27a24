"""The models files: the built-in one, and a user's own that adds to it or replaces models of the same name.

Read once, validated at the edge; every mistake is one sentence that names the file and the place. Nothing here
knows how a model is called.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, Field, ValidationError

from engine.errors import BadOption
from engine.models import Envelope, Limits, Model, Price, Strict
from rubrics.nearest import nearest

FILE = Path(__file__).parent / "models.toml"
CAST = ("patient", "jury")
"""Parts that are played beside the models under test."""


class Roles(Strict):
    """Who plays the patient and who sits on the jury, by the names of models; empty where the file is silent."""

    patient: str = ""
    jury: tuple[str, ...] = ()


class Simulator(Strict):
    """How the embedded simulator is used."""

    limits: Limits


class ModelsFile(Strict):
    """What may stand in a models file."""

    dated: str = ""
    roles: Roles = Roles()
    models: dict[str, Model] = Field(default_factory=dict)


class BuiltIn(ModelsFile):
    """What stands in the built-in one."""

    simulated: Simulator


Kind = TypeVar("Kind", bound=ModelsFile)


class Catalog(Strict):
    """Every model that can be called, and the roles."""

    dated: str
    """Of the prices."""
    patient: str
    jury: tuple[str, ...]
    simulated: Limits
    models: dict[str, Model]
    own: tuple[str, ...] = ()
    """Those of the user's file."""

    def find(self, name: str, where: str = "--models") -> Model:
        """Give a model by name; BadOption, naming the nearest one, when there is none."""
        if name in self.models:
            return self.models[name]
        raise BadOption(f"unknown model {name!r} in {where}: {nearest(name, self.models, cutoff=0.4)}")

    def choose(self, names: str) -> tuple[Model, ...]:
        """Give the models of a comma-separated list; each once, in the order asked for.

        `all` stands for every model of the user's file, or of the built-in one where there is no other.
        """
        wanted: dict[str, None] = {}
        for name in filter(None, map(str.strip, names.split(","))):
            wanted |= dict.fromkeys((self.own or self.models) if name == "all" else (name,))
        if not wanted:
            raise BadOption("--models names no model; try --models all.")
        return tuple(self.find(name) for name in wanted)

    def seat(self, names: str) -> Catalog:
        """Give the same catalog with another jury, a comma-separated list; BadOption for one that is none."""
        jury = tuple(name for part in names.split(",") if (name := part.strip()))
        if not jury:
            raise BadOption("--jury names no juror; give models, parted by commas.")
        for name in jury:
            self.find(name, "--jury")
        if len(set(jury)) < len(jury):
            raise BadOption(f"--jury {names}: a juror sits twice; name each once.")
        return self.model_copy(update={"jury": jury})

    def company(self, models: tuple[Model, ...], parts: Collection[str] = CAST) -> tuple[Model, ...]:
        """Give the models under test together with those that play the patient and the jury, each once."""
        roles = (*((self.patient,) if "patient" in parts else ()), *(self.jury if "jury" in parts else ()))
        cast = (*models, *(self.models[name] for name in roles))
        return tuple({model.name: model for model in cast}.values())

    def within(self, limits: Limits) -> Catalog:
        """Give the same catalog with every model held to `limits`."""
        models = {k: m.model_copy(update={"limits": limits}) for k, m in self.models.items()}
        return self.model_copy(update={"models": models})


def read_catalog(own: Path | None = None, *, built_in: Path = FILE) -> Catalog:
    """Read the models, a user's own file over the built-in one; BadOption names the file and what is wrong in it."""
    base, mine = _read(built_in, BuiltIn), ModelsFile()
    if own is not None:
        mine = _read(own, ModelsFile)
        if not mine.models and mine.roles == Roles():
            raise BadOption(
                f'the models file {own.name} is empty: give it a table such as [models."my-model"].'
            )
    catalog = Catalog(
        dated=mine.dated or base.dated,
        patient=mine.roles.patient or base.roles.patient,
        jury=mine.roles.jury or base.roles.jury,
        simulated=base.simulated.limits,
        models=base.models | mine.models,
        own=tuple(mine.models),
    )
    _cross(catalog, (own or built_in).name)
    return catalog


def _read(path: Path, kind: type[Kind]) -> Kind:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        if isinstance(tables := raw.get("models"), dict):
            raw["models"] = {
                name: {"title": name, "family": name, **body, "name": name}
                if isinstance(body, dict)
                else body
                for name, body in tables.items()
            }
        return kind.model_validate(raw)
    except OSError as error:
        raise BadOption(
            f"the models file {path} cannot be read ({error.strerror}): check the path."
        ) from error
    except ValidationError as error:
        raise BadOption(
            f"the models file {path.name} is wrong: {_first_mistake(error).rstrip('.')}."
        ) from error
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, a number too long, tables too deep
        raise BadOption(f"the models file {path.name} cannot be read: {error}.") from error


def _cross(catalog: Catalog, file: str) -> None:
    """Refuse roles that nobody plays, and one endpoint with two keys."""
    for name in (catalog.patient, *catalog.jury):
        catalog.find(name, f"[roles] of the models file {file}")
    if len(set(catalog.jury)) < len(catalog.jury):
        raise BadOption(f"the models file {file} is wrong: a juror sits twice in roles.jury.")
    keys: dict[str, Model] = {}
    for model in catalog.models.values():
        other = keys.setdefault(model.account, model)
        if other.key != model.key:
            raise BadOption(
                f"the models file {file} is wrong: {other.name} and {model.name} have one endpoint and two keys."
            )


def _first_mistake(error: ValidationError) -> str:
    """Say what is wrong first; an unknown key before all else, with the known one it may have meant."""
    mistakes = error.errors(include_input=False, include_url=False)
    for mistake in mistakes:
        if mistake["type"] == "extra_forbidden":
            *place, key = map(str, mistake["loc"])
            where = f"in {_shown(place)}" if place else "at its top"
            return f"unknown key {key!r} {where}, {nearest(key, _known(place), cutoff=0.6)}"
    said = mistakes[0]["msg"].removeprefix("Value error, ")
    return f"{said} at {_shown(mistakes[0]['loc'])}"


def _shown(place: Iterable[object]) -> str:
    """Write a place of the file, whatever somebody called it."""
    text = ".".join(map(str, place))
    return text if text.isprintable() else ascii(text)


def _known(place: list[str]) -> list[str]:
    """Give the keys that may stand at a place of the file."""
    parts: Mapping[str, type[BaseModel]] = {
        "price": Price,
        "limits": Limits,
        "image": Envelope,
        "roles": Roles,
    }
    part = parts.get(place[-1], Model) if place else ModelsFile
    return [name for name in part.model_fields if name != "name"]
