"""Whatever lies in a run folder: whole events are read, the rest is named; a plan, arms and scenarios are good or one
sentence."""

from __future__ import annotations

import json
from dataclasses import asdict

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.speech import Completion, Turn
from engine import segments
from engine.errors import BadRun
from engine.events import EVENT, CallAnswered, ConversationFailed, Event, TurnSpoken, VerdictGiven
from engine.folder import read_plan
from engine.plan import PLAN
from engine.segments import Damage, read_journal
from engine.setting import read_additions
from personas.errors import Unreadable
from personas.scenarios.store import dump, load
from rubrics.values import Quote, Verdict
from tests.mutants import attempt, bent, mangled
from tests.test_folder import PLAN as GOOD_PLAN
from tests.test_folder import SAMPLE

BODIES = (
    TurnSpoken(turn=Turn(index=1, speaker="patient", text="It’s a\u2028spot\x85 …")),
    ConversationFailed(boundary="assistant", cause="dropped", message='cut\n"off"'),
    VerdictGiven(
        verdict=Verdict(
            juror="j", status="scored",
            dimension="safety",
            score=4,
            own_family=False,
            evidence=(Quote(turn=2, text="See a doctor."),),
        )
    ),
    CallAnswered(
        role="patient", model="m", sequence=0, digest="d", attempts=(), latency=1.0, cost=0.1,
        completion=Completion(text="{}", value={"a": [1, {}]}, stop="end"),
    ),
)  # fmt: skip
LINES = tuple(
    orjson.dumps(Event(at=1.5, conversation="m/s/full/0", body=body), option=orjson.OPT_APPEND_NEWLINE)
    for body in BODIES
)
VALUES = tuple(map(orjson.loads, LINES))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("journal")


def read(folder, data: bytes) -> tuple[list[Event], list[Damage]]:
    (folder / "0001.jsonl").write_bytes(data)
    damage: list[Damage] = []
    return list(read_journal(folder, damage.append)), damage


def offsets(damage: list[Damage]) -> list[int]:
    return [int(said.split(" at byte ")[1].split(":")[0]) for said in damage]


@given(data=mangled([b"".join(LINES), *LINES]) | st.binary(max_size=200))
def test_any_bytes_read_as_events_and_damage_and_each_whole_line_is_one_of_them(folder, data):
    events, damage = read(folder, data)
    assert len(events) + len(damage) == data.count(b"\n")
    for said in damage:
        assert said.isprintable()
        assert len(said) < 500
    for event in events:
        assert EVENT.validate_json(orjson.dumps(event)) == event


@given(pieces=st.lists(st.sampled_from(LINES) | bent(VALUES).map(lambda line: line + b"\n"), max_size=6))
def test_good_lines_are_read_whatever_stands_between_them_and_bad_ones_are_named_by_their_byte(
    folder, pieces
):
    events, damage = read(folder, b"".join(pieces))
    starts = [sum(map(len, pieces[:number])) for number in range(len(pieces))]
    alone = [read(folder, piece) for piece in pieces]
    assert events == [event for good, _ in alone for event in good]
    assert offsets(damage) == [start for start, (good, _) in zip(starts, alone, strict=True) if not good]
    for piece, (good, _) in zip(pieces, alone, strict=True):
        assert good or piece not in LINES


@given(cut=st.integers(0, len(b"".join(LINES))), garbage=mangled([b"{}\n", *LINES]))
def test_a_torn_tail_is_silent_whatever_came_before(folder, cut, garbage):
    data = garbage.replace(b"\n", b"") + b"\n" + b"".join(LINES)[:cut]
    events, damage = read(folder, data)
    assert len(events) + len(damage) == data.count(b"\n")
    before, _ = read(folder, data[: data.rfind(b"\n") + 1])
    assert events == before


def test_a_number_beyond_64_bits_is_no_event_since_it_could_never_be_written_again(folder):
    line = LINES[0].replace(b'"index":1', b'"index":' + b"9" * 30)
    events, (damage,) = read(folder, line + LINES[0])
    assert len(events) == 1
    assert offsets([damage]) == [0]
    assert "a number beyond 64 bits" in damage


