"""Rates: what a provider's headers say of one model's limits.

Bedrock says nothing, Anthropic counts both directions apart, OpenAI together. Nothing here knows a header.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """One limit as it stands after a call."""

    limit: int
    """Per minute."""
    remaining: int | None = None
    """Until it refills; None when the provider does not say."""
    reset: float | None = None
    """Seconds until it is full again; None when the provider does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The limits a provider told; None for each it is silent about."""

    requests: Allowance | None = None
    tokens: Allowance | None = None
    """Of both directions together."""
    input_tokens: Allowance | None = None
    output_tokens: Allowance | None = None
