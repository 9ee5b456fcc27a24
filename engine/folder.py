"""The run folder: made whole or not at all, and never given to another plan.

    plan.json   rubric.toml   scenarios.jsonl   arms.jsonl   recorded/   journal/   blobs/<sha256>   report/

blobs/ holds every photograph as it is in the scenarios, and as it was sent where that differs; arms.jsonl is there
once arms were added (`engine.setting`), recorded/ where the conversations are another run's (`engine.rejudging`). A
new folder is filled beside its place and moved there when it is complete. Nothing here knows what is played.
"""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, fields
from pathlib import Path

import orjson
from pydantic import ValidationError

from agents.baselines import BASELINES
from engine.disk import keep_file, sync_path, sync_tree
from engine.errors import BadRun
from engine.events import PhotoFitted
from engine.journal import claim
from engine.plan import FEWEST_TURNS, FORMAT, INCIDENTAL, MOST_REPEATS, MOST_TURNS, PLAN, Plan
from personas.photos.album import Album
from personas.photos.shelf import PhotoShelf
from personas.scenarios.build import Sample
from personas.scenarios.store import dump
from personas.tidy import tidy
from personas.values import Photo
from rubrics.nearest import nearest
from rubrics.values import Rubric

RUBRIC = "rubric.toml"
WRITTEN = (
    *("journal", "recorded", "annotations", "report"),
    *("report/numbers", "report/figures", "report/calibration"),
)
"""Folders of a run that commands write into: none leads out of it."""
UNKNOWN = "unexpected_keyword_argument"
"""What pydantic calls a key that is not known."""


def prepare_folder(
    folder: Path, plan: Plan, sample: Sample, rubric: Rubric, fitted: tuple[PhotoFitted, ...] = ()
) -> None:
    """Make the run folder, or find in it this very plan; BadRun when it is somebody else's or cannot be written."""

    def fill(part: Path) -> None:
        keep_photos(part, sample.album, (scenario.photo for scenario in sample.scenarios))
        keep_photos(part, sample.album, (one.sent for one in fitted))
        (part / "scenarios.jsonl").write_bytes(dump(sample.scenarios))

    if not settle(folder, plan, rubric, fill):
        try:
            # Another Pillow, or another limit in the models file, makes other bytes of the same photograph.
            keep_photos(folder, sample.album, (one.sent for one in fitted))
        except OSError as error:
            raise _unwritable(folder, error) from error


def settle(folder: Path, plan: Plan, rubric: Rubric, fill: Callable[[Path], None]) -> bool:
    """Make a run folder whole, or find in it this very plan and say False.

    `fill` puts the rest into a folder that holds plan and rubric already. Raises BadRun when the folder is somebody
    else's or cannot be written.
    """
    try:
        if (folder / "plan.json").exists():
            _compare(folder, plan, read_plan(folder))
            return False
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise BadRun(f"{folder} exists and is not a run: choose another --run, or remove it.")
        place = folder.resolve()
        place.parent.mkdir(parents=True, exist_ok=True)
        # A start that is killed leaves its part behind under a name of its own, which hinders nobody.
        part = Path(tempfile.mkdtemp(prefix=f".{place.name[:80]}.", dir=place.parent))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        for name in ("journal", "blobs", "report"):
            (part / name).mkdir()
        (part / RUBRIC).write_bytes(rubric.source.encode())
        fill(part)
        (part / "plan.json").write_bytes(orjson.dumps(plan, option=orjson.OPT_INDENT_2) + b"\n")
        sync_tree(part)  # the journal is worth nothing without it
        _move(part, place)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        if (folder / "plan.json").exists():  # somebody else was a moment faster
            _compare(folder, plan, read_plan(folder))
            return False
        raise _unwritable(folder, error) from error
    return True


def _move(part: Path, place: Path) -> None:
    part.chmod(0o755)
    if place.is_dir():  # an empty one, perhaps the one the user stands in: it stays the same folder
        with claim(place):
            if any(place.iterdir()):
                raise FileExistsError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))
            for item in sorted(part.iterdir(), key=lambda item: item.name == "plan.json"):
                os.rename(item, place / item.name)
            sync_path(place)
        part.rmdir()
    else:
        os.rename(part, place)
    sync_path(place.parent)


