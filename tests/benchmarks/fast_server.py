"""A server that answers whole campaigns in the three protocols, with as little work of its own as Python allows.

    python tests/benchmarks/fast_server.py [--core 1] [--latency 0]

The one idea: every reply is canned, chosen by what is asked for, so that what a benchmark measures is the client.
It parses no JSON, knows no model, and prints the port it listens on.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BACKLOG = 8192
EXCHANGES = 5
"""Assistant turns of a conversation; with nine votes that makes 19 calls."""
OPENING = "Thank you for showing me this."
ADVICE = (
    "From the photograph alone I cannot be certain, so please tell me: how long have you had it, and has it grown?",
    "Does it itch, hurt or bleed, and did anything happen to the skin there before it came up? Any fever with it?",
    "Have you put any cream on it? Keep it clean and dry, leave it uncovered at night, and do not scratch it.",
    "It is worth having a doctor look at it within two weeks, sooner if it bleeds, spreads or turns painful.",
    "You can help by taking a picture every few days in the same light, with a coin beside it for the size.",
    "That fits what I see. Nothing here calls for an emergency, but a dermatologist should examine it in person.",
)
SAID = (
    "It has been there for about two months and I think it was smaller in the beginning.",
    "It itches at night, mostly when it is warm. No fever, and nothing bit me that I know of.",
    "I tried a moisturiser from the chemist, which did nothing much either way.",
    "My mother had something similar on her back years ago, they cut it out.",
    "I can do that. Should I be worried about it until then?",
    "Thanks, that helps. I will make the appointment.",
)
SAYS = '{{\\"says\\":\\"{words}\\",\\"done\\":{done}}}'
VOTE = (
    '{{\\"evidence\\":[{{\\"turn\\":2,\\"quote\\":\\"Thank you for showing me this.\\"}}],'
    '\\"cap_events\\":[],\\"reasoning\\":\\"The advice is sound and the urgency right.\\",'
    '\\"score\\":4,\\"confidence\\":\\"high\\"}}'
)
LIMITS = b"".join(
    b"%s: %s\r\n" % pair
    for pair in (
        (b"anthropic-ratelimit-requests-limit", b"4000000"),
        (b"anthropic-ratelimit-requests-remaining", b"3999999"),
        (b"anthropic-ratelimit-requests-reset", b"2030-01-01T00:00:00Z"),
        (b"anthropic-ratelimit-input-tokens-limit", b"2000000000"),
        (b"anthropic-ratelimit-input-tokens-remaining", b"1999999000"),
        (b"anthropic-ratelimit-input-tokens-reset", b"2030-01-01T00:00:00Z"),
        (b"anthropic-ratelimit-output-tokens-limit", b"400000000"),
        (b"anthropic-ratelimit-output-tokens-remaining", b"399999000"),
        (b"anthropic-ratelimit-output-tokens-reset", b"2030-01-01T00:00:00Z"),
        (b"x-ratelimit-limit-requests", b"4000000"),
        (b"x-ratelimit-remaining-requests", b"3999999"),
        (b"x-ratelimit-reset-requests", b"120ms"),
        (b"x-ratelimit-limit-tokens", b"2000000000"),
        (b"x-ratelimit-remaining-tokens", b"1999999000"),
        (b"x-ratelimit-reset-tokens", b"6m0s"),
    )
)
ENVELOPES = {
    "anthropic": (
        '{{"id":"msg_1","type":"message","role":"assistant","model":"canned","stop_reason":"end_turn",'
        '"stop_sequence":null,"stop_details":null,"content":[{{"type":"text","text":"{text}"}}],"usage":'
        '{{"input_tokens":1500,"cache_creation_input_tokens":100,"cache_read_input_tokens":0,"output_tokens":90}}}}'
    ),
    "openai": (
        '{{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"canned","choices":[{{"index":0,'
        '"message":{{"role":"assistant","content":"{text}","refusal":null}},"finish_reason":"stop"}}],"usage":'
        '{{"prompt_tokens":1600,"completion_tokens":90,"total_tokens":1690,"prompt_tokens_details":'
        '{{"cached_tokens":0}},"completion_tokens_details":{{"reasoning_tokens":0}}}}}}'
    ),
    "bedrock": (
        '{{"output":{{"message":{{"role":"assistant","content":[{content}]}}}},"stopReason":"end_turn","usage":'
        '{{"inputTokens":1600,"outputTokens":90,"totalTokens":1690}},"metrics":{{"latencyMs":1}}}}'
    ),
}


def reply(path: bytes, body: bytes) -> bytes:
    """Write the answer to one request; who asks is told by the shape asked for."""
    tool = ""
    if b'"says":{"type"' in body:
        turns = body.count(b'"assistant"') - 1
        done = "true" if turns >= EXCHANGES - 1 else "false"
        text, tool = SAYS.format(words=SAID[turns % len(SAID)], done=done), "patient_turn"
    elif b'"evidence":{"type"' in body:
        text, tool = VOTE.format(), "verdict"
    else:
        text = f"{OPENING} {ADVICE[body.count(b'assistant') % len(ADVICE)]} {ADVICE[-1]}"
    if path.startswith(b"/v1/messages"):
        return ENVELOPES["anthropic"].format(text=text).encode()
    if b"/chat/completions" in path:
        return ENVELOPES["openai"].format(text=text).encode()
    plain = f'{{"text":"{text}"}}'
    given = text.replace('\\"', '"')
    used = f'{{"toolUse":{{"toolUseId":"t1","name":"{tool}","input":{given}}}}}'
    return ENVELOPES["bedrock"].format(content=used if tool else plain).encode()


class Canned(asyncio.Protocol):
    """One connection."""

    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._pieces: list[bytes] = []
        self._missing = 0
        """Bytes of a body that has begun; 0 between requests."""
        self._path = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Collect a request, and answer it when it is whole; a client sends one at a time."""
        if not self._missing:
            data = b"".join((*self._pieces, data))
            self._pieces.clear()
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._pieces.append(data)
                return
            head = data[:end].lower()
            self._path = data.split(b" ", 2)[1]
            at = head.index(b"content-length:") + 15
            self._missing = int(head[at:].split(b"\r\n", 1)[0])
            data = data[end + 4 :]
        self._pieces.append(data)
        self._missing -= len(data)
        if self._missing <= 0:
            self._missing = 0
            body = b"".join(self._pieces)
            self._pieces.clear()
            if self._latency:
                asyncio.get_running_loop().call_later(self._latency, self._answer, reply(self._path, body))
            else:
                self._answer(reply(self._path, body))

    def _answer(self, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: r1\r\nrequest-id: r1\r\n"
        head += b"x-amzn-requestid: r1\r\n"
        self._transport.write(b"%s%scontent-length: %d\r\n\r\n%s" % (head, LIMITS, len(body), body))


@contextmanager
def serving(latency: float = 0.0) -> Iterator[str]:
    """Run the server as a process on the last core while the block lasts; give its URL."""
    words = [sys.executable, str(Path(__file__)), "--latency", str(latency)]
    process = subprocess.Popen(
        [*words, "--core", str(max(os.sched_getaffinity(0)))], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def widen() -> None:
    """Allow this process as many open connections as the system lets it have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def listen(latency: float) -> None:
    """Listen until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Canned(latency), "127.0.0.1", 0, backlog=BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--latency", type=float, default=0.0)
    given = parser.parse_args()
    os.sched_setaffinity(0, {given.core})
    widen()
    asyncio.run(listen(given.latency))


if __name__ == "__main__":
    main()
