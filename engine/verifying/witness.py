"""The witness: tape and journal of a run that is made again, both of which only compare.

Each prompt is held against the recorded one and gets the recorded answer, also when it differs, so that one look
tells whether it is one conversation or all of them; where no answer came, none comes again. What the actors note
is held against what they noted. Nothing is called and nothing written. Nothing here knows how a run is played.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass
from itertools import takewhile

from agents.speech import Ask, Completion, Prompt
from engine.errors import Recalled
from engine.events import Body, ConversationFailed, Event
from engine.gate import Line, Tune, silent, taped
from engine.tape import Key
from engine.verifying.memory import BEGINNING, END, INTERVIEW, Memory, Outcome, failed, place_of

UNRECORDED = "unrecorded"
"""Cause of a failure that is none: the record ends there."""
DIALOGUE = ("patient", "assistant")
SHOWN = 12
"""Hex digits of a digest that people see."""
LONGEST = 60
"""Characters that are shown of a value that differs."""
BEFORE = 10
"""Characters of these before two texts part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that is not made again as it was written down."""

    conversation: str
    what: str
    """A clause."""


class Witness:
    """Hears a run that is made again."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self._made: set[Key] = set()
        self._told: set[tuple[str, str]] = set()
        self._ends: dict[tuple[str, str], Key] = {}
        self._lacking: list[tuple[str, str]] = []
        self.prompts: Counter[str] = Counter()
        """Prompts that are the recorded ones, by role."""
        self.others: Counter[str] = Counter()
        """Prompts that are not, by role."""
        self.alike: Counter[type] = Counter()
        """What was noted as it is recorded, by kind of event."""
        self.differences: dict[str, list[Difference]] = {}
        """By conversation, in the order of being found."""
        self.gaps: dict[str, str] = {}
        """What of a conversation cannot be made again, a clause each."""

    def answer(self, model: str, key: Key, digest: str) -> Completion:
        """Give the recorded answer; Recalled when none came, or none is recorded."""
        self._made.add(key)
        outcomes = self.memory.calls.get(key) or self._borrowed(key, digest)
        if not outcomes:
            self._ends.setdefault(key[:2], key)
            raise Recalled("the record ends here", UNRECORDED)
        group = key[1].split("/")[0]
        if wrong := next(_held(outcomes, model, digest), ""):
            self.others[group] += 1
            self.differ(key[0], f"{_call(key)} {wrong}")
        else:
            self.prompts[group] += 1
        last = outcomes[-1]
        if last.completion is None:
            raise Recalled(last.message, last.cause)
        return last.completion

    def _borrowed(self, key: Key, digest: str) -> list[Outcome]:
        """Give another run's vote where it was, or must have been, taken for this one's."""
        lent = self.memory.lent.get(key)
        taken = lent and (lent.digest == digest or self.memory.decided(*key[:2]))
        return [lent] if lent and taken else []

    def note(self, body: Body, conversation: str = "") -> None:
        """Hold an event against what was recorded in its place."""
        place = place_of(body)
        if self._open(body, conversation, place):
            return
        self._told.add((conversation, place))
        there = self.memory.place(conversation, place)
        firm = [one for one in there if not failed(one)]
        if not firm and (not there or not failed(body)):
            self._lacking.append((conversation, place))
        elif others := [one for one in firm or there[-1:] if one != body]:
            self.differ(conversation, f"{place}: {compare(others[0], body)}")
        else:
            self.alike[type(body)] += 1

    def _open(self, body: Body, conversation: str, place: str) -> bool:
        """Tell whether an event says only that the record ends."""
        if isinstance(body, ConversationFailed):
            return body.cause == UNRECORDED
        return failed(body) and (conversation, place) in self._ends

    def differ(self, conversation: str, what: str) -> None:
        """Take a difference down."""
        self.differences.setdefault(conversation, []).append(Difference(conversation=conversation, what=what))

    @property
    def stopped(self) -> set[str]:
        """Give the conversations whose record ends before they do."""
        names = {name for name, _ in self._ends} | {name for name, _ in self._lacking}
        return names - self.gaps.keys()

    def conclude(self, conversations: Collection[str]) -> None:
        """Find what was recorded of these conversations and not made again, and the other way round."""
        for conversation, place in self._lacking:
            if self.memory.finished or self._passed(conversation, place):
                self.gaps.setdefault(conversation, f"its {place} is not in the journal, though it follows")
        for key in sorted(key for key in self.memory.calls.keys() - self._made if key[0] in conversations):
            self._leave(key[0], key[1], f"{_call(key)} is recorded and would not be made")
        for conversation in sorted(self.memory.told.keys() & set(conversations)):
            for place in self.memory.told[conversation]:
                if (conversation, place) not in self._told and self.memory.decided(conversation, place):
                    self._leave(conversation, place, f"its {place} is recorded and does not follow")

    def _leave(self, conversation: str, role: str, what: str) -> None:
        """Take down what was not made again: because the record has a hole before it, or else as a difference."""
        ends = [self._ends.get((conversation, one)) for one in (*DIALOGUE, role)]
        if hole := next(filter(None, ends), None):
            self.gaps.setdefault(
                conversation, f"{_call(hole)} is not in the journal, and there is more after it"
            )
        else:
            self.differ(conversation, what)

    def _passed(self, conversation: str, place: str) -> bool:
        """Tell whether the journal holds what can only come after this place of a dialogue."""
        told = self.memory.told.get(conversation, {})
        if place == BEGINNING:
            return bool(told)
        if not place.startswith("turn "):
            return place == END and INTERVIEW in told
        later = (one for one in told if one.startswith("turn ") and int(one[5:]) > int(place[5:]))
        return self.memory.decided(conversation, END) or any(later)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedGate:
    """The way to a model that is not called: the witness answers."""

    model: str
    witness: Witness
    overhear: Callable[[Key, Prompt], object] | None = None
    """Is told every prompt, with its key, once it was held against the recorded one."""

    def ask(self, line: Line, tune: Tune = silent) -> Ask:
        """Give the function this role thinks through."""
        ask = taped(_unasked, line, self)
        return ask if self.overhear is None else _overheard(ask, line, self.overhear)

    def answer(self, key: Key, digest: str) -> Completion:
        """Give the recorded answer; Recalled when there is none."""
        return self.witness.answer(self.model, key, digest)


