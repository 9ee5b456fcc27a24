"""An export: everything others need to doubt a number, and nothing that is nobody's business."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from agents.speech import Completion
from engine.ablation import AblateWish, ablate
from engine.calibration.source import read_source
from engine.cells import Substitute
from engine.commands.abacus import compare, score
from engine.commands.playing import Company
from engine.commands.playing import run as play
from engine.console.clean import OBEYED
from engine.errors import BadOption, BadRun
from engine.events import Attempt, CallAnswered, Event, PhotoFitted, RunFinished, RunStarted
from engine.export import ExportWish, export
from engine.export.parcel import Part, pack
from engine.folder import read_plan
from engine.inquiry import audit
from engine.rejudging import RejudgeWish, rejudge
from engine.replay import replay
from engine.report import write_report
from engine.results import tabulate_run
from engine.setting import Addition, add_arms
from engine.verifying import verify
from personas.scenarios.store import dump, identify
from personas.values import Photo
from tests.audited import recorded, scenario
from tests.test_secrets import encoded, escaped

KEY = "planted/Key+of-an-Export=8f3k2m9q"
NAMES = re.compile(
    r"imcbench-[0-9a-f]{12}/((blobs|journal|report|recorded|report/(numbers|figures))/)?([0-9a-z_]+(\.[a-z]+)?|README\.txt|MANIFEST\.json)?"
)


def photo(text: str, *, drawn: bool = False) -> tuple[Photo, bytes]:
    """Give something that passes for a photograph among those who never look into it."""
    data = f"photograph {text}".encode()
    sha = hashlib.sha256(data).hexdigest()
    return Photo(sha256=sha, media_type="image/png", width=60, height=40, drawn=drawn), data


FREE, BOUND, DRAWN = photo("free"), photo("bound"), photo("drawn", drawn=True)


def pictured(number: int, shown: tuple[Photo, bytes], source: str, **more: object):
    return identify(replace(scenario(number), photo=shown[0], source=source, **more))


SCENARIOS = (
    pictured(0, DRAWN, "drawn"),
    pictured(1, FREE, "SCIN", attribution="Ward A et al., SCIN"),
    pictured(2, BOUND, "DDI", attribution="Daneshjou R et al.", restricted=True),
)


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """Write a run of three scenarios, photographs of three licences beside it, and a report."""
    folder = recorded(tmp_path_factory.mktemp("home of planted-user") / "run", SCENARIOS, {})
    (folder / "blobs").mkdir()
    for shown, data in (FREE, BOUND, DRAWN):
        (folder / "blobs" / shown.sha256).write_bytes(data)
    write_report(tabulate_run(folder, read_plan(folder)), folder)
    return folder


@pytest.fixture
def run(written, tmp_path) -> Path:
    """Give that run to change as one likes."""
    return Path(shutil.copytree(written, tmp_path / "home of planted-user" / "run"))


def note(run: Path, *bodies, torn: bytes = b"") -> None:
    """Append to a run's journal."""
    with (run / "journal" / "0001.jsonl").open("ab") as file:
        file.writelines(orjson.dumps(Event(at=2.0, body=body)) + b"\n" for body in bodies)
        file.write(torn)


def exported(run: Path, out: Path, **wish: object) -> tuple[dict[str, bytes], dict, str]:
    """Export a run; its files by name below the folder in the zip, its manifest, and what was told."""
    told = export(ExportWish(run=run, out=out, **wish))
    with zipfile.ZipFile(out) as zip:
        assert zip.testzip() is None
        files = {name.partition("/")[2]: zip.read(name) for name in zip.namelist() if not name.endswith("/")}
    return files, json.loads(files["MANIFEST.json"]), told


def unpacked(out: Path, place: Path) -> Path:
    with zipfile.ZipFile(out) as zip:
        zip.extractall(place)
    (folder,) = place.iterdir()
    return folder


