"""Reads what a juror answered: a vote that can be counted, or the reason why it cannot.

The one idea: a vote is believed only when it has a whole number from 1 to 5, a reason, and quotes the
assistant really said. Everything else is an abstention with a problem to ask about. Nothing here raises on
what a model wrote, and nothing here knows who the juror is or what was judged.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from rubrics.values import Quote

MOST_QUOTES = 8
LAST_TURN = 100_000
"""Turn numbers beyond this are noise, and would not fit the journal's integers."""
SHOWN = 80
"""Characters of a quote that a problem repeats."""
OPENING = re.compile(r'\{\s*"')
PLAIN = {
    **dict.fromkeys("‘’‚‛′´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    "…": "...",
    # Zero-width and soft characters: invisible, and lost when a model copies.
    **dict.fromkeys("*`", ""),  # emphasis, which jurors leave out when they quote
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """A juror's answer as far as it could be read."""

    status: Literal["scored", "unreadable", "misquoted"]
    score: int | None = None
    """1 to 5; None unless scored."""
    evidence: tuple[Quote, ...] = ()
    """When scored, each text is the very piece of the turn it was found in; else as the juror gave it."""
    reasoning: str = ""
    problem: str = ""
    """A clause for the repair request ("the score is not …"), without a full stop; empty when scored."""

    def fields(self) -> dict[str, Any]:
        """Give the fields a Verdict takes from a vote."""
        return {
            "score": self.score,
            "status": self.status,
            "evidence": self.evidence,
            "reasoning": self.reasoning,
        }


def read_vote(value: dict[str, Any] | None, text: str, spoken: dict[int, str]) -> Vote:
    """Read a vote from the structured answer, or from the text when there is none.

    `spoken` holds the assistant's turns by number. Keys beyond evidence, reasoning and score are ignored.
    Never raises: what cannot be read is "unreadable", evidence that is absent or nobody said is "misquoted"
    (unless the assistant said nothing at all, which can be judged and not be quoted).
    """
    try:
        answer = value if isinstance(value, dict) else find_answer(text, spoken)
        score = _score(answer)
        reasoning = _reasoning(answer)
        quotes = _quotes(answer)
    except ValueError as problem:
        return Vote(status="unreadable", problem=str(problem))
    if not quotes and any(said.strip() for said in spoken.values()):  # silence leaves nothing to quote
        return Vote(status="misquoted", reasoning=reasoning, problem='"evidence" holds no quote')
    found = []
    for quote in quotes:
        said = locate(quote.text, spoken.get(quote.turn, ""))
        if said is None:
            problem = _complaint(quote, spoken)
            return Vote(status="misquoted", evidence=quotes, reasoning=reasoning, problem=problem)
        found.append(Quote(turn=quote.turn, text=said))
    return Vote(status="scored", score=score, evidence=tuple(found), reasoning=reasoning)


def find_answer(text: str, spoken: dict[int, str]) -> dict[str, Any]:
    """Find the one JSON object with a score in a text; prose and code fences around it do not matter.

    An object that stands word for word in one of the assistant's turns is a quotation, not an answer.
    Raises ValueError when there is no such object, when two of them differ, or when any object is broken:
    inside a broken object may lie whole ones that are quoted from the transcript.
    """
    found: dict[str, dict[str, Any]] = {}
    place = 0
    while opening := OPENING.search(text, place):
        start = opening.start()
        try:
            answer, place = DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            raise ValueError("a JSON object in the answer is broken or names a key twice") from None
        source = " ".join(text[start:place].split())
        if "score" in answer and not any(source in " ".join(said.split()) for said in spoken.values()):
            found[source] = answer
    if not found:
        raise ValueError('the answer holds no JSON object with a "score"')
    if len(found) > 1:
        raise ValueError('the answer holds more than one JSON object with a "score"')
    return found.popitem()[1]


def locate(quote: str, turn: str) -> str | None:
    """Give the piece of a turn that a quote repeats, None when it is not there or says nothing.

    Runs of whitespace, typographic quotation marks, apostrophes, dashes and ellipses are taken as their plain
    forms, and quotation marks and ellipses around the quote are dropped; every other character must agree.
    """
    if quote in turn and _strip(quote) == quote and any(map(str.isalnum, quote)):
        return quote  # by far the most common, and folding looks at every character
    wanted = _strip(_fold(quote)[0])
    folded, origins = _fold(turn)
    start = folded.find(wanted)
    if start < 0 or not any(character.isalnum() for character in wanted):
        return None
    return turn[origins[start] : origins[start + len(wanted) - 1] + 1]


def _fold(text: str) -> tuple[str, list[int]]:
    """Give the text in plain characters, and for each of them the index it came from."""
    folded: list[str] = []
    origins: list[int] = []
    for index, character in enumerate(text):
        plain = " " if character.isspace() else PLAIN.get(character, character)
        if plain == " " and folded and folded[-1] == " ":
            continue
        folded.extend(plain)
        origins.extend([index] * len(plain))
    return "".join(folded), origins


def _strip(quote: str) -> str:
    """Drop quotation marks, blanks and ellipses around a quote, in whatever order they are stacked."""
    while True:
        shorter = quote.strip(" \"'").removeprefix("[...]").removesuffix("[...]")
        if shorter.startswith("..."):
            shorter = shorter.lstrip(".")
        if shorter.endswith("..."):
            shorter = shorter.rstrip(".")
        if shorter == quote:
            return quote
        quote = shorter


def _score(answer: dict[str, Any]) -> int:
    score = _whole(answer.get("score"))
    if score is None or not 1 <= score <= 5:
        raise ValueError('"score" is not a whole number from 1 to 5')
    return score


def _reasoning(answer: dict[str, Any]) -> str:
    reasoning = answer.get("reasoning")
    if not isinstance(reasoning, str) or not reasoning.strip():
        raise ValueError('"reasoning" is missing or empty')
    return _encodable(reasoning.strip())


def _quotes(answer: dict[str, Any]) -> tuple[Quote, ...]:
    entries = answer.get("evidence")
    if entries is None:
        return ()
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError('"evidence" is not a list of objects with "turn" and "quote"')
    if len(entries) > MOST_QUOTES:
        raise ValueError(f'"evidence" holds more than {MOST_QUOTES} quotes')
    quotes = []
    for entry in entries:
        turn, quote = _whole(entry.get("turn")), entry.get("quote")
        if turn is None or not 0 <= turn <= LAST_TURN or not isinstance(quote, str):
            raise ValueError('a piece of "evidence" lacks a turn number or a quote')
        quotes.append(Quote(turn=turn, text=_encodable(quote)))
    return tuple(quotes)


def _complaint(quote: Quote, spoken: dict[int, str]) -> str:
    if quote.turn not in spoken:
        return f"turn {quote.turn} is not one of the assistant's turns"
    elsewhere = [turn for turn, said in spoken.items() if locate(quote.text, said) is not None]
    hint = f" (turn {elsewhere[0]} does)" if elsewhere else ""
    return f"turn {quote.turn} does not say, word for word, {quote.text[:SHOWN]!r}{hint}"


def _whole(value: object) -> int | None:
    """Give a whole number, also one written 3.0; a truth value or a numeral in quotes is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) else None


def _encodable(text: str) -> str:
    # JSON may spell half a surrogate pair, which no journal line can hold.
    return text.encode("utf-8", "replace").decode()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key is named twice")
    return fields


DECODER = json.JSONDecoder(object_pairs_hook=_unique)