def test_a_line_that_is_longer_than_any_event_is_not_held_whole(folder, monkeypatch):
    monkeypatch.setattr(segments, "LONGEST", 1_000)
    data = LINES[0] + b"x" * 5_000 + b"\n" + LINES[1] + b"y" * 5_000
    events, (damage,) = read(folder, data)
    assert [event.body for event in events] == [*BODIES[:2]]
    assert offsets([damage]) == [len(LINES[0])]
    assert "more than" in damage


def test_a_file_whose_name_only_looks_like_a_number_is_no_segment(folder):
    (folder / "1².jsonl").write_bytes(LINES[0])
    assert len(read(folder, LINES[1])[0]) == 1


PLANS = (orjson.loads(orjson.dumps(GOOD_PLAN)),)


@given(data=bent(PLANS) | mangled([orjson.dumps(GOOD_PLAN)]))
def test_a_plan_is_good_or_one_sentence(folder, data):
    (folder / "plan.json").write_bytes(data)
    if (plan := attempt(BadRun, lambda: read_plan(folder))) is None:
        return
    assert len(plan.digest) == 64
    assert PLAN.validate_json(orjson.dumps(plan)).digest == plan.digest
    assert asdict(plan)["rubric"]["digest"] == plan.rubric["digest"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"budget": 5}, r"unknown key 'budget'; use the version that wrote it\."),
        ({"scenario": 5}, r"unknown key 'scenario'; did you mean 'scenarios'\?"),
        ({"format": 2}, r"its format is 2, and this version reads 1"),
        ({"repeats": 10**9}, r"1000000000 repeats, which are not 1 to 100"),
        ({"turns": 0}, r"0 turns, which are not 2 to 50"),
        ({"rubric": {}}, r"its rubric has no digest"),
    ],
)
def test_a_plan_of_another_version_is_refused_and_never_read_in_part(folder, change, sentence):
    (folder / "plan.json").write_bytes(orjson.dumps(PLANS[0] | change))
    with pytest.raises(BadRun, match=sentence):
        read_plan(folder)


@pytest.mark.parametrize("change", [{"seed": 10**30}, {"limits": {"gpt-5.1": {"output_tokens": 10**30}}}])
def test_a_plan_with_a_number_beyond_64_bits_is_refused(folder, change):
    (folder / "plan.json").write_text(json.dumps(asdict(GOOD_PLAN) | change))
    with pytest.raises(BadRun, match="cannot be written down"):
        read_plan(folder)


ARM = {
    "arm": "caption",
    "created": "2026-11-28T12:00:00+00:00",
    "givens": {"s-1": {"photo": None, "words": "a spot", "other": ""}},
}
ARM_LINE = orjson.dumps(ARM) + b"\n"


@given(data=bent([ARM]).map(lambda line: line + b"\n") | mangled([ARM_LINE, ARM_LINE * 2]))
def test_added_arms_are_good_or_one_sentence(folder, data):
    (folder / "arms.jsonl").write_bytes(data)
    if (found := attempt(BadRun, lambda: read_additions(folder))) is None:
        return
    assert len(found) == data.count(b"\n")


def test_a_line_that_ends_oddly_is_not_taken_for_a_torn_one(folder):
    (folder / "arms.jsonl").write_bytes(ARM_LINE[:-1] + b"\r" + ARM_LINE)
    with pytest.raises(BadRun, match="line 1"):
        read_additions(folder)


SCENARIO = SAMPLE.scenarios[0]
SCENARIO_LINE = dump([SCENARIO])


@given(data=bent([orjson.loads(SCENARIO_LINE)]) | mangled([SCENARIO_LINE, SCENARIO_LINE * 2]))
def test_scenarios_are_the_very_ones_that_were_written_or_one_sentence(data):
    if (found := attempt(Unreadable, lambda: load(data))) is None:
        return
    assert all(scenario == SCENARIO for scenario in found)


def test_a_scenario_with_a_number_beyond_64_bits_is_one_sentence():
    with pytest.raises(Unreadable, match="line 1: the line holds a number beyond 64 bits"):
        load(SCENARIO_LINE.replace(b'"height":', b'"height":' + b"9" * 30))


def test_a_scenario_whose_id_is_a_megabyte_is_one_short_sentence():
    with pytest.raises(Unreadable, match="line 1: the content is not what 's-x") as caught:
        load(SCENARIO_LINE.replace(b'"id":"s-', b'"id":"s-' + b"x" * 2**20))
    assert len(str(caught.value)) < 300
