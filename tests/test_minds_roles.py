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
    ("schema", "fields"), [(TURN, ["says", "done"]), (VERDICT, ["evidence", "reasoning", "score"])]
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
