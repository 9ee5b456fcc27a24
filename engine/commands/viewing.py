"""Viewing: commands that show a run in a browser."""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine.commands import Whole


def view(run: Path, *, host: str = "127.0.0.1", port: Whole = 8420, conversation: str | None = None) -> int:
    """Show a run in a browser until Ctrl-C, also while it is played: search, filter, read, compare.

    Parameters
    ----------
    run
        The run folder, in whatever state it is; nothing in it is changed.
    host
        Address to listen on. Beyond this machine nobody is let in without the link that is printed.
    port
        Port to listen on; 0 takes any that is free.
    conversation
        MODEL/SCENARIO/ARM/REPEAT whose page the link leads to; the page of all when left out.
    """
    from engine.console.outlet import emit
    from engine.site import Address
    from engine.viewer import ViewWish
    from engine.viewer import view as serve

    wish = ViewWish(run=run, address=Address(host=host, port=port), conversation=conversation)
    asyncio.run(serve(wish, emit))
    return 0
