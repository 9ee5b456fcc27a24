"""The surroundings: environment variables, credentials, versions. The one place that reads them.

Nothing here keeps a secret longer than it takes to hand it to a provider, and `scrub` takes it out of whatever
a provider says.
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from engine.catalog import Model
from engine.errors import BadCredential

Backend = Literal["live", "simulated"]

KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "anthropic": (("ANTHROPIC_API_KEY",),),
    "openai": (("OPENAI_API_KEY",),),
    "bedrock": (("AWS_BEARER_TOKEN_BEDROCK",), ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
}
"""Per provider, the sets of variables of which one must be complete."""
SECRETS = (*{name for sets in KEYS.values() for names in sets for name in names}, "AWS_SESSION_TOKEN")
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where and as whom to call one provider."""

    base_url: str
    """Empty for the provider's own."""
    secrets: dict[str, str] = field(repr=False)
    """By the name of the variable they came from."""
    region: str = DEFAULT_REGION
    """Bedrock only."""


def missing(models: tuple[Model, ...]) -> dict[str, str]:
    """Give, per provider that some model needs and that has no complete credentials, what to set."""
    lacking = {}
    for provider in dict.fromkeys(model.provider for model in models):
        sets = KEYS[provider]
        if not any(all(os.environ.get(name) for name in names) for names in sets):
            lacking[provider] = " or ".join(" and ".join(names) for names in sets)
    return lacking


def decide_backend(wish: str, models: tuple[Model, ...]) -> Backend:
    """Choose live or simulated; BadCredential names each key that a live run lacks."""
    lacking = missing(models)
    if wish == "simulated" or (wish == "auto" and lacking):
        return "simulated"
    if lacking:
        wants = "; ".join(f"{keys} for {provider}" for provider, keys in lacking.items())
        raise BadCredential(f"--backend live needs {wants}: set it, or leave out --backend to simulate.")
    return "live"


def live_access(provider: str) -> Access:
    """Read one provider's credentials and endpoint from the SDKs' standard variables."""
    names = [name for names in KEYS[provider] for name in names]
    secrets = {name: os.environ[name] for name in names if name in os.environ}
    if provider == "bedrock" and "AWS_SESSION_TOKEN" in os.environ:
        secrets["AWS_SESSION_TOKEN"] = os.environ["AWS_SESSION_TOKEN"]
    urls = {
        "anthropic": "ANTHROPIC_BASE_URL",
        "openai": "OPENAI_BASE_URL",
        "bedrock": "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
    }
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION
    return Access(base_url=os.environ.get(urls[provider], ""), secrets=secrets, region=region)


def scrub(text: str) -> str:
    """Take every credential out of a text that came from outside."""
    for name in SECRETS:
        if (secret := os.environ.get(name)) and len(secret) >= 6:
            text = text.replace(secret, f"<{name}>")
    return text


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
