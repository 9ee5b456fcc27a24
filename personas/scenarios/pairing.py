"""Pair cases with records and deal each pair its risk, task, speaker, belief and traits, one after another.

The one idea: what is dealt next is what has been dealt least to patients of this diagnosis group and skin tone, of
what this patient may have at all; so the sample is balanced wherever it is cut. This does not know what the
photographs show beyond their diagnosis.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from personas.cases.case import PhotoCase
from personas.people.beliefs import NONE, shares
from personas.people.design import FairDeal, TraitDesign
from personas.people.persona import Casting, tell
from personas.people.speakers import may_speak, speakers
from personas.people.tasks import tasks, tasks_for
from personas.records.generate import generate
from personas.records.place import place_risk, risk_kinds
from personas.scenarios.fit import band
from personas.scenarios.match import RecordShelf, cleared, seen_in
from personas.scenarios.proof import prove
from personas.scenarios.store import CANARY, identify
from personas.seeds import uniform
from personas.values import Record, Scenario, Speaker

Told = tuple[PhotoCase, Record, Casting]
"""What a scenario was told from."""
KEPT, RECENT = 400, 64
"""Scenarios, the first and the last, that can be told anew."""
NO_RISK = "none"
WITHOUT = 0.4
"""Share of the records into which no risk is placed; the kinds share the others."""
HIDING = {"hides": 0.4, "open": 0.6}
"""Share of those who want something that they do not say at first."""


class Pairing:
    """What has been dealt so far."""

    def __init__(self, records: tuple[Record, ...], seed: int, design: TraitDesign) -> None:
        self._seed = seed
        self._shelf = RecordShelf(records) if records else None
        self._deals = {name: FairDeal(seed, name) for name in ("risk", "task", "speaker", "belief", "hidden")}
        self._traits = design
        kinds = risk_kinds()
        self._risks = {NO_RISK: WITHOUT} | {kind: (1 - WITHOUT) / len(kinds) for kind in kinds}
        self._first: dict[str, Told] = {}
        self._last: deque[tuple[str, Told]] = deque(maxlen=RECENT)
        self._dropped = 0
        self._made = 0

    def scenarios(self, cases: Iterable[PhotoCase], notes: list[str]) -> Iterator[Scenario]:
        """Tell every case as a scenario; what is to be said of the records is said after the last."""
        number = 0
        for case in cases:
            number += 1
            yield self._scenario(case)
        notes.extend(self._remarks(number))

    def again(self, id: str, *, speaker: Speaker | None = None, task: str = "") -> Scenario:
        """Tell one of the first 400 or last 64 scenarios anew, by another speaker or task; KeyError for others."""
        case, record, casting = self._first.get(id) or dict(self._last)[id]
        changed = replace(casting, speaker=speaker or casting.speaker, task=task or casting.task)
        return self._told(case, record, changed)

    def _scenario(self, case: PhotoCase) -> Scenario:
        strata = (f"group:{case.condition.group}", f"tone:{case.tone or ''}")
        record = self._risked(case, self._record(case), *strata)
        deals, age = self._deals, record.age
        task = deals["task"].pick(tasks_for(case.condition.key, age), *strata)
        speaker = deals["speaker"].pick(may_speak(age, task, tasks()[task].speakers), task)
        # A clinician asks for a view and nothing else; and whoever holds the report needs no guess.
        plain = speakers()[speaker].register == "clinical"
        casting = Casting(
            task=task,
            speaker=speaker,
            traits=self._traits.deal(*strata),
            belief=NONE
            if plain or tasks()[task].knows_title
            else deals["belief"].pick(shares(case.condition.key, case.shape, speaker), *strata),
            hides=not plain and deals["hidden"].pick(HIDING, *strata) == "hides",
        )
        scenario = self._told(case, record, casting)
        self._last.append((scenario.id, (case, record, casting)))
        if len(self._first) < KEPT:
            self._first[scenario.id] = (case, record, casting)
        return scenario

    def _told(self, case: PhotoCase, record: Record, casting: Casting) -> Scenario:
        told = tell(case, record, casting, seen=seen_in(case), seed=self._seed)
        return identify(replace(told, proof=prove(told), canary=CANARY))

    def _risked(self, case: PhotoCase, record: Record, *strata: str) -> Record:
        """Place the risk that is owed most of those that this record can hold."""
        deal = self._deals["risk"]
        for kind in deal.ranked(self._risks, *strata):
            placed = record
            if kind != NO_RISK:
                placed = place_risk(record, kind, self._seed, case.id, avoid=case.condition)
                placed = placed if placed is not record and not cleared(placed, case)[1] else record
            if kind == NO_RISK or placed is not record:
                deal.count(kind, *strata)
                return placed
        return record

    def _record(self, case: PhotoCase) -> Record:
        """Give the record that serves best, or where none does one that is made for the case."""
        found = self._shelf.take(case) if self._shelf else None
        if found is None:
            self._made += 1
            return self._generated(case)
        self._dropped += found.dropped
        return found.record

    def _generated(self, case: PhotoCase) -> Record:
        age = case.age
        if age is None:
            low, high = band(case.condition, seen_in(case))
            age = low + int(uniform(self._seed, "age", case.id) * (high - low + 1))
        record = generate(
            self._seed, case.id, age=age, sex=case.sex, tone=case.tone or "12", avoid=case.condition
        )
        return cleared(record, case)[0]

    def _remarks(self, cases: int) -> Iterator[str]:
        if self._shelf is None:
            return
        served, most = self._shelf.statistics()
        if most > 1:
            yield f"{served} health records serve {cases - self._made} photographs, each at most {most} times."
        if self._made:
            yield (
                f"{self._made} of {cases} photographs have a built-in record: none of those given fits the person in "
                "the photograph in age, sex and skin."
            )
        if self._dropped:
            yield f"Entries taken out of the health records because they name the answer: {self._dropped}."
