"""Reads what a juror answered: a vote that can be counted, or the reason why it cannot.

The one idea: a vote is believed only when it has a whole number from 1 to 5, a reason, quotes the assistant
really said, and a score that keeps to the caps it names. Everything else is an abstention with a problem to
ask about. Nothing here raises on what a model wrote, and nothing here knows who the juror is or what was judged.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal, get_args

from rubrics.values import Cap, CapEvent, Confidence, Quote

MOST_QUOTES = 8
MOST_EVENTS = 16
LAST_TURN = 100_000
"""Turn numbers beyond this are noise, and would not fit the journal's integers."""
SHOWN = 80
"""Characters of a quote that a problem repeats."""
LONGEST = 200_000
"""Characters of an answer. A vote has some 5,000; what is longer is none, and would be read for minutes."""
OPENING = re.compile(r'\{\s*"')
BEFORE = re.compile(r"""(?: |"|'|\[\.\.\.\]|\.\.\.+)*""")
"""What may stand before a quote, stacked in any order: blanks, quotation marks, ellipses, in brackets or not."""
BEHIND = re.compile(r"""(?: |"|'|\]\.\.\.\[|\.\.\.+)*""")
"""What may stand behind it, read from the end."""
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

    status: Literal["scored", "unreadable", "misquoted", "contradictory"]
    score: int | None = None
    """1 to 5; None unless scored."""
    evidence: tuple[Quote, ...] = ()
    """When scored, each text is the very piece of the turn it was found in; else as the juror gave it."""
    caps: tuple[CapEvent, ...] = ()
    """Their quotes likewise."""
    reasoning: str = ""
    confidence: Confidence | None = None
    """None unless scored."""
    problem: str = ""
    """A clause for the repair request ("the score is not …"), without a full stop; empty when scored."""

    def fields(self) -> dict[str, Any]:
        """Give the fields a Verdict takes from a vote."""
        return {
            "score": self.score,
            "status": self.status,
            "evidence": self.evidence,
            "caps": self.caps,
            "reasoning": self.reasoning,
            "confidence": self.confidence,
        }


def read_vote(
    value: dict[str, Any] | None,
    text: str,
    spoken: dict[int, str],
    *,
    told: dict[int, str] | None = None,
    caps: tuple[Cap, ...] = (),
) -> Vote:
    """Read a vote from the structured answer, or from the text when there is none.

    `spoken` holds the assistant's turns by number, `told` the patient's, `caps` those of the dimension. Keys
    beyond evidence, cap_events, reasoning, score and confidence are ignored. Never raises; in this order: what
    cannot be read is "unreadable"; evidence that is absent (unless the assistant said nothing at all, which can
    be judged and not be quoted) or that the assistant did not say, and a cap event quoting what neither said, is
    "misquoted"; a score above what a named cap allows is "contradictory".
    """
    heard = spoken | (told or {})
    if len(text) > LONGEST:
        return Vote(status="unreadable", problem=f"the answer has more than {LONGEST:,} characters")
    try:
        answer = value if isinstance(value, dict) else find_answer(text, heard)
        score, reasoning, confidence = _score(answer), _reasoning(answer), _confidence(answer)
        quotes, events = _quotes(answer), _events(answer, caps)
    except ValueError as problem:
        return Vote(status="unreadable", problem=str(problem))
    raw = {"evidence": quotes, "caps": events, "reasoning": reasoning}
    if not quotes and any(said.strip() for said in spoken.values()):  # silence leaves nothing to quote
        return Vote(status="misquoted", problem='"evidence" holds no quote', **raw)
    try:
        found = tuple(
            Quote(turn=quote.turn, text=_said(quote, spoken, "the assistant's")) for quote in quotes
        )
        met = tuple(_seen(event, heard) for event in events)
    except ValueError as problem:
        return Vote(status="misquoted", problem=str(problem), **raw)
    if problem := _excess(score, met, caps):
        return Vote(status="contradictory", problem=problem, **raw)
    return Vote(
        status="scored", score=score, evidence=found, caps=met, reasoning=reasoning, confidence=confidence
    )