def _overheard(ask: Ask, line: Line, overhear: Callable[[Key, Prompt], object]) -> Ask:
    async def asking(prompt: Prompt) -> Completion:
        try:
            return await ask(prompt)
        finally:
            overhear((line.conversation, line.role, line.sequence), prompt)

    return asking


async def _unasked(prompt: Prompt) -> Completion:
    raise AssertionError("the witness answers everything")


class Mute:
    """A console that shows nothing."""

    def hear(self, event: Event) -> None:
        """Take an event in."""

    def listen(self, conversation: str, role: str) -> Callable[[str], None] | None:
        """Give nobody."""
        return None

    def say(self, text: str) -> None:
        """Tell nobody."""


def _held(outcomes: list[Outcome], model: str, digest: str) -> Iterator[str]:
    """Say what of a call is not as it was, whatever came of it then."""
    for one in outcomes:
        if one.digest != digest:
            yield f"has another prompt ({one.digest[:SHOWN]} then, {digest[:SHOWN]} now)"
        if one.model != model:
            yield f"goes to {model} now, and went to {one.model}"


def _call(key: Key) -> str:
    return f"call {key[2]} of the {key[1]}" if "/" not in key[1] else f"call {key[2]} of {key[1]}"


def compare(then: Body, now: Body) -> str:
    """Say where two events of one place differ first."""
    if type(then) is not type(now):
        return f"{then.kind} then, {now.kind} now"
    was, being = asdict(then), asdict(now)
    if inner := next((name for name in ("turn", "interview", "verdict") if name in was), ""):
        was, being = was[inner], being[inner]
    name = next(key for key in was if was[key] != being[key])
    start = _parting(was[name], being[name])
    return f"{name} {_short(was[name], start)} then, {_short(being[name], start)} now"


def _parting(then: object, now: object) -> int:
    """Give the character from which two texts are worth showing: a little before they part."""
    if not (isinstance(then, str) and isinstance(now, str)):
        return 0
    pairs = zip(then, now, strict=False)
    return max(0, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)) - BEFORE)


def _short(value: object, start: int) -> str:
    text = f"…{value[start:]!r}" if isinstance(value, str) and start else repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
