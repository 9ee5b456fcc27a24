"""The worst case: more than a call can cost, known before it is sent.

A token is at least one byte of what is sent, so the bytes bound the words; a photograph counts as no more than the
models file says; an answer, its reasoning included, is at all three providers no longer than it is allowed to be.
Where the same prompt was sent before without its end, what it was counted as then, and the bytes of the end, are a
bound that lies closer. Input is taken at its dearest price. Nothing here knows how much there is to spend.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any, NamedTuple

import orjson

from agents.speech import Message, Prompt, Usage
from engine.models import Model
from engine.purse import DOLLAR, Cost

FRAME = 1_000
"""Tokens that a provider may add to a prompt of its own: how to give a structured answer, how to use a tool."""
JOINT = 16
"""Tokens that may stand around a message."""
LENGTHS = {
    "max_tokens",
    "max_completion_tokens",
    "maxTokens",
    "max_output_tokens",
    "max_gen_len",
    "budget_tokens",
}
"""Options that set the greatest length of an answer, or of its reasoning, over ours."""
CHOICES = {"n", "best_of"}
"""Options that ask for several answers at once."""
UNBOUND = "reasoningConfig"
"""Option of Nova 2 with which it may reason without a length."""
LONGEST = 65_536
"""Tokens that it can say at all."""


class Heard(NamedTuple):
    """A prompt that was answered, and what its provider counted."""

    prompt: Prompt
    input: int
    """Tokens."""


class WorstCase:
    """What calls to one model can cost."""

    def __init__(self, model: Model) -> None:
        price, micro = model.price, DOLLAR / 1e6
        told = (price.input, price.cache_read or 0.0, price.cache_write or 0.0)
        self._input, self._output = ceil(max(told) * micro), ceil(price.output * micro)
        self._photo = model.photo
        options = dict(_numbers(model.options))
        self._least = max((options[name] for name in LENGTHS & options.keys()), default=0)
        if UNBOUND in model.options:
            self._least = max(self._least, LONGEST)
        self._times = max(1, *(options.get(name, 1) for name in CHOICES))
        self._margin = 1.0

    def of(self, prompt: Prompt, heard: Heard | None = None) -> Cost:
        """Give the worst case of a call; `heard` is the same line's last one."""
        sent = None if heard is None else _longer(prompt, heard)
        if sent is None:
            sent = FRAME + len(prompt.system.encode(errors="replace")) + self._weigh(prompt.messages)
            if prompt.schema:
                sent += 2 * len(
                    orjson.dumps(prompt.schema.body)
                )  # in the shape that the provider writes it in
        else:
            sent += self._weigh(prompt.messages[len(heard.prompt.messages) :])
        sent = ceil(sent * self._margin)
        spoken = ceil(max(prompt.max_tokens, self._least) * self._times * self._margin)
        return Cost(sent * self._input + spoken * self._output, sent + spoken)

    def learn(self, worst: Cost, usage: Usage) -> None:
        """Hear what a call was counted as; should that be beyond its worst case, the next ones are taken for more."""
        if (counted := usage.input + usage.output) > worst.tokens:
            self._margin *= counted / worst.tokens

    def _weigh(self, messages: tuple[Message, ...]) -> int:
        tokens = JOINT
        for message in messages:
            text = message.text
            tokens += JOINT + (len(text) if text.isascii() else len(text.encode(errors="replace")))
            if message.photo:
                tokens += self._photo
        return tokens


def _longer(prompt: Prompt, heard: Heard) -> int | None:
    """Give what was counted for the beginning of a prompt; None when nothing was, or when it begins otherwise."""
    before = heard.prompt
    if not heard.input or len(before.messages) > len(prompt.messages):
        return None
    if before.system != prompt.system or before.schema != prompt.schema:
        return None
    for then, now in zip(before.messages, prompt.messages, strict=False):
        if then.text != now.text or then.author != now.author or then.photo != now.photo:
            return None
    return heard.input


def _numbers(table: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Give the whole numbers among options, those in tables within them too."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _numbers(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            yield name, value
