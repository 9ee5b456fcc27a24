"""Where plain text leaves the program: stdout, whatever state it is in.

Nothing that a terminal obeys passes, whoever wrote it. A stream that knows few letters gets the others spelled
out, and one that has gone (a closed pipe, a full disk) is let go: showing a run is never a reason to stop it.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO

from engine.console.clean import clean, spell


def emit(text: str, stream: TextIO | None = None, *, json: bool = False) -> None:
    """Write text and flush it, to `stream` or stdout; `json` keeps its meaning to the letter."""
    text = spell(text) if json else clean(text)
    stream = stream or sys.stdout
    if stream is None:  # the program was started without a stdout
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except OSError:
        # What is left to say goes nowhere, now and at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
