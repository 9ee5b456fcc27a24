"""Whatever comes over the wire, cut anywhere: the answer that was sent or a failed call, within bounds."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import struct
from binascii import crc32
from collections.abc import Sequence
from contextlib import ExitStack

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.speech import Completion
from engine.errors import CallError
from engine.providers import channel, transport
from engine.providers.transport import MOST_LINES, STEP, EventGauge
from engine.simulator.frames import encode_frame, exception_frame, member_frame, named_event, plain_event
from tests.mutants import DEEP, WEIRD, bent, mangled
from tests.wire.canned import CannedAnswer, canned
from tests.wire.clients import ANSWERS, SEATS, deaf, ours

JSON = "application/json"
KINDS = {
    "anthropic": "text/event-stream",
    "openai": "text/event-stream",
    "bedrock": "application/vnd.amazon.eventstream",
}
providers = pytest.mark.parametrize("provider", SEATS)
TOLD = ("It is ", "a mole\u2028…", "\r\n\n🙂 data: x", "\\ud83d", " <think>")


class Line:
    """Asks one provider, whose next answer is known."""

    def __init__(self, provider: str) -> None:
        self.provider = provider
        self.failure = ""
        """What the last call failed of."""

    def __enter__(self) -> Line:
        self._stack = ExitStack()
        self._session = self._stack.enter_context(canned())
        self._runner = self._stack.enter_context(asyncio.Runner())
        self._door = ours("http://127.0.0.1:1", self.provider)
        self._ask = self._runner.run(self._door.__aenter__())
        return self

    def __exit__(self, *raised: object) -> None:
        self._runner.run(self._door.__aexit__(None, None, None))
        self._stack.close()

    def __call__(self, answer: CannedAnswer, *, streamed: bool = False) -> Completion | None:
        """Give the completion of a call, or None for a failed one; both can be written down."""
        self._session.answer, self.failure = answer, ""
        try:
            said = self._runner.run(self._ask(None, deaf if streamed else None)).completion
        except CallError as error:
            self.failure = str(error)
            return orjson.dumps(self.failure) and None
        return orjson.dumps(said) and said


@pytest.fixture(scope="module")
def lines():
    with ExitStack() as stack:
        yield {provider: stack.enter_context(Line(provider)) for provider in SEATS}


def events(provider: str, texts: Sequence[str]) -> list[bytes]:
    """Give a whole streamed answer as its events."""
    if provider == "anthropic":
        delta = {"type": "text_delta"}
        return [
            named_event("message_start", {"message": {"model": "m", "usage": {"input_tokens": 3}}}),
            b": a comment\n\n",
            named_event("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
            *(named_event("content_block_delta", {"index": 0, "delta": delta | {"text": t}}) for t in texts),
            named_event("content_block_stop", {"index": 0}),
            named_event(
                "message_delta", {"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}}
            ),
            named_event("message_stop", {}),
        ]
    if provider == "openai":
        chunks = [{"choices": [{"delta": {"content": t}, "finish_reason": None}]} for t in texts]
        end = {"choices": [{"delta": {}, "finish_reason": "stop"}], "model": "m"}
        used = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5}}
        return [*map(plain_event, (*chunks, end, used)), b"data: [DONE]\n\n"]
    return [
        member_frame("messageStart", {"role": "assistant"}),
        *(member_frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": t}}) for t in texts),
        member_frame("contentBlockStop", {"contentBlockIndex": 0}),
        member_frame("messageStop", {"stopReason": "end_turn"}),
        member_frame("metadata", {"usage": {"inputTokens": 3, "outputTokens": 5, "totalTokens": 8}}),
    ]


def stream(provider: str, pieces, **headers: str) -> CannedAnswer:
    return CannedAnswer(pieces, KINDS[provider], **headers)


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


texts = st.lists(st.sampled_from(TOLD) | st.text(max_size=8), min_size=1, max_size=5)
cuts = st.lists(st.integers(0, 10**4), max_size=8)


@providers
def test_a_stream_says_the_same_however_it_is_cut(lines, provider):
    call = lines[provider]

    @given(told=texts, places=cuts)
    def hold(told, places):
        data = b"".join(events(provider, ["So: ", *told]))
        said = call(stream(provider, cut(data, places)), streamed=True)
        assert (said.text, said.usage.input, said.usage.output) == ("So: " + "".join(told), 3, 5)
        if provider != "bedrock":  # which never packs
            assert said == call(stream(provider, cut(gzip.compress(data), places), **PACKED), streamed=True)

    hold()


PACKED = {"content-encoding": "gzip"}


@providers
def test_a_stream_that_breaks_off_is_never_taken_for_a_shorter_answer(lines, provider):
    call = lines[provider]

    @given(told=texts, end=st.integers(0, 10**4), places=cuts)
    def hold(told, end, places):
        data = b"".join(events(provider, ["So: ", *told]))
        said = call(stream(provider, cut(data[: end % len(data)], places)), streamed=True)
        assert said is None or said.text == "So: " + "".join(told)

    hold()


@providers
def test_a_spoilt_stream_is_an_answer_or_a_failed_call(lines, provider):
    good = [events(provider, TOLD), events(provider, ["Yes."])]

    @st.composite
    def spoilt(draw: st.DrawFn) -> bytes:
        parts = [draw(mangled([event], 1)) for event in draw(st.sampled_from(good))]
        parts.insert(draw(st.integers(0, len(parts))), draw(bad_event(provider)))
        return b"".join(parts)

    call = lines[provider]

    @given(data=spoilt(), places=cuts)
    def hold(data, places):
        said = [call(stream(provider, cut(data, each)), streamed=True) for each in ((), places)]
        assert said[0] == said[1]

    hold()


def bad_event(provider: str) -> st.SearchStrategy[bytes]:
    """Give an event that is well framed and holds anything."""
    if provider == "bedrock":
        names = st.sampled_from(("contentBlockDelta", "messageStop", "metadata", "x", "é" * 90))
        deltas = bent(
            [{"delta": {"text": "a", "toolUse": {"input": "{}"}}, "stopReason": "end_turn", "usage": {}}]
        )
        heads = st.sampled_from((":event-type", ":exception-type", ":error-code", ""))
        kinds = st.sampled_from(("event", "exception", "error"))
        return st.builds(
            lambda head, name, kind, data: encode_frame(
                {head: name, ":message-type": kind, ":content-type": JSON}, data
            ),
            *(heads, names, kinds, deltas | st.sampled_from(WEIRD).map(str.encode) | st.binary(max_size=20)),
        )
    data = [event.split(b"data: ", 1)[1] for event in events(provider, TOLD) if b"data: {" in event]
    values = list(map(orjson.loads, map(bytes.strip, data)))
    values.append({"type": "error", "error": {"type": "overloaded_error", "message": "later", "code": "529"}})
    names = st.sampled_from((b"", b"event: error\n", b"event: content_block_delta\n", b"id: \0\nretry: 9\n"))
    data = bent(values) | st.sampled_from(WEIRD).map(lambda text: text.encode("utf-8", "replace"))
    return st.tuples(names, data).map(lambda parts: parts[0] + b"data: " + parts[1] + b"\n\n")


FAILURES = {
    "anthropic": {"type": "error", "error": {"type": "overloaded_error", "message": "later"}},
    "openai": {"error": {"message": "later", "type": "x", "code": "429", "details": {}, "loc": ["a", 1]}},
    "bedrock": {"message": "later", "__type": "ThrottlingException"},
}


@providers
def test_any_body_under_any_status_is_an_answer_or_a_failed_call(lines, provider):
    bodies = bent([ANSWERS[provider], FAILURES[provider]], 4) | mangled([orjson.dumps(ANSWERS[provider])])
    call = lines[provider]

    @given(
        data=bodies,
        status=st.sampled_from((200, 200, 204, 301, 400, 401, 404, 429, 500, 529)),
        kind=st.sampled_from((JSON, KINDS[provider], "text/html")),
        coding=st.sampled_from(("", "", "gzip", "br", "é")),
        streamed=st.booleans(),
        code=st.text(st.characters(codec="latin-1", categories=("L", "N", "P")), max_size=9),
    )
    def hold(data, status, kind, coding, streamed, code):
        headers = {
            "content-encoding": coding,
            "request-id": code,
            "x-amzn-errortype": code,
            "retry-after": code,
        }
        call(CannedAnswer([data], kind, status, **headers), streamed=streamed)

    hold()


@providers
@pytest.mark.parametrize("form", [b"data: " + b"x" * 9_000, b"x\n" * 600, b": x\n\n" * 1_000, b"\0" * 9_000])
def test_an_endless_stream_ends_at_its_bound(lines, provider, form, monkeypatch):
    monkeypatch.setattr(channel, "LARGEST", 2 * STEP)
    monkeypatch.setattr(transport, "LONGEST_EVENT", STEP)
    call = lines[provider]
    answer = stream(provider, itertools.repeat(form))
    assert call(answer, streamed=True) is None
    assert answer.closed
    assert answer.taken <= 2 * STEP + len(form)


@providers
@pytest.mark.parametrize("status", [200, 500])
def test_an_endless_body_ends_at_its_bound(lines, provider, status, monkeypatch):
    monkeypatch.setattr(channel, "LARGEST", STEP * 4)
    call = lines[provider]
    answer = CannedAnswer(itertools.repeat(b" " * STEP), JSON, status)
    assert call(answer) is None
    assert (answer.closed, answer.taken) == (True, STEP * 5)


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_small_body_that_unpacks_to_gigabytes_is_not_unpacked(lines, provider, streamed, monkeypatch):
    monkeypatch.setattr(transport, "LARGEST", STEP * 4)
    bomb = gzip.compress(b" " * 2**22)
    call = lines[provider]
    answer = CannedAnswer([bomb], KINDS[provider] if streamed else JSON, **PACKED)
    assert call(answer, streamed=streamed) is None
    assert answer.closed


@providers
def test_a_packed_body_is_unpacked_and_a_torn_one_is_a_failed_call(lines, provider):
    packed = gzip.compress(orjson.dumps(ANSWERS[provider]))
    if provider == "bedrock":
        return  # asks for none
    call = lines[provider]
    assert call(CannedAnswer([packed], JSON, **PACKED)).text == "Yes."
    assert call(CannedAnswer([packed[:-9]], JSON, **PACKED)) is None
    assert call(CannedAnswer([b"Yes."], JSON, **PACKED)) is None


def frame(total: int, headers: int, rest: bytes = b"") -> bytes:
    """Give a frame that says of itself what is asked for."""
    sizes = struct.pack(">II", total, headers)
    return sizes + struct.pack(">I", crc32(sizes)) + rest


LIES = {
    "4 GB": frame(2**32 - 1, 0),
    "headers of 4 GB": frame(2**31, 2**32 - 1),
    "headers beyond it": frame(20, 1_000, b"x" * 20),
    "shorter than its head": frame(3, 0, b"xxxx"),
    "of nothing": frame(0, 0),
    "without headers": frame(16, 0, b"\0\0\0\0"),
}


@pytest.mark.parametrize("data", LIES.values(), ids=LIES)
def test_a_frame_that_lies_about_its_size_is_a_failed_call(lines, data):
    call = lines["bedrock"]
    assert call(stream("bedrock", [data, b"x" * STEP]), streamed=True) is None


@providers
def test_json_too_deep_for_the_sdk_is_a_failed_call_and_not_the_end_of_the_run(lines, provider):
    deep = b"[" * DEEP * 30
    sse = b"event: message_start\ndata: " + deep + b"\n\n"
    frames = (
        exception_frame("throttlingException", {}),
        encode_frame({":event-type": "messageStop", ":message-type": "event", ":content-type": JSON}, deep),
    )
    call = lines[provider]
    for data in frames if provider == "bedrock" else (sse,):
        assert call(stream(provider, [data]), streamed=True) is None
    for status in (200, 400, 500):
        assert call(CannedAnswer([deep], JSON, status)) is None


@providers
def test_half_an_emoji_in_a_providers_words_is_replaced_before_it_is_recorded(lines, provider):
    half = b'"no \\ud800"'
    said = b'{"error":{"type":"x","code":%s,"message":%s},"message":%s,"__type":%s}' % (
        half,
        half,
        half,
        half,
    )
    assert lines[provider](CannedAnswer([said], JSON, 400)) is None
    assert "no " in lines[provider].failure


def test_an_event_is_measured_wherever_it_is_cut():
    for size in (1, 2, 3, 5):
        for end in (b"\n\n", b"\r\r", b"\r\n\r\n"):
            gauge, data = EventGauge(), (b"data: x" + end) * 2_000
            for start in range(0, len(data), size):
                gauge.measure(data[start : start + size])
    gauge = EventGauge()
    for _ in range(MOST_LINES):
        gauge.measure(b"x\n")
    with pytest.raises(channel.TooLarge):
        gauge.measure(b"x\n")


def test_a_failed_call_names_the_bound(lines):
    assert lines["openai"](stream("openai", itertools.repeat(b"x" * STEP)), streamed=True) is None
    assert "TooLarge" in lines["openai"].failure
