"""The models file: who can be tested, through which provider, at which price, within which limits.

Read once, validated at the edge. Nothing here knows how a model is called.
"""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, PositiveInt, ValidationError

from agents.speech import Usage
from engine.errors import BadOption

FILE = Path(__file__).parent / "models.toml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Price(_Strict):
    """USD per million tokens."""

    input: NonNegativeFloat = 0.0
    output: NonNegativeFloat = 0.0
    cache_read: NonNegativeFloat = 0.0
    cache_write: NonNegativeFloat = 0.0

    def cost(self, usage: Usage) -> float:
        """Give the USD a call cost; cached tokens are part of the input and priced apart."""
        plain = usage.input - usage.cache_read - usage.cache_write
        return (
            plain * self.input
            + usage.cache_read * self.cache_read
            + usage.cache_write * self.cache_write
            + usage.output * self.output
        ) / 1e6


class Limits(_Strict):
    """What the client holds itself to; None where there is no such limit."""

    requests: PositiveInt
    """Per minute."""
    input_tokens: PositiveInt | None = None
    """Per minute."""
    output_tokens: PositiveInt | None = None
    """Per minute."""
    tokens: PositiveInt | None = None
    """Per minute, both directions together, as OpenAI and Bedrock count."""
    in_flight: PositiveInt
    """Calls at one time."""


class Envelope(_Strict):
    """The largest photograph a model takes."""

    bytes: PositiveInt
    """Of the encoded file."""
    side: PositiveInt
    """px, the longer one."""


class Model(_Strict):
    """One model that can be called."""

    name: str
    title: str
    family: str
    provider: Literal["anthropic", "openai", "bedrock"]
    id: str
    origin: Literal["paper", "ours"] = "ours"
    verdict: Literal["schema", "tool", "plain"]
    cache: bool = False
    price: Price = Price()
    limits: Limits
    image: Envelope
    endpoint: str = ""
    """Base URL of a server of one's own that speaks OpenAI's protocol; empty for the provider's."""
    key: str = ""
    """Name of the environment variable that holds the endpoint's key; empty when it asks for none."""
    length: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    """The field in which an OpenAI-compatible server is told how long an answer may be."""
    options: dict[str, Any] = {}
    """Further fields of the request's body, such as temperature or reasoning_effort, sent as they stand."""

    @property
    def account(self) -> str:
        """Give whose limits and credentials apply: the provider's name, or the endpoint."""
        return self.endpoint or self.provider


class Catalog(_Strict):
    """The models file."""

    dated: str
    patient: str
    jury: tuple[str, ...]
    simulated: Limits
    models: dict[str, Model]

    def find(self, name: str) -> Model:
        """Give a model by name; BadOption, naming the nearest one, when there is none."""
        if name in self.models:
            return self.models[name]
        near = difflib.get_close_matches(name, self.models, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(self.models)}."
        raise BadOption(f"unknown model {name!r} in --models: {hint}")

    def choose(self, names: str) -> tuple[Model, ...]:
        """Give the models of a comma-separated list, or all; each once, in the order asked for."""
        if names.strip() == "all":
            return tuple(self.models.values())
        wanted = dict.fromkeys(part.strip() for part in names.split(",") if part.strip())
        if not wanted:
            raise BadOption("--models names no model; try --models all.")
        return tuple(self.find(name) for name in wanted)

    def within(self, limits: Limits) -> Catalog:
        """Give the same catalog with every model held to `limits`."""
        models = {k: m.model_copy(update={"limits": limits}) for k, m in self.models.items()}
        return self.model_copy(update={"models": models})


def read_catalog(path: Path = FILE) -> Catalog:
    """Read a models file; BadOption names the file and the first thing wrong in it."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        models = {name: {"name": name, **body} for name, body in raw["models"].items()}
        return Catalog(
            dated=raw["dated"],
            patient=raw["roles"]["patient"],
            jury=raw["roles"]["jury"],
            simulated=raw["simulated"]["limits"],
            models=models,
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise BadOption(f"the models file {path.name} cannot be read: {error}.") from error
    except ValidationError as error:
        raise BadOption(f"the models file {path.name} is wrong: {_first_mistake(error)}.") from error


def _first_mistake(error: ValidationError) -> str:
    """Say what is wrong first; an unknown key before all else, with the known one it may have meant."""
    mistakes = error.errors(include_input=False)
    known = {*Model.model_fields, *Price.model_fields, *Limits.model_fields, *Envelope.model_fields}
    for mistake in mistakes:
        if mistake["type"] == "extra_forbidden":
            *place, key = map(str, mistake["loc"])
            near = difflib.get_close_matches(key, known, n=1)
            hint = f", did you mean {near[0]!r}?" if near else ""
            return f"unknown key {key!r} in {'.'.join(place)}{hint}"
    return f"{mistakes[0]['msg']} at {'.'.join(map(str, mistakes[0]['loc']))}"
