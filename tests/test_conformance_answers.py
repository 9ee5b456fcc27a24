"""Answers, caches and bills in three dialects, and the one form that our providers make of them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
from test_simulator_messages import noise

from agents.speech import Message
from engine.errors import Denied, Dropped, Overloaded, Rejected, Throttled
from engine.simulator.faults import FaultRule
from personas.photos.album import Album
from tests.wire.clients import ANSWERS, CATALOG, SEATS, deaf, ours, prompt
from tests.wire.relay import always, relayed

providers = pytest.mark.parametrize("provider", SEATS)
streamed = pytest.mark.parametrize("listen", [None, deaf], ids=["plain", "streamed"])
PLACES = {"anthropic": (), "openai": ("choices", 0), "bedrock": ()}
FIELDS = {"anthropic": "stop_reason", "openai": "finish_reason", "bedrock": "stopReason"}
STOPS = {
    "anthropic": {
        "end_turn": "end", "stop_sequence": "end", "tool_use": "end", "max_tokens": "length",
        "model_context_window_exceeded": "length", "refusal": "refusal",
    },
    "openai": {"stop": "end", "tool_calls": "end", "length": "length", "content_filter": "filter"},
    "bedrock": {
        "end_turn": "end", "stop_sequence": "end", "tool_use": "end", "max_tokens": "length",
        "model_context_window_exceeded": "length", "guardrail_intervened": "filter", "content_filtered": "filter",
        "malformed_model_output": "end", "malformed_tool_use": "end",
    },
}  # fmt: skip


def ended(provider: str, reason: str | None) -> dict:
    """Give a whole answer that ended for this reason."""
    whole = deepcopy(ANSWERS[provider])
    place = whole["choices"][0] if provider == "openai" else whole
    place[FIELDS[provider]] = reason
    return whole


@pytest.mark.parametrize(
    ("provider", "reason", "stop"),
    [(provider, reason, stop) for provider, table in STOPS.items() for reason, stop in table.items()],
)
async def test_every_documented_reason_to_stop_is_one_of_ours(provider, reason, stop):
    async with relayed(answer=always(ended(provider, reason))) as relay, ours(relay.url, provider) as ask:
        assert (await ask()).completion.stop == stop


@pytest.mark.parametrize(
    ("provider", "reason"),
    [*((provider, "") for provider in SEATS), ("anthropic", "pause_turn"), ("openai", None)],
)
async def test_an_answer_that_is_not_over_is_no_answer(provider, reason):
    async with relayed(answer=always(ended(provider, reason))) as relay, ours(relay.url, provider) as ask:
        with pytest.raises(Dropped):
            await ask()


@providers
@streamed
async def test_a_clean_end_without_a_reason_is_a_failure(simulate, provider, listen):
    async with simulate([FaultRule(kind="truncate")]) as url, ours(url, provider) as ask:
        with pytest.raises(Dropped):
            await ask(None, listen)


@pytest.mark.parametrize(
    ("status", "code", "mine"),
    [
        (429, "ModelNotReadyException", Throttled),
        (400, "ServiceQuotaExceededException", Denied),
        (424, "ModelStreamErrorException", Overloaded),
        (400, "ConflictException", Rejected),
    ],
)
async def test_bedrocks_errors_are_told_by_name_and_status(simulate, status, code, mine):
    fault = FaultRule(kind="status", status=status, code=code)
    async with simulate([fault]) as url, ours(url, "bedrock") as ask:
        with pytest.raises(mine, match=code):
            await ask()


@pytest.mark.parametrize(
    ("provider", "size", "says"),
    [("anthropic", (2001, 10), "many-image"), ("bedrock", (10, 10), "too many images")],
)
async def test_a_photograph_that_is_refused_stops_the_call_at_once_in_the_providers_words(
    simulator, provider, size, says
):
    album = Album()
    photo = album.put(noise(*size, "PNG"), drawn=True)
    said = (Message(author="user", text="Look.", photo=photo),) * 21
    async with relayed(simulator) as relay, ours(relay.url, provider, album=album) as ask:
        with pytest.raises(Rejected, match=says):
            await ask(prompt(messages=said))
    assert len(relay.requests) == 1


@providers
async def test_a_photograph_is_sent_as_the_kind_that_its_bytes_are(simulator, provider):
    album = Album()
    for kind in ("PNG", "JPEG", "WEBP"):
        photo = album.put(noise(30, 20, kind), drawn=True)
        said = replace(prompt().messages[0], photo=photo)
        async with ours(simulator, provider, album=album) as ask:
            assert "images 1" in (await ask(prompt(messages=(said,)))).completion.text


CACHING = {
    name: least
    for name, least in {
        "claude-opus-4.6": 4096, "claude-haiku-4.5": 4096, "claude-sonnet-4.6": 1024,
        "gpt-5.2": 1024, "gpt-5.1": 1024, "nova-pro": 1024,
    }.items()
    if name in CATALOG.models
}  # fmt: skip


@pytest.mark.parametrize("name", CACHING)
async def test_the_second_call_reads_a_prefix_over_the_models_minimum_from_the_cache(simulator, name):
    async with ours(simulator, name) as ask:
        long = prompt(system="x" * 4 * (CACHING[name] + 130))
        first, second = [(await ask(long)).completion.usage for _ in range(2)]
    assert (first.cache_read, second.cache_write) == (0, 0)
    assert second.cache_read >= CACHING[name]
    assert first.cache_write == (0 if name.startswith("gpt") else second.cache_read)


@pytest.mark.parametrize("name", CACHING)
async def test_a_prefix_below_it_is_silently_not_cached(simulator, name):
    async with ours(simulator, name) as ask:
        short = prompt(system="x" * 4 * (CACHING[name] - 130))
        used = [(await ask(short)).completion.usage for _ in range(2)]
    assert [(one.cache_read, one.cache_write) for one in used] == [(0, 0)] * 2


@providers
@streamed
async def test_three_conventions_of_usage_become_one_in_which_the_input_is_the_whole(
    simulator, provider, listen
):
    asked = prompt(system="x" * 8000)
    async with ours(simulator, provider) as ask:
        first, second = [(await ask(asked, listen)).completion.usage for _ in range(2)]
    assert second.cache_read > 0
    assert first.input == second.input == 2000 + 2  # the words of the system and of the question
    assert first.output == second.output == 10
