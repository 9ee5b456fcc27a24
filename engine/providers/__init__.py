"""The door to the models: one provider per wire protocol, each a single method.

The SDKs are imported when a provider is opened and not before (one of them alone takes two seconds). A provider
knows how to say a prompt in its dialect and how to tell what went wrong; it does not know who asks, how often,
or why.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from agents.speech import Completion, Prompt
from engine.config import Access
from engine.models import Model
from engine.rates import Rates
from personas.photos.album import Album

Listen = Callable[[str], None]
"""Hears each piece of an answer as it arrives; its presence is what asks for a streamed call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What one call brought home."""

    completion: Completion
    rates: Rates | None = None
    """The limits its headers told; None when they told none."""


class Provider(Protocol):
    """The way to every model of one provider."""

    async def ask(self, prompt: Prompt, model: Model, listen: Listen | None = None) -> Reply:
        """Call the model once; raise a CallError when no whole answer came."""
        ...


@asynccontextmanager
async def open_provider(name: str, access: Access, album: Album, room: int) -> AsyncIterator[Provider]:
    """Open the named provider for up to `room` calls at a time."""
    if name == "anthropic":
        from engine.providers.messages import open_messages as opening
    elif name == "openai":
        from engine.providers.completions import open_completions as opening
    else:
        from engine.providers.converse import open_converse as opening
    async with opening(access, album, room) as provider:
        yield provider
