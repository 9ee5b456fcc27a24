"""Whether a file lies below the folder that somebody gave, wherever links lead.

The one idea: whoever gives a folder gives what lies in it, and a link within it that leads elsewhere would have the
program read, and perhaps send, a file that nobody gave. This reads no file.
"""

from __future__ import annotations

import os
from pathlib import Path


def inside(path: str | Path, home: str) -> bool:
    """Say whether a path, links followed, is below a folder or is it; `home` is the folder's own `realpath`."""
    real = os.path.realpath(path)
    return real == home or real.startswith(home.rstrip(os.sep) + os.sep)
