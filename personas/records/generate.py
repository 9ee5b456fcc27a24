"""Built-in health records: a person of a given age and sex with an ordinary history, and at times a risk.

The one idea: risks are put in on purpose and in a known share, since a record without one cannot show whether
it was read. This knows nothing of skin but what it is told to avoid.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import numpy as np

from personas.conditions.book import Condition
from personas.seeds import derive, digest
from personas.values import Entry, Record, Sex, Tone

FILE = Path(__file__).with_name("bank.toml")
MOST = 5
"""Problems of one person, past ones not counted."""


def generate(
    *address: object, age: int, sex: Sex, tone: Tone = "12", avoid: Condition | None = None
) -> Record:
    """Make the record that lives at this address; no entry names the condition to avoid."""
    rng = derive("record", *address)
    bank = _bank()
    year, month, day = int(rng.integers(2022, 2026)), int(rng.integers(1, 13)), int(rng.integers(1, 29))
    today = f"{year}-{month:02d}-{day:02d}"
    sex = sex if sex != "unknown" else ("female", "male")[int(rng.integers(2))]
    first, last = _pick(rng, bank["first"][sex]), _pick(rng, bank["last"]["names"])
    allowed = [t for t in (*bank["problem"], *bank["past"]) if _fits(t, age, sex, avoid)]
    chosen = [t for t in allowed if rng.random() < t["chance"]][:MOST]
    risk = _risk(rng, age, sex, avoid)
    problems, medicines = _history(rng, chosen, risk, year=year, age=age)
    return Record(
        id="b-" + digest("record", *address).hex()[:12],
        name=f"{first} {last}",
        age=age,
        sex=sex,
        race=_pick(rng, bank["race"][tone]),
        language="English",
        as_of=today,
        problems=problems,
        medicines=medicines,
        allergies=_allergies(rng, bank["allergies"], risk),
        observations=_observations(rng, age, today),
        source="built-in",
    )


def _history(
    rng: np.random.Generator, chosen: list[dict], risk: dict, *, year: int, age: int
) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """Give problems and the medicines that go with them, the risk among them."""
    problems, medicines = [], []
    for template in chosen:
        since = _since(rng, year, age)
        problems.append(Entry(text=template["text"], since=since, active="medicines" in template))
        if options := template.get("medicines"):
            medicines.append(Entry(text=_pick(rng, options), since=since))
    since = _since(rng, year, age)
    for name in ("problem", "past"):
        if name in risk:
            recent = f"{year}" if "regnan" in risk[name] else since
            place = int(rng.integers(len(problems) + 1))
            problems.insert(place, Entry(text=risk[name], since=recent, active=name == "problem"))
    medicines.extend(Entry(text=text, since=since) for text in risk.get("medicines", ()))
    unique = {entry.text: entry for entry in medicines}
    return tuple(problems), tuple(unique.values())


def _risk(rng: np.random.Generator, age: int, sex: Sex, avoid: Condition | None) -> dict:
    bank = _bank()
    fitting = [risk for risk in bank["risk"]["of"] if _fits(risk, age, sex, avoid)]
    return _pick(rng, fitting) if fitting and rng.random() < bank["risk"]["share"] else {}


def _fits(template: dict, age: int, sex: Sex, avoid: Condition | None) -> bool:
    low, high = template["ages"]
    texts = (template[name] for name in ("text", "problem", "past", "allergy") if name in template)
    right = low <= age <= high and sex in template.get("sexes", ("female", "male"))
    return right and not (avoid and any(avoid.named(text) for text in texts))


def _allergies(rng: np.random.Generator, bank: dict, risk: dict) -> tuple[Entry, ...] | None:
    if "allergy" in risk:
        return (Entry(text=risk["allergy"]),)
    draw = rng.random()
    if draw < bank["unrecorded"]:
        return None
    if draw < bank["unrecorded"] + bank["none"]:
        return ()
    return (Entry(text=_pick(rng, bank["entries"])),)


def _observations(rng: np.random.Generator, age: int, today: str) -> tuple[Entry, ...]:
    """Measure what is measured at a visit; children are only weighed."""
    if age < 18:
        weight = max(9.0, 3.1 * age + 5 + float(rng.normal(0, 2)))
        return (Entry(text="Body weight", value=f"{weight:.1f} kg", since=today),)
    high = int(np.clip(rng.normal(112 + 0.35 * age, 11), 92, 185))
    low = int(np.clip(high * 0.5 + rng.normal(15, 6), 55, 105))
    mass = float(np.clip(rng.normal(26.5, 4), 17, 44))
    return (
        Entry(text="Blood pressure", value=f"{high}/{low} mmHg", since=today),
        Entry(text="Body mass index", value=f"{mass:.1f} kg/m2", since=today),
        Entry(text="Heart rate", value=f"{int(rng.integers(56, 92))} /min", since=today),
    )


def _since(rng: np.random.Generator, year: int, age: int) -> str:
    return str(year - int(rng.integers(1, max(2, min(20, age)))))


def _pick(rng: np.random.Generator, options: list):
    return options[int(rng.integers(len(options)))]


@cache
def _bank() -> dict:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