def answered(words: str = "", request: str = "") -> CallAnswered:
    return CallAnswered(
        role="assistant",
        model="gpt-5.1",
        sequence=0,
        digest="d",
        completion=Completion(text=words, stop="end", request_id=request),
        attempts=(Attempt(cause="ok", seconds=1.0),),
        latency=1.0,
        cost=0.01,
    )


def test_everything_a_number_rests_on_goes_along_byte_for_byte(run, tmp_path):
    files, manifest, told = exported(run, tmp_path / "out.zip")
    for path in (path for path in run.rglob("*") if path.is_file() and path.parent.name != "blobs"):
        assert files.pop(path.relative_to(run).as_posix()) == path.read_bytes()
    assert files.keys() == {"README.txt", "MANIFEST.json"}
    assert manifest["simulated"] is True
    assert "SIMULATED" in told
    assert files["README.txt"].startswith(b"SIMULATED")


def test_the_manifest_has_size_and_hash_of_every_file(run, tmp_path):
    files, manifest, _ = exported(run, tmp_path / "out.zip")
    del files["MANIFEST.json"]
    assert manifest["files"] == {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in files.items()
    }
    assert list(manifest["files"]) == sorted(manifest["files"])


def test_the_same_run_gives_the_same_bytes_whenever_it_is_exported(run, tmp_path):
    export(ExportWish(run=run, out=tmp_path / "one.zip", images=True))
    for path in run.rglob("*"):
        os.utime(path, (1, 1))
    export(ExportWish(run=run, out=tmp_path / "two.zip", images=True))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_an_export_of_what_was_unpacked_is_the_same_file(run, tmp_path):
    (run / "blobs" / BOUND[0].sha256).unlink()  # it would be told that this one stays
    export(ExportWish(run=run, out=tmp_path / "one.zip", images=True))
    (tmp_path / "place").mkdir()
    folder = unpacked(tmp_path / "one.zip", tmp_path / "place")
    export(ExportWish(run=folder, out=tmp_path / "two.zip", images=True))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_the_line_in_its_letter_names_a_file_that_was_changed(run, tmp_path):
    export(ExportWish(run=run, out=tmp_path / "out.zip"))
    (tmp_path / "place").mkdir()
    folder = unpacked(tmp_path / "out.zip", tmp_path / "place")
    words = (folder / "README.txt").read_text()
    line = re.search(r"python (-c \".*\")\n", words).group(1)

    def verify() -> str:
        return subprocess.check_output(f"{sys.executable} {line}", shell=True, cwd=folder, text=True)

    assert verify() == ""
    (folder / "journal" / "0001.jsonl").write_bytes(b"")
    assert verify() == "differs: journal/0001.jsonl\n"


# Photographs


def test_no_photograph_goes_along_unless_it_is_asked_for(run, tmp_path):
    files, manifest, told = exported(run, tmp_path / "out.zip")
    assert not [name for name in files if name.startswith("blobs/")]
    assert "Left out: 2 photographs; not asked for" in told
    assert manifest["photographs"] == 0
    assert b"No photograph is here" in files["README.txt"]


def test_those_whose_licence_forbids_it_stay_even_then(run, tmp_path):
    files, manifest, told = exported(run, tmp_path / "out.zip", images=True)
    assert {name for name in files if name.startswith("blobs/")} == {
        f"blobs/{shown.sha256}" for shown, _ in (FREE, DRAWN)
    }
    assert "Left out: 1 photographs; the licence of DDI forbids passing them on." in told
    assert "SCIN: SCIN Data Use License" in told
    by_name = {source["name"]: source for source in manifest["sources"]}
    assert (by_name["DDI"]["restricted"], by_name["SCIN"]["restricted"]) == (True, False)
    assert BOUND[1] not in (tmp_path / "out.zip").read_bytes()