def keep_photos(folder: Path, album: Album, photos: Iterable[Photo]) -> None:
    """Write the blobs that are not there yet, each whole or not at all."""
    (folder / "blobs").mkdir(exist_ok=True)
    for photo in photos:
        blob = folder / "blobs" / photo.sha256
        if not blob.exists():
            keep_file(blob, album.data(photo))


def check_photos(folder: Path, photos: Iterable[Photo]) -> None:
    """Raise BadRun when a photograph that is to be shown again is not in the run folder."""
    wanted = {photo.sha256 for photo in photos}
    missing = sorted(wanted - {path.name for path in (folder / "blobs").glob("[0-9a-f]*")})
    if missing:
        raise BadRun(
            f"{folder}: {len(missing):,} of the {len(wanted):,} photographs that are to be shown are not in its "
            f"blobs/ ({missing[0][:12]}…): if it was exported without them, ask for an export --with-images, or put "
            "them there."
        )


def blobs_of(folder: Path) -> Album:
    """Give a run's photographs, read when they are asked for; what is put into the album becomes a blob."""
    return Album(PhotoShelf(folder / "blobs", named=False))


def _unwritable(folder: Path, error: OSError) -> BadRun:
    name = str(folder) if len(str(folder)) <= 120 else f"{str(folder)[:117]}..."
    return BadRun(f"the run folder {name} cannot be written ({error.strerror}): choose another --run.")


def read_plan(folder: Path) -> Plan:
    """Read a run's plan; BadRun when the folder is not a run, or its plan says what this version does not know."""
    path = folder / "plan.json"
    if not os.path.isfile(path):  # which is quiet about a name that is too long
        raise BadRun(f"{folder} is not a run folder: it has no plan.json; name a folder under runs/.")
    try:
        plan = PLAN.validate_json(path.read_bytes())
    except OSError as error:
        raise BadRun(f"{path} cannot be read ({error.strerror}): check its rights.") from error
    except ValidationError as error:
        raise BadRun(f"{path} is not a plan of this version: {_mistake(error)}") from error
    for name in WRITTEN:
        if (folder / name).is_symlink():
            raise BadRun(
                f"{folder}/{name} is a link: what is written there would go elsewhere; put a folder in its place."
            )
    for wrong in _faults(plan):
        raise BadRun(f"{path} is not a plan of this version: {wrong}; restore the file.")
    return plan


def _mistake(error: ValidationError) -> str:
    """Say what is wrong first; a key that is not known before all else, for a newer version may have written it."""
    first = min(error.errors(include_input=False), key=lambda one: one["type"] != UNKNOWN)
    place = tidy(".".join(map(str, first["loc"]))) or "its beginning"
    if first["type"] == UNKNOWN:
        names = [field.name for field in fields(Plan)]
        return f"unknown key {place!r}; {nearest(place, names, 'use the version that wrote it.', cutoff=0.6)}"
    return f"{tidy(first['msg'])} at {place}."


def _faults(plan: Plan) -> Iterator[str]:
    """Say what no plan of ours has, whoever wrote it."""
    if plan.format != FORMAT:
        yield f"its format is {plan.format}, and this version reads {FORMAT}"
    try:
        _ = plan.digest, orjson.dumps(plan)
    except TypeError as error:
        yield f"it holds what cannot be written down ({error})"
    if not FEWEST_TURNS <= plan.turns <= MOST_TURNS:
        yield f"it has {plan.turns} turns, which are not {FEWEST_TURNS} to {MOST_TURNS}"
    if not 1 <= plan.repeats <= MOST_REPEATS:
        yield f"it has {plan.repeats} repeats, which are not 1 to {MOST_REPEATS}"
    if lacking := {"name", "version", "status", "digest"} - plan.rubric.keys():
        yield f"its rubric has no {min(lacking)}"
    for name, model in plan.models.items():
        if not {"title", "family"} <= model.keys():
            yield f"the model {name!r} has no title or no family"
    for name in plan.baselines:
        if name not in BASELINES:
            yield f"there is no script {name!r}"
    if not plan.dimensions:
        yield "it has no dimension"


def _compare(folder: Path, plan: Plan, found: Plan) -> None:
    if plan.digest == found.digest:
        return
    here, there = asdict(plan), asdict(found)
    differ = [f.name for f in fields(Plan) if f.name not in INCIDENTAL and here[f.name] != there[f.name]]
    raise BadRun(
        f"{folder} already holds another plan (it differs in {', '.join(differ)}): "
        f"choose another --run, or go on with it by python run.py resume {shlex.quote(str(folder))}."
    )
