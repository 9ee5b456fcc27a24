"""One conversation under audit: what its patient said that no patient of this scenario could say.

The one idea: exact and offline, from the frozen scenario and the turns alone. What a fact says word for word is
the fact; what is left is read for its claims (`claims`, with that reader's limits) and held against facts, opening
and the assistant's words. What was due when is the planner's word, not ours; where the planner at hand is not the
one that was played with, nothing is said of it. Nothing here knows what follows.

How good it is, measured in November 2026. On 1,240 conversations of our own patients: no breach found, and none
there. Planted into 310 of them: 98 of 100 contradictions in our patients' own wordings (87 surely), all names of the
answer, 94 of 100 of those with a letter missing, all dates and doses, 96 of 100 medicines, 98 of 100 swaps. On 72
turns written by hand in the manner of language models that had not been looked at before, 30 of them true: 22 of 25
contradictions (20 surely), 5 of 6 leaks, 5 of 5 inventions, 3 of 6 swaps; of the 30, none was taken for a
contradiction, leak or swap and four held what was taken for an invention. Since then the words behind these misses
were added, so the next ones will be others. What takes a scenario out is what is sure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from agents.planner import plan_turns
from agents.speech import Turn
from engine.audit.claims import Claim, audited, claims, dates, knows_not, medicines, shortly, stated, swapped
from engine.audit.knowledge import Knowledge, respelt
from engine.audit.words import amounts, near, plain, without
from personas.slots import asked
from personas.values import Fact

Rule = Literal["leak", "fabrication", "contradiction", "role_swap", "unsolicited"]
RULES: tuple[Rule, ...] = ("leak", "fabrication", "contradiction", "role_swap", "unsolicited")
VAGUE = 0.34
"""Share by which a time or a size may be off what the fact says: people round, and remember badly."""
GROSS = 0.5
"""Share from which it is surely another one."""
OTHERS = frozenset(("family_history", "past_skin_cancer"))
"""Slots that are about who is meant: with somebody else speaking, "my mother" may be the patient."""
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
    sure: bool = True
    """Said in so many words. What is half said is shown and counted, and takes no scenario out."""


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
    planned: bool
    """False where another planner than ours was at work, so that nobody can say what was due."""
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


def examine(
    knowledge: Knowledge, turns: Sequence[Turn], stop_reason: str, *, planned: bool = True
) -> Examination:
    """Audit one conversation; `planned` tells whether it was played by the planner at hand."""
    reading = Reading(knowledge)
    heard = tuple(turn.text for turn in turns if turn.speaker == "assistant")
    plans = plan_turns(knowledge.scenario, heard) if planned else ()
    count = 0
    for turn in turns:
        if turn.speaker == "assistant":
            reading.hear(turn.text)
            reading.due.update(plans[count].facts if planned else knowledge.scenario.persona.facts)
            count += 1
        else:
            reading.read(turn)
    own = [turn.text for turn in turns if turn.speaker == "patient"]
    return Examination(
        breaches=tuple(reading.breaches),
        turns=len(own),
        words=sum(len(text.split()) for text in own),
        told=len(reading.told),
        planned=planned,
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
        claimed = self._claimed(rest)
        told |= {fact for claim in claimed if (fact := self._agrees(claim))}
        self._disclose(turn, told)
        for claim in claimed:
            self._trace(turn, claim)
        self._listen(turn)
        self._cooperate(turn, {claim.slot for claim in claimed})

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
        found = [claim for claim in claims(text) if not self._knows.thoughts.issuperset(claim.words.split())]
        slots = asked(self._last) if self._last else frozenset()
        if len(slots) == 1 and (answer := shortly(text)):
            (slot,) = slots
            if slot in audited() and slot not in {claim.slot for claim in found}:
                words = plain(text)
                found.append(Claim(kind="answer", slot=slot, answer=answer, said=text.strip(), words=words))
        return found

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
                rule, why, sure = self._amount_rule(claim)
                self._note(rule, turn, claim.said, why, claim.kind, *map(str, claim.amount), sure=sure)
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
                own = self._knows.scenario.persona.speaker == "self" or claim.slot not in OTHERS
                sure = claim.sure and own
                self._note("contradiction", turn, claim.said, why, claim.slot, claim.answer, sure=sure)
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

    def _amount_rule(self, claim: Claim) -> tuple[Rule, str, bool]:
        """Tell whether an unknown amount contradicts a fact, or is made up, and whether that is sure."""
        for slot, kind in MEASURES.items():
            about = kind == "mm" or any(word in f" {claim.words} " for word in SINCE)
            for fact in self._knows.facts.get(slot, ()):
                if claim.amount and claim.amount[0] == kind and about and fact.value:
                    known = amounts(plain(f"{fact.value} {'mm' if slot == 'size' else ''}"))
                    gross = not any(near(claim.amount, one, GROSS) for one in known)
                    return "contradiction", f"the fact on {slot} is {fact.says!r}", gross and claim.sure
        return "fabrication", "this amount is in no fact, and nobody said it", claim.sure

    def _listen(self, turn: Turn) -> None:
        """Note what gives the answer away, and words of another part than a patient's."""
        words = respelt(self._knows.spelling, plain(turn.text))
        named = [match.group() for match in self._knows.secret.finditer(words)]
        named += [match.group() for match in self._knows.report.finditer(stated(turn.text))]
        for name in named:
            said = name.removesuffix("s")
            if not any(f" {said}" in f" {text}" for text in (self._knows.text, *self._heard)):
                self._note("leak", turn, turn.text, f"{name!r} before the assistant said it", said)
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

    def _note(self, rule: Rule, turn: Turn, said: str, why: str, *key: str, sure: bool = True) -> None:
        """Note a breach once, however often it is repeated."""
        if (rule, *key) not in self._found:
            self._found.add((rule, *key))
            self.breaches.append(Breach(rule=rule, turn=turn.index, said=_short(said), why=why, sure=sure))


def _fitting(fact: Fact) -> Iterator[str]:
    """Give the answers that a fact agrees with; a value is a yes with its details."""
    if fact.answer == "value":
        yield "yes"
    else:
        yield fact.answer


def _short(text: str, most: int = 160) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"
