"""Scenarios as lines of JSON, and back.

The one idea: an id is the hash of everything else in the line, so a line that was changed is refused. This
does not hold the photographs; the album does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

import orjson
from pydantic import TypeAdapter, ValidationError

from personas.errors import Unreadable
from personas.values import Scenario

LINES = TypeAdapter(Scenario)


def identify(scenario: Scenario) -> Scenario:
    """Give the same scenario under the id that its content has."""
    return replace(scenario, id=_address(scenario))


def dump(scenarios: Iterable[Scenario]) -> bytes:
    """Write one scenario a line, keys sorted, so that equal samples are equal bytes."""
    return b"".join(
        orjson.dumps(s, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE) for s in scenarios
    )


def load(data: bytes) -> tuple[Scenario, ...]:
    """Read what `dump` wrote; raises `Unreadable` naming the line that is no scenario or was changed."""
    scenarios = []
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            scenario = LINES.validate_json(line)
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(map(str, problem["loc"])) or "the line"
            raise Unreadable(
                f"scenarios, line {number}: {where}: {problem['msg']}. Restore the file or start a new run."
            ) from None
        if scenario.id != _address(scenario):
            raise Unreadable(
                f"scenarios, line {number}: the content is not what {scenario.id!r} stands for, "
                "so it was changed. Restore the file or start a new run."
            )
        scenarios.append(scenario)
    return tuple(scenarios)


def _address(scenario: Scenario) -> str:
    content = orjson.loads(orjson.dumps(scenario))
    del content["id"]
    return f"s-{hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]}"
