"""What the three dialects make an answer of: its stop reason, its tokens, its text without the thoughts before it.

The one idea: what a server counted is not believed blindly. A part is never larger than its whole, and an answer that
ended for no known reason is none. Nothing here knows a wire.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from agents.speech import Completion, Prompt, Stop, Usage
from engine.errors import Dropped
from engine.providers.dialect import whole_text
from engine.providers.thoughts import split_thought
from personas.tidy import placeless
from rubrics.verdicts import names_twice

LETTERS, FEWEST = 50, 20_000
"""Characters that a token has at most on average, and that are always taken. A server that gives more has not kept
to the length it was asked for, and what reads an answer is made for what a model can say."""
MOST_TOKENS = 10**9
"""Of one call; more is no count."""
NAME = re.compile(r"[A-Za-z][A-Za-z_ -]{0,39}")
"""What a stop reason looks like; anything else is not repeated, since a server may put what it likes there."""


def count(value: object) -> int:
    """Read a number of tokens; 0 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST_TOKENS else 0


def count_usage(*, input: int, output: int, read: int = 0, write: int = 0, reasoning: int = 0) -> Usage:
    """Make the usage of a call; what the cache read and wrote is never more than the whole input."""
    read = min(read, input)
    return Usage(
        input=input,
        cache_read=read,
        cache_write=min(write, input - read),
        output=output,
        reasoning=reasoning,
    )


def read_object(text: str) -> dict[str, Any] | None:
    """Read the one JSON object in a text, code fences and prose around it allowed.

    None when there is none, or when it names a key twice: the last one would win, and nobody said that it should.
    """
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        return None
    try:
        value = orjson.loads(text[start : end + 1])
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) and not names_twice(text[start : end + 1]) else None


def find_stop(reason: str | None, stops: Mapping[str, Stop]) -> Stop:
    """Give what a wire's stop reason means, its case aside; Dropped when there is none, or an unknown one."""
    if not reason:
        raise Dropped("the answer ended without a stop reason: it was cut off on the way.")
    if (stop := stops.get(reason.lower())) is None:
        named = f"{reason!r}, which is not known" if NAME.fullmatch(reason) else "of no known name"
        raise Dropped(f"the answer ended with a stop reason {named}: whether it is whole cannot be told.")
    return stop


def finish(
    prompt: Prompt,
    text: str,
    *,
    stop: Stop,
    usage: Usage,
    served: str,
    request_id: str,
    reasoning: str = "",
) -> Completion:
    """Make the completion, thoughts before the text taken off it.

    Raises Dropped when it is empty without a reason, or longer than anything that was asked for.
    """
    text, aloud = split_thought(text)
    if stop == "end" and not text.strip():
        raise Dropped("the answer was empty.")
    if len(text) > max(FEWEST, LETTERS * prompt.max_tokens):
        raise Dropped(
            f"the answer has {len(text):,} characters, which {prompt.max_tokens:,} tokens cannot hold."
        )
    text, reasoning = whole_text(text), whole_text("\n".join(filter(None, (reasoning, aloud))))
    value = read_object(text) if prompt.schema and stop == "end" else None
    return Completion(
        text=text,
        value=value,
        stop=stop,
        usage=usage,
        served=placeless(whole_text(str(served))),  # many servers call a model by where it lies
        request_id=whole_text(str(request_id)),
        reasoning=reasoning,
    )
