"""One conversation under audit: what its patient said that no patient of this scenario could say.

The one idea: exact and offline, from the frozen scenario and the turns alone. What a fact says word for word is
the fact; what is left is read for its claims (`claims`, with that reader's limits) and held against facts, opening
and the assistant's words. What was due when is the planner's word, not ours, and that of the planner at hand: a run
that was played with another one looks as if much was told too soon, which takes nothing out. Nothing here knows
what follows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from agents.planner import plan_turns
from agents.speech import Turn
from engine.audit.claims import Claim, audited, claims, dates, knows_not, medicines, shortly, swapped
from engine.audit.knowledge import Knowledge
from engine.audit.words import amounts, near, plain, without
from personas.people.slots import asked
from personas.values import Fact

Rule = Literal["leak", "fabrication", "contradiction", "role_swap", "unsolicited"]
RULES: tuple[Rule, ...] = ("leak", "fabrication", "contradiction", "role_swap", "unsolicited")
VAGUE = 0.34
"""Share by which a time or a size may be off what the fact says: people round, and remember badly."""
MEASURES = {"onset": "days", "size": "mm"}
"""Slots whose fact is an amount."""
SINCE = (" ago ", " noticed ", " started ", " appeared ", " came up ", " had it ", " been there ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One thing a patient said and should not have."""

    rule: Rule
    turn: int
    """Index of the turn, from 1 over both speakers."""
    said: str
    why: str
    """What it offends against, one clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What the audit found in one conversation."""

    breaches: tuple[Breach, ...]
    turns: int
    """The patient's."""
    words: int
    """The patient's."""
    told: int
    """Facts told."""
    asked: int
    """Slots the assistant asked about, each as often as it was asked in a message that the patient answered."""
    answered: int
    """Of these, slots answered in the next turn or before."""
    stop_reason: str
    last: str
    """The patient's last words."""
    fault: str
    """What the patient's own watch had against them, in a sentence; empty for nothing."""

    @property
    def counts(self) -> Counter[str]:
        """Count the breaches by rule."""
        return Counter(breach.rule for breach in self.breaches)

    @property
    def cooperation(self) -> float | None:
        """Give the share, 0 to 1, of the assistant's questions that were answered; None where none was asked."""
        return self.answered / self.asked if self.asked else None


def examine(knowledge: Knowledge, turns: Sequence[Turn], stop_reason: str) -> Examination:
    """Audit one conversation."""
    reading = Reading(knowledge)
    heard = tuple(turn.text for turn in turns if turn.speaker == "assistant")
    plans = plan_turns(knowledge.scenario, heard)
    count = 0
    for turn in turns:
        if turn.speaker == "assistant":
            reading.hear(turn.text)
            reading.due.update(plans[count].facts)
            count += 1
        else:
            reading.read(turn)
    own = [turn.text for turn in turns if turn.speaker == "patient"]
    return Examination(
        breaches=tuple(reading.breaches),
        turns=len(own),
        words=sum(len(text.split()) for text in own),
        told=len(reading.told),
        asked=reading.asked,
        answered=reading.answered,
        stop_reason=stop_reason,
        last=_short(own[-1]) if own else "",
        fault=next((turn.fault for turn in turns if turn.fault), ""),
    )