def test_what_was_made_of_a_photograph_goes_the_same_way(run, tmp_path):
    small = {name: photo(f"{name}, smaller") for name in ("free", "bound")}
    poor = {name: photo(f"{name}, poorer") for name in ("free", "bound")}
    for shown, data in (*small.values(), *poor.values()):
        (run / "blobs" / shown.sha256).write_bytes(data)
    for name, whole in (("free", FREE), ("bound", BOUND)):
        note(run, PhotoFitted(photo=whole[0], size=9, sent=small[name][0], sent_size=5, models=("gpt-5.1",)))
    givens = {
        SCENARIOS[1].id: Substitute(photo=poor["free"][0]),
        SCENARIOS[2].id: Substitute(photo=poor["bound"][0]),
    }
    swapped = {
        SCENARIOS[0].id: Substitute(photo=BOUND[0], other=SCENARIOS[2].id),
        SCENARIOS[2].id: Substitute(photo=FREE[0], other=SCENARIOS[1].id),
    }
    add_arms(run, [Addition(arm="degraded", created="", givens=givens)])
    files, _, _ = exported(run, tmp_path / "out.zip", images=True)
    kept = {name.removeprefix("blobs/") for name in files if name.startswith("blobs/")}
    assert kept == {shown.sha256 for shown, _ in (FREE, DRAWN, small["free"], poor["free"])}
    add_arms(run, [Addition(arm="swapped-image", created="", givens=swapped)])
    files, _, _ = exported(run, tmp_path / "swapped.zip", images=True)
    assert f"blobs/{BOUND[0].sha256}" not in files


def test_a_photograph_that_is_another_or_nobody_shows_stays(run, tmp_path):
    (run / "blobs" / FREE[0].sha256).write_bytes(b"another")
    stray, data = photo("of nobody")
    (run / "blobs" / stray.sha256).write_bytes(data)
    files, _, told = exported(run, tmp_path / "out.zip", images=True)
    assert [name for name in files if name.startswith("blobs/")] == [f"blobs/{DRAWN[0].sha256}"]
    assert "they are not what they are called" in told
    assert "no scenario and no arm of this run shows them" in told


# What must not leave


@pytest.mark.parametrize(
    "name", ["OPENAI_API_KEY", "AWS_SESSION_TOKEN", "MY_OWN_ENDPOINTS_KEY", "PROXY_PASSWORD"]
)
@pytest.mark.parametrize("form", [str, encoded, escaped])
def test_a_key_that_is_found_stops_the_export_before_a_file_is_there(run, tmp_path, monkeypatch, name, form):
    monkeypatch.setenv(name, KEY)
    note(run, answered(f"You sent {form(KEY)}, did you not?"))
    with pytest.raises(
        BadRun, match=rf"^journal/0001\.jsonl, .* at byte \d+, holds the key in {name}"
    ) as raised:
        export(ExportWish(run=run, out=tmp_path / "run.zip"))
    assert KEY not in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["home of planted-user"]


@pytest.mark.parametrize(
    "place", ["plan.json", "rubric.toml", "scenarios.jsonl", "report/index.html", "report/numbers/ranks.csv"]
)
def test_wherever_it_is(run, tmp_path, monkeypatch, place):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    export(ExportWish(run=run, out=tmp_path / "clean.zip"))
    data = (run / place).read_bytes()
    found = re.search(rb"2026-11-21T12:00:00|Ada Brook|assistant|overall", data)
    (run / place).write_bytes(data[: found.start()] + KEY.encode() + data[found.end() :])
    with pytest.raises(BadRun, match=f"^{place}, "):
        export(ExportWish(run=run, out=tmp_path / "out.zip"))


def test_a_short_word_is_no_key(run, tmp_path, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "simulated")  # as `simulate` says
    export(ExportWish(run=run, out=tmp_path / "out.zip"))


def test_no_path_of_this_machine_is_in_an_export(run, tmp_path):
    files, _, told = exported(run, tmp_path / "out.zip")
    for name, data in files.items():
        for path in (str(tmp_path), "planted-user", f"{Path.home()}/", os.uname().nodename):
            assert path.encode() not in data, f"{path} is in {name}"
    assert "folder of this machine" not in told


def test_a_calibration_says_which_run_it_is_of_and_not_where_that_lies(run, monkeypatch):
    assert read_source(run).name == "run"
    monkeypatch.chdir(run)
    assert read_source(Path()).name == "run"


