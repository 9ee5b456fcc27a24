"""The check: what one real call per role and model tells, case by case, against the simulator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import anyio
import orjson
import pytest
from conftest import instant

from agents.juror import MAX_TOKENS
from agents.speech import Completion, Prompt
from engine.casting import CastWish, make_cast
from engine.catalog import read_catalog
from engine.check import probe_all
from engine.check.probe import Finding, Probe, Role, draw_picture
from engine.check.table import show_findings
from engine.config import SECRETS, URLS, Access
from engine.errors import BadOption, CallError, Denied, Rejected
from engine.models import Model
from engine.providers import Listen, Provider, Reply
from engine.rates import Allowance, Rates
from engine.simulator.request import Request
from engine.simulator.server import serve
from personas.photos.album import Album

CATALOG = read_catalog()
MODELS = CATALOG.models
NAMES = tuple(MODELS)
ROLES = ("assistant", "patient", "juror")


def looks(request: Request, seed: int) -> str:
    """Answer as a model that sees would, in the shape asked for."""
    sees = "a yellow triangle" if any(heard.images for heard in request.messages) else "nothing"
    if request.schema_name == "patient_turn" or "says" in request.system:
        return orjson.dumps({"says": sees, "advice": "none", "closing": False, "done": True}).decode()
    vote = {"evidence": [], "cap_events": [], "reasoning": sees, "score": 3, "confidence": "high"}
    return orjson.dumps(vote).decode()


@pytest.fixture
def probed():
    """Give a function that checks parts against a simulator whose models think as told."""

    async def run(*parts, think: Callable[[Request, int], str] = looks, **broken) -> list[Finding]:
        faults = {
            MODELS[name.replace("_", "-").replace("5-1", "5.1")].id: kind for name, kind in broken.items()
        }
        async with serve(0, 7, think=think, faults=faults, models=instant()) as port:
            url = f"http://127.0.0.1:{port}"
            return await probe_all([(role, MODELS[name]) for role, name in parts], accesses(url))

    return run


def accesses(url: str) -> dict[str, Access]:
    return {
        "anthropic": Access(base_url=url, secrets={"ANTHROPIC_API_KEY": "simulated"}),
        "openai": Access(base_url=f"{url}/v1", secrets={"OPENAI_API_KEY": "simulated"}),
        "bedrock": Access(
            base_url=url, secrets={"AWS_ACCESS_KEY_ID": "simulated", "AWS_SECRET_ACCESS_KEY": "simulated"}
        ),
    }


@pytest.mark.parametrize("name", NAMES)
async def test_every_model_can_play_every_role_and_sees_the_picture(probed, name):
    for found in await probed(*((role, name) for role in ROLES)):
        assert found.problem == ""
        assert found.picture == "seen"
        assert found.shape == ("as text" if MODELS[name].verdict == "plain" else "yes")
        assert found.served
        assert found.seconds is not None
        assert found.calls == 1
        assert found.cost > 0


async def test_a_model_that_does_not_name_the_picture_has_taken_it_all_the_same(probed):
    (found,) = await probed(
        ("assistant", "gpt-5.1"),
        think=lambda request, seed: looks(request, seed).replace("triangle", "thing"),
    )
    assert (found.problem, found.picture) == ("", "yes")


async def test_a_key_that_is_refused_is_one_call_and_says_which_variable(probed):
    (found,) = await probed(("juror", "gpt-5.1"), gpt_5_1="401")
    assert found.cause == "denied"
    assert "OPENAI_API_KEY" in found.problem
    assert (found.calls, found.seconds, found.picture, found.shape) == (1, None, "", "")


async def test_a_call_rejected_with_and_without_everything_is_the_first_rejection(probed):
    (found,) = await probed(("assistant", "gpt-5.1"), gpt_5_1="400")
    assert found.cause == "rejected"
    assert found.calls == 3
    assert "models file" in found.problem


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("429", "throttled"),
        ("503", "overloaded"),
        ("drop", "dropped"),
        ("404", "unknown model"),
        ("refusal", "declined"),
    ],
)
async def test_each_failure_has_its_cause_and_a_next_step(probed, kind, cause):
    (found,) = await probed(("patient", "gpt-5.1"), gpt_5_1=kind)
    assert found.cause == cause
    assert any(step in found.problem for step in ("again", "Check", "try another"))


async def test_an_answer_that_is_not_of_the_shape_ends_a_juror_and_not_an_assistant(probed):
    parts = (("assistant", "nova-pro"), ("juror", "nova-pro"))
    assistant, juror = await probed(*parts, nova_pro="malformed")
    assert (assistant.problem, assistant.shape) == ("", "no")
    assert (juror.cause, juror.shape) == ("no shape", "no")
    assert "[roles]" in juror.problem


class Scripted:
    """A provider of ten lines: answers as a function of the prompt says, or raises what it gives."""

    def __init__(
        self, answer: Callable[[Prompt], Completion | CallError], rates: Rates | None = None
    ) -> None:
        self._answer, self._rates = answer, rates

    async def ask(self, prompt: Prompt, model: Model, listen: Listen | None = None) -> Reply:
        answer = self._answer(prompt)
        if isinstance(answer, CallError):
            raise answer
        return Reply(completion=answer, rates=self._rates)


SEEN = Completion(
    text='{"evidence":[],"cap_events":[],"reasoning":"triangle","score":3,"confidence":"high"}',
    value={"evidence": [], "cap_events": [], "reasoning": "", "score": 3, "confidence": "high"},
    stop="end",
)


async def probe(provider: Provider, role: Role = "assistant", name: str = "gpt-5.1") -> Finding:
    album = Album()
    return await Probe(MODELS[name], role, provider).run(album.put(draw_picture(), drawn=True))


def refusing(wanted: Callable[[Prompt], object], error: CallError | None = None) -> Scripted:
    return Scripted(
        lambda prompt: (error or Rejected("openai answered 400: no.")) if wanted(prompt) else SEEN
    )


async def test_a_picture_that_is_refused_ends_an_assistant_and_nobody_else():
    blind = refusing(lambda prompt: prompt.messages[0].photo)
    assistant, patient = await probe(blind), await probe(blind, "juror")
    assert (assistant.picture, assistant.cause, assistant.calls) == ("refused", "no picture", 2)
    assert "answered 400" in assistant.problem
    assert "--arms no-image" in assistant.problem
    assert (patient.picture, patient.problem) == ("refused", "")


async def test_a_shape_that_is_refused_ends_a_juror_and_not_an_assistant():
    rigid = refusing(lambda prompt: prompt.schema)
    assistant, juror = await probe(rigid), await probe(rigid, "juror")
    assert (assistant.shape, assistant.problem, assistant.calls) == ("refused", "", 3)
    assert juror.cause == "no shape"
    assert 'verdict = "plain"' in juror.problem


async def test_words_around_the_answer_are_told_from_an_answer():
    loose = replace(SEEN, text=f"Here it is: {SEEN.text}")
    assert (await probe(Scripted(lambda prompt: loose), "juror")).shape == "as text"
    assert (await probe(Scripted(lambda prompt: replace(SEEN, value={"score": 3})), "juror")).shape == "no"


async def test_an_answer_that_was_cut_off_says_after_how_many_tokens():
    cut = await probe(Scripted(lambda prompt: replace(SEEN, text="", value=None, stop="length")), "juror")
    assert cut.cause == "cut off"
    assert f"{MAX_TOKENS} tokens" in cut.problem


@pytest.mark.looptime
async def test_a_call_that_never_ends_is_given_up():
    class Silent:
        async def ask(self, prompt: Prompt, model: Model, listen: Listen | None = None) -> Reply:
            await anyio.sleep_forever()

    found = await probe(Silent())
    assert found.cause == "dropped"
    assert "within 60 s" in found.problem


async def test_the_limits_an_account_tells_stand_beside_those_of_the_file(capsys):
    rates = Rates(requests=Allowance(limit=4_000), tokens=Allowance(limit=500_000))
    told = await probe(Scripted(lambda prompt: replace(SEEN, served="gpt-5.1-2026"), rates))
    silent = await probe(Scripted(lambda prompt: replace(SEEN, served="nova")), name="nova-pro")
    show_findings([told, silent], simulated=False)
    shown = " ".join(capsys.readouterr().out.split())
    assert "gpt-5.1 allows 4,000 requests/min, the file says 500." in shown
    assert "tokens/min" not in shown
    assert "No limits were told by nova-pro" in shown
    assert "gpt-5.1 was asked for as gpt-5.1 and served as gpt-5.1-2026." in shown


async def test_what_a_provider_calls_itself_cannot_move_the_cursor(capsys):
    found = await probe(Scripted(lambda prompt: replace(SEEN, served="evil\x1b[2J")))
    show_findings([found], simulated=False)
    assert "\x1b" not in capsys.readouterr().out


async def test_the_same_problem_in_two_roles_is_one_sentence(capsys):
    denied = refusing(lambda prompt: True, Denied("openai answered 401: no. Check OPENAI_API_KEY."))
    show_findings([await probe(denied), await probe(denied, "juror")], simulated=False)
    shown = capsys.readouterr().out
    assert shown.count("answered 401") == 1
    assert "gpt-5.1 as assistant and juror: openai" in shown
    assert "2 of 2 cannot play their part." in shown


def cast(file: Path | None = None, **changes):
    return make_cast(CastWish(**({"models": "all", "models_file": file, "faults": {}} | changes)))


@pytest.fixture
def mine(tmp_path, monkeypatch) -> Path:
    """Give a models file in which everything is local and keyless."""
    for name in (*SECRETS, *URLS.values()):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "mine.toml"
    file.write_text(
        '[roles]\npatient = "qwen"\njury = ["qwen"]\n[models.qwen]\nprovider = "openai"\nid = "qwen2"\n'
        'endpoint = "http://gpu.lan:8000/v1"\nlimits = { requests = 10, in_flight = 2 }\n'
    )
    return file


def test_a_cast_that_is_all_local_and_keyless_is_live_without_a_key(mine):
    found = cast(mine)
    assert (found.backend, [model.name for model in found.company]) == ("live", ["qwen"])
    assert found.remarks[0] == "qwen is called at gpu.lan:8000, its endpoint in the models file."
    assert "no score will count" in found.remarks[1]


def test_a_model_of_ones_own_is_not_simulated_and_the_sentence_says_what_to_do(mine):
    with pytest.raises(BadOption, match=r"qwen cannot be simulated.*leave out --backend simulated"):
        cast(mine, backend="simulated")
    mine.write_text(mine.read_text().replace("provider", 'key = "MY_KEY"\nprovider'))
    with pytest.raises(BadOption, match="for a live run set MY_KEY"):
        cast(mine)


def test_a_model_whose_id_the_simulator_serves_is_simulated_wherever_it_is(mine):
    mine.write_text(mine.read_text().replace("qwen2", "gpt-5.1"))
    assert cast(mine, backend="simulated").models[0].limits == CATALOG.simulated
