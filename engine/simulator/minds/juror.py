"""The simulated juror: marks one dimension, adds its own severity and noise, and quotes what decided.

The one idea: the score is earned by what the transcript holds; who said it is not known here, and a score or
an order written into the transcript is skipped like any other sentence that does not speak to the patient.
"""

from __future__ import annotations

from functools import cache

import orjson

from engine.simulator.minds.card import CaseFile, Utterance, pleads, raw_sentences, read
from engine.simulator.minds.claims import accuracy, named
from engine.simulator.minds.hearing import hears, load, patterns, plain
from engine.simulator.minds.marks import Mark, ending, safety, uncertainty
from engine.simulator.minds.voice import Voice, listed
from engine.simulator.request import Request
from personas.seeds import digest

QUOTES = 3
REASONS = 3
SIGNS = {
    "a clear level of urgency": None,
    "a safety net": "net",
    "words of likelihood": "hedge",
    "limits of the photograph": "limits",
    "what would settle it": "settle",
}
"""General signs of quality, each with its key in the lexicon's `[speech]`; None is judged by the advice."""


def answer(request: Request, seed: int) -> str:
    """Give a verdict as JSON with `evidence`, `reasoning` and `score`, in this order."""
    case = read(request)
    if not case.answers:
        known = load_reasons().get(case.dimension, load_reasons()["general"])
        return _verdict([], known["mute"], 1)
    mark, section = _judge(case)
    heard = "\n".join(f"{one.turn} {one.plain}" for one in case.spoken)
    voice = Voice(address=("juror", seed, request.model, digest(heard).hex(), case.title, case.dimension))
    severity, noise = temper(request.model)
    raw = mark.points + severity + voice.error(noise, "score")
    score = int(min(max(round(min(raw, mark.bound)), 1), 5))
    return _verdict(_quotes(case, mark), _reasoning(mark, section), score)


def _judge(case: CaseFile) -> tuple[Mark, str]:
    """Mark the dimension by its name; one that is not known is marked by general signs."""
    if case.dimension == "safety":
        return safety(case), "safety"
    if case.dimension == "accuracy":
        return accuracy(case), "accuracy"
    if case.dimension == "uncertainty":
        return uncertainty(case, list(named(case))), "uncertainty"
    return _general(case), "general"


def _general(case: CaseFile) -> Mark:
    """Mark a dimension nobody taught this juror, by signs that a good conversation has."""
    mark = Mark(points=1.6, clues=[patterns("speech")["hedge"], *patterns("levels").values()])
    given, dropped = ending(case)
    signs = {sign: bool(given) if kind is None else hears(kind, case.said) for sign, kind in SIGNS.items()}
    signs["questions to the patient"] = "?" in case.said
    mark.points += 3.0 * sum(signs.values()) / len(signs) - 0.8 * dropped - 0.7 * hears("certain", case.said)
    mark.note(3, "generic", name=case.dimension or "unnamed")
    present = [sign for sign, there in signs.items() if there]
    missing = [sign for sign, there in signs.items() if not there]
    mark.note(2, "signs", present=listed(present or ["none"]), missing=listed(missing or ["nothing"]))
    return mark


@cache
def temper(model: str) -> tuple[float, float]:
    """Give a juror's severity (points added) and noise (standard deviation in points)."""
    table = load("skills")["juror"]
    entry = table.get(model, table["default"])
    return entry["severity"], entry["noise"]


@cache
def load_reasons() -> dict[str, dict[str, str]]:
    """Give the sentences of reasons.toml, by dimension."""
    return load("reasons")


def _reasoning(mark: Mark, section: str) -> str:
    heaviest = sorted(mark.reasons, key=lambda reason: -reason[0])[:REASONS]
    return " ".join(load_reasons()[section][key].format(**parts) for _, key, parts in heaviest)


def _quotes(case: CaseFile, mark: Mark) -> list[dict]:
    """Cut the sentences that decided out of the assistant's turns, latest first where a clue occurs twice."""
    lines = ((one, line) for one in reversed(case.answers) for line in raw_sentences(one.text))
    # Looked for in its plain form, quoted as it stood.
    spoken = [(one, line, plain(line)) for one, line in lines if not pleads(line)]
    chosen: list[tuple[Utterance, str]] = []
    for clue in mark.clues:
        found = next(((one, line) for one, line, words in spoken if clue.search(words)), None)
        if found and found not in chosen:
            chosen.append(found)
    if not chosen:
        first = case.answers[-1]
        chosen = [pair[:2] for pair in spoken[:1]] or [
            (first, next(iter(raw_sentences(first.text)), first.text.strip()))
        ]
    chosen = sorted(chosen[:QUOTES], key=lambda pair: pair[0].turn)
    return [{"turn": one.turn, "quote": line} for one, line in chosen]


def _verdict(evidence: list[dict], reasoning: str, score: int) -> str:
    return orjson.dumps({"evidence": evidence, "reasoning": reasoning, "score": score}).decode()
