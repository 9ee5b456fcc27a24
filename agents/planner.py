"""The planner: what the patient may say and do in each turn, decided from what the assistant said.

The one idea: a plan is a pure function of the scenario and of the assistant's messages, so the same questions get
the same facts, doubts and goodbyes from every patient model, and whoever audits a conversation can work out what
was due. It draws by the scenario's id and never reads what the patient's model wrote.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.cues import hear, jargon
from agents.disclosure import Disclosure
from agents.mood import Mood, first_mood, first_trust, next_mood, next_trust
from agents.moves import Move, answered, insists, make, push, startled
from agents.staged import staged
from personas.seeds import uniform
from personas.slots import asked
from personas.values import Fact, Scenario

FIRST_EXIT = 2
"""Messages the assistant must have sent before the patient has what they came for."""
PATIENCE = 2
"""Times a patient asks what to do without being told, before they give up."""
LONGEST_QUESTIONING = 4
"""Messages of the assistant from which a patient asks for advice even in the middle of its questions."""
MOST_PUSHES = 2
MOST_MOVES = 2
"""In one turn; people do not do five things in one message."""
CROWDED = 3
"""Facts and questions in one turn from which nothing else is brought up."""
PUZZLES = 0.5
LAST_WORD = 0.5
"""How often somebody who has what they came for brings out, at the door, what they kept back."""
OPENS_AT = {"open": 1, "mid": 2, "guarded": 3}
"""Trust from which what is hidden is said, by openness."""
ADVICE = frozenset(("sends", "home", "emergency"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnPlan:
    """What the patient may say and do in answer to one message of the assistant."""

    turn: int
    """Which of the assistant's messages it answers, from 1."""
    facts: tuple[Fact, ...] = ()
    """The only new facts, those asked for first."""
    moves: tuple[Move, ...] = ()
    """What else to do: a doubt, a push, a goodbye."""
    mood: Mood
    trust: int
    """0 to 3, after this message."""
    satisfied: bool = False
    """The agenda is done with, or given up: the patient may end it in this turn. Else they must stay."""
    owes: bool = False
    """What the scenario's variant lets the patient say is still to come, and no goodbye ends it before."""

    @property
    def asks(self) -> bool:
        """Tell whether something in this turn wants an answer."""
        return any(move.asks for move in self.moves) or any("?" in fact.says for fact in self.facts)


def plan_turns(scenario: Scenario, said: tuple[str, ...]) -> tuple[TurnPlan, ...]:
    """Give the plan for the answer to each of the assistant's messages, in their order."""
    return PlanMemory(scenario).plans(said)


