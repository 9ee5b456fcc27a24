"""The journal: what was recorded is there, and nothing that was not."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import anyio
import pytest

import engine.journal
from agents.speech import Turn
from engine.errors import BadRun
from engine.events import RunFinished, TurnSpoken
from engine.journal import claim, open_journal
from engine.segments import Damage, read_journal

ROOT = Path(__file__).parents[1]


def turn(index: int) -> TurnSpoken:
    return TurnSpoken(turn=Turn(index=index, speaker="patient", text=f"line {index}\nwith a break – and ü"))


async def write(folder, count: int) -> bytes:
    async with open_journal(folder) as journal:
        for index in range(1, count + 1):
            await journal.record(turn(index), "m/s/full/0")
    return (folder / "0001.jsonl").read_bytes()


def read(folder) -> tuple[list[int], list[str]]:
    """Give the turns a journal holds and what is complained of."""
    damage: list[str] = []
    events = list(read_journal(folder, damage.append))
    return [event.body.turn.index for event in events], damage


async def test_what_was_recorded_is_read_back(tmp_path):
    await write(tmp_path, 3)
    events = list(read_journal(tmp_path))
    assert [event.body for event in events] == [turn(1), turn(2), turn(3)]
    assert {event.conversation for event in events} == {"m/s/full/0"}


async def test_a_journal_cut_at_any_byte_reads_as_a_clean_prefix(tmp_path):
    whole = await write(tmp_path, 4)
    expected = list(read_journal(tmp_path))
    for cut in range(len(whole) + 1):
        (tmp_path / "0001.jsonl").write_bytes(whole[:cut])
        complaints: list[Damage] = []
        events = list(read_journal(tmp_path, complaints.append))
        assert events == expected[: whole[:cut].count(b"\n")]
        assert not complaints


async def test_a_cut_inside_a_letter_of_several_bytes_is_a_torn_tail(tmp_path):
    whole = await write(tmp_path, 2)
    at = whole.rindex("ü".encode()) + 1
    (tmp_path / "0001.jsonl").write_bytes(whole[:at])
    assert read(tmp_path) == ([1], [])


async def test_a_line_without_its_end_never_happened_even_where_it_is_a_whole_event(tmp_path):
    whole = await write(tmp_path, 2)
    (tmp_path / "0001.jsonl").write_bytes(whole[:-1])
    assert read(tmp_path) == ([1], [])


@pytest.mark.parametrize("zeros", [1, 5_000])
async def test_zeros_at_the_end_are_a_torn_tail(tmp_path, zeros):
    """A file system may have made a file longer, and lost what was to be in it, when the power went."""
    whole = await write(tmp_path, 2)
    first = whole.splitlines(keepends=True)[0]
    (tmp_path / "0001.jsonl").write_bytes(first + b"\0" * zeros)
    assert read(tmp_path) == ([1], [])
    (tmp_path / "0001.jsonl").write_bytes(whole[:-9] + b"\0" * zeros)
    assert read(tmp_path) == ([1], [])


async def test_the_segment_after_a_torn_tail_is_read_from_its_beginning(tmp_path):
    whole = await write(tmp_path, 2)
    for torn in (whole[:-1], whole[:-20], whole[:-20] + b"\0" * 30):
        (tmp_path / "0001.jsonl").write_bytes(torn)
        (tmp_path / "0002.jsonl").write_bytes(whole)
        assert read(tmp_path) == ([1, 1, 2], [])


async def test_garbage_in_the_middle_is_located_and_the_rest_is_read(tmp_path):
    whole = await write(tmp_path, 3)
    first, second, third = whole.splitlines(keepends=True)
    (tmp_path / "0001.jsonl").write_bytes(first + b'{"at": "\xff"}\n' + second + third)
    turns, (told,) = read(tmp_path)
    assert turns == [1, 2, 3]
    place = f"{tmp_path.name}/0001.jsonl at byte {len(first)}: not an event, 12 bytes long"
    assert told.startswith(place)
    assert told.endswith("left out.")


async def test_garbage_is_told_of_line_by_line_in_every_place_and_segment(tmp_path):
    whole = await write(tmp_path, 2)
    first, second = whole.splitlines(keepends=True)
    junk = [b"\xff\x00\n", b"\n", b"{}\n", b"\0" * 70 + b"\n"]
    (tmp_path / "0001.jsonl").write_bytes(b"".join([first, *junk, second]))
    (tmp_path / "0002.jsonl").write_bytes(first + junk[0])
    turns, told = read(tmp_path)
    assert turns == [1, 2, 1]
    starts = [("0001", len(first) + sum(map(len, junk[:number])), line) for number, line in enumerate(junk)]
    for sentence, (segment, start, line) in zip(told, [*starts, ("0002", len(first), junk[0])], strict=True):
        assert f"{segment}.jsonl at byte {start}: not an event, {len(line)} bytes long" in sentence


async def test_an_event_of_another_version_is_named_and_never_dropped_in_silence(tmp_path):
    whole = await write(tmp_path, 2)
    first, second = whole.splitlines(keepends=True)
    newer = b'{"at":1,"conversation":"","body":{"amount":3,"kind":"call_refunded"}}\n'
    (tmp_path / "0001.jsonl").write_bytes(first + b"junk\n" + newer + second)
    damage: list[Damage] = []
    assert len(list(read_journal(tmp_path, damage.append))) == 2
    assert [one.foreign for one in damage] == ["", "call_refunded"]
    assert f"an event 'call_refunded', {len(newer)} bytes long, which this version" in str(damage[1])


async def test_each_process_writes_its_own_segment_and_readers_see_them_in_order(tmp_path):
    await write(tmp_path, 2)
    async with open_journal(tmp_path) as journal:
        await journal.record(RunFinished(completed=1, failed=0))
    kinds = [event.body.kind for event in read_journal(tmp_path)]
    assert kinds == ["turn_spoken", "turn_spoken", "run_finished"]
    assert sorted(os.listdir(tmp_path)) == ["0001.jsonl", "0002.jsonl"]


async def test_an_answer_counts_as_recorded_only_once_it_is_in_the_file(tmp_path):
    async with open_journal(tmp_path) as journal:
        await journal.record(turn(1))
        assert (tmp_path / "0001.jsonl").read_bytes().endswith(b"\n")


async def test_writers_who_wait_together_share_syncs(tmp_path, monkeypatch):
    syncs = []
    real = engine.journal.sync
    monkeypatch.setattr(engine.journal, "sync", lambda file: (syncs.append(file), real(file)))
    async with open_journal(tmp_path) as journal, anyio.create_task_group() as group:
        for index in range(1, 101):
            group.start_soon(journal.record, turn(index))
    assert len(list(read_journal(tmp_path))) == 100
    assert len(syncs) <= 5


async def test_listeners_hear_what_was_written_in_its_order(tmp_path):
    heard = []
    async with open_journal(tmp_path, heard.append) as journal:
        journal.note(turn(1))
        await journal.record(turn(2))
    assert heard == list(read_journal(tmp_path))


async def test_a_cancelled_run_still_writes_what_was_said(tmp_path):
    with anyio.CancelScope() as scope:
        async with open_journal(tmp_path) as journal:
            for index in range(1, 6):
                journal.note(turn(index))
            scope.cancel()
            await anyio.sleep(1)
    assert [event.body.turn.index for event in read_journal(tmp_path)] == [1, 2, 3, 4, 5]


def fill_after(monkeypatch, room: int, *, code: int = errno.ENOSPC) -> None:
    """Let the journal write so many bytes more; what would be too many is cut short first, as a file system does."""
    real = os.write

    def write_until_full(file: int, data: bytes) -> int:
        nonlocal room
        if not room:
            raise OSError(code, os.strerror(code))
        done = real(file, bytes(data)[:room])
        room -= done
        return done

    monkeypatch.setattr(os, "write", write_until_full)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EFBIG, errno.EDQUOT])
async def test_a_full_disk_stops_the_run_with_a_sentence_and_keeps_what_was_written(
    tmp_path, monkeypatch, code
):
    async def fill() -> None:
        async with open_journal(tmp_path) as journal:
            await journal.record(turn(1))
            fill_after(monkeypatch, 300, code=code)
            await journal.record(turn(2))
            await journal.record(turn(3))

    with pytest.raises(BadRun, match=os.strerror(code)):
        await fill()
    monkeypatch.undo()
    assert read(tmp_path) == ([1, 2], [])
    # What was begun is no longer there, so that nothing is ever put behind half a line.
    assert (tmp_path / "0001.jsonl").read_bytes().endswith(b"\n")
    async with open_journal(tmp_path) as journal:
        await journal.record(turn(3))
    assert read(tmp_path) == ([1, 2, 3], [])


async def test_the_whole_lines_of_a_batch_that_did_not_fit_are_kept(tmp_path, monkeypatch):
    async def fill() -> None:
        async with open_journal(tmp_path) as journal:
            fill_after(monkeypatch, 400)
            for index in range(1, 9):
                journal.note(turn(index))

    with pytest.raises(BadRun):
        await fill()
    monkeypatch.undo()
    turns, damage = read(tmp_path)
    assert turns
    assert (turns, damage) == (list(range(1, len(turns) + 1)), [])


async def test_a_disk_that_cannot_sync_stops_the_run_and_nothing_is_written_twice(tmp_path, monkeypatch):
    def refuse(file: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    async def fill() -> None:
        async with open_journal(tmp_path) as journal:
            monkeypatch.setattr(engine.journal, "sync", refuse)
            await journal.record(turn(1))

    with pytest.raises(BadRun, match="Input/output error"):
        await fill()
    assert len((tmp_path / "0001.jsonl").read_bytes().splitlines()) == 1


async def test_nobody_hears_of_an_event_before_it_and_its_segment_are_on_the_disk(tmp_path, monkeypatch):
    """A kill shows nothing of this: what the page cache holds outlives a process, not a loss of power."""
    seen: list[str] = []

    def watch(place: object, name: str, told: str) -> None:
        real = getattr(place, name)
        monkeypatch.setattr(place, name, lambda *words: (seen.append(told), real(*words))[1])

    watch(os, "open", "open")
    watch(os, "write", "write")
    watch(os, "fsync", "sync folder")
    watch(engine.journal, "sync", "sync")
    async with open_journal(tmp_path, lambda event: seen.append("heard")) as journal:
        await journal.record(turn(1))
        seen.append("told")
    # Folder for the lock, segment, folder anew for its sync; then an event, from the disk outward.
    assert seen[:4] == ["open", "open", "open", "sync folder"]
    assert seen[4:] == ["write", "sync", "heard", "told"]


async def test_a_writer_that_was_torn_off_leaves_nothing_to_be_written_twice(tmp_path, monkeypatch):
    """Ctrl-C again and again cancels tasks from outside, while the thread that writes goes on."""
    real, began = os.write, threading.Event()

    def slow(file: int, data: bytes) -> int:
        began.set()
        time.sleep(0.2)
        return real(file, data)

    async with open_journal(tmp_path) as journal:
        monkeypatch.setattr(os, "write", slow)
        journal.note(turn(1))
        await asyncio.to_thread(began.wait)
        for task in asyncio.all_tasks():
            if task.get_name() == "journal writer":
                task.cancel()
    assert read(tmp_path) == ([1], [])


async def test_two_processes_cannot_write_one_run_but_a_dead_one_is_no_hindrance(tmp_path):
    script = f"""
import asyncio, os, sys
from pathlib import Path
from engine.journal import open_journal

async def main():
    async with open_journal(Path({str(tmp_path)!r})):
        print("open", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with pytest.raises(BadRun, match=f"another process.* is writing {tmp_path.parent}: let it finish"):
            async with open_journal(tmp_path):
                pass
        other.kill()
    async with open_journal(tmp_path) as journal:
        await journal.record(turn(1))


def test_a_run_is_claimed_by_one_at_a_time_and_the_other_is_told_by_whom(tmp_path):
    with claim(tmp_path):
        whose = rf"another process \(pid {os.getpid()}\) is writing {tmp_path}: let it finish, or stop it"
        with pytest.raises(BadRun, match=whose), claim(tmp_path):
            pass
    with claim(tmp_path):
        pass
    with pytest.raises(BadRun, match="cannot be opened"), claim(tmp_path / "none"):
        pass
