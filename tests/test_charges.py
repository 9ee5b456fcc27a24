"""Charges: each provider's own way of counting, and guesses that learn."""

from __future__ import annotations

from agents.speech import Message, Prompt, Usage
from engine.charges import MEMORY, RULES, Forecast, bill, weigh
from personas.values import Photo

USED = Usage(input=1000, cache_read=900, output=50)


def prompt(letters: int = 400, messages: int = 1) -> Prompt:
    said = tuple(Message(author="user", text="x" * (letters // messages)) for _ in range(messages))
    return Prompt(system="", messages=said, max_tokens=300)


def test_what_was_read_from_the_cache_is_free_at_anthropic_only():
    assert bill(RULES["anthropic"], USED)["input_tokens"] == 100
    assert bill(RULES["openai"], USED)["tokens"] == bill(RULES["bedrock"], USED)["tokens"] == 1050


def test_the_first_guess_counts_letters_patches_and_a_third_of_the_longest_answer():
    guess = Forecast().guess("patient", prompt())
    assert guess.expect() == Usage(input=100, output=100)
    photo = Photo(sha256="0" * 64, media_type="image/png", width=280, height=56, drawn=True)
    seen = Prompt(system="", messages=(Message(author="user", text="", photo=photo),), max_tokens=300)
    assert weigh(seen) == 20


def test_the_longest_answer_is_expected_where_it_is_booked():
    forecast = Forecast()
    assert forecast.guess("patient", prompt(), whole=True).expect().output == 300
    forecast.guess("patient", prompt(), whole=True).hear(USED)
    assert forecast.guess("patient", prompt(), whole=True).expect().output == 300


def test_a_guess_learns_letters_cache_and_answers_of_its_role():
    forecast = Forecast()
    for _ in range(3):
        forecast.guess("patient", prompt()).hear(Usage(input=120, cache_read=60, output=30))
    assert forecast.guess("patient", prompt(800)).expect() == Usage(input=240, cache_read=120, output=30)
    assert forecast.guess("assistant", prompt()).expect() == Usage(input=100, output=100)


def test_calls_that_open_a_conversation_are_learnt_apart():
    forecast = Forecast()
    forecast.guess("patient", prompt()).hear(Usage(input=100, output=30))
    forecast.guess("patient", prompt(messages=4)).hear(Usage(input=100, cache_read=80, output=30))
    assert forecast.guess("patient", prompt()).expect().cache_read == 0
    assert forecast.guess("patient", prompt(messages=4)).expect().cache_read == 80


def test_a_habit_that_changes_is_followed():
    forecast = Forecast()
    for tokens in [30] * 100 + [200] * 3 * MEMORY:
        forecast.guess("patient", prompt()).hear(Usage(input=100, output=tokens))
    assert 180 < forecast.guess("patient", prompt()).expect().output <= 200


def test_no_answer_is_expected_to_be_longer_than_it_may_be():
    forecast = Forecast()
    forecast.guess("patient", prompt()).hear(Usage(input=100, output=5000))
    assert forecast.guess("patient", prompt()).expect().output == 300


def test_a_first_guess_that_was_too_high_is_not_given_back_and_a_later_one_is():
    forecast, used = Forecast(), Usage(input=100, cache_read=90, output=10)
    first, second = forecast.guess("patient", prompt()), forecast.guess("patient", prompt())
    first.expect()
    assert first.hear(used) == Usage(input=100, output=100)
    second.expect()
    assert second.hear(used) == used


def test_a_server_that_counts_nothing_teaches_nothing_of_the_input():
    forecast = Forecast()
    forecast.guess("patient", prompt()).hear(Usage())
    assert forecast.guess("patient", prompt()).expect().input == 100
