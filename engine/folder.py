"""The run folder: made whole or not at all, and never given to another plan.

    plan.json   scenarios.jsonl   journal/   blobs/<sha256>   report/

blobs/ holds every photograph as it is in the scenarios, and as it was sent where that differs. A new folder is
filled beside its place and moved there when it is complete. Nothing here knows what is played.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path

import orjson
from pydantic import ValidationError

from engine.errors import BadRun
from engine.events import PhotoFitted
from engine.plan import INCIDENTAL, PLAN, Plan
from personas.photos.album import Album
from personas.scenarios.build import Sample
from personas.scenarios.store import dump
from personas.values import Photo


def prepare_folder(folder: Path, plan: Plan, sample: Sample, fitted: tuple[PhotoFitted, ...] = ()) -> None:
    """Make the run folder, or find in it this very plan; BadRun when it is somebody else's or cannot be written."""
    try:
        if (folder / "plan.json").exists():
            _compare(folder, plan, read_plan(folder))
            # Another Pillow, or another limit in the models file, makes other bytes of the same photograph.
            return _keep(folder, sample.album, (one.sent for one in fitted))
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise BadRun(f"{folder} exists and is not a run: choose another --run, or remove it.")
        place = folder.resolve()
        place.parent.mkdir(parents=True, exist_ok=True)
        # A start that is killed leaves its part behind under a name of its own, which hinders nobody.
        part = Path(tempfile.mkdtemp(prefix=f".{place.name[:80]}.", dir=place.parent))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        _fill(part, plan, sample, fitted)
        part.chmod(0o755)
        if place.is_dir():  # an empty one, perhaps the one the user stands in: it stays the same folder
            for item in sorted(part.iterdir(), key=lambda item: item.name == "plan.json"):
                os.rename(item, place / item.name)
            part.rmdir()
        else:
            os.rename(part, place)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise _unwritable(folder, error) from error


def _fill(part: Path, plan: Plan, sample: Sample, fitted: tuple[PhotoFitted, ...]) -> None:
    for name in ("journal", "blobs", "report"):
        (part / name).mkdir()
    _keep(part, sample.album, (scenario.photo for scenario in sample.scenarios))
    _keep(part, sample.album, (one.sent for one in fitted))
    (part / "scenarios.jsonl").write_bytes(dump(sample.scenarios))
    (part / "plan.json").write_bytes(orjson.dumps(plan, option=orjson.OPT_INDENT_2) + b"\n")


def _keep(folder: Path, album: Album, photos: Iterable[Photo]) -> None:
    """Write the blobs that are not there yet, each whole or not at all."""
    for photo in photos:
        blob = folder / "blobs" / photo.sha256
        if not blob.exists():
            part = blob.with_name(f".{blob.name}.part")
            part.write_bytes(album.data(photo))
            os.replace(part, blob)


def _unwritable(folder: Path, error: OSError) -> BadRun:
    name = str(folder) if len(str(folder)) <= 120 else f"{str(folder)[:117]}..."
    return BadRun(f"the run folder {name} cannot be written ({error.strerror}): choose another --run.")


def read_plan(folder: Path) -> Plan:
    """Read a run's plan; BadRun when the folder is not a run."""
    path = folder / "plan.json"
    if not path.is_file():
        raise BadRun(f"{folder} is not a run folder: it has no plan.json; name a folder under runs/.")
    try:
        return PLAN.validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "its beginning"
        raise BadRun(f"{path} is not a plan of this version: {first['msg']} at {place}.") from error


def _compare(folder: Path, plan: Plan, found: Plan) -> None:
    if plan.digest == found.digest:
        return
    here, there = asdict(plan), asdict(found)
    differ = [f.name for f in fields(Plan) if f.name not in INCIDENTAL and here[f.name] != there[f.name]]
    raise BadRun(
        f"{folder} already holds another plan (it differs in {', '.join(differ)}): "
        "choose another --run, or give the options it was begun with."
    )
