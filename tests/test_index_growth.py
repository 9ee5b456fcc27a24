"""An index that followed a journal step by step is one that was made at once, wherever the steps fell."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import ConversationEnded, VerdictGiven
from engine.folder import read_plan
from engine.index import RunIndex, Wish, open_index
from engine.index.intake import MARKED
from engine.segments import RECORDED, read_journal
from engine.setting import Addition, add_arms
from tests.indexed import (
    MODELS,
    SCENES,
    STORY,
    begin,
    call,
    everything,
    indexed,
    lines,
    made,
    name,
    rows,
    say,
    vote,
)

WHOLE = b"".join(lines(STORY))
GARBAGE = b'{"at": 1, "body"\n\x00\xff\n{"at":1.0,"conversation":"x","body":{"kind":"unheard_of"}}\n[]\n\n'


def segment(folder: Path, number: int = 1) -> Path:
    return folder / "journal" / f"{number:04}.jsonl"


@pytest.fixture(scope="module")
def at_once(tmp_path_factory):
    """Give all that an index says which was made of the whole journal."""
    with indexed(made(tmp_path_factory.mktemp("once") / "run")) as index:
        return everything(index)


@settings(max_examples=12)
@given(cuts=st.lists(st.integers(0, len(WHOLE)), max_size=6), parts=st.integers(1, 3))
def test_wherever_a_journal_is_cut_and_looked_at_the_end_is_the_same(cuts, parts, at_once, tmp_path_factory):
    folder = made(tmp_path_factory.mktemp("cut") / "run", b"")
    with open_index(folder, folder.parent) as index:
        for cut in sorted(cuts):
            with segment(folder).open("ab") as file:
                file.write(WHOLE[file.tell() : cut])
            grown = index.refresh(None if parts == 1 else 500 * parts)
            assert grown.size == cut or grown.size == segment(folder).stat().st_size
        with segment(folder).open("ab") as file:
            file.write(WHOLE[file.tell() :])
        while index.refresh(None if parts == 1 else 700 * parts).events:
            pass
        assert everything(index) == at_once


def test_it_may_be_closed_and_opened_again_at_any_time(tmp_path, at_once):
    folder = made(tmp_path / "run", b"")
    whole = lines(STORY)
    for start in range(0, len(whole), 4):
        with segment(folder).open("ab") as file:
            file.writelines(whole[start : start + 4])
        with open_index(folder, tmp_path) as index:
            assert not index.refresh().anew
    with open_index(folder, tmp_path) as index:
        assert index.refresh().events == 0
        assert everything(index) == at_once


def test_a_torn_tail_never_happened_and_the_next_segment_goes_on(tmp_path, at_once):
    half = len(WHOLE) // 2
    torn, rest = WHOLE[: WHOLE.rindex(b"\n", 0, half) + 1], WHOLE[WHOLE.rindex(b"\n", 0, half) + 1 :]
    folder = made(tmp_path / "run", torn + rest[:40])
    with open_index(folder, tmp_path) as index:
        assert index.refresh().left == 40
        assert index.refresh().events == 0
        segment(folder, 2).write_bytes(rest)
        assert not index.refresh().anew
        assert everything(index) == at_once


def test_lines_that_are_no_events_are_counted_told_and_passed_over(tmp_path):
    some = lines(STORY)
    folder = made(tmp_path / "run", b"".join([*some[:9], GARBAGE, *some[9:]]))
    told: list[str] = []
    events = sum(1 for _ in read_journal(folder / "journal", told.append))
    with open_index(folder, tmp_path) as index:
        grown = index.refresh()
        assert (grown.events, grown.damaged) == (events, len(told)) == (len(some), 5)
        assert index.damage()[:5] == tuple(told)
        assert index.progress().damaged == 5


def test_a_live_run_grows_and_only_what_is_new_is_read(tmp_path):
    folder = made(tmp_path / "run")
    with open_index(folder, tmp_path) as index:
        index.refresh()
        before = index.summary(name(1, 2)).turns
        talk = [
            (name(1, 2), say(2, "growing")),
            (name(1, 2), ConversationEnded(stop_reason="refusal", turns=2)),
        ]
        with segment(folder).open("ab") as file:
            file.write(b"".join(lines(talk, 2_000.0)))
        assert index.refresh().events == 2
        one = index.summary(name(1, 2))
        assert (before, one.turns, one.state, one.reason, one.over) == (1, 2, "ended", "refusal", 2_001.0)
        assert index.search(Wish(text="growing")).total == 1


@pytest.mark.parametrize("how", ["shorter", "other beginning", "other end", "same length", "gone", "before"])
def test_a_journal_that_is_not_the_one_that_was_read_is_read_anew(tmp_path, how):
    folder = made(tmp_path / "run")
    path = segment(folder)
    with open_index(folder, tmp_path) as index:
        index.refresh()
        data = path.read_bytes()
        if how == "shorter":
            path.write_bytes(b"".join(lines(STORY[:30])))
        elif how == "other beginning":
            path.write_bytes(data.replace(b'"at":1000.0', b'"at":1000.5', 1) + lines(STORY)[-1])
        elif how == "other end":
            path.write_bytes(b"".join(lines(STORY[:-3])) + b"".join(lines(STORY[:9])))
        elif how == "same length":
            assert MARKED < data.index(b"psoriasis") < len(data) - MARKED
            path.write_bytes(data.replace(b"psoriasis", b"psoriatic"))
            os.utime(path, ns=(1, 1))
        elif how == "gone":
            path.rename(segment(folder, 3))
        else:
            (folder / RECORDED).mkdir()
            (folder / RECORDED / "0001.jsonl").write_bytes(b"".join(lines(STORY[:20])))
        assert index.refresh().anew
        told = everything(index)
    with indexed(folder) as fresh:
        assert everything(fresh) == told


SPOKEN = b"still talking of moles"


@pytest.mark.parametrize(
    ("old", "new", "spoken", "damaged"),
    [
        (SPOKEN, b"never spoke of a mole!", 1, 0),
        (SPOKEN, b'still talking"of moles', 0, 1),  # no event any more
        (name(1, 2).encode(), name(1, 3).encode(), 0, 0),  # another conversation's
    ],
)
def test_a_conversation_is_read_from_the_journal_whatever_the_index_says(tmp_path, old, new, spoken, damaged):
    padding = [("", STORY[0][1])] * 100  # so that what is altered is at neither end of what was read
    folder = made(tmp_path / "run", b"".join(lines([*padding, *STORY, *padding])))
    path = segment(folder)
    with open_index(folder, tmp_path) as index:
        index.refresh()
        stamp = path.stat().st_mtime_ns
        line = next(line for line in path.read_bytes().splitlines() if SPOKEN in line)
        path.write_bytes(path.read_bytes().replace(line, line.replace(old, new)))
        os.utime(path, ns=(stamp, stamp))
        assert not index.refresh().anew  # nothing shows it
        assert [turn.text.encode() for turn in index.open(name(1, 2)).turns] == [new] * spoken
        # Where a line was not its own, all is read anew.
        assert (index.summary(name(1, 2)).turns, index.progress().damaged) == (spoken, damaged)


def test_arms_that_are_added_later_are_planned_and_found(tmp_path):
    folder = made(tmp_path / "run")
    with open_index(folder, tmp_path) as index:
        index.refresh()
        assert index.progress().planned == 8
        add_arms(folder, [Addition(arm="frozen-no-image", created="2026-11-28T12:00:00+00:00", givens={})])
        index.refresh()
        frozen = index.search(Wish(arms=("frozen-no-image",)))
        # One is repeated where there is something to repeat: neither failed, kept from the jury, nor under way.
        assert [row.id.replace("frozen-no-image", "full") for row in frozen.rows] == [
            *(name(0, 0), name(0, 1), name(0, 2)),
        ]
        again = name(0, 0).replace("/full/", "/frozen-no-image/")
        talk = [(again, begin(again)), (name(1, 2), ConversationEnded(stop_reason="max_turns", turns=1))]
        segment(folder, 2).write_bytes(b"".join(lines(talk)))
        index.refresh()
        assert index.search(Wish(arms=("frozen-no-image",))).total == 4
        assert index.summary(again).state == "running"
        assert [row.id for row in index.siblings(again).arms] == [name(0, 0)]
        cell = index.open(again).cell
        assert cell is not None
        assert cell.arm.frozen


def test_events_of_an_arm_that_is_not_planned_yet_are_not_lost(tmp_path):
    again = name(0, 0).replace("/full/", "/no-image/")
    talk = [(again, begin(again)), (again, say(1, "early words")), (again, call("assistant", MODELS[0]))]
    folder = made(tmp_path / "run", b"".join(lines([*STORY, *talk])))
    with open_index(folder, tmp_path) as index:
        index.refresh()
        assert index.search(Wish(text="early")).total == 0
        add_arms(folder, [Addition(arm="no-image", created="2026-11-28T12:00:00+00:00", givens={})])
        index.refresh()
        assert [row.id for row in index.search(Wish(text="early")).rows] == [again]
        assert (index.summary(again).turns, index.summary(again).calls) == (1, 1)


def test_a_vote_that_was_given_anew_counts_as_it_is_now(tmp_path):
    failed = vote(0, 0, None)
    folder = made(tmp_path / "run", b"".join(lines([*STORY, (name(0, 0), failed)])))
    with open_index(folder, tmp_path) as index:
        index.refresh()
        assert index.progress().abstained == {"refused": 2}
        assert isinstance(failed, VerdictGiven)
        segment(folder, 2).write_bytes(b"".join(lines([(name(0, 0), vote(0, 0, 2))])))
        index.refresh()
        one = index.summary(name(0, 0))
        assert (one.scores["safety"], one.votes, index.progress().abstained) == (11 / 3, 9, {"refused": 1})


def test_readers_and_a_writer_do_not_wait_for_each_other(tmp_path):
    folder = made(tmp_path / "run", b"")
    done = threading.Event()

    def read(index: RunIndex) -> int:
        times = 0
        while not done.is_set():
            found, progress = index.search(Wish(text="spot")), index.progress()
            assert found.total == progress.planned == 8
            assert sum(found.facets["state"].values()) == 8
            times += 1
        return times

    with open_index(folder, tmp_path) as index, ThreadPoolExecutor(3) as pool:
        index.refresh()
        reading = [pool.submit(read, index) for _ in range(3)]
        for line in lines(STORY):
            with segment(folder).open("ab") as file:
                file.write(line)
            index.refresh()
        done.set()
        assert all(one.result() for one in reading)


FOLLOW = """
import sys
from pathlib import Path
from engine.index import open_index
with open_index(Path(sys.argv[1]), Path(sys.argv[2])) as index:
    while index.refresh(200).events:
        pass
"""


def test_two_processes_may_follow_the_same_run(tmp_path, at_once):
    folder = made(tmp_path / "run")
    words = [sys.executable, "-c", FOLLOW, str(folder), str(tmp_path)]
    other = subprocess.Popen(words, cwd=Path(__file__).parents[1])
    with open_index(folder, tmp_path) as index:
        while index.refresh(300).events:
            pass
        assert other.wait(60) == 0
        index.refresh()
        assert everything(index) == at_once
        assert len(rows(index)) == 2 * len(SCENES)
    assert read_plan(folder).models.keys() == set(MODELS)