def test_one_that_somebody_put_there_is_told(run, tmp_path):
    note(run, answered(f"I read {run.parent}/notes.txt."))
    _, _, told = exported(run, tmp_path / "out.zip")
    assert re.search(
        r"A line names a folder of this machine \(first: journal/0001.jsonl, in the line at byte \d+\)", told
    )


def test_the_run_s_own_name_is_not_in_it(run, tmp_path):
    secretive = run.rename(run.with_name("Anna Planted-Name, ward 7"))
    (secretive / "report" / "numbers" / "summary.json").unlink()
    _, manifest, _ = exported(secretive, tmp_path / "out.zip")
    assert b"Planted-Name" not in (tmp_path / "out.zip").read_bytes()
    assert manifest["plan"].startswith(zipfile.ZipFile(tmp_path / "out.zip").namelist()[0][9:21])


def test_files_that_are_not_ours_stay_and_are_counted_without_their_names(run, tmp_path):
    (run / "notes on Anna Planted-Name.txt").write_text("private")
    (run / "journal" / "private.jsonl").write_text("private")
    (run / "report" / "patients.csv").write_text("private")
    (run / "blobs" / "holiday.jpg").write_text("private")
    (tmp_path / "private.jsonl").write_text("private")
    (run / "journal" / "0002.jsonl").symlink_to(tmp_path / "private.jsonl")
    os.mkfifo(run / "journal" / "0003.jsonl")
    files, manifest, told = exported(run, tmp_path / "out.zip")
    whole = b"".join(files.values())
    assert b"private" not in whole
    assert b"Planted-Name" not in whole
    assert "Left out: 6 other files; this program gives no file their names." in told
    assert {key: manifest["left_out"][0][key] for key in ("what", "count")} == {
        "what": "other files",
        "count": 6,
    }


def test_health_records_from_files_are_pointed_out(run, tmp_path):
    _, _, told = exported(run, tmp_path / "out.zip")
    assert "Health records" not in told
    theirs = replace(SCENARIOS[0], record=replace(SCENARIOS[0].record, source="fhir"))
    (run / "scenarios.jsonl").write_bytes(dump([identify(theirs)]))
    files, _, told = exported(run, tmp_path / "theirs.zip")
    assert "Health records were read from files (fhir)" in told
    assert b"pass it on only if these people are invented" in files["README.txt"]


# Hostile words


