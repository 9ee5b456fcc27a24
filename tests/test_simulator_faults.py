"""Faults on demand."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import pytest

from engine.simulator.faults import KINDS, FaultPlan, read_rule

URL_KEYS = {"authorization": "Bearer k"}


def test_a_rule_is_a_kind_and_a_share() -> None:
    assert (read_rule("503").kind, read_rule("503").share) == ("503", 1.0)
    assert read_rule("drop@0.25").share == 0.25


@pytest.mark.parametrize("text", ["418", "", "503@2", "503@often", "503@-1"])
def test_a_wrong_rule_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"fault|share"):
        read_rule(text)


def test_a_share_hits_the_same_calls_in_every_run() -> None:
    one, two = (FaultPlan({"m": "503@0.2"}, seed=7) for _ in range(2))
    drawn = [one.draw("m", str(call)) for call in range(2000)]
    assert drawn == [two.draw("m", str(call)) for call in range(2000)]
    assert 340 < drawn.count("503") < 460
    assert one.draw("other", "1") == ""


def test_a_retry_can_succeed() -> None:
    plan = FaultPlan({"m": "503@0.5"}, seed=7)
    tries = [plan.draw("m", "the same call") for _ in range(40)]
    assert {"", "503"} == set(tries)


def test_a_fault_without_a_share_hits_every_call() -> None:
    plan = FaultPlan({"m": "drop"}, seed=7)
    assert {plan.draw("m", str(call)) for call in range(100)} == {"drop"}


async def test_a_fault_for_a_model_that_is_not_served_is_named(simulate) -> None:
    with pytest.raises(ValueError, match="gpt-9"):
        async with simulate({"gpt-9": "503"}):
            pass


def body(text: str = "Hello") -> dict[str, object]:
    return {"model": "gpt-5.1", "messages": [{"role": "user", "content": text}]}


async def test_a_hang_ends_when_the_client_leaves(simulate) -> None:
    started = time.monotonic()
    async with simulate({"gpt-5.1": "hang"}) as url, aiohttp.ClientSession(headers=URL_KEYS) as web:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await web.post(f"{url}/v1/chat/completions", json=body())
    assert time.monotonic() - started < 2


async def test_an_empty_answer_is_whole_and_says_nothing(simulate) -> None:
    async with simulate({"gpt-5.1": "empty"}) as url, aiohttp.ClientSession(headers=URL_KEYS) as web:
        reply = await web.post(f"{url}/v1/chat/completions", json=body())
        choice = (await reply.json())["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("", "stop")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "hang"])
async def test_no_fault_brings_the_simulator_down(simulate, kind: str) -> None:
    async with simulate({"gpt-5.1": kind}) as url, aiohttp.ClientSession(headers=URL_KEYS) as web:
        for stream in (False, True):
            try:
                async with web.post(f"{url}/v1/chat/completions", json=body() | {"stream": stream}) as reply:
                    await reply.read()
            except aiohttp.ClientError:
                pass
        async with web.get(f"{url}/health") as health:
            assert health.status == 200


@pytest.mark.parametrize(
    "junk", [b"", b"[]", b'{"model": 5}', b'{"model": "gpt-5.1", "messages": "x"}', b"\xff\x00" * 50]
)
async def test_junk_is_a_bad_request_and_not_an_accident(simulator: str, junk: bytes) -> None:
    paths = ("/v1/messages", "/v1/chat/completions", "/model/us.amazon.nova-pro-v1:0/converse")
    headers = URL_KEYS | {"anthropic-version": "2026-10-21"}
    async with aiohttp.ClientSession(headers=headers) as web:
        for path in paths:
            async with web.post(simulator + path, data=junk) as reply:
                assert reply.status in (400, 404)
