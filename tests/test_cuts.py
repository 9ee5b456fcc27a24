"""A torn journal is a shorter one, wherever it is torn, and a run goes on from it; a damaged one is told of.

Every byte of a whole journal is cut by `python -m tests.benchmarks.cuts`; here it is those of one line of each kind.
"""

from __future__ import annotations

import shutil

import orjson
import pytest

from engine.errors import BadRun
from engine.segments import read_journal
from engine.session import complain
from tests.benchmarks.cuts import Standing, answers, cut_everywhere, go_on_from, result, standing


@pytest.fixture
async def run(tmp_path):
    async with standing(tmp_path) as run:
        yield run


def lines(run: Standing) -> list[bytes]:
    return (run.folder / "journal" / "0001.jsonl").read_bytes().splitlines(keepends=True)


async def test_a_run_cut_anywhere_reads_as_its_beginning_and_goes_on_to_the_same_result(run, tmp_path):
    first: dict[str, bytes] = {}
    for line in lines(run):
        first.setdefault(orjson.loads(line)["body"]["kind"], line)
    assert len(first) == 8
    chosen = set(first.values())
    assert cut_everywhere(b"".join(lines(run)), tmp_path / "cuts", chosen.__contains__) >= sum(
        map(len, chosen)
    )
    ends = [0]
    for line in lines(run):
        ends.append(ends[-1] + len(line))
    assert await go_on_from(run, [0, ends[1] - 1, ends[9] + 7, ends[-9] - 1, ends[-2]], tmp_path) > 0


async def test_zeros_behind_the_last_whole_line_are_gone_on_from_likewise(run, tmp_path):
    folder = tmp_path / "zeros"
    shutil.copytree(run.folder, folder)
    wanted = result(run.folder)
    (folder / "journal" / "0001.jsonl").write_bytes(b"".join(lines(run)[:9]) + b"\0" * 4096)
    missing = answers(run.folder) - answers(folder)
    assert await run.go_on(folder) == missing
    assert result(folder) == wanted


async def test_an_answer_that_is_damaged_is_asked_for_again_and_nothing_else_is(run, tmp_path):
    folder, wanted = tmp_path / "damaged", result(run.folder)
    kept = lines(run)
    ended = next(at for at, line in enumerate(kept) if b"conversation_ended" in line)
    kept = kept[: ended + 4]  # still open, so that its answers are needed
    calls = [at for at, line in enumerate(kept) if b"call_answered" in line and b'"role":"assistant"' in line]
    broken = [*kept]
    broken[calls[1]] = b"\x00garbage\xff\n"
    shutil.copytree(run.folder, folder)
    (folder / "journal" / "0001.jsonl").write_bytes(b"".join(broken))
    missing = answers(run.folder) - answers(folder)
    damage = []
    assert len(list(read_journal(folder / "journal", damage.append))) == len(kept) - 1
    told = list(complain(folder, damage))
    assert told[0].startswith(
        f"journal/0001.jsonl at byte {sum(map(len, kept[: calls[1]]))}: not an event, 10 b"
    )
    assert "bought anew" in told[-1]
    assert await run.go_on(folder) == missing
    came = result(folder)
    assert came.pop("damage")
    wanted.pop("damage")
    assert came == wanted


async def test_a_turn_that_is_damaged_in_a_finished_run_is_told_again_for_nothing(run, tmp_path):
    folder, wanted = tmp_path / "turnless", result(run.folder)
    shutil.copytree(run.folder, folder)
    kept = lines(run)
    at = next(at for at, line in enumerate(kept) if b"turn_spoken" in line and b'"index":3' in line)
    (folder / "journal" / "0001.jsonl").write_bytes(b"".join([*kept[:at], b"?\n", *kept[at + 1 :]]))
    assert result(folder)["turns"] != wanted["turns"]
    assert await run.go_on(folder) == 0
    assert result(folder)["turns"] == wanted["turns"]


async def test_a_run_in_which_another_version_has_written_is_not_gone_on_with(run):
    newer = b'{"at":1,"conversation":"","body":{"kind":"call_refunded"}}\n'
    with (run.folder / "journal" / "0002.jsonl").open("wb") as file:
        file.write(newer)
    damage = []
    list(read_journal(run.folder / "journal", damage.append))
    with pytest.raises(
        BadRun, match=r"0002.jsonl at byte 0: an event 'call_refunded'.*the version that wrote"
    ):
        list(complain(run.folder, damage))
