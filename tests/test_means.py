"""What a run may have, in the user's words: read, refused in a sentence, checked against the prices."""

from __future__ import annotations

import math

import pytest

from engine.catalog import read_catalog
from engine.commands.spending import Spending
from engine.errors import BadOption
from engine.means import AMPLE, Means, check_prices, shortage
from engine.models import Price
from engine.purse import Cost, cost_of

MODEL = read_catalog().models["gpt-5.1"]
FREE = MODEL.model_copy(update={"name": "mine", "endpoint": "http://localhost:1/v1", "price": Price()})


@pytest.mark.parametrize(
    ("word", "seconds"), [("90s", 90), ("45m", 2_700), ("2h", 7_200), ("1d", 86_400), ("1.5h", 5_400)]
)
def test_a_length_of_time_is_read(word, seconds):
    assert Spending(deadline=word).means().seconds == seconds
    assert Spending(conversation_deadline=word).means().conversation == seconds


def test_without_a_word_nothing_is_limited_but_a_conversation():
    assert Spending().means() == AMPLE
    assert all(math.isinf(means) for means in (AMPLE.dollars, AMPLE.tokens, AMPLE.seconds))


@pytest.mark.parametrize("word", ["50", "$50", "50.00", "5e1", "$50 "])
def test_an_amount_of_money_is_read(word):
    assert Spending(budget=word).means().dollars == 50


def test_a_comma_parts_thousands_and_is_no_decimal_point():
    assert Spending(budget="$1,250,000.50").means().dollars == 1_250_000.5
    for word in ("1,5", "0,50", "12,50", "1,2345", ",5", "1,000,00"):
        with pytest.raises(BadOption, match="is no amount of dollars"):
            Spending(budget=word).means()


@pytest.mark.parametrize(
    "wrong",
    [
        *({"budget": word} for word in ("0", "-1", "ten", "", "nan", "inf", "1e30", "1_0", "٣")),
        *({"deadline": word} for word in ("5", "0s", "-5s", "2w", "", "1h30m", "999999d", "nan")),
        {"conversation_deadline": "soon"},
        {"max_tokens_total": 0},
        {"max_tokens_total": -5},
    ],
    ids=str,
)
def test_what_is_none_is_refused_in_a_sentence_that_names_the_option(wrong):
    (option,) = wrong
    with pytest.raises(BadOption, match=f"--{option.replace('_', '-')}.*give"):
        Spending(**wrong).means()


def test_a_budget_needs_prices():
    means = Means(dollars=5)
    assert check_prices(means, [MODEL]) == ()
    assert check_prices(AMPLE, [FREE]) == ()
    (told,) = check_prices(means, [MODEL, FREE])
    assert "mine" in told
    with pytest.raises(BadOption, match="no model of this run has a price"):
        check_prices(means, [FREE])
    with pytest.raises(BadOption, match=r"gpt-5\.1, of which the models file gives no price"):
        check_prices(means, [MODEL.model_copy(update={"price": Price()}), FREE])


def test_a_shortage_tells_what_is_spent_what_may_be_and_what_was_wanted():
    means = Means(dollars=5, tokens=1_000)
    (short,) = shortage(means, cost_of(4.9, 10), cost_of(0.0512, 3), cost_of(0.1, 20))
    assert short.option == "--budget"
    assert short.said == (
        "--budget $5.00: $4.90 spent and up to $0.0512 more for answers that were cut off; "
        "the next call could have taken $0.10 more."
    )
    (short,) = shortage(means, cost_of(1, 990), Cost(), cost_of(0.1, 20))
    assert short.said == "--max-tokens-total 1,000: 990 used; the next call could have taken 20 more."
    assert not [*shortage(means, cost_of(1, 10), Cost(), cost_of(0.1, 20))]


def test_amounts_that_are_next_to_nothing_are_told_as_they_are():
    means = Means(dollars=1e-9, tokens=1)
    said = [short.said for short in shortage(means, Cost(), Cost(), cost_of(0.01, 20))]
    assert said == [
        "--budget $0.000000001: $0.00 spent; the next call could have taken $0.01 more.",
        "--max-tokens-total 1: 0 used; the next call could have taken 20 more.",
    ]
