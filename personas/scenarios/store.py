"""Scenarios as lines of JSON, and back; in a file of their own with the photographs in a folder beside it.

    FILE.jsonl   FILE.photos/<sha256>.jpg   FILE.photos/NOTICE.txt (where a licence asks for one)

The one idea: an id is the hash of everything else in the line, so a line that was changed is refused. Both ways
a sample passes through line by line, and photographs stay on the disk until they are asked for. This does not
know how scenarios are made.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

from personas.errors import Unreadable
from personas.photos.album import MAX_PIXELS, Album
from personas.photos.shelf import PhotoShelf
from personas.photos.vetting import vet
from personas.tidy import tidy
from personas.values import Photo, Scenario

CANARY = "imcbench-canary 3f1c9a52-7e0b-4d86-b6a4-92c85d017be3 keep out of training data"
"""Carried by every scenario: a model that can complete it has been trained on exported scenarios."""
LINES = TypeAdapter(Scenario)
SORTED = orjson.OPT_SORT_KEYS
NOTICE = Path(__file__).with_name("notice.txt")
LONGEST_ID = 40
"""Characters of an id in a sentence; ours have 14."""
RESTORE = "Restore the file, or make it again."


def identify(scenario: Scenario) -> Scenario:
    """Give the same scenario under the id that its content has."""
    return replace(scenario, id=_address(scenario))


def dump(scenarios: Iterable[Scenario]) -> bytes:
    """Write one scenario a line, keys sorted, so that equal samples are equal bytes."""
    return b"".join(map(_line, scenarios))


def load(data: bytes) -> tuple[Scenario, ...]:
    """Read what `dump` wrote; raises `Unreadable` naming the line that is no scenario or was changed."""
    return tuple(scenario for _, scenario in _read(data.split(b"\n"), "scenarios"))


def write(scenarios: Iterable[Scenario], out: Path) -> Iterator[Scenario]:
    """Write scenarios as they come, whole or not at all, and hand each on; their photographs are in `album_for`'s.

    Raises `Unreadable` when the file is there already or cannot be written.
    """
    part, photos, used = _part(out), folder(out), set()
    notices: dict[str, str] = {}
    try:
        with part.open("wb") as file:
            for scenario in scenarios:
                file.write(_line(scenario))
                used.add(scenario.photo.sha256)
                if scenario.restricted:
                    notices[scenario.source] = scenario.attribution
                yield scenario
        _settle(_part(photos), used, notices)
        os.replace(_part(photos), photos)
        os.replace(part, out)
    except OSError as error:
        raise _unwritable(out, error) from error
    finally:
        part.unlink(missing_ok=True)
        shutil.rmtree(_part(photos), ignore_errors=True)


def album_for(out: Path) -> Album:
    """Make the album whose photographs go straight into the folder beside a file that is about to be written.

    Raises `Unreadable` when the file or the folder is there already, or cannot be made.
    """
    for path in (out, folder(out)):
        if path.exists():
            raise Unreadable(f"{path} is there already: choose another --out, or remove it.")
    try:
        _part(folder(out)).mkdir(parents=True)
    except FileExistsError:
        shutil.rmtree(_part(folder(out)))
        _part(folder(out)).mkdir()
    except OSError as error:
        raise _unwritable(out, error) from error
    return Album(PhotoShelf(_part(folder(out))))


def discard(out: Path) -> None:
    """Take away what `album_for` has begun."""
    shutil.rmtree(_part(folder(out)), ignore_errors=True)


def stream(path: Path) -> Iterator[tuple[int, Scenario]]:
    """Read a file line by line, with line numbers; raises `Unreadable` at the first line that will not do."""
    with _opened(path) as file:
        yield from _read(file, str(path))


def lines(path: Path) -> Iterator[tuple[int, Scenario | None, str]]:
    """Read a file: line by line its number, the scenario if it is one, and what is wrong with it; "" for nothing."""
    with _opened(path) as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                scenario, wrong = _parsed(line)
                yield number, scenario, wrong


def album_of(path: Path) -> Album:
    """Give the photographs beside a file, read one by one when they are asked for."""
    return Album(PhotoShelf(folder(path)))


def folder(path: Path) -> Path:
    """Give the folder of a file's photographs."""
    return path.with_suffix(".photos")


def missing(path: Path, photo: Photo) -> str:
    """Say what is wrong with a photograph beside a file; empty when it is there and is what it is called."""
    try:
        data = PhotoShelf(folder(path))[photo.sha256]
    except KeyError:
        return f"the photograph {photo.sha256[:12]}… is not in {folder(path)}"
    wrong = vet(data, photo, MAX_PIXELS)
    return f"the photograph {photo.sha256[:12]}… in {folder(path)} {wrong}" if wrong else ""


def _read(raw: Iterable[bytes], name: str) -> Iterator[tuple[int, Scenario]]:
    for number, line in enumerate(raw, start=1):
        if line.strip():
            yield number, _scenario(line, f"{name}, line {number}")


def _scenario(line: bytes, place: str) -> Scenario:
    scenario, wrong = _parsed(line)
    if scenario is None or wrong:
        raise Unreadable(f"{place}: {wrong}. {RESTORE}")
    return scenario


def _parsed(line: bytes) -> tuple[Scenario | None, str]:
    """Give the scenario that a line holds, and what is wrong with it; a changed one is given too."""
    try:
        scenario = LINES.validate_json(line)
        address = _address(scenario)
    except ValidationError as error:
        problem = error.errors(include_input=False)[0]
        place = ".".join(map(str, problem["loc"])) or "the line"
        return None, tidy(f"{place}: {problem['msg']}")
    except TypeError:
        return None, "the line holds a number beyond 64 bits, which no scenario has"
    if scenario.id != address:
        return scenario, (
            f"the content is not what {tidy(scenario.id, LONGEST_ID)!r} stands for, so it was changed, or made by "
            "another version"
        )
    return scenario, ""


def _line(scenario: Scenario) -> bytes:
    return orjson.dumps(scenario, option=SORTED | orjson.OPT_APPEND_NEWLINE)


def _address(scenario: Scenario) -> str:
    nameless = replace(scenario, id="") if scenario.id else scenario
    content = orjson.dumps(nameless, option=SORTED)
    return f"s-{hashlib.sha256(content).hexdigest()[:12]}"


def _opened(path: Path):
    try:
        return path.open("rb")
    except OSError as error:
        raise Unreadable(
            f"{path}: cannot be read ({error.strerror}). Give a file of scenarios build."
        ) from None


def _settle(photos: Path, used: set[str], notices: dict[str, str]) -> None:
    """Take away photographs that no scenario shows, and leave a notice beside those that may not be passed on."""
    for file in photos.iterdir():
        if file.stem not in used:
            file.unlink()
    if notices:
        credits = "\n".join(f"{name}: {words}" for name, words in sorted(notices.items()))
        (photos / "NOTICE.txt").write_text(
            NOTICE.read_text(encoding="utf-8").replace("$credits", credits), encoding="utf-8"
        )


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _unwritable(path: Path, error: OSError) -> Unreadable:
    return Unreadable(f"{path} cannot be written ({error.strerror}): choose another --out.")
