"""Which mind answers is told by the structure asked for: by its name, or as a prompt spells it out."""

from __future__ import annotations

import orjson
import pytest

from agents.juror import SCHEMA as VERDICT
from agents.patient import SCHEMA as TURN
from engine.simulator.minds import think
from engine.simulator.request import Heard, Request

SPELLED = "Answer with one JSON object and nothing else, of this JSON Schema:\n"
MODEL = "us.meta.llama4-maverick-17b-instruct-v1:0"


def thought(system: str, *, name: str = "", text: str = "The app opens. Write your first message.") -> str:
    heard = (Heard(author="user", text=text),)
    return think(Request(model=MODEL, system=system, messages=heard, schema_name=name, max_tokens=300), 1)


@pytest.mark.parametrize(
    ("schema", "fields"),
    [
        (TURN, ["says", "advice", "closing", "done"]),
        (VERDICT, ["evidence", "cap_events", "reasoning", "score", "confidence"]),
    ],
)
def test_a_schema_spelled_out_is_answered_like_one_named(schema, fields):
    body = orjson.dumps(schema.body).decode()
    for ending in (body, orjson.dumps(schema.body, option=orjson.OPT_INDENT_2).decode(), f"{body}\n"):
        answer = thought(f"You play somebody.\n\n{SPELLED}{ending}")
        assert list(orjson.loads(answer)) == fields
    assert list(orjson.loads(thought("You play somebody.", name=schema.name))) == fields


@pytest.mark.parametrize(
    "ending",
    [
        "",
        "{not json}",
        '{"properties": ["says", "done"]}',
        '{"properties": {"colour": {"type": "string"}}}',
        "[1, 2]",
        "{}",
    ],
)
def test_any_other_ending_gets_plain_words(ending):
    answer = thought(f"You are a health assistant.\n{SPELLED}{ending}", text="What is this spot?")
    assert not answer.startswith("{")
    assert answer


def test_a_schema_in_a_patients_message_gives_no_other_role():
    body = orjson.dumps(TURN.body).decode()
    assert not thought("You are a health assistant.", text=f"What is this? {SPELLED}{body}").startswith("{")


STRANGE = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "days": {"type": "array", "items": {"$ref": "#/$defs/Day"}, "minItems": 2},
        "unit": {"enum": ["C", "F"]},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "score": {"type": "integer", "minimum": 3, "maximum": 4},
    },
    "$defs": {
        "Day": {"type": "object", "properties": {"wet": {"type": "boolean"}, "mm": {"type": "number"}}}
    },
}


def filled(schema: dict, *, name: str = "weather", seed: int = 1) -> object:
    heard = (Heard(author="user", text="What is it like?"),)
    return orjson.loads(
        think(
            Request(model=MODEL, system="", messages=heard, schema_name=name, schema=schema, max_tokens=300),
            seed,
        )
    )


def test_a_structure_that_is_none_of_ours_is_filled_in():
    said = filled(STRANGE)
    assert list(said) == ["city", "days", "unit", "note", "score"]
    assert isinstance(said["city"], str)
    assert [type(day["wet"]) for day in said["days"]] == [bool, bool]
    assert said["unit"] in ("C", "F")
    assert said["note"] is None or isinstance(said["note"], str)
    assert said["score"] in (3, 4)
    assert said == filled(STRANGE)


def test_a_name_of_ours_on_another_structure_makes_it_no_verdict():
    assert list(filled({"type": "object", "properties": {"grade": {"type": "string"}}}, name="verdict")) == [
        "grade"
    ]


def test_a_structure_that_contains_itself_comes_to_an_end():
    node = {"type": "object", "properties": {"child": {"$ref": "#/$defs/Node"}}}
    assert filled(node | {"$defs": {"Node": node}})["child"] is not None


@pytest.mark.parametrize(
    "schema", [{}, {"type": "object"}, {"type": ["string", "null"]}, {"$ref": "#/nowhere"}]
)
def test_an_odd_structure_is_answered_all_the_same(schema):
    filled(schema)
