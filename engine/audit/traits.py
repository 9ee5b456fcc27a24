"""How far a patient's traits can be read from their turns.

The one idea: a trait that nobody can recover changes nothing, and one that everybody can is perhaps overacted; both
are seen by asking a classifier that knows manner and words, on scenarios it was not shown. Nothing here knows what
a trait means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.audit.style import Dialogue, profile
from engine.audit.tell import Floats, Indices, foretell, spread_folds
from engine.audit.words import plain
from personas.seeds import derive

VOCABULARY = 300
"""Words a classifier looks for, the most common ones."""
COMMON = 0.1
"""Share of the cases a word must occur in: a rare one says what a case is about, not who speaks. In a balanced
design, knowing the case would even lead astray: what others like it have, this one has less often."""
FEWEST = 6
"""Cases without which nothing is said."""
DRAWS = 500
ENDS = (2.5, 97.5)
"""Percentiles of the draws: a 95 % interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """How well one trait is recovered from the turns of held-out scenarios."""

    trait: str
    levels: int
    accuracy: float
    """Share of conversations whose level was guessed."""
    low: float
    """Ends of the 95 % interval of the accuracy, whole clusters resampled."""
    high: float
    chance: float
    """The same for always guessing the most common level."""
    information: float
    """Bits that a guess tells about the level, less what guesses at shuffled levels seem to tell."""
    entropy: float
    """Bits there are to tell."""
    conversations: int
    clusters: int


def recover(
    dialogues: Sequence[Dialogue], traits: Sequence[Mapping[str, str]], *address: object
) -> tuple[Recovery, ...]:
    """Give every trait that has two levels or more; `traits` are those of each dialogue's patient."""
    clusters = [dialogue.cluster for dialogue in dialogues]
    if len(set(clusters)) < FEWEST:
        return ()
    rows = np.hstack([np.array([profile(d) for d in dialogues]), _vocabulary(dialogues)])
    fold = spread_folds(clusters, *address)
    names = sorted({name for one in traits for name in one})
    found = (
        _recover(name, [one.get(name, "") for one in traits], rows, fold, clusters=clusters, address=address)
        for name in names
    )
    return tuple(one for one in found if one)


def _recover(
    name: str,
    levels: list[str],
    rows: Floats,
    fold: Indices,
    *,
    clusters: list[str],
    address: tuple[object, ...],
) -> Recovery | None:
    kinds, truth = np.unique(np.asarray(levels), return_inverse=True)
    if len(kinds) < 2:
        return None
    targets = np.eye(len(kinds))[truth]
    guess = foretell(rows, targets, fold).argmax(axis=1)
    generator = derive(*address, "recover", name)
    hits = (guess == truth).astype(float)
    low, high = _ends(hits, clusters, generator)
    entropy = _information(truth, truth, len(kinds))
    return Recovery(
        trait=name,
        levels=len(kinds),
        accuracy=float(hits.mean()),
        low=low,
        high=high,
        chance=float(targets.mean(axis=0).max()),
        information=max(
            _information(truth, guess, len(kinds)) - _seeming(truth, guess, clusters, generator), 0.0
        ),
        entropy=entropy,
        conversations=len(truth),
        clusters=len(set(clusters)),
    )


def _ends(hits: Floats, clusters: list[str], generator: np.random.Generator) -> tuple[float, float]:
    """Give the ends of the interval of a mean, whole clusters resampled."""
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    sums, counts = np.bincount(index, weights=hits), np.bincount(index)
    drawn = generator.integers(len(names), size=(DRAWS, len(names)))
    low, high = np.percentile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), ENDS)
    return float(low), float(high)


def _seeming(truth: Indices, guess: Indices, clusters: list[str], generator: np.random.Generator) -> float:
    """Give the bits that guesses seem to tell about levels that were dealt out anew among the clusters."""
    _, first, index = np.unique(np.asarray(clusters), return_index=True, return_inverse=True)
    own, kinds = truth[first], int(truth.max()) + 1
    return float(
        np.mean([_information(own[generator.permutation(len(own))][index], guess, kinds) for _ in range(100)])
    )


def _information(one: Indices, other: Indices, kinds: int) -> float:
    """Give the mutual information of two labellings, in bits."""
    joint = np.bincount(one * kinds + other, minlength=kinds * kinds).reshape(kinds, kinds) / len(one)
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    seen = joint > 0
    return float((joint[seen] * np.log2(joint[seen] / apart[seen])).sum())


def _vocabulary(dialogues: Sequence[Dialogue]) -> Floats:
    """Give which of the common words each dialogue has, the scripted opening left out, (n, words)."""
    texts = [set(plain(" . ".join(dialogue.turns[1:])).split()) for dialogue in dialogues]
    spoken: dict[str, set[str]] = {}
    for dialogue, text in zip(dialogues, texts, strict=True):
        spoken.setdefault(dialogue.cluster, set()).update(text)
    common = Counter(word for text in spoken.values() for word in text)
    chosen = [
        word
        for word, count in sorted(common.items(), key=lambda one: (-one[1], one[0]))
        if count >= COMMON * len(spoken)
    ]
    return np.array([[word in text for word in chosen[:VOCABULARY]] for text in texts], dtype=float)
