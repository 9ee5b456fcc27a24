"""What two runs differ in, in words, each with what it means for the numbers.

What is looked at, and the words, are in differs.toml. Nothing here knows a score.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from engine.comparison.sides import Side
from engine.provenance import SHOWN, seat, sort_prompts

Moves = Literal["dialogue", "judging", "models", "nothing"]
Told = tuple[str, str]
"""What the first run has and what the second has."""
OF_JURORS = ("verdict", "family")
"""Parts of a description that are of no account where a model is under test."""
CALLED = "called"
"""Table of words for prompts."""
LONGEST = 60
"""Characters of a value that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing in which two runs differ."""

    key: str
    """Table of differs.toml."""
    title: str
    first: str
    second: str
    moves: Moves
    """What comes of it."""
    means: str
    refusal: str
    """Why the runs may not be pooled for it; empty where they may."""


def differ(first: Side, second: Side) -> tuple[Difference, ...]:
    """List what differs, what moves scores first."""
    found = []
    for key, words in _words().items():
        if key == CALLED:
            continue
        told = _fields(words, first, second) if "of" in words else _looked(key, first, second)
        if told:
            found.append(
                Difference(
                    key=key,
                    title=words["title"],
                    first=told[0],
                    second=told[1],
                    moves=words["moves"],
                    means=words["means"],
                    refusal=words.get("refusal", ""),
                )
            )
    return tuple(found)


def jurors(first: Side, second: Side) -> tuple[str, ...]:
    """Name those who sit on both juries and are asked alike."""
    one, two = (_jury(side) for side in (first, second))
    return tuple(name for name in one if one[name] == two.get(name))


def alike(first: Side, second: Side) -> tuple[str, ...]:
    """Name the dimensions that mean the same in both runs: of one rubric, or told in the same words by two."""
    one, two = first.held, second.held
    shared = [name for name in one["dimensions"] if name in two["dimensions"]]
    if first.provenance.rubric == second.provenance.rubric:
        return tuple(shared)
    told, again = one.get("meanings") or {}, two.get("meanings") or {}
    return tuple(name for name in shared if name in told and told[name] == again.get(name))


def changed_models(first: Side, second: Side) -> tuple[str, ...]:
    """Name the models that are two under one name: of another id, or asked otherwise."""
    both = (name for name in first.models if name in second.models)
    return tuple(name for name in both if _model(first, name) != _model(second, name))


def _looked(key: str, first: Side, second: Side) -> Told | None:
    """Look at what no single field of the plan tells; None where both are alike."""
    match key:
        case "patient":
            return _seats(*({side.results.plan.patient: _patient(side)} for side in (first, second)))
        case "jury":
            return _seats(_jury(first), _jury(second))
        case "models":
            names = changed_models(first, second)
            return _seats(*({name: _model(side, name) for name in names} for side in (first, second)))
        case "dialogue" | "judging" | "aside":
            return _prompts(key, first, second)
        case "calibration":
            return _apart(*(side.provenance.calibration[:SHOWN] for side in (first, second)))
        case "rubric":
            if first.provenance.rubric == second.provenance.rubric:
                return None
            return tuple(_rubric(side) for side in (first, second))
    raise KeyError(key)


def _patient(side: Side) -> Mapping[str, Any]:
    return seat(side.held, side.results.plan.patient)


def _jury(side: Side) -> dict[str, Mapping[str, Any]]:
    return {name: seat(side.held, name) for name in side.results.plan.jury}


def _model(side: Side, name: str) -> Mapping[str, Any]:
    known = seat({"cast": {}, "models": side.held["models"]}, name)
    return {key: value for key, value in known.items() if key not in OF_JURORS}


def _rubric(side: Side) -> str:
    held = side.held["rubric"]
    return f"{held.get('name', '')} {held.get('version', '')} ({side.provenance.rubric[:SHOWN]})".strip()


def _seats(one: Mapping[str, Mapping[str, Any]], two: Mapping[str, Mapping[str, Any]]) -> Told | None:
    """Name who is on one side only, and of those asked otherwise, how."""
    if one == two:
        return None
    names = [name for name in {**one, **two} if one.get(name) != two.get(name)]
    return _seated(names, one, two), _seated(names, two, one)


def _seated(names: Iterable[str], here: Mapping[str, Any], there: Mapping[str, Any]) -> str:
    told = []
    for name in names:
        if name not in here:
            continue
        other = there.get(name)
        how = (
            ""
            if other is None
            else ", ".join(f"{k} {_short(v)}" for k, v in here[name].items() if v != other[k])
        )
        told.append(f"{name} ({how})" if how else name)
    return ", ".join(told) or "nobody else"


def _prompts(kind: str, first: Side, second: Side) -> Told | None:
    one, two = (sort_prompts(side.held["prompts"])[kind] for side in (first, second))
    names = [name for name in {**one, **two} if one.get(name) != two.get(name)]
    return (_digests(names, one), _digests(names, two)) if names else None


def _digests(names: Iterable[str], held: Mapping[str, str]) -> str:
    called = _words()[CALLED]
    told = [
        f"{called.get(name, name.replace('_', ' '))}: {held[name][:SHOWN]}" for name in names if name in held
    ]
    return ", ".join(told) or "this run has none"


def _fields(words: Mapping[str, Any], first: Side, second: Side) -> Told | None:
    """Show the fields of the plan that differ."""
    held = [{name: side.held.get(name) for name in words["of"]} for side in (first, second)]
    names = [name for name in words["of"] if held[0][name] != held[1][name]]
    if not names:
        return None
    if words.get("listed"):
        return (_listed(names),) * 2
    return tuple(", ".join(_short(one[name]) for name in names) for one in held)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        value = ", ".join(f"{key}: {one}" for key, one in value.items())
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    text = "not told" if value is None or value == "" else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _apart(one: str, two: str) -> Told | None:
    return None if one == two else (one, two)


@cache
def _words() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("differs.toml").read_text(encoding="utf-8"))
