"""Keys: who may score as whom, kept beside what they scored.

The one idea: a new start makes a new link for each annotator, and those of before still hold until they are made
void; of none more than the hash is kept. Nothing here knows a browser.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import orjson

from engine.disk import keep_file
from engine.errors import BadRun
from engine.site.seats import Seats, make_seats

HELD = 200
"""Links that hold at a time; the oldest go first."""


def issue_links(path: Path, names: Sequence[str], *, anew: bool = False) -> tuple[Seats, dict[str, str]]:
    """Draw a token for each annotator; give the seats of just these, earlier links included, and the tokens by name.

    `anew` makes all earlier links of these annotators void. Raises BadRun where the file is none of ours, or
    cannot be written.
    """
    held = _read(path)
    if anew:
        held = {token: name for token, name in held.items() if name not in names}
    seats, tokens = make_seats(names)
    held = dict([*held.items(), *seats.kept.items()][-HELD:])
    try:
        keep_file(path, orjson.dumps(held, option=orjson.OPT_INDENT_2) + b"\n")
        path.chmod(0o600)
    except OSError as error:
        raise BadRun(
            f"{path} cannot be written ({error.strerror}): free the disk, or make it writable."
        ) from error
    return Seats({token: name for token, name in held.items() if name in names}), tokens


def _read(path: Path) -> dict[str, str]:
    try:
        held = orjson.loads(path.read_bytes())
        return {str(token): str(name) for token, name in held.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise BadRun(
            f"{path} is no file of keys: remove it, and give the command again for new links."
        ) from error