class PlanMemory:
    """The plans of one conversation, each made once."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._start()

    def plans(self, said: tuple[str, ...]) -> tuple[TurnPlan, ...]:
        """Give the plan for the answer to each of these messages; another beginning begins anew."""
        if self._said != said[: len(self._said)]:
            self._start()
        self._plans += tuple(self._course.follow(text) for text in said[len(self._said) :])
        self._said = said
        return self._plans

    def _start(self) -> None:
        self._course = Course(self._scenario)
        self._said: tuple[str, ...] = ()
        self._plans: tuple[TurnPlan, ...] = ()


class Course:
    """What one conversation has come to: felt, heard, told and done."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._traits = scenario.persona.traits
        self._staged = staged(scenario)
        self._disclosure = Disclosure(scenario, self._staged.fact.says if self._staged else "")
        self._trust = first_trust(self._traits)
        self._mood = first_mood(self._traits)
        self._turn = 0
        self._made: tuple[str, ...] = ()
        self._wanted: tuple[Move, ...] = ()
        self._heard: frozenset[str] = frozenset()

    def follow(self, text: str) -> TurnPlan:
        """Take a message of the assistant in, and decide the patient's turn."""
        self._turn += 1
        signs = self._signs(text)
        first_alarm = "emergency" in signs - self._heard
        self._heard |= signs
        self._trust = next_trust(self._trust, signs)
        self._mood = next_mood(self._mood, signs, self._traits)
        facts, held = self._disclosure.release(asked(text), self._trust)
        own, topic = self._stage(text)
        facts += own
        question = None if own else self._question(text, signs, first_alarm=first_alarm)
        # Whoever has just been told of an emergency stays for one more turn: what they then hear is worth knowing.
        served = self._served() and not facts and not question and not first_alarm
        crowded = len(facts) + bool(question) >= CROWDED
        aside = topic or (None if crowded else self._aside(signs, closing=served))
        # Who has something else to say leaves the awkward question unanswered, as people do.
        moves = tuple(move for move in (question, aside, None if facts else held) if move)[:MOST_MOVES]
        satisfied = served and not any(move.asks for move in moves)
        if satisfied:
            moves = (*moves[: MOST_MOVES - 1], make("goodbye" if ADVICE & self._heard else "leave"))
        self._made += tuple(move.kind for move in moves)
        self._wanted = tuple(move for move in moves if move.asks)
        return TurnPlan(
            turn=self._turn,
            facts=facts,
            moves=moves,
            mood=self._mood,
            trust=self._trust,
            satisfied=satisfied,
            owes=self._staged is not None,
        )

    def _stage(self, text: str) -> tuple[tuple[Fact, ...], Move | None]:
        """Give what the variant lets the patient say when it is due, and what it is about if nobody asked."""
        staged = self._staged
        if staged is None or not staged.due(text, self._turn, advised=self._told()):
            return (), None
        self._staged = None
        unasked = staged.topic and not staged.touched(text)
        return (staged.fact,), make("topic", staged.topic) if unasked else None

    def _told(self) -> bool:
        """Tell whether advice was given, or asking for it has led nowhere."""
        return bool(ADVICE & self._heard) or self._made.count("seek") >= PATIENCE

    def _signs(self, text: str) -> frozenset[str]:
        """Give what was heard, what it left unanswered, and whether it was over the patient's head."""
        signs = set(hear(text))
        if self._wanted:
            signs.add("answered" if any(answered(move, text) for move in self._wanted) else "ignored")
        if jargon(text, self._literacy):
            signs.add("jargon")
        return frozenset(signs)

    @property
    def _literacy(self) -> str:
        foreign = self._traits.get("language_level") == "A"
        return "low" if foreign else self._traits.get("health_literacy", "mid")

    def _served(self) -> bool:
        """Tell whether there is nothing left to wait for: advice was heard, or asking for it has led nowhere."""
        return self._turn >= FIRST_EXIT and self._told()

    def _question(self, text: str, signs: frozenset[str], *, first_alarm: bool) -> Move | None:
        """Choose the one thing to ask in this turn: about an emergency, a word, the advice, or for advice."""
        if not text.strip():
            return make("silence")
        if first_alarm and startled(self._scenario):
            return make("push.now")
        word = jargon(text, self._literacy)
        lost = self._literacy == "low" and "asks" not in signs and "puzzled" not in self._made
        if word and lost and self._luck(PUZZLES, "puzzled"):
            return make("puzzled", word)
        if not ADVICE & self._heard:
            questioned = "asks" in signs and self._turn < LONGEST_QUESTIONING
            tired = self._made.count("seek") >= PATIENCE
            return None if self._turn < FIRST_EXIT or questioned or tired else make("seek")
        if insists(self._scenario, self._heard):
            return make("push.certain")
        if sum(kind.startswith("push.") for kind in self._made) >= MOST_PUSHES:
            return None
        kind = push(self._scenario, self._heard, self._made)
        return make(kind) if kind else None

    def _aside(self, signs: frozenset[str], *, closing: bool) -> Move | None:
        """Choose what is brought up in passing: a belief, what was hidden, that there is no other photograph."""
        persona, openness = self._scenario.persona, self._traits.get("openness", "mid")
        late = 1 + (self._traits.get("assertiveness") == "passive" or not self._luck(0.5, "belief"))
        if persona.belief and "belief" not in self._made and self._turn >= late:
            return make("belief")
        if persona.hidden and "hidden" not in self._made and self._turn >= FIRST_EXIT:
            door = closing and openness != "guarded" and self._luck(LAST_WORD, "door")
            if door or self._trust >= OPENS_AT[openness]:
                return make("hidden", persona.hidden)
        if "retake" in signs and "retake" not in self._made:
            return make("retake")
        return None

    def _luck(self, odds: float, *about: object) -> bool:
        return uniform(self._scenario.id, "plan", *about) < odds
