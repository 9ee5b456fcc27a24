"""How OpenAI's Responses answers: responses and their events.

A response is a row of items, reasoning, a message, a tool call, and a stream tells how each grows; the events are
numbered. A refusal is a part of the message. Nothing here knows what was asked.
"""

from __future__ import annotations

from typing import Any

import orjson

from engine.simulator.frames import named_event, padding, split_words
from engine.simulator.openai_terms import CREATED, REFUSAL
from engine.simulator.wire import GivenAnswer, WireCall

INCOMPLETE = {"length": "max_output_tokens", "window": "max_output_tokens", "filter": "content_filter"}


def whole(call: WireCall, answer: GivenAnswer) -> bytes:
    """Write the answer as one response."""
    return orjson.dumps(_response(call, answer, _items(call, answer), over=True))


def pieces(call: WireCall, answer: GivenAnswer) -> list[bytes]:
    """Write the answer as events."""
    items = _items(call, answer)
    script = EventScript(answer.id, padded=call.padded)
    begun = _response(call, answer, [], over=False)
    script.tell("response.created", {"response": begun})
    script.tell("response.in_progress", {"response": begun})
    script.flush()
    for index, item in enumerate(items):
        script.grow(index, item)
    done = _response(call, answer, items, over=True)
    script.tell(f"response.{done['status']}", {"response": done})
    return script.cut()


class EventScript:
    """The events of one stream, numbered as they are told."""

    def __init__(self, id: str, *, padded: bool) -> None:
        self._id = id
        self._padded = padded
        self._pieces: list[bytes] = []
        self._held = b""
        self._number = 0

    def tell(self, name: str, fields: dict[str, Any]) -> None:
        """Add an event; it goes out with the next delta."""
        self._held += named_event(name, fields | {"sequence_number": self._number})
        self._number += 1

    def flush(self) -> None:
        """Let go what is held, as a piece of the stream."""
        self._pieces.append(self._held)
        self._held = b""

    def cut(self) -> list[bytes]:
        """Give the pieces, the last of which ends the stream."""
        return [*self._pieces, self._held]

    def grow(self, index: int, item: dict[str, Any]) -> None:
        """Tell how an item begins, grows and is done."""
        place = {"output_index": index, "item_id": item["id"]}
        kind = item["type"]
        empty = {"message": "content", "reasoning": "summary", "function_call": "arguments"}[kind]
        begun = item | {empty: "" if kind == "function_call" else []}
        if "status" in item:
            begun["status"] = "in_progress"
        self.tell("response.output_item.added", {"output_index": index, "item": begun})
        if kind == "function_call":
            self._deltas("response.function_call_arguments", place, "arguments", item["arguments"])
        elif kind == "reasoning":
            for part in item["summary"]:
                self._part("response.reasoning_summary", place | {"summary_index": 0}, part, "text")
        else:
            for part in item["content"]:
                field = "refusal" if part["type"] == "refusal" else "text"
                self._part("response.content", place | {"content_index": 0}, part, field)
        self.tell("response.output_item.done", {"output_index": index, "item": item})

    def _part(self, stem: str, place: dict[str, Any], part: dict[str, Any], field: str) -> None:
        self.tell(f"{stem}_part.added", place | {"part": part | {field: ""}})
        words = {"refusal": "response.refusal", "output_text": "response.output_text"}.get(part["type"])
        self._deltas(words or f"{stem}_text", place, field, part[field])
        self.tell(f"{stem}_part.done", place | {"part": part})

    def _deltas(self, stem: str, place: dict[str, Any], field: str, text: str) -> None:
        logged = {"logprobs": []} if stem == "response.output_text" else {}
        for part in split_words(text):
            padded = {"obfuscation": padding(self._id, self._number)} if self._padded else {}
            self.tell(f"{stem}.delta", place | {"delta": part} | logged | padded)
            self.flush()
        self.tell(f"{stem}.done", place | {field: text} | logged)


def _items(call: WireCall, answer: GivenAnswer) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    status = "incomplete" if answer.stop in INCOMPLETE else "completed"
    if answer.thought:
        summary = [{"type": "summary_text", "text": answer.thought}]
        items.append({"id": f"rs_{answer.id}", "type": "reasoning", "summary": summary})
    used = bool(call.tool and answer.text)
    if answer.aside if used else answer.stop != "filter":
        items.append(_message(answer, answer.aside if used else answer.text, status))
    if used:
        item = {"id": f"fc_{answer.id}", "type": "function_call", "status": status}
        items.append(item | {"call_id": f"call_{answer.id}", "name": call.tool, "arguments": answer.text})
    return items


def _message(answer: GivenAnswer, text: str, status: str) -> dict[str, Any]:
    part: dict[str, Any] = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    if answer.stop == "refusal":
        part = {"type": "refusal", "refusal": REFUSAL}
    head = {"id": f"msg_{answer.id}", "type": "message", "status": status, "role": "assistant"}
    return head | {"content": [part]}


def _response(
    call: WireCall, answer: GivenAnswer, items: list[dict[str, Any]], *, over: bool
) -> dict[str, Any]:
    reason = INCOMPLETE.get(answer.stop) if over else None
    status = ("incomplete" if reason else "completed") if over else "in_progress"
    return {
        "id": f"resp_{answer.id}",
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "model": call.served.id,
        "output": items,
        "previous_response_id": None,
        "service_tier": "default",
        "usage": _usage(answer) if over else None,
        **call.repeated,
    }


def _usage(answer: GivenAnswer) -> dict[str, Any]:
    used = answer.usage
    return {
        "input_tokens": used.input,
        "input_tokens_details": {"cached_tokens": used.read, "cache_write_tokens": 0},
        "output_tokens": used.output,
        "output_tokens_details": {"reasoning_tokens": used.reasoning},
        "total_tokens": used.input + used.output,
    }
