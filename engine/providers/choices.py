"""What a Chat Completions answer holds, whole or in chunks, from OpenAI or from any server that speaks the same.

The one idea: chunks are put together into what a whole answer looks like, and both are read in one place. Thoughts
come in a field of one of two names, or between tags before the text; none of them is part of the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.speech import Completion, Prompt, Stop
from engine.errors import Dropped
from engine.models import Model
from engine.providers import Listen
from engine.providers.answers import count, count_usage, find_stop, finish
from engine.providers.thoughts import ThoughtFilter

STOPS: dict[str, Stop] = {
    "stop": "end",
    "stop_sequence": "end",
    "eos": "end",
    "eos_token": "end",
    "end_turn": "end",
    "tool_calls": "end",
    "function_call": "end",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "filter",
}
"""OpenAI's reasons and those that servers of one's own give in their place."""
THOUGHTS = ("reasoning_content", "reasoning")


class StreamedChoice:
    """A streamed answer as it grows."""

    def __init__(self, listen: Listen) -> None:
        self._ear = ThoughtFilter(listen)
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._thought: list[str] = []
        self._reason: object = None
        self._rest: dict[str, Any] = {}

    def hear(self, chunk: Mapping[str, Any]) -> None:
        """Take the next chunk."""
        for name in ("model", "id", "usage"):
            self._rest[name] = chunk.get(name) or self._rest.get(name)
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {}
            self._reason = choice.get("finish_reason") or self._reason
            text, thought = split_parts(delta.get("content"))
            self._refusal.append(delta.get("refusal") or "")
            self._thought += (thought_of(delta), thought)
            if text:
                self._text.append(text)
                self._ear.hear(text)

    def whole(self) -> dict[str, Any]:
        """Give what a whole answer would have looked like."""
        self._ear.close()
        said = {"content": self._text, "refusal": self._refusal, "reasoning": self._thought}
        message = {name: "".join(pieces) for name, pieces in said.items()}
        return {"choices": [{"message": message, "finish_reason": self._reason}], **self._rest}


def read_choice(
    reply: dict[str, Any], prompt: Prompt, model: Model, *, request_id: str, streamed: bool = False
) -> Completion:
    """Make the completion of a whole answer."""
    if not reply.get("choices"):
        raise Dropped("openai: the answer holds no choice.")
    choice, used = reply["choices"][0], reply.get("usage") or {}
    message = choice.get("message") or {}
    text, thought = split_parts(message.get("content"))
    reason = choice.get("finish_reason")
    if not reason and model.endpoint and not streamed:
        reason = "stop"  # a whole body has come to its end, whether or not the server says so
    refused = message.get("refusal")
    details, cached = used.get("completion_tokens_details") or {}, used.get("prompt_tokens_details") or {}
    return finish(
        prompt,
        text or refused or "",
        stop="refusal" if refused else find_stop(reason, STOPS),
        usage=count_usage(
            input=count(used.get("prompt_tokens")),
            read=count(cached.get("cached_tokens")),
            write=count(cached.get("cache_write_tokens")),
            output=count(used.get("completion_tokens")),
            reasoning=count(details.get("reasoning_tokens")),
        ),
        served=reply.get("model") or "",
        request_id=request_id or reply.get("id") or "",
        reasoning="\n".join(part for part in (thought_of(message), thought) if part),
    )


def thought_of(message: Mapping[str, Any]) -> str:
    """Give the thoughts that stand in a field of their own."""
    return next((message[name] for name in THOUGHTS if isinstance(message.get(name), str)), "")


def split_parts(content: object) -> tuple[str, str]:
    """Give (text, thought) of a content that is a string, or a list of parts as some servers send it."""
    if content is None or isinstance(content, str):
        return content or "", ""
    text = thought = ""
    for part in content if isinstance(content, list) else ():
        if part.get("type") in ("thinking", "reasoning"):
            inner = part.get("thinking") or part.get("text") or ""
            thought += inner if isinstance(inner, str) else split_parts(inner)[0]
        else:
            text += part.get("text") or ""
    return text, thought
