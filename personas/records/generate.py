"""Built-in health records: a person of a given age and sex with an ordinary history.

The one idea: a record takes one block of random numbers from its address and spends them in order, and what can
befall whom is worked out once for each age, sex and diagnosis, so a hundred thousand records cost seconds. Nothing
is in it on purpose: what matters for the skin is placed afterwards. This knows nothing of skin but what to avoid.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from personas.conditions.book import Condition, conditions
from personas.seeds import derive, digest
from personas.values import Entry, Record, Sex, Tone

FILE = Path(__file__).with_name("bank.toml")
DRAWS = 192
"""Random numbers of a record: one for each thing that could befall it, and a few for each that does."""
MOST = 9
"""Entries among the problems of one person, past ones counted."""
OLD = 85
"""Years of age at which a problem is as frequent as it gets."""
ADULT = 18
"""Years"""

Draws = Iterator[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelyProblem:
    """Something that can befall people of one age and sex."""

    text: str
    chance: float
    """0-1"""
    past: bool
    name: str
    """What only one of can be had: its text, or the family it belongs to."""
    began: tuple[int, int]
    """Years of age between which it begins."""
    takes: tuple[int, int] = (0, 0)
    """Fewest and most of its medicines."""
    medicines: tuple[str, ...] = ()
    measure: dict | None = None


def generate(
    *address: object, age: int, sex: Sex, tone: Tone = "12", avoid: Condition | None = None
) -> Record:
    """Make the record that lives at this address; no entry names the condition to avoid.

    A sex that is not known is drawn: a record has one.
    """
    draws = iter(derive("record", *address).random(DRAWS).tolist())
    year, month, day = 2022 + int(next(draws) * 4), 1 + int(next(draws) * 12), 1 + int(next(draws) * 28)
    today = f"{year}-{month:02d}-{day:02d}"
    sex = sex if sex != "unknown" else _pick(draws, ("female", "male"))
    person = _weighted(draws, _people(tone))
    names = _bank()["names"][person["names"]]
    name = f"{_pick(draws, names[sex])} {_pick(draws, names['last'])}"
    language = _weighted(draws, tuple(person["languages"].items()))
    allergies = _allergies(draws, avoid)
    observed = {entry.text: entry for entry in _vitals(draws, age, today)}
    chosen = _chosen(draws, _likely(min(age, 110), sex, _clear(avoid.key) if avoid else ""))
    problems, medicines = [], {}
    for problem in chosen:
        since = str(_year(draws, year, age, problem.began))
        problems.append(_entry(problem.text, since, not problem.past))
        for text in _taken(draws, problem):
            medicines.setdefault(text.split()[0], _entry(text, since))
        if measure := problem.measure:
            observed[measure["text"]] = _measured(draws, measure, measure["mean"], today)
    return Record(
        id="b-" + digest("record", *address).hex()[:12],
        name=name,
        age=age,
        sex=sex,
        race=person["race"],
        ethnicity=person["ethnicity"],
        language=language,
        as_of=today,
        problems=tuple(sorted(problems, key=_order)),
        medicines=tuple(sorted(medicines.values(), key=_order)),
        allergies=allergies,
        observations=tuple(observed.values()),
        source="built-in",
    )


def _chosen(draws: Draws, likely: tuple[LikelyProblem, ...]) -> list[LikelyProblem]:
    """Choose what has befallen somebody, each name once; where it is too much, what comes first is by chance."""
    start = int(next(draws) * len(likely)) if likely else 0
    found = {p.name: p for p in (*likely[start:], *likely[:start]) if next(draws) < p.chance}
    return list(found.values())[:MOST]


def _taken(draws: Draws, problem: LikelyProblem) -> tuple[str, ...]:
    """Choose so many medicines of a problem, beginning anywhere in its list."""
    low, high = problem.takes
    if not high:
        return ()
    count, start = low + int(next(draws) * (high - low + 1)), int(next(draws) * len(problem.medicines))
    return (problem.medicines * 2)[start : start + count]


def _allergies(draws: Draws, avoid: Condition | None) -> tuple[Entry, ...] | None:
    bank = _bank()["allergies"]
    draw, second = next(draws), next(draws)
    if draw < bank["unrecorded"]:
        return None
    if draw < bank["unrecorded"] + bank["none"]:
        return ()
    texts = dict.fromkeys(_pick(draws, bank["entries"]) for _ in range(1 + (second < 0.3)))
    return tuple(_entry(text, "") for text in texts if not (avoid and avoid.gives_away(text)))


def _vitals(draws: Draws, age: int, today: str) -> list[Entry]:
    """Measure what is measured at a visit; children are weighed instead of asked whether they smoke."""
    bank = _bank()
    if age < ADULT:
        weight = max(3.2, 3.2 * age + 5 + (1 + age / 6) * _spread(draws))
        height = max(50.0, 76 + 6 * min(age, 16) + 4 * _spread(draws)) if age else 62 + 4 * _spread(draws)
        return [
            Entry(text="Body weight", since=today, value=f"{weight:.1f} kg"),
            Entry(text="Body height", since=today, value=f"{height:.0f} cm"),
        ]
    high = min(185, max(92, int(112 + 0.35 * age + 11 * _spread(draws))))
    low = min(105, max(55, int(high * 0.5 + 15 + 6 * _spread(draws))))
    smoking = _weighted(draws, tuple(bank["smoking"]["answers"].items()))
    return [
        Entry(text="Blood pressure", since=today, value=f"{high}/{low} mmHg"),
        *(_measured(draws, vital, vital["mean"] + vital["slope"] * age, today) for vital in bank["vital"]),
        Entry(text=bank["smoking"]["text"], since=today, value=smoking),
    ]


def _measured(draws: Draws, measure: dict, mean: float, today: str) -> Entry:
    number = max(mean * 0.4, mean + measure["spread"] * _spread(draws))
    value = f"{number:.{measure['digits']}f} {measure['unit']}".strip()
    return Entry(text=measure["text"], since=today, value=value)


def _spread(draws: Draws) -> float:
    """Give a number around 0 with a standard deviation of 1 and no tails: three draws are near enough a bell."""
    return 2 * (next(draws) + next(draws) + next(draws) - 1.5)


def _year(draws: Draws, year: int, age: int, began: tuple[int, int]) -> int:
    """Give the year something began: at an age at which it does, and in the last twenty years where it can."""
    last = min(age, began[1])
    first = min(last, max(began[0], last - 20))
    return year - age + first + int(next(draws) * (last - first + 1))


def _pick(draws: Draws, options):
    return options[int(next(draws) * len(options))]


def _weighted(draws: Draws, options):
    """Pick one of pairs of an option and its weight."""
    left = next(draws) * sum(weight for _, weight in options)
    for option, weight in options:
        left -= weight
        if left < 0:
            return option
    return options[-1][0]


def _order(entry: Entry) -> tuple[str, str]:
    return entry.since, entry.text


@lru_cache(maxsize=65536)
def _entry(text: str, since: str, active: bool = True) -> Entry:
    """Give an entry among those that many people share."""
    return Entry(text=text, since=since, active=active)


@lru_cache(maxsize=32768)
def _likely(age: int, sex: Sex, avoid: str) -> tuple[LikelyProblem, ...]:
    """Give what can befall somebody of this age and sex, how likely, without what would name the condition."""
    return tuple(
        LikelyProblem(
            text=row["text"],
            chance=_chance(row, age),
            past=past,
            name=row.get("family", row["text"]),
            began=(row["ages"][0], row.get("until", row["ages"][1])),
            takes=tuple(row.get("takes", (0, 0))),
            medicines=tuple(row.get("medicines", ())),
            measure=row.get("measure"),
        )
        for past, row in _rows(avoid)
        if row["ages"][0] <= age <= row["ages"][1] and sex in row.get("sexes", ("female", "male"))
    )


def _chance(row: dict, age: int) -> float:
    """Give the chance of a problem at an age, between its chance at the youngest age and at the oldest."""
    (low, high), (first, last) = row["ages"], row["chance"]
    share = min(1.0, (age - low) / max(1, min(high, OLD) - low))
    return first + (last - first) * share


@cache
def _clear(avoid: str) -> str:
    """Give the condition to avoid if any row of the bank names it; else nothing, so that rows are shared."""
    return avoid if len(_rows(avoid)) < len(_rows("")) else ""


@cache
def _rows(avoid: str) -> tuple[tuple[bool, dict], ...]:
    """Give every row of the bank, and whether it is past, but for those that name a condition."""
    condition = conditions().get(avoid)
    rows = [(False, row) for row in _bank()["problem"]] + [(True, row) for row in _bank()["past"]]
    return tuple(
        (past, row)
        for past, row in rows
        if not (condition and any(map(condition.gives_away, (row["text"], *row.get("medicines", ())))))
    )


@cache
def _people(tone: Tone) -> tuple[tuple[dict, int], ...]:
    return tuple((row, row["weight"]) for row in _bank()["people"] if tone in row["tones"])


@cache
def _bank() -> dict:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
