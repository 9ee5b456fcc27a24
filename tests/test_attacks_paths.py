"""Names and links that lead elsewhere: nothing outside of a given folder is read for it, nothing written outside."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from dataclasses import replace

import orjson
import pytest
from pydantic import ValidationError
from test_attacks_data import bundle
from test_attacks_photos import planted, png
from test_readers import picture
from test_readers_own import TEN_LINES, clinic

import run
from engine.disk import keep_file, put_files
from engine.errors import BadRun
from engine.folder import keep_photos
from engine.models import Model
from engine.report import report
from engine.setting import ADDED, read_additions
from personas.cases.reading import read_cases
from personas.errors import Unreadable
from personas.photos.album import Album
from personas.photos.shelf import PhotoShelf
from personas.records.reading import read_records
from personas.scenarios.sample import open_sample
from personas.scenarios.store import dump, identify
from personas.within import inside
from tests.audited import recorded, scenario

LEADING = [
    "../secret",
    "../../secret.jpg",
    "/etc/hostname",
    "..\\secret",
    "a/../../secret",
    "secret\n",
    "CON",
    "x" * 300,
]
"""What a table may call its image."""


@pytest.mark.parametrize("name", LEADING)
def test_a_table_names_no_image_outside_of_its_folder(tmp_path, name):
    folder = tmp_path / "clinic"
    picture(tmp_path / "secret.jpg")
    where = clinic(folder, f'"{name}",melanoma,1,,', "a,melanoma,2,,")
    reading = read_cases(folder, where)
    assert [case.id for case in reading.cases] == ["a"]
    assert [reason for _, reason in reading.skipped] == ["its image is not below the folder"]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_link_in_a_data_set_leads_to_no_photograph_outside(tmp_path, kind):
    folder = tmp_path / "clinic"
    where = clinic(folder, "mine,melanoma,1,,", "a,melanoma,2,,")
    secret = picture(tmp_path / "home" / "mine.jpg")
    link = folder / "pictures" / ("mine.jpg" if kind == "file" else "more")
    link.symlink_to(secret if kind == "file" else secret.parent)
    assert [case.id for case in read_cases(folder, where).cases] == ["a"]


@pytest.mark.parametrize("tables", ["../votes.csv", "/etc/passwd", "*/../../votes.csv"])
def test_a_map_names_no_table_outside_of_its_folder(tmp_path, tables):
    (tmp_path / "votes.csv").write_text("file,diagnosis,number,age,sex\na,melanoma,1,,\n")
    folder = tmp_path / "clinic"
    where = clinic(folder, "a,melanoma,2,,", words=TEN_LINES.replace('"list.csv"', f'"{tables}"'))
    if f'"{tables}"' not in where.read_text():
        where.write_text(where.read_text().replace("tables =", f'tables = "{tables}" #'))
    with pytest.raises(Unreadable, match="holds no table called"):
        read_cases(folder, where)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_link_among_records_leads_to_no_record_outside(tmp_path, kind):
    given = tmp_path / "given"
    bundle(given / "a.json")
    secret = bundle(tmp_path / "home" / "b.json", id="p2", name=[{"text": "Somebody Else"}])
    (given / ("b.json" if kind == "file" else "more")).symlink_to(secret if kind == "file" else secret.parent)
    reading = read_records(given)
    assert [record.name for record in reading.records] == ["Ann Lee"]
    assert [reason for _, reason in reading.skipped] == [
        "is a link that leads out of the folder, and is not followed"
    ]


def test_a_folder_that_begins_like_another_is_not_inside_it(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data-private").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    home = os.path.realpath(tmp_path / "link")
    assert inside(tmp_path / "data" / "a", home)
    assert not inside(tmp_path / "data-private", home)
    assert not inside(tmp_path / "data" / ".." / "a", home)


NO_HASHES = ["../../secret", "/etc/passwd", "A" * 64, "a" * 63, f"{'a' * 64}\n", "a" * 64 + "/../x", ""]


@pytest.mark.parametrize("name", NO_HASHES)
def test_a_scenario_names_its_photograph_by_a_hash_and_by_nothing_else(tmp_path, name):
    file = planted(tmp_path, png())
    case = scenario()
    file.write_bytes(dump([identify(replace(case, photo=replace(case.photo, sha256=name)))]))
    with pytest.raises(Unreadable, match=r"theirs\.jsonl"):
        open_sample(file)


@pytest.mark.parametrize("name", NO_HASHES)
def test_nothing_is_written_into_blobs_under_another_name_than_a_hash(tmp_path, name):
    (tmp_path / "run" / "blobs").mkdir(parents=True)
    photo = replace(scenario().photo, sha256=name)
    with suppress(KeyError):
        keep_photos(tmp_path / "run", Album(PhotoShelf(tmp_path / "run" / "blobs")), [photo])
    assert [*tmp_path.rglob("*")] == [tmp_path / "run", tmp_path / "run" / "blobs"]


def test_a_shelf_gives_what_lies_there_under_a_hash_and_nothing_else(tmp_path):
    (tmp_path / "blobs").mkdir()
    for place in ("mine", "blobs/holiday"):
        (tmp_path / place).write_bytes(png())
    shelf = PhotoShelf(tmp_path / "blobs", named=False)
    for name in ("../mine", "holiday", str(tmp_path / "mine")):
        with pytest.raises(KeyError):
            shelf[name]


@pytest.mark.parametrize("name", ["../x", "a/b", "a\0b", "a\nb", ".hidden", "-flag", "a b", ""])
def test_no_model_is_named_like_a_path(name):
    with pytest.raises(ValidationError, match="a model's name has letters"):
        Model(name=name, title="m", family="m", provider="openai", id="m", limits={"requests": 1, "in_flight": 1},
              endpoint="http://127.0.0.1:1/v1")  # fmt: skip


def test_an_arm_of_somebodys_run_is_one_that_is_known(tmp_path):
    line = {"arm": "../../etc", "created": "now", "givens": {}}
    (tmp_path / ADDED).write_bytes(orjson.dumps(line) + b"\n")
    with pytest.raises(BadRun, match="there is no arm"):
        read_additions(tmp_path)


@pytest.mark.parametrize("name", ["a" * 5000, "no\nthing", "\x1b[2J", "\u202ejson.exe"])
@pytest.mark.parametrize("command", ["replay", "audit", "compare x", "scenarios check", "records show"])
def test_a_path_that_can_be_none_is_one_sentence(tmp_path, monkeypatch, capsys, command, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["run.py", *command.split(), name])
    status, told = run.main(), capsys.readouterr()
    assert (status, told.out) == (2, "")
    assert told.err.endswith("\n")
    assert told.err[:-1].isprintable()
    assert not os.listdir(tmp_path)
    assert io.StringIO(told.err).readline() == told.err


@pytest.mark.parametrize("linked", [os.symlink, os.link])
def test_what_stands_where_a_file_is_made_is_not_written_to(tmp_path, linked):
    secret = tmp_path / "secret"
    secret.write_text("mine")
    folder = tmp_path / "report"
    folder.mkdir()
    linked(secret, folder / ".index.html.part")
    linked(secret, folder / ".plan.json.part")
    put_files(folder, {"index.html": b"page"})
    keep_file(folder / "plan.json", b"plan")
    assert secret.read_text() == "mine"
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "index.html": "page",
        "plan.json": "plan",
    }
    assert not any(path.is_symlink() for path in folder.iterdir())


@pytest.mark.parametrize(
    "name", ["journal", "recorded", "report", "report/figures", "report/calibration", "annotations"]
)
def test_no_run_that_somebody_sent_leads_what_is_written_elsewhere(tmp_path, name):
    folder, other = recorded(tmp_path / "run", [scenario()], {}), tmp_path / "other"
    other.mkdir()
    (folder / name).parent.mkdir(exist_ok=True)
    if (folder / name).is_dir():
        (folder / name).rename(tmp_path / "away")
    (folder / name).symlink_to(other)
    with pytest.raises(BadRun, match=f"{name} is a link"):
        report(folder)
    assert not list(other.iterdir())
