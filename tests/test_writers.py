"""One writer a run, whatever it wants there; a disk that is full; a bug of our own."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.ablation import AblateWish, ablate
from engine.disk import keep_file
from engine.errors import BadRun
from engine.events import PhotoFitted
from engine.folder import prepare_folder, read_plan
from engine.gate import LEFT
from engine.journal import claim
from engine.rejudging import RejudgeWish, rejudge
from engine.report import keep
from engine.resuming import ResumeWish, resume
from engine.scoring.files import _keep
from engine.segments import read_run
from rubrics.errors import Unusable
from tests.benchmarks.cuts import answers, result, standing
from tests.test_folder import PLAN, RUBRIC, SAMPLE

ROOT = Path(__file__).parents[1]


@pytest.fixture
def folder(tmp_path) -> Path:
    prepare_folder(tmp_path / "run", PLAN, SAMPLE, RUBRIC)
    return tmp_path / "run"


@pytest.mark.parametrize("command", ["resume", "ablate", "rejudge"])
async def test_a_run_that_is_being_written_is_left_alone_by_every_command_that_writes(folder, command):
    out = folder.with_name("again")
    doing = {
        "resume": lambda: resume(ResumeWish(run=folder)),
        "ablate": lambda: ablate(AblateWish(run=folder, arms="no-image")),
        "rejudge": lambda: rejudge(RejudgeWish(run=folder, out=out, jury="gpt-5.1")),
    }[command]
    written = out if command == "rejudge" else folder
    if command == "rejudge":
        with pytest.raises(BadRun, match=r"nothing to judge"):
            await doing()  # the folder is there now
    before = sorted(path for path in written.rglob("*"))
    with (
        claim(written),
        pytest.raises(BadRun, match=rf"pid {os.getpid()}.* is writing {written}: let it finish"),
    ):
        await doing()
    assert sorted(path for path in written.rglob("*")) == before


def test_of_two_that_make_one_folder_at_one_time_the_slower_finds_it_made(tmp_path):
    place, slow = (
        tmp_path / "run",
        replace(SAMPLE, scenarios=Slow(lambda: prepare_folder(place, PLAN, SAMPLE, RUBRIC))),
    )
    prepare_folder(place, PLAN, slow, RUBRIC)
    assert read_plan(place) == PLAN
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_and_is_refused_where_its_plan_is_another(tmp_path):
    place, other = tmp_path / "run", replace(PLAN, seed=8)
    slow = replace(SAMPLE, scenarios=Slow(lambda: prepare_folder(place, other, SAMPLE, RUBRIC)))
    with pytest.raises(BadRun, match=r"differs in seed"):
        prepare_folder(place, PLAN, slow, RUBRIC)
    assert read_plan(place) == other


class Slow(tuple):
    """Scenarios during whose writing something else happens."""

    def __new__(cls, happens):
        self = super().__new__(cls, SAMPLE.scenarios)
        self.happens = happens
        return self

    def __iter__(self):
        happens, self.happens = self.happens, lambda: None
        happens()
        return super().__iter__()


def test_a_new_run_is_on_the_disk_whole_before_it_has_its_name_and_its_name_before_it_is_used(
    tmp_path, monkeypatch
):
    done: list[str] = []
    real_sync, real_rename = os.fsync, os.rename

    def sync(file: int) -> None:
        done.append(os.readlink(f"/proc/self/fd/{file}").removeprefix(f"{tmp_path}/"))
        real_sync(file)

    def rename(part, place) -> None:
        done.append("renamed")
        real_rename(part, place)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "rename", rename)
    prepare_folder(tmp_path / "run", PLAN, SAMPLE, RUBRIC)
    before, after = done[: done.index("renamed")], done[done.index("renamed") + 1 :]
    files = {path.relative_to(tmp_path / "run").as_posix() for path in (tmp_path / "run").rglob("*")}
    assert {name.partition("/")[2] for name in before} >= files
    assert after == [str(tmp_path)]


def test_a_kept_file_is_synced_then_named_then_its_folder_is_synced(tmp_path, monkeypatch):
    done: list[str] = []
    real_sync, real_replace = os.fsync, os.replace
    monkeypatch.setattr(
        os, "fsync", lambda file: (done.append(os.readlink(f"/proc/self/fd/{file}")), real_sync(file))
    )
    monkeypatch.setattr(os, "replace", lambda *paths: (done.append("named"), real_replace(*paths)))
    (tmp_path / ".arms.part").write_bytes(b"left by one that was killed")
    keep_file(tmp_path / "arms", b"x")
    assert done == [str(tmp_path / ".arms.part"), "named", str(tmp_path)]
    assert [path.name for path in tmp_path.iterdir()] == ["arms"]


def full(*words: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_photographs_and_reports_that_cannot_be_written_are_one_sentence(folder, monkeypatch):
    photo = SAMPLE.scenarios[0].photo
    (folder / "blobs" / photo.sha256).unlink()
    fitted = PhotoFitted(photo=photo, size=9, sent=photo, sent_size=9, models=("nova-pro",))
    monkeypatch.setattr(os, "fsync", full)
    for place in (folder, folder.with_name("new")):
        with pytest.raises(BadRun, match=r"cannot be written .No space left on device."):
            prepare_folder(place, PLAN, SAMPLE, RUBRIC, (fitted,))
    monkeypatch.undo()
    prepare_folder(folder, PLAN, SAMPLE, RUBRIC, (fitted,))
    assert [path.name for path in folder.parent.iterdir()] == ["run"]
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(
        BadRun, match=r"report cannot be written .No space.*what was recorded is intact: free"
    ):
        keep(folder, {"scores.csv": b"x"})
    with pytest.raises(
        Unusable, match=r"numbers cannot be written .No space.*what was recorded is intact: free"
    ):
        _keep(folder / "report" / "numbers", {"ranks.csv": b"x"})


@pytest.mark.parametrize("room", [0, 1, 700])
async def test_a_disk_that_is_full_on_the_way_stops_a_run_that_goes_on_when_it_is_freed(
    tmp_path, monkeypatch, room
):
    async with standing(tmp_path) as run:
        wanted, folder = result(run.folder), tmp_path / "full"
        shutil.copytree(run.folder, folder)
        lines = (folder / "journal" / "0001.jsonl").read_bytes().splitlines(keepends=True)
        (folder / "journal" / "0001.jsonl").write_bytes(b"".join(lines[:4]))
        real, left = os.write, [room]

        def write(file: int, data: bytes) -> int:
            if not os.readlink(f"/proc/self/fd/{file}").startswith(str(folder)):
                return real(file, data)
            if not left[0]:
                full()
            done = real(file, bytes(data)[: left[0]])
            left[0] -= done
            return done

        monkeypatch.setattr(os, "write", write)
        told = f"the journal of {folder} can no longer.*what was recorded is intact.*run.py resume {folder}"
        with pytest.raises(BadRun, match=told):
            await run.go_on(folder)
        monkeypatch.undo()
        missing = answers(run.folder) - answers(folder)
        assert await run.go_on(folder) == missing
        assert result(folder) == wanted  # no damage among it: half a line was not continued


@pytest.mark.parametrize("place", ["keeper", "jury", "listener"])
async def test_a_bug_of_our_own_stops_the_run_and_is_no_result(tmp_path, monkeypatch, place):
    def stumble(*words: object, **more: object) -> None:
        raise ZeroDivisionError(place)

    async with standing(tmp_path) as run:
        wanted, folder = result(run.folder), tmp_path / "bug"
        shutil.copytree(run.folder, folder)
        lines = (folder / "journal" / "0001.jsonl").read_bytes().splitlines(keepends=True)
        (folder / "journal" / "0001.jsonl").write_bytes(b"".join(lines[:4]))
        where = {
            "keeper": ("engine.conversation._echoes", stumble),
            "jury": ("engine.jury.card_of", stumble),
            "listener": ("engine.tally.Tally.hear", stumble),
        }
        monkeypatch.setattr(*where[place])
        with pytest.raises(ZeroDivisionError, match=place):
            await run.go_on(folder)
        monkeypatch.undo()
        events = list(read_run(folder))
        kinds = [event.body.kind for event in events]
        assert not {"conversation_failed", "run_finished"} & set(kinds)
        # A call that was on its way may stand on a bill, and is written down as left: no model has failed.
        assert {event.body.cause for event in events if event.body.kind == "call_failed"} <= {LEFT}
        assert kinds[:4] == [event.body.kind for event in read_run(run.folder)][:4]
        missing = answers(run.folder) - answers(folder)
        assert await run.go_on(folder) == missing
        assert result(folder) == wanted


def test_a_bug_is_told_with_its_traceback_and_a_status_of_its_own():
    script = """
import runpy, sys
import engine.commands.encore as encore
def stumble(*words):
    raise KeyError("a bug \x1b[31m of ours")
encore.asyncio.run = stumble
sys.argv = ["run.py", "replay", "nowhere"]
runpy.run_path("run.py", run_name="__main__")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 70
    assert "Traceback" in done.stderr
    assert "KeyError" in done.stderr
    assert "run.py: this is a bug in the program, not in what you gave it." in done.stderr
    assert "python run.py resume RUN goes on" in done.stderr
    assert "\x1b" not in done.stderr
