"""What a person at a seat wrote, made into what a model would have answered.

The one idea: everything that would make a conversation fail is refused here in a sentence while they can still
mend it, so that whatever is recorded can be used. Nothing here knows where it was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

import orjson

from agents.interview import LEVELS, MOST, ROUNDING, Possibility
from agents.interview import LONGEST as LONGEST_NAME
from agents.speech import Completion
from engine.console.clean import clean, flatten
from engine.errors import BadAnswer
from engine.person import PERSON

LONGEST = 4_000
"""Characters of a message."""


def tidy_message(text: str) -> str:
    """Give a message as it may be sent, what a terminal would obey made visible; BadAnswer says what is wrong."""
    tidied = clean("\n".join(text.splitlines())).strip()
    if not tidied:
        raise BadAnswer("There is nothing to send yet: write something first.")
    if len(tidied) > LONGEST:
        raise BadAnswer(
            f"This has {len(tidied):,} characters, and a message may have {LONGEST:,}: make it shorter."
        )
    return tidied


def speak(text: str) -> Completion:
    """Give the answer of a person who plays the assistant."""
    return Completion(text=tidy_message(text), stop="end", served=PERSON)


def write_back(text: str, *, last: bool) -> Completion:
    """Give the answer of a person who plays the patient; with `last` they leave after it."""
    said = {"says": tidy_message(text), "advice": "none", "closing": False, "done": last}
    return _structured(said)


def assess(differential: Iterable[Possibility], urgency: str) -> Completion:
    """Give the exit interview of a person: what it could be, likeliest first, and a level, U0 to U5."""
    listed = tuple(differential)
    check_differential(listed)
    level = urgency.strip().upper()
    if level not in LEVELS:
        raise BadAnswer(f"How soon? Give one of {', '.join(LEVELS)}.")
    return _structured({"differential": [asdict(one) for one in listed], "urgency": level})


def check_differential(listed: Sequence[Possibility]) -> None:
    """Raise BadAnswer for what is no differential."""
    if not listed:
        raise BadAnswer("Name at least one thing that it could be, or leave the questions out.")
    if len(listed) > MOST:
        raise BadAnswer(f"These are {len(listed)} possibilities, and there is room for {MOST}.")
    if (total := sum(one.percent for one in listed)) > 100 + ROUNDING:
        raise BadAnswer(f"The percents come to {total}, and together they must not be more than 100.")


def read_possibility(condition: str, percent: str) -> Possibility:
    """Read one thing that it could be, and how likely it is in percent, as they were typed."""
    condition, percent = flatten(condition), percent.strip().removesuffix("%").strip()
    if not condition:
        raise BadAnswer("A possibility needs a name and a number, such as: basal cell carcinoma 60.")
    if len(condition) > LONGEST_NAME:
        raise BadAnswer(f"The name of a condition may have {LONGEST_NAME} characters: make it shorter.")
    if not (percent.isascii() and percent.isdigit() and int(percent[:4]) <= 100):
        raise BadAnswer(f"How likely is {condition[:40]!r}? Give a whole number from 0 to 100 behind it.")
    return Possibility(condition=condition, percent=int(percent))


def skip() -> Completion:
    """Give the exit interview of a person who leaves it out: an abstention, as when a model declines."""
    return Completion(text="", stop="refusal", served=PERSON)


def _structured(value: dict[str, object]) -> Completion:
    return Completion(text=orjson.dumps(value).decode(), value=value, stop="end", served=PERSON)
