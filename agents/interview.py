"""The exit interview: when the patient has left, the assistant says what it thinks it was, how surely, and how soon.

The one idea: it is the assistant's own conversation with one message more, so it is asked what it made of just that,
and the patient never hears it. What it said is kept as it said it; what cannot be read is asked for once more and
then missing, with its cause. Nothing here knows the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import orjson

from agents.assistant import Assistant
from agents.prompts import fill
from agents.speech import Ask, Completion, Message, Prompt, Schema, Turn
from personas.tidy import tidy
from personas.values import Urgency
from rubrics.verdicts import whole

MAX_TOKENS = 900
MOST = 5
"""Possibilities of a differential."""
LONGEST = 120
"""Characters of a condition's name."""
ROUNDING = 2
"""Percent over 100 that five whole numbers may come to by rounding alone: half a percent each."""
LEVELS: tuple[Urgency, ...] = get_args(Urgency)
MISSING = {"refusal": "refused", "filter": "filtered", "length": "truncated"}
REPAIR = "That could not be used: {problem}. Answer again with the two fields."
SCHEMA = Schema(
    name="exit_interview",
    body={
        "title": "exit_interview",
        "type": "object",
        "properties": {
            "differential": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"condition": {"type": "string"}, "percent": {"type": "integer"}},
                    "required": ["condition", "percent"],
                    "additionalProperties": False,
                },
            },
            "urgency": {"type": "string", "enum": list(LEVELS)},
        },
        "required": ["differential", "urgency"],
        "additionalProperties": False,
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Possibility:
    """One thing that it could be."""

    condition: str
    """In the model's own words, on one line, at most 120 characters."""
    percent: int
    """0 to 100, as stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interview:
    """What a model said when it was asked, or why it said nothing."""

    status: Literal["given", "refused", "filtered", "truncated", "unreadable", "failed"]
    """Anything but "given" is missing and never a number; "failed" is the caller's, whose provider gave no answer."""
    differential: tuple[Possibility, ...] = ()
    """One to five as stated, in the order in which they were stated; empty unless given."""
    urgency: Urgency | None = None
    """None unless given."""

    @property
    def total(self) -> int:
        """Give the sum of the percents as stated; over 100 it was no probability, even when asked again."""
        return sum(each.percent for each in self.differential)

    def ranked(self) -> tuple[tuple[Possibility, float], ...]:
        """Give the possibilities with their chances, 0 to 1, the likeliest first and equals as they were stated.

        Percents that sum to over 100 are divided by their sum, which keeps what the model said about any two of them;
        leaving such a model out would spare just those that do not know what a probability is.
        """
        whole = max(100, self.total)
        falling = sorted(self.differential, key=lambda each: -each.percent)
        return tuple((each, each.percent / whole) for each in falling)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interviewer:
    """Whoever asks the assistant, when the patient has left."""

    levels: dict[str, str]
    """The levels of urgency, U0 … U5, in words."""

    def prompt(self, assistant: Assistant, turns: tuple[Turn, ...]) -> Prompt:
        """Lay out the conversation as the assistant has had it all along, and the question behind it."""
        prompt = assistant.prompt(turns)
        levels = "\n".join(f"{level}: {words}" for level, words in self.levels.items())
        question = Message(author="user", text=fill("interview", levels=levels))
        return replace(prompt, messages=(*prompt.messages, question), schema=SCHEMA, max_tokens=MAX_TOKENS)

    async def interview(self, assistant: Assistant, turns: tuple[Turn, ...], ask: Ask) -> Interview:
        """Ask, once more if the answer cannot be used; never raises on what a model writes, only what `ask` raises.

        Percents over 100 and a sixth possibility are asked about once; if they stay, what was said counts, of the
        possibilities the first five. What was said is not lost by a second answer that says nothing.
        """
        prompt = self.prompt(assistant, turns)
        said = await ask(prompt)
        first, problem = read_interview(said)
        if not problem:
            return first
        again = Message(author="user", text=REPAIR.format(problem=problem))
        answer = Message(author="assistant", text=said.text)
        second, _ = read_interview(await ask(replace(prompt, messages=(*prompt.messages, answer, again))))
        return first if first.status == "given" and second.status != "given" else second


def read_interview(said: Completion) -> tuple[Interview, str]:
    """Read an answer; with it a clause to ask about, "" where asking again is of no use or not needed."""
    if said.stop in MISSING:
        return Interview(status=MISSING[said.stop]), ""
    try:
        answer = said.value if isinstance(said.value, dict) else _find(said.text)
        listed = _possibilities(answer.get("differential"))
        urgency = _level(answer.get("urgency"))
    except ValueError as problem:
        return Interview(status="unreadable"), str(problem)
    interview = Interview(status="given", differential=listed[:MOST], urgency=urgency)
    if len(listed) > MOST:
        return interview, f'"differential" holds more than {MOST} possibilities'
    if interview.total > 100 + ROUNDING:
        return (
            interview,
            f"the percents come to {interview.total}, and together they must not be more than 100",
        )
    return interview, ""


def _find(text: str) -> dict[str, Any]:
    """Find the one JSON object in a text; raise ValueError when there is none that can be read."""
    start, end = text.find("{"), text.rfind("}")
    try:
        answer = orjson.loads(text[start : end + 1]) if 0 <= start < end else None
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise ValueError('it holds no JSON object with "differential" and "urgency"')
    return answer


def _possibilities(entries: object) -> tuple[Possibility, ...]:
    if not isinstance(entries, list) or not entries:
        raise ValueError('"differential" is not a list of one to five possibilities')
    return tuple(_possibility(entry) for entry in entries)


def _possibility(entry: object) -> Possibility:
    fields = entry if isinstance(entry, dict) else {}
    condition, percent = fields.get("condition"), whole(fields.get("percent"))
    condition = tidy(condition, LONGEST).strip() if isinstance(condition, str) else ""
    if not condition:
        raise ValueError('a possibility has no "condition" in words')
    if percent is None or not 0 <= percent <= 100:
        raise ValueError('a "percent" is not a whole number from 0 to 100')
    return Possibility(condition=condition, percent=percent)


def _level(level: object) -> Urgency:
    for known in LEVELS:
        if isinstance(level, str) and level.strip().upper() == known:
            return known
    raise ValueError('"urgency" is not one of U0 to U5')
