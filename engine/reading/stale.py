"""Frozen turns that no longer answer what was asked.

In a frozen arm the recorded patient's turns are replayed word for word while the assistant answers anew. The one
idea: what a recorded turn tells and asks is known from the planner, which made its plan from the recorded messages,
and from the facts' own words; set against the new message, a turn is stale only where that can be told for sure.
This does not know what the patient would have said instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from agents.cues import hear, load, plain
from agents.planner import ADVICE, TurnPlan, plan_turns
from agents.speech import Turn
from engine.audit.words import plain as tokens
from personas.slots import about, asked
from personas.values import Fact, Scenario

QUOTE = re.compile(r"“(.+?)”")
WORD = re.compile(r"[a-z]{4,}|\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """A recorded turn that does not fit the message that now stands before it."""

    turn: int
    kind: Literal["unanswered", "unasked", "photo", "word", "sent", "thanks"]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One turn of the patient's, between what was asked when it was recorded and what is asked now."""

    turn: Turn
    plan: TurnPlan
    before: str
    """The recorded message of the assistant."""
    now: str
    """The new one."""
    so_far: tuple[str, ...]
    """All new messages up to here."""
    untold: frozenset[str]
    """Slots of which the patient knows something that no earlier turn has told."""


def stale(scenario: Scenario, recorded: tuple[Turn, ...], frozen: tuple[Turn, ...]) -> tuple[Stale, ...]:
    """Give the patient's turns, after the first, that the new messages have made stale: one reason each."""
    found = (_look(exchange) for exchange in _exchanges(scenario, recorded, frozen))
    return tuple(one for one in found if one)


def _exchanges(scenario: Scenario, recorded: tuple[Turn, ...], frozen: tuple[Turn, ...]) -> list[Exchange]:
    said = tuple(turn.text for turn in recorded if turn.speaker == "assistant")
    new = tuple(turn.text for turn in frozen if turn.speaker == "assistant")
    answers = [turn for turn in frozen if turn.speaker == "patient"][1:]
    plans = plan_turns(scenario, said[: len(answers)])
    facts = scenario.persona.facts
    # What the opening gives away need not be told again.
    told = {fact.slot for fact in facts if tokens(fact.says) in tokens(scenario.persona.opening)}
    found = []
    for place, (turn, plan, before, now) in enumerate(zip(answers, plans, said, new, strict=False), start=1):
        untold = frozenset(fact.slot for fact in facts) - told
        found.append(
            Exchange(turn=turn, plan=plan, before=before, now=now, so_far=new[:place], untold=untold)
        )
        told |= {fact.slot for fact in plan.facts}
    return found


def _look(exchange: Exchange) -> Stale | None:
    if not exchange.now.strip() or not exchange.before.strip():
        return None
    return _facts(exchange) or _moves(exchange)


def _facts(exchange: Exchange) -> Stale | None:
    """Compare what the turn tells with what was asked then and is asked now."""
    index, then, now = exchange.turn.index, asked(exchange.before), asked(exchange.now)
    planned = {fact.slot for fact in exchange.plan.facts}
    heard = {fact.slot for fact in exchange.plan.facts if _heard(fact, exchange.turn.text)}
    answers = heard & then
    if answers and not heard & now:
        return Stale(turn=index, kind="unasked", why=f"it tells of {_list(answers)}, which was not asked now")
    wanted = now & exchange.untold
    # What had been asked before too and was held back would have been held back again.
    if wanted and not wanted & planned and not wanted & then:
        return Stale(
            turn=index, kind="unanswered", why=f"it was now asked about {_list(wanted)} and says nothing"
        )
    return None


def _moves(exchange: Exchange) -> Stale | None:
    """Look for remarks and questions about what the new messages never said."""
    index, low = exchange.turn.index, plain(exchange.turn.text)
    signs = frozenset().union(*(hear(text) for text in exchange.so_far))
    for move in exchange.plan.moves:
        section, _, key = move.kind.partition(".")
        if move.kind == "retake" and "retake" not in signs and re.search(r"photo|picture|camera|image", low):
            return Stale(
                turn=index, kind="photo", why="it speaks of another photograph, which was not asked for"
            )
        word = QUOTE.search(move.says) if move.kind == "puzzled" else None
        if word and word[1] in low and not any(word[1] in plain(text) for text in exchange.so_far):
            return Stale(turn=index, kind="word", why=f"it asks what {word[1]!r} means, which was not said")
        needed = _needed(key) if section == "push" else None
        if needed and "?" in low and not signs & needed:
            return Stale(turn=index, kind="sent", why="it asks about a visit that was not advised")
    thanks = any(move.kind == "goodbye" for move in exchange.plan.moves)
    if thanks and exchange.turn.done and not signs & ADVICE:
        return Stale(turn=index, kind="thanks", why="it takes its leave with advice that was not given")
    return None


def _needed(key: str) -> frozenset[str] | None:
    """Give the signs of which a push needs one; None for a push against nothing in particular."""
    if key == "now":
        return frozenset(("emergency",))
    return frozenset(("sends", "emergency")) if load("moves")["push"][key].get("sends") else None


def _heard(fact: Fact, text: str) -> bool:
    """Tell whether a turn says a fact, wholly or by half of the words that carry it."""
    words = set(WORD.findall(tokens(fact.says)))
    found = words & set(WORD.findall(tokens(text)))
    return bool(words) and 2 * len(found) >= len(words)


def _list(slots: set[str] | frozenset[str]) -> str:
    return ", ".join(about(slot) for slot in sorted(slots))
