"""Charges: how a provider counts a call against its limits, and what the next call is likely to cost.

Anthropic does not count what it read from its cache, and no answer before it is given; OpenAI counts both
directions together; Bedrock books the longest possible answer until the real one is known. What a call will
cost is guessed from what calls of the same role have cost. Nothing here knows a limit.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.speech import Prompt, Usage

LETTERS = 4
"""Characters per token, to begin with."""
PATCH = 28
"""px; the side of the square of a photograph that costs one token at Anthropic, near enough for the others."""
SPOKEN = 3
"""A reply is estimated at one third of what it may be, to begin with."""
MEMORY = 16
"""Calls that a moving average looks back on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingRule:
    """How a provider counts."""

    free_reads: bool = False
    """Whether input read from its cache costs nothing."""
    reserves: bool = False
    """Whether the longest possible answer is booked at admission and given back when the real one is known."""
    rounding: int = 1
    """Multiple to which the tokens that its headers say remain are rounded down."""
    kinds: tuple[str, ...] = ("requests", "tokens")
    """The limits its headers tell that are worth holding to, by their names in Limits and Rates."""


RULES = {
    "anthropic": ChargingRule(
        free_reads=True, rounding=1000, kinds=("requests", "input_tokens", "output_tokens")
    ),
    "openai": ChargingRule(),
    "bedrock": ChargingRule(reserves=True),
}


def bill(rule: ChargingRule, usage: Usage) -> dict[str, float]:
    """Give what a call costs, by kind of limit."""
    sent = usage.input - usage.cache_read if rule.free_reads else usage.input
    return {
        "requests": 1,
        "input_tokens": sent,
        "output_tokens": usage.output,
        "tokens": sent + usage.output,
    }


class Habit:
    """What the calls of one role have cost so far, against the first guess."""

    __slots__ = ("_calls", "dearer", "read", "spoken")

    def __init__(self) -> None:
        self.dearer = 1.0
        """Input tokens counted by the provider, as a multiple of the guess."""
        self.read = 0.0
        """Share of the input that came from the cache."""
        self.spoken = 0.0
        """Tokens of an answer."""
        self._calls = 0

    def learn(self, guess: int, usage: Usage) -> None:
        """Let one more call move the averages."""
        self._calls += 1
        weight = 1 / min(self._calls, MEMORY)
        if guess and usage.input:
            self.dearer += weight * (usage.input / guess - self.dearer)
            self.read += weight * (usage.cache_read / usage.input - self.read)
        self.spoken += weight * (usage.output - self.spoken)


class Forecast:
    """What calls to one model will cost, learnt role by role, and apart for those that open a conversation: the
    first prompt is in nobody's cache.
    """

    def __init__(self) -> None:
        self._habits: dict[tuple[str, bool], Habit] = {}

    def guess(self, role: str, prompt: Prompt, *, whole: bool = False) -> CallGuess:
        """Begin to guess at one call; `whole` says that the longest answer will be booked."""
        return CallGuess(self._habits, (role, len(prompt.messages) < 2), prompt, whole=whole)


class CallGuess:
    """What one call will cost: asked when it is sent, corrected when it is answered."""

    __slots__ = ("_expected", "_habits", "_key", "_known", "_longest", "_weight", "_whole")

    def __init__(
        self, habits: dict[tuple[str, bool], Habit], key: tuple[str, bool], prompt: Prompt, *, whole: bool
    ) -> None:
        self._habits = habits
        self._key = key
        self._weight = weigh(prompt)
        self._longest = prompt.max_tokens
        self._whole = whole
        self._known = False
        self._expected = Usage()

    def expect(self) -> Usage:
        """Give what the call will probably be counted as, by what is known now."""
        habit, longest = self._habits.get(self._key), self._longest
        self._known = habit is not None
        if habit is None:
            self._expected = Usage(input=self._weight, output=longest if self._whole else longest // SPOKEN)
        else:
            sent = round(self._weight * habit.dearer)
            spoken = longest if self._whole else min(longest, round(habit.spoken))
            self._expected = Usage(input=sent, cache_read=int(sent * habit.read), output=spoken)
        return self._expected

    def hear(self, usage: Usage) -> Usage:
        """Learn from what the call was counted as; give what it is to be charged.

        A guess of which nothing was known is not given back when it was too high. All first guesses are wrong in the
        same way, and what came back from all at once would be sent at once, though the provider's bucket has long
        been full again. An answer that was booked whole is given back, since the provider gives it back too.
        """
        habit = self._habits.get(self._key)
        if habit is None:
            habit = self._habits[self._key] = Habit()
        habit.learn(self._weight, usage)
        if self._known:
            return usage
        spoken = usage.output if self._whole else max(self._expected.output, usage.output)
        return Usage(input=max(self._expected.input, usage.input), output=spoken)


def weigh(prompt: Prompt) -> int:
    """Guess the input tokens of a prompt from its letters and the size of its photographs."""
    letters, patches = len(prompt.system), 0
    for message in prompt.messages:
        letters += len(message.text)
        if photo := message.photo:
            patches += -(-photo.width // PATCH) * -(-photo.height // PATCH)
    return letters // LETTERS + patches