def test_hostile_words_give_no_name_and_nothing_that_a_terminal_obeys(run, tmp_path):
    hostile = "../../etc/passwd\x1b]0;owned\x07\u202egnp.exe\r\nREADME: /root"
    wicked = identify(replace(SCENARIOS[0], source=hostile, attribution=hostile * 100, title=hostile))
    (run / "scenarios.jsonl").write_bytes(dump([wicked]))
    note(run, answered(hostile))
    files, manifest, told = exported(run, tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as zip:
        assert all(NAMES.fullmatch(name) for name in zip.namelist())
        assert {entry.external_attr >> 28 for entry in zip.infolist()} == {
            0o4,
            0o10,
        }  # folders and plain files
    for text in (files["README.txt"].decode(), told):
        assert not OBEYED.search(text)
        assert max(map(len, text.splitlines())) < 1_200
    assert manifest["sources"][0]["name"] == hostile  # a program reads it as JSON


# A run in progress


def test_a_run_in_progress_is_exported_as_far_as_it_is_and_says_so(run, tmp_path):
    before = (run / "journal" / "0001.jsonl").read_bytes()
    note(run, torn=b'{"at": 3.0, "body": {"kind": "run_fin')
    files, manifest, told = exported(run, tmp_path / "out.zip")
    assert files["journal/0001.jsonl"] == before
    assert manifest["finished"] is False
    assert "The run is not finished" in told
    assert "a line without its end never happened" in told


def test_a_finished_run_does_not_say_so_unless_it_was_taken_up_again(run, tmp_path):
    note(run, RunStarted(plan="d", simulated=True), RunFinished(completed=6, failed=0))
    _, manifest, told = exported(run, tmp_path / "finished.zip")
    assert manifest["finished"] is True
    assert "not finished" not in told
    note(run, RunStarted(plan="d", simulated=True))
    _, manifest, _ = exported(run, tmp_path / "again.zip")
    assert manifest["finished"] is False


def test_a_run_without_a_report_says_how_to_get_one(run, tmp_path):
    for path in (run / "report").glob("*.*"):
        path.unlink()
    _, _, told = exported(run, tmp_path / "out.zip")
    assert "It has no report yet" in told


def test_lines_that_are_no_events_are_counted_and_go_along(run, tmp_path):
    with (run / "journal" / "0001.jsonl").open("ab") as file:
        file.write(b"\x00\xff garbage\n")
    files, _, told = exported(run, tmp_path / "out.zip")
    assert files["journal/0001.jsonl"].endswith(b"\x00\xff garbage\n")
    assert "1 lines of its journal are no events" in told


def test_a_live_run_that_the_simulator_answered_is_marked_simulated(run, tmp_path):
    plan = json.loads((run / "plan.json").read_text())
    (run / "plan.json").write_text(json.dumps(plan | {"simulated": False}))
    _, manifest, _ = exported(run, tmp_path / "live.zip")
    assert manifest["simulated"] is False
    note(run, answered(request="req_simulated_01"))
    _, manifest, told = exported(run, tmp_path / "signed.zip")
    assert manifest["simulated"] is True
    assert "SIMULATED" in told


# The file


def test_an_export_is_named_after_its_run_and_put_beside_it(run):
    export(ExportWish(run=run))
    assert run.with_name("run.zip").is_file()
    assert [path.name for path in run.parent.iterdir() if path.name.startswith(".")] == []


def test_nothing_that_is_there_is_overwritten(run, tmp_path):
    (tmp_path / "there.zip").write_text("mine")
    (tmp_path / "dangling.zip").symlink_to(tmp_path / "nowhere")
    for name in ("there.zip", "dangling.zip"):
        with pytest.raises(BadOption, match="is there already"):
            export(ExportWish(run=run, out=tmp_path / name))
    assert (tmp_path / "there.zip").read_text() == "mine"


@pytest.mark.parametrize(
    "name", [".", "..", "out", "out.tar", "sub/", "\x1b[31m.zip", "x" * 250 + ".zip", ".zip"]
)
def test_a_name_that_is_no_file_s_is_refused(run, tmp_path, name):
    with pytest.raises(BadOption, match="give the name of a new file") as raised:
        export(ExportWish(run=run, out=Path(f"{tmp_path}/{name}")))
    assert not OBEYED.search(str(raised.value))


def test_a_place_that_is_not_there_or_within_the_run_is_refused(run, tmp_path):
    with pytest.raises(BadOption, match="make it first"):
        export(ExportWish(run=run, out=tmp_path / "nowhere" / "out.zip"))
    with pytest.raises(BadOption, match="outside of it"):
        export(ExportWish(run=run, out=run / "report" / "out.zip"))


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(BadRun, match="is not a run folder"):
        export(ExportWish(run=tmp_path, out=tmp_path / "out.zip"))


@pytest.mark.parametrize("name", ["plan.json", "scenarios.jsonl", "rubric.toml"])
def test_a_run_without_what_it_rests_on_is_refused(run, tmp_path, name):
    (run / name).rename(tmp_path / name)
    (run / name).symlink_to(tmp_path / name)
    with pytest.raises(BadRun, match=rf"{re.escape(name)} is missing or no plain file"):
        export(ExportWish(run=run, out=tmp_path / "out.zip"))
    assert not (tmp_path / "out.zip").exists()


@pytest.mark.parametrize("name", ["journal", "recorded", "report", "report/numbers", "blobs"])
def test_a_folder_that_is_a_link_leads_to_nobody_elses_run(run, tmp_path, name):
    other = tmp_path / "other"
    (run / name).rename(other) if (run / name).is_dir() else other.mkdir()
    (run / name).symlink_to(other)
    with pytest.raises(BadRun, match=f"{name} is a link"):
        export(ExportWish(run=run, out=tmp_path / "out.zip"))


def test_a_file_that_changes_meanwhile_leaves_no_half_export(tmp_path):
    part = Part.made("plan.json", b"as it was")
    with pytest.raises(BadRun, match="was changed while it was exported"):
        pack(tmp_path / "out.zip", "imcbench-0", [replace(part, data=b"as it's now")])
    assert not list(tmp_path.iterdir())


def test_memory_stays_flat_however_long_the_journal(run, tmp_path):
    line = orjson.dumps(Event(at=1.0, body=answered("word " * 8_000))) + b"\n"
    with (run / "journal" / "0002.jsonl").open("wb") as file:
        for _ in range(800):
            file.write(line)
    tracemalloc.start()
    try:
        export(ExportWish(run=run, out=tmp_path / "out.zip"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (run / "journal" / "0002.jsonl").stat().st_size > 30_000_000
    assert peak < 12_000_000


# A whole run


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> tuple[Path, Path]:
    """Play a small run with an arm that was added, export it, unpack it elsewhere."""
    place = tmp_path_factory.mktemp("played")
    run = place / "run"
    company = Company(models="gpt-5.1", backend="simulated")
    assert play(company=company, scenarios=1, baselines=False, run=run, quiet=True) == 0
    assert asyncio.run(ablate(AblateWish(run=run, arms="degraded", quiet=True))) == 0
    audit(run, None)
    told = export(ExportWish(run=run))
    assert "other files" not in told, "engine/export/contents.py does not know a file that the program writes"
    (place / "elsewhere").mkdir()
    return run, unpacked(place / "run.zip", place / "elsewhere")


async def test_an_unpacked_export_replays_scores_audits_and_compares(played):
    run, there = played
    shown = await replay(there, speed=0, quiet=True)
    assert (shown.conversations, shown.unfinished) == (2, 0)
    assert "1 model" in "".join(compare(run, there).pieces)
    assert "".join(score(there).pieces).splitlines()[1:] == "".join(score(run).pieces).splitlines()[1:]
    audit(there, None)
    for name in ("leaderboard.csv", "scores.csv", "verdicts.csv", "summary.json", "audit.json", "index.html"):
        assert (there / "report" / name).read_bytes() == (run / "report" / name).read_bytes()


async def test_what_shows_photographs_again_says_that_they_are_not_there(played):
    _, there = played
    before = sorted(path.name for path in there.parent.iterdir())
    missing = "photographs that are to be shown are not in its blobs/"
    for arm in ("no-record", "degraded"):
        with pytest.raises(BadRun, match=missing):
            await ablate(AblateWish(run=there, arms=arm, quiet=True))
    with pytest.raises(BadRun, match=missing):
        await rejudge(RejudgeWish(run=there, jury_photo=True, quiet=True))
    assert sorted(path.name for path in there.parent.iterdir()) == before


async def test_an_unpacked_export_is_judged_again_without_photographs(played, tmp_path):
    _, there = played
    rubric, again = tmp_path / "mine.toml", tmp_path / "again"
    words = (there / "rubric.toml").read_text()
    rubric.write_text(words.replace("same day: urgent care or a doctor today", "today"))
    assert rubric.read_text() != words
    assert await rejudge(RejudgeWish(run=there, out=again, rubric=rubric, quiet=True)) == 0
    files, _, told = exported(again, tmp_path / "again.zip")
    assert {"recorded/0001.jsonl", "recorded/rubric.toml"} < files.keys()
    assert "other files" not in told
    (tmp_path / "place").mkdir()
    assert (await verify(unpacked(tmp_path / "again.zip", tmp_path / "place"))).exact


async def test_an_unpacked_export_is_verified_as_the_run_is_though_its_photographs_stayed(played):
    run, there = played
    here, elsewhere = await verify(run), await verify(there)
    assert here.exact
    assert elsewhere.exact
    assert (here.absent, elsewhere.absent) == (0, 2)
    assert (here.prompts, here.alike) == (elsewhere.prompts, elsewhere.alike)
