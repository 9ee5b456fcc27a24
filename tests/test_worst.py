"""The worst case is a bound, and a closer one where the beginning of a prompt was counted before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.speech import Message, Prompt, Schema, Usage
from engine.catalog import read_catalog
from engine.worst import FRAME, LONGEST, Heard, WorstCase
from personas.values import Photo

MODELS = read_catalog().models
PHOTO = Photo(sha256="0" * 64, media_type="image/jpeg", width=800, height=600, drawn=True)
SCHEMA = Schema(name="s", body={"type": "object", "properties": {"a": {"type": "string"}}})


def prompt(*texts: str, photo: Photo | None = None, schema: Schema | None = None) -> Prompt:
    said = [Message(author=("user", "assistant")[at % 2], text=text) for at, text in enumerate(texts)]
    said[0] = replace(said[0], photo=photo)
    return Prompt(system="system", messages=tuple(said), max_tokens=100, schema=schema)


def worst(model: str = "gpt-5.1", **changes: object) -> WorstCase:
    return WorstCase(MODELS[model].model_copy(update=changes))


def test_every_byte_may_be_a_token_and_a_photograph_what_the_file_says():
    words = "naïve 皮膚 " * 100
    plain, seen = worst().of(prompt(words)), worst().of(prompt(words, photo=PHOTO))
    assert plain.tokens >= len(words.encode()) + 100
    assert seen.tokens - plain.tokens == MODELS["gpt-5.1"].photo
    assert worst().of(prompt(words, schema=SCHEMA)).tokens > plain.tokens


def test_input_is_taken_at_its_dearest_price_and_the_answer_at_its_longest():
    price = MODELS["claude-haiku-4.5"].price
    cost = worst("claude-haiku-4.5").of(prompt("hello"))
    assert price.cache_write > price.input
    sent = cost.tokens - 100
    assert cost.picos == round(sent * price.cache_write * 1e6 + 100 * price.output * 1e6)
    written = price.cost(Usage(input=int(sent), cache_write=int(sent), output=100))
    assert cost.dollars == pytest.approx(written)


def test_a_prompt_that_goes_on_is_bounded_by_what_its_beginning_was_counted_as():
    case, before = worst(), prompt("a" * 10_000, "b" * 4_000)
    after = replace(before, messages=(*before.messages, Message(author="user", text="c" * 50)))
    fresh, closer = case.of(after), case.of(after, Heard(before, 3_500))
    assert fresh.tokens > 14_000
    assert 3_500 + 50 + 100 <= closer.tokens < 3_500 + 50 + 100 + 100
    assert case.of(after, Heard(before, 0)) == fresh  # a server that does not count
    assert case.of(after, Heard(prompt("x" * 10_000), 3_500)) == fresh  # another beginning
    assert case.of(before, Heard(after, 3_500)) == case.of(before)  # shorter than before
    assert case.of(replace(after, system="other"), Heard(before, 3_500)).tokens > 14_000


@pytest.mark.parametrize(
    ("options", "spoken"),
    [
        ({}, 100),
        ({"max_completion_tokens": 5_000}, 5_000),
        ({"inferenceConfig": {"maxTokens": 900}}, 900),
        ({"max_tokens": 20}, 100),
        ({"n": 3}, 300),
        ({"temperature": 0.5, "stream_options": {"x": True}}, 100),
        ({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}, LONGEST),
    ],
)
def test_options_that_let_an_answer_be_longer_are_reckoned_with(options, spoken):
    sent = worst().of(prompt("hello")).tokens - 100
    assert worst(options=options).of(prompt("hello")).tokens == sent + spoken


def test_should_a_provider_count_more_the_next_calls_are_taken_for_more():
    case = worst()
    before = case.of(prompt("hello"))
    case.learn(before, Usage(input=FRAME, output=10))
    assert case.of(prompt("hello")) == before
    case.learn(before, Usage(input=2 * int(before.tokens)))
    assert case.of(prompt("hello")).tokens >= 2 * before.tokens
