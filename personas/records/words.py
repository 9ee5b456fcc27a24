"""What the words, dates and numbers of a chart mean, whichever format they came in.

The one idea: every rule about meaning is here and in `words.toml`, once, so that the same patient from a bundle
and from a table is the same patient; readers only say which field is which. This knows no file format.
"""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from pathlib import Path

FILE = Path(__file__).with_name("words.toml")
TAG = re.compile(r"\s*\(([a-z -]+)\)\s*$")
REGION = re.compile(r"\s*\([^)]*\)\s*$")
METHOD = re.compile(
    r"\s*\[[^\]]*\]|\s+by (?:Automated count|calculation|Immunologic method)|\s+NHIS$|\s+- Reported\b"
)
DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
MIDDLE = {4: "-07-01", 7: "-15"}
"""What completes a partial date, by its length: the middle of what it leaves open."""
LONGEST_MOMENT = 40
"""Characters of a moment, offset and nanoseconds included; a longer one would fill the cache with noise."""
YEARS = range(1850, 2101)
"""Years a date in a chart can have; 9999 is how some systems write "open"."""
LARGEST = 1e9
"""Numbers from here on are written with a power of ten; no cell count in a chart reaches it."""
GRADES = {"severe": 0, "": 1, "moderate": 2, "mild": 3}
"""Order in which reactions are told; one that nobody graded may be anything, so it stands before the mild."""


def day(text: str) -> str:
    """Give a date or a moment as an ISO date, partial where it was partial; empty when it is none.

    A moment with an offset counts as the day in UTC, which is how Synthea's tables write it.
    """
    return _day(text) if len(text) <= LONGEST_MOMENT else ""


@lru_cache(maxsize=65536)
def _day(text: str) -> str:
    found = DATE.match(text)
    if not found or int(text[:4]) not in YEARS:
        return ""
    try:
        if len(text) > 10:
            moment = datetime.fromisoformat(text)
            return (moment.astimezone(UTC) if moment.tzinfo else moment).date().isoformat()
        date.fromisoformat(complete(found[0]))
    except ValueError:
        return ""
    return found[0]


def complete(partial: str) -> str:
    """Give a whole date for a partial one."""
    return partial + MIDDLE.get(len(partial), "")


def years(birth: str, today: str) -> int:
    """Give whole years between two dates, either of them possibly partial; below 0 in the wrong order."""
    born, now = (date.fromisoformat(complete(text)) for text in (birth, today))
    if born > now and birth[:4] == today[:4] and min(len(birth), len(today)) < 10:
        return 0
    return now.year - born.year - ((now.month, now.day) < (born.month, born.day))


@lru_cache(maxsize=65536)
def bare(text: str) -> str:
    """Take off the tag that SNOMED CT puts after a name: "Viral sinusitis (disorder)"."""
    tag = TAG.search(text)
    # "Eggs (edible)" ends in brackets too.
    return text[: tag.start()] if tag and tag[1] in table()["tags"] else text


@lru_cache(maxsize=65536)
def social(text: str) -> bool:
    """Say whether an entry among the problems is none: a job, a form, a sign of the day."""
    low, words = text.lower(), table()
    if low.startswith(tuple(words["keep"])):
        return False
    tag = TAG.search(low)
    return low.startswith(tuple(words["drop"])) or bool(tag and tag[1] in words["social_tags"])


def ends_pregnancy(text: str) -> bool:
    """Say whether a problem means that a pregnancy before it is over."""
    return text.lower().startswith(tuple(table()["ends_pregnancy"]))


@lru_cache(maxsize=65536)
def passing(text: str) -> int | None:
    """Give the months after which a problem that nobody closed is past; None for one that lasts."""
    low = text.lower()
    return next((months for words, months in table()["passing"].items() if low.startswith(words)), None)


def denies_allergy(text: str, codes: tuple[str, ...]) -> bool:
    """Say whether an entry among the allergies says that there is none."""
    words = table()
    return bool(set(codes) & set(words["no_allergy"])) or text.lower().startswith(
        tuple(words["no_allergy_words"])
    )


def allergy_line(text: str, signs: list[tuple[str, str]], *, kind: str = "", risk: str = "") -> str:
    """Write an allergy as one line: "Peanut: wheezing (severe), wheal (mild)".

    `signs` are reactions with their severity (severe, moderate, mild, or empty); kind and risk are FHIR's type
    and criticality.
    """
    name = bare(text) + (" (intolerance)" if kind.lower() == "intolerance" else "")
    graded = {bare(sign).removeprefix("Finding of "): grade.lower() for sign, grade in signs if sign}
    told = sorted(graded.items(), key=lambda sign: (GRADES.get(sign[1], 1), sign[0].lower()))
    words = [f"{_lower(sign)} ({grade})" if grade else _lower(sign) for sign, grade in told]
    if risk.lower() == "high":
        words.append("high risk")
    return f"{name}: {', '.join(words)}" if words else name


def _lower(text: str) -> str:
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def measured(number: float, unit: str = "") -> str:
    """Write a number with its unit as a chart does: one decimal, three digits below one."""
    ordinary = 1 <= abs(number) < LARGEST or not number
    written = f"{number:.1f}".removesuffix(".0") if ordinary else f"{number:.3g}"
    return f"{written} {table()['observations']['units'].get(unit, unit)}".strip()


def named(given: str, family: str, whole: str = "") -> str:
    """Write a person's name without the digits Synthea adds; "Unnamed" when there is none."""
    text = f"{given} {family}" if given.strip() or family.strip() else whole
    return " ".join(re.sub(r"\d+", "", text).split()) or "Unnamed"


def language(text: str) -> str:
    """Write a language without its region: "English (United States)" is English."""
    return REGION.sub("", text).strip()


@lru_cache(maxsize=8192)
def quantity(text: str) -> str:
    """Write what was measured without the way it was: "Leukocytes [#/volume] in Blood by Automated count"."""
    return " ".join(METHOD.sub("", text).split()) or text


@lru_cache(maxsize=8192)
def prominence(text: str) -> tuple[int, str]:
    """Give the place of a measurement among others of its day: vital signs before the laboratory's long list."""
    low, first = text.lower(), table()["observations"]["first"]
    return next((n for n, words in enumerate(first) if low.startswith(words)), len(first)), low


@cache
def table() -> dict:
    """Give the rules of `words.toml`."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
