"""Models: what can be called, through which provider, at which price, within which limits.

Values that refuse what cannot be: a mechanism the provider does not have, an address that is none, a key where its
name belongs. Nothing here knows where they are written down, or how a model is called.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator, model_validator

from agents.speech import Usage
from engine.hosts import fault_of, host_of
from engine.person import HUMAN

MECHANISMS = {
    "anthropic": ("schema", "plain"),
    "openai": ("schema", "plain"),
    "bedrock": ("tool", "plain"),
}
"""How a model can be made to answer in a shape, by provider."""
NAME = re.compile(r"[A-Za-z0-9][\w.:+-]*")
VARIABLE = re.compile(r"(?!(?=.*[a-z])(?=.*\d).{16})[A-Za-z_][A-Za-z0-9_]*")
"""The name of a variable; small letters and digits in as many characters are a key that could be such a name."""
TAKEN = {"all", HUMAN, *MECHANISMS}
"""Names that mean something else on the command line and in the plan."""
OURS = {"model", "modelId", "messages", "system", "stream"}
"""Fields of a request's body that no option may set."""
CREDENTIAL = re.compile(
    r"(?i)api[-_]?key|secret|authorization|(?<!(?:bos|eos|pad|sep|unk)[-_])(?<!stop[-_])token$"
)
"""What the name of an option that holds a key looks like; max_tokens and eos_token hold none."""
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0, le=10**12)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Price(Strict):
    """USD per million tokens."""

    input: Amount = 0.0
    output: Amount = 0.0
    cache_read: Amount | None = None
    """None where a cached token costs what any other of the input does, like the next one."""
    cache_write: Amount | None = None

    def cost(self, usage: Usage) -> float:
        """Give the USD a call cost; cached tokens are part of the input and priced apart."""
        read = self.input if self.cache_read is None else self.cache_read
        write = self.input if self.cache_write is None else self.cache_write
        plain = usage.input - usage.cache_read - usage.cache_write
        return (
            plain * self.input
            + usage.cache_read * read
            + usage.cache_write * write
            + usage.output * self.output
        ) / 1e6


class Limits(Strict):
    """What the client holds itself to; None where there is no such limit."""

    requests: Count
    """Per minute."""
    input_tokens: Count | None = None
    """Per minute."""
    output_tokens: Count | None = None
    """Per minute."""
    tokens: Count | None = None
    """Per minute, both directions together, as OpenAI and Bedrock count."""
    in_flight: Annotated[int, Field(gt=0, le=5_000)]
    """Calls at one time."""

    def least(self, other: Limits) -> Limits:
        """Give what keeps within both."""
        both = [(name, getattr(self, name), getattr(other, name)) for name in Limits.model_fields]
        return Limits(**{k: a if b is None else b if a is None else min(a, b) for k, a, b in both})


class Envelope(Strict):
    """The largest photograph a model takes; what every provider takes, where nothing is said."""

    bytes: PositiveInt = 3_750_000
    """Of the encoded file."""
    side: PositiveInt = 8_000
    """px, the longer one."""


class Model(Strict):
    """One model that can be called."""

    name: str
    title: str
    family: str
    provider: Literal["anthropic", "openai", "bedrock"]
    id: str
    origin: Literal["paper", "ours"] = "ours"
    verdict: Literal["schema", "tool", "plain"] = "plain"
    cache: bool = False
    price: Price = Price()
    limits: Limits
    image: Envelope = Envelope()
    photo: Count = 16_384
    """Tokens that one photograph counts as, at most; only the worst case of a call rests on it."""
    seconds: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)] = 180.0
    """Seconds that one attempt at a call may take, from sending to the end of the answer."""
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

    @property
    def host(self) -> str:
        """Give the host and port of the model's own endpoint; empty when it is the provider's."""
        return host_of(self.endpoint) if self.endpoint else ""

    @field_validator("name")
    @classmethod
    def _callable(cls, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError(
                "a model's name has letters, digits and . _ - : + only; what it is served as is its id"
            )
        if name in TAKEN:
            raise ValueError(f"no model can be called {name!r}, which means something else")
        return name

    @field_validator("endpoint")
    @classmethod
    def _reachable(cls, url: str) -> str:
        if url and (fault := fault_of(url)):
            raise ValueError(f"the endpoint {fault}; give its base URL, such as http://localhost:8000/v1")
        return url.rstrip("/")

    @field_validator("key")
    @classmethod
    def _named(cls, name: str) -> str:
        if name and not VARIABLE.fullmatch(name):
            raise ValueError(
                "key is the name of an environment variable, such as VLLM_API_KEY, not the key itself"
            )
        return name

    @field_validator("options")
    @classmethod
    def _further(cls, options: dict[str, Any]) -> dict[str, Any]:
        if taken := sorted(OURS & options.keys()):
            raise ValueError(f"options cannot set {taken[0]!r}, which the engine writes itself")
        if hidden := next(_credentials(options), None):
            raise ValueError(
                f"the option {hidden!r} looks like a credential; keys belong in `key`, as the name of a variable"
            )
        try:  # what JSON has no word for comes back as something else, if it can be written at all
            written = orjson.dumps(options, option=orjson.OPT_PASSTHROUGH_DATETIME)
            sent = orjson.loads(written) == options
        except TypeError:
            sent = False
        if not sent:
            raise ValueError(
                "options hold a value that a request cannot: no dates, no inf or nan, no whole number beyond 64 bits"
            )
        return options

    @model_validator(mode="after")
    def _consistent(self) -> Model:
        if self.endpoint and self.provider != "openai":
            raise ValueError('an endpoint needs provider = "openai", the protocol that such servers speak')
        if self.key and not self.endpoint:
            raise ValueError(
                "key belongs to an endpoint; without one the provider's own variables hold the key"
            )
        if self.verdict not in (can := MECHANISMS[self.provider]):
            raise ValueError(
                f"verdict {self.verdict!r} is not {self.provider}'s, which has {' and '.join(can)}"
            )
        limits = self.limits
        if not self.endpoint and not (limits.tokens or limits.input_tokens or limits.output_tokens):
            raise ValueError("limits need tokens, or input_tokens and output_tokens, per minute")
        return self


def _credentials(value: object) -> Iterator[str]:
    """Give the names of options, however deep, that look like those of credentials."""
    if isinstance(value, list):
        for part in value:
            yield from _credentials(part)
    if isinstance(value, dict):
        for name, part in value.items():
            if CREDENTIAL.search(name) and isinstance(part, str | list | dict):
                yield name
            yield from _credentials(part)
