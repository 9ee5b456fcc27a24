"""Whether a person could be the one in a photograph: age, sex, skin, and how long it has been there.

The one idea: the rules by which pairs are made are the very rules by which they are proved, so they stand here
once and take plain values. This does not know how a record is found.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path

from personas.conditions.book import Condition, conditions
from personas.values import Seen, Sex, Tone

FILE = Path(__file__).with_name("skin.toml")
APART = 15
"""Years that a record may be from the age a data set gives the person in a photograph."""
GROWN = 18
"""Years; a child's photograph goes with no adult's record."""
DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
WORDS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
}
WORDS |= {
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
}
LENGTH = re.compile(r"\b(\d+|[a-z]+) (day|week|month|year)s?\b( and a half)?")


def band(condition: Condition, seen: Seen) -> tuple[int, int]:
    """Give the ages, both included, of those who could be in the photograph."""
    if seen.age is None:
        return condition.ages
    low, high = max(0, seen.age - APART), seen.age + APART
    return (low, min(high, GROWN - 1)) if seen.age < GROWN else (max(low, GROWN), high)


def sex_fits(condition: Condition, seen: Seen, sex: Sex) -> bool:
    """Say whether a recorded sex is that in the photograph, or where nobody recorded one, one that it befalls."""
    if sex == "unknown":
        return True
    return sex == seen.sex if seen.sex != "unknown" else sex in condition.sexes


def tone_fits(tone: Tone | None, race: str, ethnicity: str = "") -> bool:
    """Say whether a skin tone is not at odds with a recorded race and ethnicity."""
    return tone is None or (tone in _tones(race.lower()) and tone in _tones(ethnicity.lower()))


@lru_cache(maxsize=1 << 17)
def gives_away(label: str, text: str, code: str = "") -> str:
    """Give what in a text gives a condition away; "" for nothing. The same few thousand texts come over and over."""
    return conditions()[label].gives_away(text, code)


def days(length: str) -> int | None:
    """Give a length of time in words ("a year and a half") in days; None when it holds none."""
    found = LENGTH.search(length.lower())
    if found is None:
        return None
    number, unit, half = found.groups()
    count = int(number) if number.isdigit() else WORDS.get(number)
    return None if count is None else round((count + (0.5 if half else 0)) * DAYS[unit])


@cache
def _tones(words: str) -> tuple[str, ...]:
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))["race"]
    return next((tuple(row["tones"]) for row in table if row["word"] in words), ("12", "34", "56"))
