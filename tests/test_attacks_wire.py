"""What a hostile reviewer found: odd servers, odd headers, odd keys, and signals that come at odd moments."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import orjson
import pytest
from aiohttp import web

from agents.speech import Completion, Message, Prompt, Usage
from engine.campaign import open_gates
from engine.casting import CastWish, check_faults, make_cast
from engine.catalog import Limits, read_catalog
from engine.charges import RULES
from engine.config import Access
from engine.errors import BadOption, BenchError, CallError, Denied, Overloaded, Rejected, Unknown
from engine.limiter import Limiter
from engine.models import Model
from engine.plan import make_plan
from engine.providers import open_provider
from engine.rates import Allowance, Rates
from personas.photos.album import Album
from rubrics.rubric import load_rubric

ROOT = Path(__file__).parents[1]
KEY = "k-planted-12345"


def model(port: int = 1, provider: str = "openai", path: str = "/v1", **changes) -> Model:
    own = {"endpoint": f"http://127.0.0.1:{port}{path}"} if provider == "openai" else {}
    limits = {"requests": 60, "tokens": 1_000, "in_flight": 4}
    told = {"name": "m", "title": "m", "family": "m", "provider": provider, "id": "m", "limits": limits}
    return Model(**(told | own | changes))


def answer(text: str = "Hello.", reason: str | None = "stop", **changes) -> dict:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
    used = {"prompt_tokens": 10, "completion_tokens": 2}
    return {"id": "x", "model": "m", "choices": [choice], "usage": used} | changes


@asynccontextmanager
async def serving(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_post("/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def ask(
    body: object, status: int = 200, *, key: str = KEY, streamed: bool = False, plain: bool = False, **changes
) -> Completion:
    """Ask a server that answers everybody with this body."""

    async def handler(http: web.Request) -> web.Response:
        await http.read()
        if plain:
            return web.Response(text=str(body).format(path=http.path), status=status)
        return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")

    async with serving(handler) as port:
        asked = model(port, **changes)
        name = "ANTHROPIC_API_KEY" if asked.provider == "anthropic" else "OPENAI_API_KEY"
        base = asked.endpoint or f"http://127.0.0.1:{port}"
        access = Access(base_url=base, secrets={name: key})
        async with open_provider(asked.provider, access, Album(), 4) as door:
            said = (Message(author="user", text="hi"),)
            prompt = Prompt(system="s", messages=said, max_tokens=50)
            return (await door.ask(prompt, asked, (lambda piece: None) if streamed else None)).completion


async def test_an_error_in_plain_words_after_status_200_is_told_in_those_words():
    with pytest.raises(CallError, match="out of memory"):
        await ask({"error": "CUDA out of memory"})


async def test_an_error_object_of_sglang_and_older_vllm_after_status_200_is_told_by_its_code():
    with pytest.raises(Unknown):
        await ask({"object": "error", "message": "The model `m` does not exist.", "code": 404})


async def test_an_error_code_in_digits_after_status_200_is_a_status_too():
    with pytest.raises(Denied):
        await ask({"error": {"message": "Payment required", "code": "402"}})


async def test_an_error_body_in_place_of_a_stream_is_no_cut_connection():
    with pytest.raises(Denied):
        await ask({"error": {"message": "Payment required", "code": 402}}, streamed=True)


async def test_an_error_of_anthropic_after_status_200_is_told_by_its_type():
    with pytest.raises(Denied):
        await ask(
            {"type": "error", "error": {"type": "billing_error", "message": "no credit"}},
            provider="anthropic",
        )


async def test_what_a_gateway_before_anthropic_says_in_its_own_shape_is_told():
    with pytest.raises(CallError, match="tenant is blocked"):
        await ask({"detail": "this tenant is blocked"}, 403, provider="anthropic")


async def test_what_fastapi_finds_wrong_with_a_request_is_told():
    detail = [{"loc": ["body", "temperature"], "msg": "Input should be a valid number", "type": "float"}]
    with pytest.raises(Rejected, match="valid number"):
        await ask({"detail": detail}, 422)


async def test_a_stop_reason_that_is_unknown_is_named_and_not_called_missing():
    with pytest.raises(CallError, match="model_length"):
        await ask(answer(reason="model_length"))


async def test_a_second_thought_before_the_answer_is_no_part_of_it():
    said = await ask(answer("<think>one</think>\n<think>two</think>\nHello."))
    assert said.text == "Hello."


async def test_more_tokens_read_from_the_cache_than_there_were_never_make_a_call_cost_less_than_nothing():
    used = {"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 2_000}}
    said = await ask(answer(usage=used))
    assert model(price={"input": 3, "output": 15, "cache_read": 0.3}).price.cost(said.usage) > 0
    assert said.usage.cache_read <= said.usage.input


KEYS = [("openai", f"{KEY}\r"), ("anthropic", f"{KEY}\r"), ("openai", f"“{KEY}”")]


@pytest.mark.parametrize(("provider", "key"), KEYS)
async def test_a_key_that_no_header_can_hold_is_the_keys_fault_and_is_not_tried_again(provider, key):
    with pytest.raises(BenchError) as caught:
        await ask(answer(), key=key, provider=provider)
    assert not isinstance(caught.value, CallError) or isinstance(caught.value, Denied)


async def test_the_path_of_an_endpoint_which_may_hold_a_token_is_not_told_when_a_server_repeats_it():
    with pytest.raises(Unknown) as caught:
        await ask("Cannot POST {path}", 404, plain=True, path="/t-9f8e7d6c5b4a/v1")
    assert "9f8e7d6c5b4a" not in str(caught.value)


async def test_a_long_token_repeated_over_and_over_never_leaves_a_half_of_itself():
    token = "Zq" * 495 + "planted123"
    with pytest.raises(CallError) as caught:
        await ask({"error": {"message": f"{token}," * 10_000}}, 400, key=token)
    assert "ZqZqZqZqZq" not in str(caught.value)


@pytest.mark.looptime
async def test_an_overloaded_server_cannot_silence_a_model_for_a_day():
    limiter = Limiter(Limits(requests=600, tokens=1_000_000, in_flight=4), RULES["openai"])
    with pytest.raises(Overloaded):
        async with limiter.hold(Usage(input=10)):
            raise Overloaded("busy", retry_after=86_400.0)
    assert limiter.paused <= 300


@pytest.mark.looptime
async def test_a_limit_that_only_headers_tell_rises_again_when_they_do():
    limiter = Limiter(Limits(requests=600, in_flight=4), RULES["openai"])
    limiter.learn(Rates(tokens=Allowance(limit=60)))
    limiter.learn(Rates(tokens=Allowance(limit=1_000_000)))
    assert limiter._buckets["tokens"].limit == 1_000_000


@pytest.mark.looptime
async def test_a_call_that_gives_up_while_it_pays_what_others_owe_does_not_wipe_the_debt_out():
    limiter = Limiter(Limits(requests=60, tokens=600, in_flight=4), RULES["openai"])
    async with limiter.hold(Usage(input=10)) as permit:
        permit.settle(Usage(input=610))  # a minute's worth more than was guessed
    began = asyncio.get_running_loop().time()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1), limiter.hold(Usage(input=10)):
            pass
    async with limiter.hold(Usage(input=10)):
        pass
    assert asyncio.get_running_loop().time() - began > 50


def two_of_one_id(tmp_path: Path, *, second: int) -> Path:
    file = tmp_path / "mine.toml"
    tables = (
        f'[models.{name}]\nprovider = "openai"\nendpoint = "http://127.0.0.1:1/v1"\nid = "same"\n'
        f"limits = {{ requests = {requests}, in_flight = 4 }}\n"
        for name, requests in (("a", 6_000), ("b", second))
    )
    file.write_text('[roles]\npatient = "a"\njury = ["a"]\n' + "".join(tables))
    return file


async def test_two_names_of_one_model_are_held_to_the_lower_of_their_limits_or_refused(tmp_path):
    try:
        cast = make_cast(CastWish(models="all", models_file=two_of_one_id(tmp_path, second=60), faults={}))
    except BadOption:
        return

    account = cast.models[0].account
    campaign = SimpleNamespace(
        repertoire=SimpleNamespace(album=Album()),
        company=cast.company,
        accesses={account: Access(base_url=account, secrets={})},
    )
    async with open_gates(campaign, None, None) as gates:
        assert gates["b"].limiter._buckets["requests"].most == 60


def options_file(tmp_path: Path, options: str) -> Path:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[roles]\npatient = "a"\njury = ["a"]\n[models.a]\nprovider = "openai"\n'
        'endpoint = "http://127.0.0.1:1/v1"\nid = "a"\nlimits = { requests = 60, in_flight = 1 }\n'
        f"options = {options}\n"
    )
    return file


async def test_an_option_that_no_request_could_hold_is_refused_with_the_models_file(tmp_path):
    file = options_file(tmp_path, "{ seed = 99999999999999999999 }")
    with pytest.raises(BadOption):
        make_cast(CastWish(models="a", models_file=file, faults={}))


async def test_a_key_among_the_options_is_refused_or_at_least_not_in_the_plan(tmp_path):
    file = options_file(tmp_path, '{ api_key = "sk-planted-1234567890" }')
    try:
        cast = make_cast(CastWish(models="a", models_file=file, faults={}))
    except BadOption:
        return
    told = {"seed": 7, "simulated": False, "faults": {}, "created": "now"}
    plan = make_plan((), cast.models, (), catalog=cast.catalog, rubric=load_rubric(), **told)
    assert b"planted" not in orjson.dumps(plan)


@pytest.mark.parametrize("line", ['kind = "429"\nretry_after = inf', 'kind = "drip"\nseconds = nan'])
def test_a_fault_plan_with_a_number_that_is_none_is_refused(tmp_path, line):
    file = tmp_path / "plan.toml"
    file.write_text(f'[[fault]]\nmodels = "all"\n{line}\n')
    with pytest.raises(BadOption):
        check_faults(file, {})


def test_two_faults_asked_of_one_model_are_both_done_or_refused_and_none_is_forgotten():
    import run

    try:
        wish = run.Company(fault=["gpt-5.1=503@0.1", "gpt-5.1=429@0.1"]).wish()
    except BadOption:
        return
    assert "503" in str(wish.faults)


def test_a_models_file_that_asks_for_answers_in_another_way_does_not_go_on_with_an_old_run():
    def digest(verdict: str) -> str:
        catalog = read_catalog()
        mine = catalog.models["gpt-5.2"].model_copy(update={"verdict": verdict})
        catalog = catalog.model_copy(update={"models": catalog.models | {"gpt-5.2": mine}})
        told = {"seed": 7, "simulated": True, "faults": {}, "created": "now"}
        return make_plan((), (mine,), (), catalog=catalog, rubric=load_rubric(), **told).digest

    assert digest("schema") != digest("plain")


def test_a_run_begun_in_the_background_of_a_script_can_be_ended_by_sigterm():
    """Such a process is born with SIGINT ignored, as `python run.py simulate &` in a shell script is."""
    command = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); import runpy;"
        "sys.argv = ['run.py', 'simulate', '--help'];"
        "import cyclopts; cyclopts.App.__call__ = lambda *a, **k: __import__('time').sleep(0.2) or "
        "__import__('os').kill(__import__('os').getpid(), signal.SIGTERM) or __import__('time').sleep(1);"
        "runpy.run_path('run.py', run_name='__main__')"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-c", command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert ended.returncode in (130, 143, -signal.SIGTERM)