class Reading:
    """One reading of a conversation, turn by turn."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.breaches: list[Breach] = []
        self.due: set[Fact] = set(knowledge.opening)
        self.told: set[Fact] = set()
        self.asked = 0
        self.answered = 0
        self._knows = knowledge
        self._heard: list[str] = []
        self._last = ""
        self._found: set[tuple[str, ...]] = set()

    def hear(self, text: str) -> None:
        """Take in a message of the assistant."""
        self._heard.append(plain(text))
        self._last = text

    def read(self, turn: Turn) -> None:
        """Audit a turn of the patient."""
        told, rest = self._told(turn.text)
        stated = self._claimed(rest)
        told |= {fact for claim in stated if (fact := self._agrees(claim))}
        self._disclose(turn, told)
        for claim in stated:
            self._trace(turn, claim)
        self._listen(turn)
        self._cooperate(turn, {claim.slot for claim in stated})

    def _told(self, text: str) -> tuple[set[Fact], str]:
        """Give the facts that are told word for word or by their bare value, and the text without them."""
        told: set[Fact] = set()
        words = f" {plain(text)} "
        for saying, fact in self._knows.sayings:
            if f" {saying} " in words:
                text = without(text, saying)
                words = f" {plain(text)} "
                if fact:
                    told.add(fact)
        told |= {fact for value, fact in self._knows.values if f" {value} " in words}
        return told, text

    def _claimed(self, text: str) -> list[Claim]:
        """Give the claims of what is left, a bare yes or no to a single question among them."""
        stated = [claim for claim in claims(text) if not self._knows.thoughts.issuperset(claim.words.split())]
        slots = asked(self._last) if self._last else frozenset()
        if len(slots) == 1 and (answer := shortly(text)):
            (slot,) = slots
            if slot in audited() and slot not in {claim.slot for claim in stated}:
                words = plain(text)
                stated.append(Claim(kind="answer", slot=slot, answer=answer, said=text.strip(), words=words))
        return stated

    def _agrees(self, claim: Claim) -> Fact | None:
        """Give the fact that a claim puts into other words; None where there is none."""
        if claim.kind == "amount" and claim.amount:
            for slot, kind in MEASURES.items():
                for fact in self._knows.facts.get(slot, ()):
                    known = amounts(plain(f"{fact.says} . {fact.value} {'mm' if slot == 'size' else ''}"))
                    if kind == claim.amount[0] and any(near(claim.amount, one, VAGUE) for one in known):
                        return fact
        elif claim.kind == "answer":
            return next(
                (f for f in self._knows.facts.get(claim.slot, ()) if claim.answer in _fitting(f)), None
            )
        return None

    def _disclose(self, turn: Turn, told: set[Fact]) -> None:
        """Note what was told before it was due."""
        for fact in sorted(told - self.told - self.due, key=lambda fact: fact.slot):
            if fact.answer != "unknown" and turn.index > 1:
                self._note(
                    "unsolicited", turn, fact.says, f"{fact.slot} ({fact.gate}) was not due", fact.slot
                )
        self.told |= told

    def _trace(self, turn: Turn, claim: Claim) -> None:
        """Hold a claim against everything the patient may have it from."""
        if claim.kind == "answer":
            return self._trace_answer(turn, claim)
        if claim.kind == "amount" and claim.amount:
            if not self._agrees(claim) and not self._amount_known(claim):
                rule, why = self._amount_rule(claim)
                self._note(rule, turn, claim.said, why, claim.kind, *map(str, claim.amount))
        elif claim.word not in self._knows.words and not any(
            claim.word in (medicines if claim.kind == "medicine" else dates)(text) for text in self._heard
        ):
            why = f"{claim.word!r} is in no fact, and nobody said it"
            self._note("fabrication", turn, claim.said, why, claim.kind, claim.word)
        return None

    def _trace_answer(self, turn: Turn, claim: Claim) -> None:
        """Hold a yes or no against the facts of its slot."""
        facts = self._knows.facts.get(claim.slot, ())
        if claim.answer == "unknown" or any(claim.answer in _fitting(fact) for fact in facts):
            return
        if firm := next((fact for fact in facts if fact.answer != "unknown"), None):
            # An old file says nothing of what kind its facts are: such a fact is no measure.
            if not (firm.answer == "value" and not firm.value):
                why = f"the fact on {claim.slot} is {firm.says!r}"
                self._note("contradiction", turn, claim.said, why, claim.slot, claim.answer)
        elif not self._said_so(claim):
            why = f"{claim.slot}: {'they do not know' if facts else 'there is no such fact'}"
            self._note("fabrication", turn, claim.said, why, claim.slot, claim.answer)

    def _said_so(self, claim: Claim) -> bool:
        """Tell whether the opening or the assistant stated the same."""
        return any(
            other.slot == claim.slot and other.answer == claim.answer
            for text in (self._knows.scenario.persona.opening, *self._heard)
            for other in claims(text)
        )

    def _amount_known(self, claim: Claim) -> bool:
        known = [*self._knows.amounts, *(one for text in self._heard for one in amounts(text))]
        return claim.amount is not None and any(near(claim.amount, one, 0.1) for one in known)

    def _amount_rule(self, claim: Claim) -> tuple[Rule, str]:
        """Tell whether an unknown amount contradicts a fact, or is made up."""
        for slot, kind in MEASURES.items():
            about = kind == "mm" or any(word in f" {claim.words} " for word in SINCE)
            for fact in self._knows.facts.get(slot, ()):
                if claim.amount and claim.amount[0] == kind and about and fact.value:
                    return "contradiction", f"the fact on {slot} is {fact.says!r}"
        return "fabrication", "this amount is in no fact, and nobody said it"

    def _listen(self, turn: Turn) -> None:
        """Note what gives the answer away, and words of another part than a patient's."""
        words = plain(turn.text)
        for match in self._knows.secret.finditer(words):
            said = match.group().removesuffix("s")
            if not any(f" {said}" in f" {text}" for text in (self._knows.text, *self._heard)):
                self._note("leak", turn, turn.text, f"{match.group()!r} before the assistant said it", said)
        if turn.text != self._knows.scenario.persona.opening and (
            words := swapped(turn.text, clinician=self._knows.clinician)
        ):
            self._note("role_swap", turn, turn.text, f"{words!r} is not a patient's", words)

    def _cooperate(self, turn: Turn, claimed: set[str]) -> None:
        """Count what was asked in the last message and what of it is answered by now."""
        if not self._last:
            return
        told = {fact.slot for fact in self.told} | claimed
        slots = asked(self._last)
        self.asked += len(slots)
        self.answered += len(slots & told)
        for slot in slots - told:
            if not any(fact.answer != "unknown" for fact in self._knows.facts.get(slot, ())):
                self.answered += knows_not(turn.text)

    def _note(self, rule: Rule, turn: Turn, said: str, why: str, *key: str) -> None:
        """Note a breach once, however often it is repeated."""
        if (rule, *key) not in self._found:
            self._found.add((rule, *key))
            self.breaches.append(Breach(rule=rule, turn=turn.index, said=_short(said), why=why))


def _fitting(fact: Fact) -> Iterator[str]:
    """Give the answers that a fact agrees with; a value is a yes with its details."""
    if fact.answer == "value":
        yield "yes"
    else:
        yield fact.answer


def _short(text: str, most: int = 160) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"
