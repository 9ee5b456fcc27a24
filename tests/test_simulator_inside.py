"""The simulator within a process: what it says and bills is what it says and bills over a socket."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import echo

from agents.juror import SCHEMA
from agents.speech import Message, Prompt
from engine.catalog import read_catalog
from engine.errors import CallError, Rejected
from engine.providers import open_provider
from engine.simulator.faults import read_rules
from engine.simulator.inside import open_inside
from engine.simulator.server import serve
from personas.photos.album import Album
from tests.staging import inside_accesses
from tests.wire.clients import SECRETS, Access

CATALOG = read_catalog()
NAMES = ("claude-haiku-4.5", "gpt-5.1", "nova-pro")
SEED = 7


def prompts(photo) -> list[Prompt]:
    """Give a conversation as it grows, with a photograph, and a vote; long enough to be cached."""
    begun = (Message(author="user", text="Look. " + "So long. " * 2000, photo=photo, mark=True),)
    more = (Message(author="assistant", text="I see."), Message(author="user", text="And?", mark=True))
    shared = {"system": "Be kind.", "max_tokens": 500}
    talks = [Prompt(messages=messages, **shared) for messages in (begun, (*begun, *more))]
    return [*talks, Prompt(messages=(Message(author="user", text="Judge."),), schema=SCHEMA, **shared)]


async def answers(name: str, access: Access, album: Album, asked: list[Prompt], *, streamed: bool) -> list:
    """Give what the three prompts are answered with, the number of the call aside."""
    model, pieces = CATALOG.models[name], []
    async with open_provider(model.provider, access, album, 4) as door:
        replies = [await door.ask(prompt, model, pieces.append if streamed else None) for prompt in asked]
    assert all(reply.completion.request_id.startswith("req_simulated_") for reply in replies)
    assert bool("".join(pieces)) == streamed
    return [replace(reply.completion, request_id="") for reply in replies]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("streamed", [False, True])
async def test_the_words_and_the_bill_are_those_of_the_socket(name, streamed, png):
    album, model = Album(), CATALOG.models[name]
    asked = prompts(album.put(png, drawn=True))
    inside = inside_accesses(CATALOG, open_inside(SEED, echo))[model.account]
    within = await answers(name, inside, album, asked, streamed=streamed)
    async with serve(0, SEED, think=echo) as port:
        url = f"http://127.0.0.1:{port}" + ("/v1" if model.provider == "openai" else "")
        outside = Access(base_url=url, secrets=SECRETS[model.provider])
        assert within == await answers(name, outside, album, asked, streamed=streamed)
    assert within[1].usage.cache_read > 0
    assert within[2].value


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_refused_is_refused_in_the_same_words(name):
    model, prompt = CATALOG.models[name], prompts(None)[2]
    wrong = replace(prompt, max_tokens=0)
    access = inside_accesses(CATALOG, open_inside(SEED, echo))[model.account]
    async with open_provider(model.provider, access, Album(), 4) as door:
        with pytest.raises(Rejected) as within:
            await door.ask(wrong, model)
    async with serve(0, SEED, think=echo) as port:
        url = f"http://127.0.0.1:{port}" + ("/v1" if model.provider == "openai" else "")
        async with open_provider(
            model.provider, replace(access, within=None, base_url=url), Album(), 4
        ) as door:
            with pytest.raises(Rejected) as outside:
                await door.ask(wrong, model)
    assert str(within.value) == str(outside.value)


async def test_a_fault_that_can_be_told_without_a_socket_is_told():
    model = CATALOG.models["gpt-5.1"]
    inside = open_inside(SEED, echo, read_rules({model.id: "503"}))
    access = inside_accesses(CATALOG, inside)[model.account]
    async with open_provider(model.provider, access, Album(), 4) as door:
        with pytest.raises(CallError, match="503"):
            await door.ask(prompts(None)[2], model)


async def test_a_fault_that_breaks_a_connection_is_no_part_of_it():
    model = CATALOG.models["gpt-5.1"]
    inside = open_inside(SEED, echo, read_rules({model.id: "drop"}))
    with pytest.raises(LookupError, match="'drop' breaks a connection"):
        await inside.post("http://x/v1/chat/completions", {"authorization": "Bearer k"}, BODY)


async def test_a_path_that_is_not_served_is_named():
    with pytest.raises(LookupError, match="nothing is served at /v2/messages"):
        await open_inside(SEED, echo).post("http://x/v2/messages", {}, b"{}")


BODY = b'{"model": "gpt-5.1", "messages": [{"role": "user", "content": "Hello"}]}'
