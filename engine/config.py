"""The surroundings: environment variables, credentials, addresses, versions. The one place that reads them.

Credentials belong to an account: a provider's, or an endpoint of the user's own. Nothing here keeps a secret longer
than it takes to hand it to a provider, and `scrub` takes it out of whatever a provider says.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Literal
from urllib.parse import unquote, urlsplit

from engine.errors import BadCredential, BadOption
from engine.hosts import fault_of, host_of
from engine.models import Model
from engine.secrets import check_keys, remove

Backend = Literal["live", "simulated"]
Within = Callable[[str, Mapping[str, str], bytes], Awaitable[tuple[int, Mapping[str, str], bytes]]]
"""Takes the URL, headers and body of a request, and gives the status, headers and body of its answer."""

KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "anthropic": (("ANTHROPIC_API_KEY",),),
    "openai": (("OPENAI_API_KEY",),),
    "bedrock": (("AWS_BEARER_TOKEN_BEDROCK",), ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
}
"""Per provider, the sets of variables of which one must be complete."""
SECRETS = (
    *{name for sets in KEYS.values() for names in sets for name in names},
    "AWS_SESSION_TOKEN",
    "ANTHROPIC_AUTH_TOKEN",
)
URLS = {
    "anthropic": "ANTHROPIC_BASE_URL",
    "openai": "OPENAI_BASE_URL",
    "bedrock": "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
}
"""The SDKs' own variables for another address."""
HOSTS = {
    "anthropic": "api.anthropic.com",
    "openai": "api.openai.com",
    "bedrock": "bedrock-runtime.{region}.amazonaws.com",
}
KEYLIKE = re.compile(r"(?i)(?:key|token|secret|password|passwd|pwd)$")
"""How the name of a variable ends that may hold a key."""
LONG_KEY = 16
"""Characters of such a variable's value from which it is taken for one; a shorter one may be a word."""
DEFAULT_REGION = "us-east-1"
KEYLESS = "none"
"""Said to an endpoint that asks for no key: the SDK insists on some."""

_handed: set[str] = set()  # names of the endpoints' variables whose values `scrub` has to know


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where and as whom to call one account."""

    base_url: str
    """Empty for the provider's own."""
    secrets: dict[str, str] = field(repr=False)
    """By the name under which the provider's SDK knows them."""
    region: str = DEFAULT_REGION
    """Bedrock only."""
    within: Within | None = None
    """Who answers within this process; None where the network does."""


def missing(models: tuple[Model, ...]) -> dict[str, str]:
    """Give what to set, per provider, or model with an endpoint of its own, that lacks complete credentials."""
    lacking = {}
    for model in models:
        if model.endpoint:
            if model.key and not _secret(model.key):
                lacking[model.name] = model.key
        elif not any(all(map(_secret, names)) for names in KEYS[model.provider]):
            lacking[model.provider] = " or ".join(" and ".join(names) for names in KEYS[model.provider])
    return lacking


def decide_backend(wish: str, models: tuple[Model, ...]) -> Backend:
    """Choose live or simulated; BadCredential names each key that a live run lacks."""
    lacking = missing(models)
    if wish == "simulated" or (wish == "auto" and lacking):
        return "simulated"
    if lacking:
        wants = "; ".join(f"{keys} for {account}" for account, keys in lacking.items())
        raise BadCredential(f"--backend live needs {wants}: set it, or leave out --backend to simulate.")
    return "live"


def live_access(model: Model) -> Access:
    """Read the credentials and the address of a model's account.

    Those of a provider stand in the SDKs' standard variables, the key of an endpoint in the one that its model
    names. BadOption when an address is none, BadCredential when a key cannot be one.
    """
    if model.endpoint:
        if model.key:
            _handed.add(model.key)
        key = _sendable(model.key) if model.key else ""
        return Access(base_url=model.endpoint, secrets={"OPENAI_API_KEY": key or KEYLESS})
    names = [name for names in KEYS[model.provider] for name in names]
    if model.provider == "bedrock":
        names.append("AWS_SESSION_TOKEN")
    secrets = {name: key for name in names if (key := _sendable(name))}
    return Access(base_url=_address(model.provider), secrets=secrets, region=_region())


def hosts(models: tuple[Model, ...]) -> dict[str, str]:
    """Give the host, with its port where there is one, that each provider and each endpoint is called at.

    A provider goes by its name, an endpoint by its model's. No user, path or query of an address is in it.
    """
    found = {}
    for model in models:
        if model.endpoint:
            found[model.name] = model.host
        else:
            own = HOSTS[model.provider].format(region=_region())
            found[model.provider] = host_of(url) if (url := _address(model.provider)) else own
    return found


def detours(models: tuple[Model, ...]) -> list[str]:
    """Say, a sentence each, which calls go elsewhere than to the provider's own host, and why."""
    told = {}
    for name, host in hosts(models).items():
        if name not in URLS:
            told[name] = f"{name} is called at {host}, its endpoint in the models file."
        elif _address(name):
            told[name] = f"{name} is called at {host}, as {URLS[name]} says."
    return list(told.values())


def _secret(name: str) -> str:
    """Read a key; the blanks and the line end that came with it out of a file are no part of it."""
    return os.environ.get(name, "").strip()


def _sendable(name: str) -> str:
    key = _secret(name)
    check_keys({name: key})
    return key


def _address(provider: str) -> str:
    url = os.environ.get(URLS[provider], "").strip()
    if url and (fault := fault_of(url)):
        raise BadOption(f"{URLS[provider]} {fault}: set it to a base URL, or unset it.")
    return url


def _region() -> str:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION


def scrub(text: str) -> str:
    """Take every credential, whatever looks like one, and paths out of a text that came from outside."""
    ours = {name: key for name in (*SECRETS, *_handed) if (key := _secret(name))}
    others = {name: key for name, key in keys_here().items() if len(key) >= LONG_KEY}
    # The home goes first: where its name holds a space, no rule for paths would see its end.
    place = home()
    if len(place) > 1:
        text = re.sub(rf"(?<![\w.-]){re.escape(place)}(?![\w-])", "~", text)
    return remove(text, others | _proxy_words() | ours)


def _proxy_words() -> dict[str, str]:
    """Give users and passwords of the proxies that the surroundings name."""
    found = {}
    for name in (name for name in os.environ if name.lower().endswith("_proxy")):
        try:
            parts = urlsplit(os.environ[name])
            found |= {f"{name} user": parts.username or "", f"{name} password": unquote(parts.password or "")}
        except ValueError:
            continue
    return {name: word for name, word in found.items() if word}


def keys_here() -> dict[str, str]:
    """Give every variable that is called as keys are, ours and others', with its value."""
    named = {name for name in os.environ if KEYLIKE.search(name)}
    return {name: key for name in sorted(named | {*SECRETS, *_handed}) if (key := _secret(name))}


def home() -> str:
    """Give the folder in which the user of this machine lives."""
    return os.path.expanduser("~")


def versions() -> dict[str, str]:
    """Give the versions a run depends on, for the plan."""
    found = {"python": platform.python_version()}
    for name in (
        "imcbench-engine",
        "anthropic",
        "openai",
        "aioboto3",
        "botocore",
        "pillow",
        "numpy",
        "scipy",
    ):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
