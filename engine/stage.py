"""The stage: the one place where tasks begin.

Whatever runs concurrently runs inside a scope that waits for it, so nothing is left behind and a bug anywhere
stops the run loudly. Nothing here knows what an actor does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio.abc import TaskGroup

from engine.errors import BenchError


class Stage:
    """A scope in which actors run; leaving it waits for them all."""

    def __init__(self, group: TaskGroup) -> None:
        self._group = group

    def enter(self, actor: Callable[..., Awaitable[Any]], *args: object, name: str) -> None:
        """Start an actor; an exception it raises cancels the whole scope and is raised where it was opened."""
        self._group.start_soon(actor, *args, name=name)

    def clear(self) -> None:
        """Cancel every actor of this scope."""
        self._group.cancel_scope.cancel()


@asynccontextmanager
async def open_stage() -> AsyncIterator[Stage]:
    """Open a scope; what one actor raises comes out as itself, and so does the first of several that we know."""
    try:
        async with anyio.create_task_group() as group:
            yield Stage(group)
    except BaseExceptionGroup as raised:
        _, others = raised.split(BenchError)
        if others is None or len(raised.exceptions) == 1:
            first = raised.exceptions[0]
            raise first from first.__cause__
        raise
