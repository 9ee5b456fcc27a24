"""The journal: what was recorded is there, and nothing that was not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

import engine.journal
from agents.speech import Turn
from engine.errors import BadRun
from engine.events import RunFinished, TurnSpoken
from engine.journal import open_journal, read_journal

ROOT = Path(__file__).parents[1]


def turn(index: int) -> TurnSpoken:
    return TurnSpoken(turn=Turn(index=index, speaker="patient", text=f"line {index}\nwith a break – and ü"))


async def write(folder, count: int) -> bytes:
    async with open_journal(folder) as journal:
        for index in range(1, count + 1):
            await journal.record(turn(index), "m/s/full/0")
    return (folder / "0001.jsonl").read_bytes()


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
        complaints: list[str] = []
        events = list(read_journal(tmp_path, complaints.append))
        assert events == expected[: whole[:cut].count(b"\n")]
        assert not complaints


async def test_garbage_in_the_middle_is_located_and_the_rest_is_read(tmp_path):
    whole = await write(tmp_path, 3)
    first, second, third = whole.splitlines(keepends=True)
    (tmp_path / "0001.jsonl").write_bytes(first + b'{"at": "\xff"}\n' + second + third)
    complaints: list[str] = []
    assert len(list(read_journal(tmp_path, complaints.append))) == 3
    assert complaints[0].startswith(f"0001.jsonl at byte {len(first)}:")


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


async def test_a_full_disk_stops_the_run_with_a_sentence_and_keeps_what_was_written(tmp_path, monkeypatch):
    real = os.write
    room = [300]

    def write_until_full(file: int, data: bytes) -> int:
        if len(data) > room[0]:
            raise OSError(28, "No space left on device")
        room[0] -= len(data)
        return real(file, data)

    with pytest.raises(BadRun, match="No space left on device"):
        async with open_journal(tmp_path) as journal:
            await journal.record(turn(1))
            monkeypatch.setattr(os, "write", write_until_full)
            await journal.record(turn(2))
            await journal.record(turn(3))
    monkeypatch.undo()
    assert [event.body.turn.index for event in read_journal(tmp_path)] == [1, 2]


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
        with pytest.raises(BadRun, match="another process"):
            async with open_journal(tmp_path):
                pass
        other.kill()
    async with open_journal(tmp_path) as journal:
        await journal.record(turn(1))