def find_answer(text: str, heard: dict[int, str]) -> dict[str, Any]:
    """Find the one JSON object with a score in a text; prose and code fences around it do not matter.

    An object that stands word for word in a turn of the conversation is a quotation, not an answer.
    Raises ValueError when there is no such object, when two of them differ, or when any object is broken:
    inside a broken object may lie whole ones that are quoted from the transcript.
    """
    found: dict[str, dict[str, Any]] = {}
    told = [" ".join(said.split()) for said in heard.values()]
    place = 0
    while opening := OPENING.search(text, place):
        start = opening.start()
        try:
            answer, place = DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            raise ValueError("a JSON object in the answer is broken or names a key twice") from None
        source = " ".join(text[start:place].split())
        if "score" in answer and source not in found and not any(source in said for said in told):
            found[source] = answer
        if len(found) > 1:
            raise ValueError('the answer holds more than one JSON object with a "score"')
    if not found:
        raise ValueError('the answer holds no JSON object with a "score"')
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
    quote = quote[BEFORE.match(quote).end() :]
    return quote[: len(quote) - BEHIND.match(quote[::-1]).end()]


def _score(answer: dict[str, Any]) -> int:
    score = whole(answer.get("score"))
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
        turn, quote = whole(entry.get("turn")), entry.get("quote")
        if turn is None or not 0 <= turn <= LAST_TURN or not isinstance(quote, str):
            raise ValueError('a piece of "evidence" lacks a turn number or a quote')
        quotes.append(Quote(turn=turn, text=_encodable(quote)))
    return tuple(quotes)


def _confidence(answer: dict[str, Any]) -> Confidence:
    confidence = answer.get("confidence")
    levels = get_args(Confidence)
    if confidence not in levels:
        raise ValueError(f'"confidence" is not one of {", ".join(levels)}')
    return confidence


def _events(answer: dict[str, Any], caps: tuple[Cap, ...]) -> tuple[CapEvent, ...]:
    """Read the cap events; a dimension without caps has none, whatever the field holds."""
    if not caps:
        return ()
    entries = answer.get("cap_events")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError('"cap_events" is not a list of objects with "cap", "turn" and "quote"')
    if len(entries) > MOST_EVENTS:
        raise ValueError(f'"cap_events" holds more than {MOST_EVENTS} events')
    known = [cap.key for cap in caps]
    events = []
    for entry in entries:
        key, turn, quote = entry.get("cap"), whole(entry.get("turn")), entry.get("quote")
        if key not in known:
            raise ValueError(f'"cap_events" names a cap that is not one of {", ".join(known)}')
        if turn is None or not 0 <= turn <= LAST_TURN or not isinstance(quote, str):
            raise ValueError('one of the "cap_events" lacks a turn number or a quote')
        events.append(CapEvent(cap=key, turn=turn, quote=_encodable(quote)))
    return tuple(events)


def _seen(event: CapEvent, heard: dict[int, str]) -> CapEvent:
    """Give the event with the turn's own words; ValueError says what nobody said."""
    if event.turn == 0:
        if event.quote.strip():
            raise ValueError(f"the cap event {event.cap} quotes something although its turn is 0")
        return CapEvent(cap=event.cap, turn=0, quote="")
    said = _said(Quote(turn=event.turn, text=event.quote), heard, "the conversation's")
    return CapEvent(cap=event.cap, turn=event.turn, quote=said)


def _excess(score: int, events: tuple[CapEvent, ...], caps: tuple[Cap, ...]) -> str:
    """Say which named cap the score goes beyond, or give an empty string."""
    named = {event.cap for event in events}
    lowest = min((cap for cap in caps if cap.key in named), key=lambda cap: cap.most, default=None)
    if lowest is None or score <= lowest.most:
        return ""
    return f'"score" is {score} although "cap_events" names {lowest.key}, which allows at most {lowest.most}'


def _said(quote: Quote, turns: dict[int, str], whose: str) -> str:
    """Give the piece of its turn that a quote repeats; ValueError says what is wrong with it."""
    said = locate(quote.text, turns.get(quote.turn, ""))
    if said is not None:
        return said
    if quote.turn not in turns:
        raise ValueError(f"turn {quote.turn} is not one of {whose} turns")
    elsewhere = [turn for turn, words in turns.items() if locate(quote.text, words) is not None]
    hint = f" (turn {elsewhere[0]} does)" if elsewhere else ""
    raise ValueError(f"turn {quote.turn} does not say, word for word, {quote.text[:SHOWN]!r}{hint}")


def whole(value: object) -> int | None:
    """Give a whole number, also one written 3.0; a truth value or a numeral in quotes is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) else None


def _encodable(text: str) -> str:
    # JSON may spell half a surrogate pair, which no journal line can hold.
    return text.encode("utf-8", "replace").decode()


def names_twice(text: str) -> bool:
    """Tell whether a JSON object, at any depth, names a key twice, so that readers may differ about what it says."""
    try:
        DECODER.decode(text)
    except (ValueError, RecursionError):
        return True
    return False


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key is named twice")
    return fields


DECODER = json.JSONDecoder(object_pairs_hook=_unique)
