"""What headers tell of limits and waits, and that nothing a gateway writes into them breaks a call."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.providers.headers import duration, pause, told_by_anthropic, told_by_openai, until
from engine.rates import Allowance, Rates


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120ms", 0.12),
        ("4.2s", 4.2),
        ("6m0s", 360.0),
        ("1h2m3s", 3723.0),
        ("0", 0.0),
        ("0s", 0.0),
        ("17µs", 17e-6),
    ],
)
def test_a_go_duration_is_read_in_seconds(text, seconds):
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", [None, "", "soon", "6m0", "m", "-1s", "1e3s", "6 m", "1d", "٣s"])
def test_what_is_no_go_duration_is_none(text):
    assert duration(text) is None


def test_anthropics_three_limits_and_their_sum_are_told_apart():
    headers = {
        "anthropic-ratelimit-requests-limit": "1000",
        "anthropic-ratelimit-requests-remaining": "999",
        "anthropic-ratelimit-requests-reset": "2000-01-01T00:00:00Z",
        "anthropic-ratelimit-input-tokens-limit": "80000",
        "anthropic-ratelimit-input-tokens-remaining": "79000",
        "anthropic-ratelimit-output-tokens-limit": "16000",
        "anthropic-ratelimit-tokens-limit": "96000",
    }
    assert told_by_anthropic(headers) == Rates(
        requests=Allowance(limit=1000, remaining=999, reset=0.0),
        input_tokens=Allowance(limit=80000, remaining=79000),
        output_tokens=Allowance(limit=16000),
    )


def test_openais_two_limits_are_read_with_their_durations():
    headers = {
        "x-ratelimit-limit-requests": "500",
        "x-ratelimit-remaining-requests": "499",
        "x-ratelimit-reset-requests": "120ms",
        "x-ratelimit-limit-tokens": "500000",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "6m0s",
    }
    assert told_by_openai(headers) == Rates(
        requests=Allowance(limit=500, remaining=499, reset=0.12),
        tokens=Allowance(limit=500000, remaining=0, reset=360.0),
    )


def test_a_reset_in_the_future_is_the_seconds_until_then():
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 100))
    assert until(soon) == pytest.approx(100, abs=3)
    assert until("2026-13-45T00:00:00Z") is None
    assert until("2026-01-01T00:00:00") is None  # of which zone?


def test_headers_that_tell_nothing_give_nothing():
    assert told_by_anthropic({}) is None
    assert (
        told_by_openai({"x-ratelimit-limit-requests": "many", "x-ratelimit-remaining-requests": "-3"}) is None
    )
    assert told_by_openai({"x-ratelimit-limit-requests": "0"}) is None


def test_a_pause_may_be_in_milliseconds_in_seconds_or_a_date():
    assert pause({"retry-after-ms": "250", "retry-after": "9"}) == 0.25
    assert pause({"retry-after-ms": "soon", "retry-after": "7"}) == 7
    assert pause({"retry-after": formatdate(time.time() + 60, usegmt=True)}) == pytest.approx(60, abs=3)
    assert pause({"retry-after": "Sat, 01 Jan 2000 00:00:00 GMT"}) == 0
    assert pause({"retry-after": "inf"}) is None
    assert pause({"retry-after": "nan"}) is None
    assert pause({"retry-after": "-1"}) is None
    assert pause({"retry-after": "tomorrow"}) is None
    assert pause({}) is None


@given(st.text(max_size=30))
def test_nothing_in_a_header_is_an_error(text):
    names = [
        *(
            f"anthropic-ratelimit-{kind}-{field}"
            for kind in ("requests", "tokens")
            for field in ("limit", "reset")
        ),
        *(f"x-ratelimit-{field}-tokens" for field in ("limit", "remaining", "reset")),
        "retry-after",
        "retry-after-ms",
    ]
    headers = dict.fromkeys(names, text)
    told_by_anthropic(headers)
    told_by_openai(headers)
    assert (pause(headers) or 0) >= 0
