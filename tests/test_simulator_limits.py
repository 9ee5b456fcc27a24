"""The simulator's rate limits, its cache, and what photographs weigh."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace

import aiohttp
import pytest

from engine.simulator.limits import Exceeded, ModelLimits, TokenBucket
from engine.simulator.openai_terms import duration
from engine.simulator.photos import BadPhoto, PhotoShelf
from engine.simulator.served import ServedModel, load_served
from engine.simulator.tokens import LONG, PrefixCache, PromptTrail, TokenUsage, photo_tokens

NOVA = "us.amazon.nova-pro-v1:0"
KEYS = {"authorization": "Bearer k", "anthropic-version": "2026-10-21"}


def served(id: str = "claude-opus-4-6", **changes: object) -> ServedModel:
    return replace(load_served()[id], **changes)


def usage(fresh: int = 1, read: int = 0) -> TokenUsage:
    return TokenUsage(fresh=fresh, read=read, written=0)


def test_a_bucket_holds_two_seconds_and_refills_at_its_rate() -> None:
    bucket = TokenBucket(600, now=0.0, burst=2)
    assert bucket.level(0.0) == 20
    bucket.take(20, 0.0)
    assert bucket.wait(5, 0.0) == pytest.approx(0.5)
    assert bucket.level(1.0) == pytest.approx(10)
    assert bucket.level(99.0) == 20


def test_what_is_larger_than_the_bucket_needs_a_full_one() -> None:
    bucket = TokenBucket(600, now=0.0, burst=2)
    assert bucket.wait(1000, 0.0) == 0
    bucket.take(1000, 0.0)
    assert bucket.wait(1, 0.0) == pytest.approx(98.1)


def test_anthropic_does_not_count_what_was_cached() -> None:
    limits = ModelLimits(served(input_tokens=600), 0.0)
    limits.admit(usage(fresh=20, read=10_000), 300, 0.0)
    with pytest.raises(Exceeded, match="input_tokens"):
        limits.admit(usage(fresh=20), 300, 0.0)


def test_bedrock_books_the_longest_answer_and_gives_back_the_rest() -> None:
    limits = ModelLimits(served(NOVA, output_tokens=30_000), 0.0)
    limits.admit(usage(), 1000, 0.0)
    with pytest.raises(Exceeded, match="output_tokens") as caught:
        limits.admit(usage(), 1000, 0.0)
    assert caught.value.seconds == pytest.approx(2.0)
    limits.settle(100, 1000, 0.0)
    limits.admit(usage(), 900, 0.0)


def test_anthropic_bills_the_answer_when_it_is_given() -> None:
    limits = ModelLimits(served(output_tokens=600), 0.0)
    limits.admit(usage(), 1000, 0.0)
    limits.settle(50, 1000, 0.0)
    with pytest.raises(Exceeded, match="output_tokens"):
        limits.admit(usage(), 1000, 0.0)
    limits.admit(usage(), 1000, 4.0)


def test_whoever_waits_exactly_as_long_as_told_is_admitted() -> None:
    limits = ModelLimits(served("gpt-5.2", tokens=7001, requests=None), 1e5)
    now, refused = 1e5, 0
    for call in range(2000):
        try:
            limits.admit(usage(fresh=37 + call % 11), 9, now)
        except Exceeded as exceeded:
            refused += 1
            now += exceeded.seconds
            limits.admit(usage(fresh=37 + call % 11), 9, now)
    assert refused > 1900


def test_openai_counts_both_directions_in_one_bucket() -> None:
    limits = ModelLimits(served("gpt-5.2", tokens=600), 0.0)
    limits.admit(usage(fresh=15, read=3), 1_000_000, 0.0)  # what was cached counts
    limits.settle(2, 1_000_000, 0.0)
    with pytest.raises(Exceeded, match="tokens: 600 a minute") as caught:
        limits.admit(usage(fresh=5), 9, 0.0)
    assert (caught.value.kind, caught.value.seconds) == ("tokens", pytest.approx(0.5))
    limits.admit(usage(fresh=5), 9, 0.5)


def test_bedrock_books_prompt_and_longest_answer_in_one_bucket() -> None:
    limits = ModelLimits(served(NOVA, tokens=60_000), 0.0)
    limits.admit(usage(fresh=500), 1000, 0.0)
    with pytest.raises(Exceeded) as caught:
        limits.admit(usage(fresh=500), 1000, 0.0)
    assert caught.value.seconds == pytest.approx(1.0)
    limits.settle(10, 1000, 0.0)  # 990 of the thousand come back
    limits.admit(usage(fresh=490), 1000, 0.0)
    assert limits.levels(0.0)["tokens"].remaining == 0


def test_a_limit_that_is_not_named_is_none() -> None:
    free = {"requests": None, "input_tokens": 0, "output_tokens": None, "tokens": None}
    limits = ModelLimits(served(**free), 0.0)
    for _ in range(1000):
        limits.admit(usage(fresh=1_000_000), 1_000_000, 0.0)
        limits.settle(1_000_000, 1_000_000, 0.0)
    assert limits.levels(0.0) == {}


def test_a_bucket_holds_as_many_seconds_as_it_is_told_to() -> None:
    limits = ModelLimits(served(requests=60, burst=5.0), 0.0)
    for _ in range(5):
        limits.admit(usage(), 1, 0.0)
    with pytest.raises(Exceeded):
        limits.admit(usage(), 1, 0.0)


def test_openai_and_bedrock_are_served_with_a_joint_limit() -> None:
    for model in load_served().values():
        split = model.protocol == "anthropic"
        assert (model.tokens is None, model.input_tokens is not None) == (split, split)


async def test_openais_headers_tell_the_joint_bucket(simulate) -> None:
    async with simulate(tokens=6000, requests=600) as url, aiohttp.ClientSession() as web:
        told = (await post(web, url, "gpt-5.2")).headers
        answered = [(await post(web, url, "gpt-5.2")).status for _ in range(30)]
    assert (told["x-ratelimit-limit-tokens"], told["x-ratelimit-limit-requests"]) == ("6000", "600")
    assert 180 <= int(told["x-ratelimit-remaining-tokens"]) < 200
    assert answered[-1] == 429


async def test_without_limits_no_header_tells_any(simulate) -> None:
    free = {"requests": None, "input_tokens": None, "output_tokens": None, "tokens": None}
    async with simulate(**free) as url, aiohttp.ClientSession() as web:
        for model in ("claude-opus-4-6", "gpt-5.2", NOVA):
            told = (await post(web, url, model)).headers
            assert not any("ratelimit" in name.lower() for name in told)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0ms"),
        (0.0121, "13ms"),
        (0.12, "120ms"),
        (4.2, "4.2s"),
        (360, "6m0s"),
        (61.25, "1m1.25s"),
        (7200, "2h0m0s"),
    ],
)
def test_a_time_is_written_as_go_writes_it(seconds: float, told: str) -> None:
    assert duration(seconds) == told


async def post(web: aiohttp.ClientSession, url: str, model: str) -> aiohttp.ClientResponse:
    rows = [{"role": "user", "content": "Hello"}]
    if model.startswith("claude"):
        return await web.post(
            f"{url}/v1/messages", json={"model": model, "max_tokens": 9, "messages": rows}, headers=KEYS
        )
    if model.startswith("gpt"):
        return await web.post(
            f"{url}/v1/chat/completions", json={"model": model, "messages": rows}, headers=KEYS
        )
    said = [{"role": "user", "content": [{"text": "Hello"}]}]
    return await web.post(f"{url}/model/{model}/converse", json={"messages": said}, headers=KEYS)


@pytest.mark.parametrize("model", ["claude-opus-4-6", "gpt-5.2", NOVA])
async def test_a_429_says_how_long_to_wait_where_the_provider_does(simulate, model: str) -> None:
    async with simulate(requests=60) as url, aiohttp.ClientSession() as web:
        replies = [await post(web, url, model) for _ in range(3)]
        assert [reply.status for reply in replies] == [200, 200, 429]
        refused, body = replies[-1].headers, await replies[-1].json()
        await asyncio.sleep(1.05)
        assert (await post(web, url, model)).status == 200
    if model.startswith("claude"):
        assert refused["retry-after"] == "1"
        assert refused["anthropic-ratelimit-requests-remaining"] == "0"
        assert body["error"]["type"] == "rate_limit_error"
    elif model.startswith("gpt"):
        assert 0 < int(refused["retry-after-ms"]) <= 1000
        assert refused["x-ratelimit-remaining-requests"] == "0"
        assert (body["error"]["type"], body["error"]["code"]) == ("requests", "rate_limit_exceeded")
    else:
        assert refused["x-amzn-ErrorType"].startswith("ThrottlingException")
        assert not any("retry" in name.lower() or "ratelimit" in name.lower() for name in refused)


def trail(*texts: str, mark: int | None = None, keep: float = 300.0) -> PromptTrail:
    made = PromptTrail("m", "claude")
    for at, text in enumerate(texts):
        made.add_text("user", text)
        if at == mark:
            made.mark(keep)
    return made


def test_a_cache_forgets_after_five_minutes_of_silence() -> None:
    cache = PrefixCache()
    prompt = trail("x" * 8000, "Hello", mark=0)
    look = cache.look(prompt, 1024, 0.0)
    assert (look.usage.written, look.usage.read, look.usage.fresh) == (2000, 0, 2)
    assert cache.look(prompt, 1024, 1.0).usage.read == 0  # nothing is usable before an answer began
    cache.keep(look, 0.0)
    assert cache.look(prompt, 1024, 299.0).usage.read == 2000
    assert cache.look(prompt, 1024, 301.0).usage.read == 0


def test_a_moving_mark_finds_the_older_prefix() -> None:
    cache = PrefixCache()
    cache.keep(cache.look(trail("x" * 8000, mark=0), 1024, 0.0), 0.0)
    look = cache.look(trail("x" * 8000, "y" * 400, "z", mark=1), 1024, 1.0)
    assert (look.usage.read, look.usage.written, look.usage.fresh) == (2000, 100, 1)


def test_an_hour_is_billed_apart() -> None:
    cache = PrefixCache()
    look = cache.look(trail("x" * 8000, mark=0, keep=LONG), 1024, 0.0)
    assert (look.usage.written, look.usage.written_long) == (2000, 2000)
    cache.keep(look, 0.0)
    assert cache.look(trail("x" * 8000, mark=0), 1024, 3000.0).usage.read == 2000


@pytest.mark.parametrize(
    ("eyes", "size", "tokens"),
    [
        ("claude", (1000, 1000), 1296),
        ("claude", (1920, 1080), 1560),
        ("claude", (1075, 1520), 33 * 47),
        ("gpt", (1024, 1024), 1024),
        ("llama", (336, 336), 144),
        ("llama", (700, 300), 4 * 144),
        ("nova", (900, 900), 1246),
    ],
)
def test_photographs_weigh_what_is_published(eyes: str, size: tuple[int, int], tokens: int) -> None:
    assert photo_tokens(eyes, *size) == tokens


@pytest.mark.parametrize("width", [1, 100, 2049, 8000])
def test_no_photograph_weighs_more_than_the_cap(width: int) -> None:
    for height in (1, 333, 8000):
        assert 1 <= photo_tokens("gpt", width, height) <= 1536
        assert 1 <= photo_tokens("claude", width, height) <= 1568


def test_a_torn_photograph_is_no_photograph(png: bytes) -> None:
    shelf = PhotoShelf()
    for size in (0, 4, 10, 20, 23):
        with pytest.raises(BadPhoto, match="kind"):
            shelf.take(base64.b64encode(png[:size]).decode())
    taken = shelf.take(base64.b64encode(png).decode())
    assert (taken.kind, taken.width, taken.height, taken.data) == ("png", 60, 40, png)
    assert shelf.take(base64.b64encode(png).decode()) is taken


def test_the_shelf_keeps_the_newest(png: bytes) -> None:
    shelf = PhotoShelf(room=len(png) * 2)
    texts = [base64.b64encode(png + bytes(at)).decode() for at in (0, 3, 6)]
    first, _, last = [shelf.take(text) for text in texts]
    assert shelf.take(texts[2]) is last
    assert shelf.take(texts[0]) is not first
