"""How somebody speaks, in numbers: how long, how rich, how readable, how much is asked and how much is filled in.

The one idea: manner and never matter, so that a dermatology chat and a visit for a sore knee can be held side by
side. Values are per dialogue, those of turns as many as it has turns. Nothing here knows who is real.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.audit.words import plain

FILE = Path(__file__).with_name("style.toml")
WORD = re.compile(r"[a-z']+")
SENTENCES = re.compile(r"[.!?\n]+")
VOWELS = re.compile(r"[aeiouy]+")
WINDOW = 30
"""Words over which the type-token ratio moves; a shorter dialogue has none."""
SHORT = 3
"""Words of a turn that says hardly anything."""
FEATURES = {
    "words_per_turn": "words a turn",
    "first_turn_words": "words in the first turn",
    "short_turns": "share of turns of three words or fewer",
    "question_turns": "share of turns with a question",
    "filler_turns": "share of turns with a hedge or filler",
    "variety": "type-token ratio, moving average over 30 words",
    "readability": "Flesch-Kincaid grade",
    "sentence_words": "words a sentence",
}
"""What is compared, and what it is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """The patient's side of a conversation."""

    id: str
    cluster: str
    """What must stay together: the scenario of a simulated one, the dialogue itself of a real one."""
    turns: tuple[str, ...]
    """The patient's, in their order, neighbours made one."""
    asks: bool = True
    """False where the transcript has no question marks, so that nothing can be said of questions."""


Sample = tuple[float, ...]


def measure(dialogue: Dialogue) -> dict[str, Sample]:
    """Give the values of every feature, one a turn or one a dialogue; none where it cannot be measured."""
    turns = [words(turn) for turn in dialogue.turns]
    spoken = [turn for turn in turns if turn]
    if not spoken:
        return dict.fromkeys(FEATURES, ())
    flat = [word for turn in turns for word in turn]
    sentences = max(sum(bool(WORD.search(s)) for t in dialogue.turns for s in SENTENCES.split(t.lower())), 1)
    syllables = sum(map(_syllables, flat))
    return {
        "words_per_turn": tuple(float(len(turn)) for turn in turns),
        "first_turn_words": (float(len(turns[0])),),
        "short_turns": tuple(float(len(turn) <= SHORT) for turn in turns),
        "question_turns": tuple(float("?" in turn) for turn in dialogue.turns) if dialogue.asks else (),
        "filler_turns": tuple(float(_fills(turn)) for turn in dialogue.turns),
        "variety": _variety(flat),
        "readability": (0.39 * len(flat) / sentences + 11.8 * syllables / len(flat) - 15.59,),
        "sentence_words": (len(flat) / sentences,),
    }


def profile(dialogue: Dialogue) -> list[float]:
    """Give what a classifier sees of the manner: the mean of each feature, NaN for none, and rates of small words."""
    values = [sum(sample) / len(sample) if sample else float("nan") for sample in measure(dialogue).values()]
    tokens = plain(" . ".join(dialogue.turns)).split()
    rates = Counter(tokens)
    return values + [rates[word] / max(len(tokens), 1) for word in _file()["function"]]


def words(text: str) -> list[str]:
    """Give the words of a text by the definition of the published figures."""
    return WORD.findall(text.lower().replace("’", "'"))


def merge(turns: Sequence[tuple[bool, str]]) -> tuple[str, ...]:
    """Give the patient's turns of (is the patient, text) pairs, neighbours by one speaker made one."""
    merged: list[tuple[bool, str]] = []
    for patient, text in turns:
        if merged and merged[-1][0] == patient:
            merged[-1] = (patient, f"{merged[-1][1]} {text}")
        else:
            merged.append((patient, text))
    return tuple(text for patient, text in merged if patient)


def _variety(flat: list[str]) -> Sample:
    """Give the moving-average type-token ratio (Covington and McFall 2010)."""
    if len(flat) < WINDOW:
        return ()
    ratios = [len(set(flat[at : at + WINDOW])) / WINDOW for at in range(len(flat) - WINDOW + 1)]
    return (sum(ratios) / len(ratios),)


def _syllables(word: str) -> int:
    """Count groups of vowels, a silent e at the end left out: good to about one in ten words."""
    groups = len(VOWELS.findall(word))
    return max(groups - (word.endswith("e") and not word.endswith("le") and groups > 1), 1)


def _fills(text: str) -> bool:
    return _fillers().search(text.lower().replace("’", "'")) is not None


@cache
def _fillers() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, _file()['fillers']))})\b")


@cache
def _file() -> dict[str, list[str]]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
