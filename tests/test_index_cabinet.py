"""An index is this user's own, of this very run, or it is made anew: nothing that came with a folder is believed."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from engine.errors import BadRun
from engine.export.contents import NAMED
from engine.index import Wish, open_index
from engine.index.cabinet import KEPT
from tests.indexed import STORY, everything, indexed, lines, made, name


@pytest.fixture
def place(tmp_path) -> Path:
    return tmp_path / "cache" / "index"


def kept(place: Path) -> Path:
    """Give the one index that is in a place."""
    (path,) = place.glob("*.sqlite")
    return path


def told(folder: Path, place: Path | None) -> tuple[bool, tuple]:
    """Open an index; say whether it had to be read, and what it says."""
    with open_index(folder, place) as index:
        grown = index.refresh()
        return bool(grown.events), everything(index)


def test_it_is_kept_for_the_next_who_looks_and_lies_outside_the_run(tmp_path, place):
    folder = made(tmp_path / "run")
    before = sorted(path.name for path in folder.rglob("*"))
    first, again = told(folder, place), told(folder, place)
    assert (first[0], again[0]) == (True, False)
    assert first[1] == again[1]
    assert sorted(path.name for path in folder.rglob("*")) == before
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert not [name for names in NAMED.values() for name in names if "sqlite" in name]


def test_by_default_it_is_in_the_users_own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert told(made(tmp_path / "run"), None)[0]
    assert not told(tmp_path / "run", None)[0]
    assert kept(tmp_path / "home" / ".cache" / "imcbench" / "index").is_file()


def test_what_came_with_a_run_folder_is_not_looked_at(tmp_path, place):
    folder = made(tmp_path / "run")
    honest = told(folder, tmp_path / "elsewhere")[1]
    forged = kept(tmp_path / "elsewhere").read_bytes()
    secret = tmp_path / "secret"
    secret.write_text("private")
    (folder / "index.sqlite").write_bytes(forged)
    (folder / "index.sqlite-wal").symlink_to(secret)
    read, found = told(folder, place)
    assert read
    assert found == honest
    assert (folder / "index.sqlite").read_bytes() == forged
    assert secret.read_text() == "private"


@pytest.mark.parametrize(
    "harm",
    [b"", b"no database", b"SQLite format 3\x00" + b"\xff" * 5000, "other", "empty", "schema"],
)
def test_a_file_that_is_not_the_index_wanted_is_made_anew(tmp_path, place, harm):
    folder = made(tmp_path / "run")
    honest = told(folder, place)[1]
    path = kept(place)
    if isinstance(harm, bytes):
        path.write_bytes(harm)
    else:
        connection = sqlite3.connect(path)
        if harm == "other":
            connection.execute("UPDATE note SET value = '[\"another run\"]' WHERE key = 'known'")
        elif harm == "empty":
            connection.execute("DELETE FROM note")
        else:
            connection.execute("DROP TABLE note")
        connection.commit()
        connection.close()
    read, found = told(folder, place)
    assert read
    assert found == honest


def test_another_folder_or_plan_has_an_index_of_its_own(tmp_path, place):
    one, two = made(tmp_path / "one"), made(tmp_path / "two", b"".join(lines(STORY[:9])))
    told(one, place)
    assert told(two, place)[0]
    assert len(list(place.glob("*.sqlite"))) == 2
    plan = one / "plan.json"
    plan.write_bytes(plan.read_bytes().replace(b'"seed":7', b'"seed":8'))
    assert told(one, place)[0]


def test_a_link_or_a_file_of_many_names_is_left_alone(tmp_path, place):
    folder = made(tmp_path / "run")
    told(folder, place)
    path, other = kept(place), tmp_path / "other"
    somebodys = path.read_bytes()
    for linked in (os.symlink, os.link):
        path.unlink()
        other.unlink(missing_ok=True)
        other.write_bytes(somebodys)
        linked(other, path)
        assert told(folder, place)[0]
        assert other.read_bytes() == somebodys


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o500])
def test_a_place_where_others_can_write_or_nobody_can_is_not_used(tmp_path, place, mode):
    if mode == 0o500 and os.getuid() == 0:
        pytest.skip("root may write everywhere")
    folder = made(tmp_path / "run")
    place.mkdir(parents=True)
    place.chmod(mode)
    assert told(folder, place)[0]
    assert not list(place.iterdir())


def test_a_place_that_cannot_be_is_done_without(tmp_path):
    folder = made(tmp_path / "run")
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path)
    for wrong in (tmp_path / "file", tmp_path / "file" / "index", tmp_path / "link", Path("relative")):
        assert told(folder, wrong)[0]
    assert not list(tmp_path.glob("*.sqlite"))
    assert not Path("relative").exists()


def test_a_run_folder_that_cannot_be_written_is_looked_through_all_the_same(tmp_path, place):
    folder = made(tmp_path / "run")
    for path in (folder, folder / "journal"):
        path.chmod(0o500)
    try:
        assert told(folder, place)[0]
    finally:
        for path in (folder, folder / "journal"):
            path.chmod(0o700)


def test_what_nobody_used_for_long_is_removed(tmp_path, place):
    told(made(tmp_path / "one"), place)
    old = kept(place)
    os.utime(old, (1, 1))
    assert KEPT > 24 * 3600
    told(made(tmp_path / "two"), place)
    assert kept(place) != old


def test_what_is_no_run_is_refused_in_a_sentence(tmp_path, place):
    with pytest.raises(BadRun, match="not a run folder"), open_index(tmp_path, place):
        pass


def test_an_index_that_breaks_while_it_is_open_is_told_with_the_way_on(tmp_path, place):
    folder = made(tmp_path / "run")
    with open_index(folder, place) as index:
        index.refresh()
        connection = sqlite3.connect(kept(place))
        connection.execute("DROP TABLE vote")
        connection.close()
        with pytest.raises(BadRun, match="remove that file; it is made anew"):
            index.progress()


def test_a_journal_that_cannot_be_read_is_told(tmp_path, place):
    folder = made(tmp_path / "run")
    (folder / "journal" / "0002.jsonl").mkdir()
    with open_index(folder, place) as index:
        assert index.refresh().events == len(STORY)  # a folder is no segment
        assert index.summary(name(0, 0)).turns == 2


def test_connections_are_lent_to_as_many_threads_as_come(tmp_path, place):
    with indexed(made(tmp_path / "run"), place) as index:
        meeting = threading.Barrier(6)
        found: list[int] = []

        def look() -> None:
            meeting.wait(10)
            found.append(index.search(Wish()).total)

        threads = [threading.Thread(target=look) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [8] * 6
