"""Our providers against servers of one's own and answers no simulator gives: each request is kept and looked at."""

from __future__ import annotations

import asyncio
import logging
import traceback
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
import pytest

from agents.juror import SCHEMA
from agents.speech import Message, Prompt, Usage
from engine.config import Access
from engine.errors import CallError, Denied, Dropped, Overloaded, Rejected, Throttled, Unknown
from engine.models import Limits, Model
from engine.plan import described
from engine.providers import bodies, open_provider
from engine.providers.answers import finish
from engine.providers.channel import is_loopback, proxy_of
from engine.providers.converse import sort_options
from engine.providers.dialect import Blame, failure
from engine.providers.thoughts import ThoughtFilter, split_thought
from personas.photos.album import Album

LIMITS = Limits(requests=1000, tokens=10**6, in_flight=4)
SECRET = "sk-planted-0123456789"
SECRETS = {
    "anthropic": {"ANTHROPIC_API_KEY": SECRET},
    "openai": {"OPENAI_API_KEY": SECRET},
    "bedrock": {
        "AWS_ACCESS_KEY_ID": "AKIAPLANTED",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": SECRET,
    },
}
PROMPT = Prompt(system="Be kind.", messages=(Message(author="user", text="Hello"),), max_tokens=100)
USED = {
    "anthropic": {"usage": {"input_tokens": 5, "output_tokens": 9, "output_tokens_details": {"thinking_tokens": 4}}},
    "openai": {"usage": {
        "prompt_tokens": 5, "completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 4}}},
    "bedrock": {"usage": {"inputTokens": 5, "outputTokens": 9, "totalTokens": 14}, "metrics": {"latencyMs": 1}},
}  # fmt: skip


@dataclass
class Server:
    """What a server was asked, and what it answers to everything."""

    answer: bytes
    url: str = ""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take requests on one connection until it ends."""
        try:
            while True:
                first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
                headers = {
                    name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
                }
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.requests.append((first, headers, body))
                writer.write(self.answer)
                await writer.drain()
                if b"connection: close" in self.answer:
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def body(self) -> dict:
        """Give the last body."""
        return orjson.loads(self.requests[-1][2])


@asynccontextmanager
async def serving(answer: bytes):
    server = Server(answer)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()


def http(body: object, status: str = "200 OK", **headers: str) -> bytes:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    told = {"content-type": "application/json", "content-length": str(len(data))}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + data


def events(*data: object, named: bool = False) -> bytes:
    lines = [orjson.dumps(one) if not isinstance(one, bytes) else one for one in data]
    body = b"".join(
        (b"event: " + one["type"].encode() + b"\n" if named else b"") + b"data: " + line + b"\n\n"
        for one, line in zip(data, lines, strict=True)
    )
    return http(body, content_type="text/event-stream")


def model(provider: str = "openai", **changes) -> Model:
    given = {
        "name": "mine",
        "title": "m",
        "family": "m",
        "provider": provider,
        "id": "mine-7b",
        "limits": LIMITS,
    }
    return Model(**(given | changes))


async def ask(server: Server, one: Model, prompt: Prompt = PROMPT, listen=None, *, album=None, secrets=None):
    access = Access(base_url=server.url, secrets=SECRETS[one.provider] if secrets is None else secrets)
    async with open_provider(one.provider, access, album or Album(), 4) as door:
        return await door.ask(prompt, one, listen)


def chat(message: dict, reason: str | None = "stop", **more) -> dict:
    return {"choices": [{"message": message, "finish_reason": reason}], **more}


def whole(provider: str) -> dict:
    """Give an answer that has thoughts before its text."""
    return USED[provider] | {
        "anthropic": {
            "type": "message", "model": "m", "stop_reason": "end_turn",
            "content": [{"type": "thinking", "thinking": "Hm.", "signature": "s"},
                        {"type": "redacted_thinking", "data": "x"}, {"type": "text", "text": "Hello."}],
        },
        "openai": chat({"content": "Hello.", "reasoning_content": "Hm."}, model="m"),
        "bedrock": {
            "stopReason": "end_turn",
            "output": {"message": {"role": "assistant", "content": [
                {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "s"}}}, {"text": "Hello."}]}},
        },
    }[provider]  # fmt: skip


@pytest.mark.parametrize("provider", SECRETS)
async def test_thoughts_are_kept_apart_from_what_is_said(provider):
    async with serving(http(whole(provider))) as server:
        said = (await ask(server, model(provider))).completion
    assert (said.text, said.reasoning, said.stop) == ("Hello.", "Hm.", "end")
    assert said.usage.output == 9
    assert said.usage.reasoning == (0 if provider == "bedrock" else 4)


async def test_nobody_hears_the_thoughts_of_a_streamed_answer():
    start = {
        "type": "message_start",
        "message": {"model": "m", "usage": {"input_tokens": 5, "output_tokens": 1}},
    }
    thinking = {"type": "thinking_delta", "thinking": "Hm."}
    blocks = [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
        {"type": "content_block_delta", "index": 0, "delta": thinking},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hello."}},
    ]
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}
    heard: list[str] = []
    async with serving(events(start, *blocks, end, {"type": "message_stop"}, named=True)) as server:
        said = (await ask(server, model("anthropic"), listen=heard.append)).completion
    assert (heard, said.text, said.reasoning) == (["Hello."], "Hello.", "Hm.")
    assert (said.usage.input, said.usage.output) == (5, 9)
    pieces = [
        {"reasoning": "Hm. "},
        *({"content": letter} for letter in " <think>So.</think>\n\nHel"),
        {"content": "lo."},
    ]
    chunks = [{"choices": [{"delta": delta}]} for delta in pieces]
    heard.clear()
    async with serving(events(*chunks, chat({}), b"[DONE]")) as server:
        said = (await ask(server, model(endpoint=server.url), listen=heard.append)).completion
    assert ("".join(heard), said.text) == ("Hello.", "Hello.")
    assert said.reasoning.split() == ["Hm.", "So."]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize(
    ("text", "answer", "thought"),
    [
        ("<think>a < b</think> Yes.", "Yes.", "a < b"),
        ("\n<think></think>Yes.", "Yes.", ""),
        ("<thin ice", "<thin ice", ""),
        ("Yes <think>no</think>", "Yes <think>no</think>", ""),
        ("<think>never ends", "", "never ends"),
        ("<thi", "<thi", ""),
    ],
)
def test_tags_may_be_split_anywhere(text, answer, thought, size):
    heard: list[str] = []
    hearing = ThoughtFilter(heard.append)
    for start in range(0, len(text), size):
        hearing.hear(text[start : start + size])
    hearing.close()
    assert "".join(heard) == answer
    assert split_thought(text) == (answer, thought)


def test_a_closing_tag_alone_ends_a_thought():
    assert split_thought("Hm, let me see.</think>\nYes.") == ("Yes.", "Hm, let me see.")


async def test_a_server_of_ones_own_is_sent_what_all_of_them_take(png):
    album = Album()
    shown = Message(author="user", text="Look.", photo=album.put(png, drawn=True))
    messages = (shown, Message(author="assistant", text="I see."), Message(author="user", text="And?"))
    prompt = Prompt(system="s", messages=messages, max_tokens=50)
    async with serving(http(chat({"content": [{"type": "text", "text": "Hello."}]}, None))) as server:
        own = model(endpoint=server.url, length="max_tokens", options={"temperature": 0.2, "top_k": 5})
        said = (await ask(server, own, prompt, album=album, secrets={})).completion
    assert (said.text, said.stop, said.usage.input) == ("Hello.", "end", 0)
    (first, headers, _), body = server.requests[0], server.body()
    assert first.startswith("POST /chat/completions ")
    assert headers["authorization"] == "Bearer none"
    assert body.keys() == {"model", "max_tokens", "messages", "temperature", "top_k"}
    assert body["messages"][1]["content"][0]["image_url"]["url"].startswith("data:image/png;base64,iVBOR")
    assert body["messages"][1]["content"][0]["image_url"].keys() == {"url"}
    assert body["messages"][3]["content"] == "And?"


async def test_options_are_added_to_every_body():
    async with serving(http(whole("anthropic"))) as server:
        effort = {"output_config": {"effort": "low"}, "temperature": 0}
        await ask(server, model("anthropic", verdict="schema", options=effort), Prompt(
            system="s", messages=PROMPT.messages, schema=SCHEMA, max_tokens=9))  # fmt: skip
    assert server.body()["output_config"].keys() == {"effort", "format"}
    assert server.requests[0][1]["anthropic-version"] == "2023-06-01"  # the newer one refuses sampling
    async with serving(http(whole("bedrock"))) as server:
        await ask(server, model("bedrock", options={"temperature": 0, "top_k": 5}))
    assert server.body()["inferenceConfig"] == {"maxTokens": 100, "temperature": 0}
    assert server.body()["additionalModelRequestFields"] == {"top_k": 5}
    assert sort_options({"serviceTier": {"type": "flex"}}) == {"serviceTier": {"type": "flex"}}


async def test_calls_of_one_conversation_share_a_cache_key_and_servers_of_ones_own_get_none():
    async with serving(http(whole("openai"))) as server:
        further = (
            *PROMPT.messages,
            Message(author="assistant", text="Hm."),
            Message(author="user", text="And?"),
        )
        for messages in (PROMPT.messages, further, (Message(author="user", text="Other"),)):
            await ask(server, model(), Prompt(system="Be kind.", messages=messages, max_tokens=9))
    keys = [orjson.loads(body)["prompt_cache_key"] for _, _, body in server.requests]
    assert keys[0] == keys[1] != keys[2]


ERRORS = {
    "quota": (
        429,
        {"code": "insufficient_quota", "message": "You exceeded your current quota"},
        Denied,
        "raise it",
    ),
    "rate": (429, {"code": "rate_limit_exceeded", "message": "slow"}, Throttled, "slow"),
    "paid": (402, {"message": "pay"}, Denied, "raise it"),
    "path": (404, {"message": "Not Found"}, Unknown, "often /v1"),
    "key": (401, {"message": f"bad key {SECRET}"}, Denied, "names none (key) for mine"),
    "moved": (307, {}, Rejected, "redirect"),
    "large": (413, {}, Rejected, "smaller"),
    "busy": (503, {}, Overloaded, "503"),
    "slow": (504, {}, Dropped, "504"),
}


@pytest.mark.parametrize("case", ERRORS)
async def test_every_refusal_is_named_and_says_what_to_do(case):
    status, error, kind, words = ERRORS[case]
    told = {"x_ratelimit_limit_requests": "60", "location": "http://127.0.0.1:1/", "retry_after": "7"}
    async with serving(http({"error": error}, f"{status} X", **told)) as server:
        with pytest.raises(kind) as caught:
            await ask(server, model(endpoint=server.url))
    assert words in str(caught.value)
    assert caught.value.rates.requests.limit == 60
    assert len(server.requests) == 1
    if kind is Throttled:
        assert caught.value.retry_after == 7


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("provider", SECRETS)
async def test_a_redirect_is_not_followed(provider, streamed):
    async with serving(http({}, "307 X", location="http://127.0.0.1:9/elsewhere")) as server:
        with pytest.raises(Rejected, match="redirect"):
            await ask(server, model(provider), listen=(lambda piece: None) if streamed else None)
    assert len(server.requests) == 1


SPENT = {
    "own limit": ("400 X", {"message": "You have reached your specified API usage limits."}),
    "no credit": ("400 X", {"message": "Your credit balance is too low to access."}),
    "tier": ("429 X", {"message": "m", "details": {"error_code": "enforced_spend_limit_reached"}}),
}  # fmt: skip


@pytest.mark.parametrize("case", SPENT)
async def test_a_spend_limit_stops_at_once(case):
    status, error = SPENT[case]
    async with serving(http({"type": "error", "error": error}, status)) as server:
        with pytest.raises(Denied, match="raise it and run again"):
            await ask(server, model("anthropic"))


async def test_a_filter_that_is_told_as_an_error_is_an_answer():
    error = {"type": "invalid_request_error", "message": "Output blocked by content filtering policy"}
    async with serving(http({"type": "error", "error": error}, "400 X")) as server:
        assert (await ask(server, model("anthropic"))).completion.stop == "filter"


async def test_a_stream_that_ends_without_a_reason_was_cut():
    async with serving(events({"choices": [{"delta": {"content": "Hel"}}]}, b"[DONE]")) as server:
        with pytest.raises(Dropped, match="stop reason"):
            await ask(server, model(endpoint=server.url), listen=lambda piece: None)


@pytest.mark.parametrize("provider", SECRETS)
async def test_no_key_is_in_what_is_raised_or_logged(provider, caplog):
    caplog.set_level(logging.DEBUG)
    said = f"no: {SECRET} AKIAPLANTED Signature=0123456789abcdef"
    body = {"error": {"type": "x", "message": said}, "message": said}
    async with serving(http(body, "403 X")) as server:
        with pytest.raises(Denied) as caught:
            await ask(server, model(provider))
    trace = "".join(traceback.format_exception(caught.value))
    ours = [record.getMessage() for record in caplog.records if record.name.startswith(("engine", "asyncio"))]
    for text in (trace, *ours):
        assert SECRET not in text
        assert "0123456789abcdef" not in text


@pytest.mark.parametrize("provider", SECRETS)
async def test_nothing_of_the_surroundings_travels_with_a_call(provider, monkeypatch, tmp_path):
    (tmp_path / "config").write_text("[profile other]\nendpoint_url = http://127.0.0.1:9\nregion = mars\n")
    for name, value in {
        "OPENAI_ORG_ID": "planted-org", "OPENAI_PROJECT_ID": "planted-project", "OPENAI_ADMIN_KEY": "planted-admin",
        "OPENAI_CUSTOM_HEADERS": "X-Planted: planted-header", "ANTHROPIC_CUSTOM_HEADERS": "X-Planted: planted-header",
        "ANTHROPIC_AUTH_TOKEN": "planted-token", "ANTHROPIC_PROFILE": "planted", "AWS_PROFILE": "planted-profile",
        "AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with serving(http(whole(provider))) as server:
        await ask(server, model(provider))
    assert len(server.requests) == 1
    assert "planted-" not in str(server.requests[0][1]).replace(SECRET, "")


def test_a_proxy_is_for_other_hosts_only(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "internal.example")
    assert proxy_of("https://api.openai.com/v1") == "http://proxy.example:3128"
    assert proxy_of("https://internal.example/v1") is None
    assert not [
        one for one in ("127.0.0.1", "127.8.8.8", "localhost", "[::1]") if proxy_of(f"http://{one}:8000")
    ]
    assert is_loopback("::1")
    assert not is_loopback("128.0.0.1")


async def test_a_photograph_is_in_every_body_as_the_same_bytes(png):
    album = Album()
    darkroom = bodies.Darkroom(album)
    photo = album.put(png, drawn=True)
    body = darkroom.write({"a": "x\0y", "b": bodies.mark("data:"), "c": "z"}, [photo])
    pieces = [bytes(piece) async for piece in body]
    assert orjson.loads(b"".join(pieces)) == {
        "a": "x\0y",
        "b": f"data:{album.encoded(photo).decode()}",
        "c": "z",
    }
    again = darkroom.write({"b": bodies.mark()}, [photo])
    assert body._pieces[1] is again._pieces[1]
    assert len(body) == sum(map(len, pieces))


@pytest.mark.parametrize("provider", SECRETS)
async def test_nobody_at_home_is_a_dropped_call(provider):
    server = Server(b"", url="http://127.0.0.1:9")
    with pytest.raises(CallError, match="could not be made") as caught:
        await ask(server, model(provider))
    assert isinstance(caught.value, Dropped)


def test_a_model_that_is_called_by_where_it_lies_is_told_by_its_last_step_alone():
    model = Model(
        name="mine",
        title="Mine",
        family="mine",
        provider="openai",
        id="/storage/planted-name/models/mine.gguf",
        endpoint="http://127.0.0.1:9/v1",
        options={"lora": ["/storage/planted-name/lora"], "stop": ["/end", "a/b"]},
        limits=LIMITS,
    )
    assert b"planted-name" not in orjson.dumps(described(model))
    assert described(model)["id"] == "…/mine.gguf"
    assert described(model)["options"] == {"lora": ["…/lora"], "stop": ["/end", "a/b"]}
    error = failure(
        "openai", 404, message=f"The model `{model.id}` does not exist.", blame=Blame(model=model)
    )
    assert "planted-name" not in str(error)
    assert "`…/mine.gguf` does not exist" in str(error)
    said = finish(PROMPT, "Yes.", stop="end", usage=Usage(), served=model.id, request_id="r")
    assert said.served == "…/mine.gguf"
