"""The simulated assistant's exit interview: the odds it spoke from, the urgency it gave, whatever wire asks."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from agents.assistant import Assistant
from agents.foresight import foresee
from agents.interview import REPAIR, SCHEMA, Interviewer
from agents.speech import Prompt
from engine.providers.dialect import spell_out
from engine.simulator.minds import think
from engine.simulator.minds.case import conditions, consider, skill
from engine.simulator.minds.hearing import advised
from engine.simulator.minds.interview import differential
from engine.simulator.request import Heard, Request
from engine.simulator.schemas import name_schema
from engine.simulator.server import serve
from personas.conditions.naming import known
from rubrics.rubric import load_rubric
from tests.conftest import instant
from tests.play import MODELS, Theatre, theatre
from tests.test_fault_matrix import CATALOG, SAMPLE, SEATS, seated

INTERVIEWER = Interviewer(levels=load_rubric().levels)
BEST, WORST = "claude-opus-4-6", "us.amazon.nova-2-lite-v1:0"


@pytest.fixture(scope="module")
def house():
    return theatre(24)


async def left(house, number: int, model: str) -> tuple[Request, Prompt]:
    """Play a conversation; give the request of all that was said, and the prompt of the interview behind it."""
    stage, scenarios = house
    turns = await stage.talk(scenarios[number], model)
    assistant = Assistant(scenario=scenarios[number])
    return stage.request(assistant.prompt(turns), model), INTERVIEWER.prompt(assistant, turns)


async def test_it_thinks_what_it_thought_and_advises_what_it_advised(house):
    stage, _ = house
    for number in range(8):
        for model in (BEST, WORST):
            told, prompt = await left(house, number, model)
            case = consider(told, stage.seed)
            said = orjson.loads(think(stage.request(prompt, model), stage.seed))
            names = [each["condition"] for each in said["differential"]]
            assert names == [conditions()[key]["name"] for key, _ in case.ranks[: len(names)]]
            own = [message.text for message in told.messages if message.author == "assistant"]
            given = next((level for text in reversed(own) if (level := advised(text))), case.level)
            assert said["urgency"] == given


async def test_what_it_states_are_percents_that_leave_room(house):
    stage, scenarios = house
    for model in MODELS:
        for scenario in scenarios[:6]:
            turns = await stage.talk(scenario, model)
            interview = await INTERVIEWER.interview(
                Assistant(scenario=scenario), turns, stage.ask(model, "interview")
            )
            assert interview.status in ("given", "refused")
            if interview.status == "given":
                assert 1 <= interview.total <= 100
                percents = [each.percent for each in interview.differential]
                assert percents == sorted(percents, reverse=True)


async def test_every_wire_gets_the_same_answer(house):
    stage, _ = house
    for model in (BEST, WORST):
        _, prompt = await left(house, 1, model)
        request = stage.request(prompt, model)
        *before, last, question = request.messages
        assert last.author == question.author == "user"
        joined = Heard(author="user", text=f"{last.text}\n\n{question.text}", images=last.images)
        merged = replace(request, messages=(*before, joined))
        spelled = replace(merged, system=request.system + spell_out(SCHEMA), schema_name="", schema=None)
        named = replace(request, schema_name=name_schema({**SCHEMA.body, "title": ""}))
        again = (Heard(author="assistant", text="Hm."), Heard(author="user", text=REPAIR.format(problem="…")))
        repaired = replace(request, messages=(*request.messages, *again))
        answers = {think(each, stage.seed) for each in (request, merged, spelled, named, repaired)}
        assert len(answers) == 1
        assert "differential" in orjson.loads(answers.pop())


@pytest.mark.parametrize("provider", ["anthropic", "openai", "bedrock"])
@pytest.mark.parametrize("stream", [False, True])
async def test_over_a_real_wire_it_thinks_the_same(tmp_path, provider, stream):
    scenario, model = SAMPLE.scenarios[0], CATALOG.models[SEATS[provider]].id
    stage, assistant = Theatre(album=SAMPLE.album), Assistant(scenario=scenario)
    turns = await stage.talk(scenario, model)
    near = await INTERVIEWER.interview(assistant, turns, stage.ask(model, "interview"))
    async with serve(0, stage.seed, think=think, models=instant()) as port:
        url = f"http://127.0.0.1:{port}"
        async with seated(url, provider, tmp_path, "assistant", stream=stream) as (ask, _):
            far = await INTERVIEWER.interview(assistant, turns, ask)
    assert far == near
    assert far.status == "given"


async def test_a_conversation_that_ends_with_the_assistants_word_is_read_too(house):
    stage, scenarios = house
    turns = (await stage.talk(scenarios[0], BEST))[:2]
    prompt = INTERVIEWER.prompt(Assistant(scenario=scenarios[0]), turns)
    assert orjson.loads(think(stage.request(prompt, BEST), stage.seed))["differential"]


async def test_the_poorer_its_calibration_the_bolder_its_percents(house):
    stage, _ = house
    told, _ = await left(house, 2, BEST)
    case = consider(told, stage.seed)
    firsts = []
    for calibration in (1.0, 0.6, 0.2):
        able = replace(case.skill, calibration=calibration)
        firsts.append(differential(replace(case, skill=able))[0][1])
    assert firsts[0] == int(100 * case.ranks[0][1])
    assert firsts[0] < firsts[1] < firsts[2]


def test_it_declines_where_it_declined_to_talk():
    assert skill(WORST).declines > 0
    messages = (Heard(author="user", text="It's on an intimate place, photo attached. What is it?"),)
    question = Heard(author="user", text="<exit_interview>\nThe patient has left.\n</exit_interview>")
    talk = Request(model=WORST, system="You are a health assistant.", messages=messages, max_tokens=700)
    ask = replace(talk, messages=(*messages, question), schema_name=SCHEMA.name, schema=SCHEMA.body)
    declined = [not think(talk, seed) for seed in range(120)]
    assert declined == [not think(ask, seed) for seed in range(120)]
    assert 0 < sum(declined) < 120


def test_every_name_it_may_state_is_one_that_the_book_knows():
    unknown = [entry["name"] for entry in conditions().values() if not known(entry["name"])]
    assert not unknown


async def test_a_good_model_is_right_more_often_than_a_poor_one(house):
    stage, scenarios = house
    right = {}
    for model in (BEST, WORST):
        found = []
        for scenario in scenarios:
            turns = await stage.talk(scenario, model)
            interview = await INTERVIEWER.interview(
                Assistant(scenario=scenario), turns, stage.ask(model, "interview")
            )
            if worth := foresee(interview, scenario.truth):
                found.append(worth.place == 1)
        right[model] = sum(found) / len(found)
    assert right[BEST] > right[WORST] + 0.1
