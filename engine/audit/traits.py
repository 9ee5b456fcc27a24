"""How far a patient's traits can be read from their turns.

The one idea: a trait that nobody can recover changes nothing, and one that everybody can is perhaps overacted; both
are seen by asking a classifier that knows manner and words, on scenarios it was not shown. Every level counts
alike, however common it is, so chance is one in as many as there are. Nothing here knows what a trait means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.audit.style import Dialogue, profile
from engine.audit.tell import Floats, Indices, Lesson, foretell, spread_folds, teach
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
SHUFFLES = 99
"""So p is 0.01 at least."""
ENDS = (2.5, 97.5)
"""Percentiles of the draws: a 95 % interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """How well one trait is recovered from the turns of held-out scenarios."""

    trait: str
    levels: int
    accuracy: float
    """Share of conversations whose level was guessed, 0 to 1, as the mean over levels (balanced accuracy)."""
    low: float
    """Ends of the 95 % interval of the accuracy, whole clusters resampled. What the classifier was taught is not
    drawn anew, so it is narrow: where a trait did not show at all, it held chance in 8 of 10 trials. Go by `p`."""
    high: float
    chance: float
    """The same for guesses that know nothing, whatever they are."""
    p: float
    """Of so much accuracy where the trait does not show: levels dealt out anew among the cases and learnt."""
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
    lessons = teach(rows, spread_folds(clusters, *address))
    names = sorted({name for one in traits for name in one})
    found = (
        _recover(name, [one.get(name, "") for one in traits], lessons, clusters=clusters, address=address)
        for name in names
    )
    return tuple(one for one in found if one)


def _recover(
    name: str,
    levels: list[str],
    lessons: list[Lesson],
    *,
    clusters: list[str],
    address: tuple[object, ...],
) -> Recovery | None:
    kinds, truth = np.unique(np.asarray(levels), return_inverse=True)
    if len(kinds) < 2:
        return None
    generator = derive(*address, "recover", name)
    labels = np.column_stack([truth, *_dealt(truth, clusters, generator)])
    targets = np.eye(len(kinds))[labels]
    predicted = foretell(lessons, targets.reshape(len(truth), -1)).reshape(targets.shape)
    guesses = predicted.argmax(axis=2)
    hits = targets * (guesses == labels)[:, :, None]
    scores = (hits.sum(axis=0) / targets.sum(axis=0)).mean(axis=1)
    low, high = _ends(hits[:, 0], targets[:, 0], clusters, generator)
    told = [_information(labels[:, at], guesses[:, at], len(kinds)) for at in range(len(scores))]
    return Recovery(
        trait=name,
        levels=len(kinds),
        accuracy=float(scores[0]),
        low=low,
        high=high,
        chance=1 / len(kinds),
        p=float((scores >= scores[0] - 1e-12).mean()),
        information=max(told[0] - float(np.mean(told[1:])), 0.0),
        entropy=_information(truth, truth, len(kinds)),
        conversations=len(truth),
        clusters=len(set(clusters)),
    )


def _dealt(truth: Indices, clusters: list[str], generator: np.random.Generator) -> Iterator[Indices]:
    """Give the levels dealt out anew among the clusters, SHUFFLES times: the classifier is taught these too."""
    _, first, index = np.unique(np.asarray(clusters), return_index=True, return_inverse=True)
    own = truth[first]
    for _ in range(SHUFFLES):
        yield own[generator.permutation(len(own))][index]


def _ends(
    hits: Floats, targets: Floats, clusters: list[str], generator: np.random.Generator
) -> tuple[float, float]:
    """Give the ends of the interval of the accuracy, whole clusters resampled; a level not drawn is left out."""
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    sums, counts = (np.zeros((len(names), targets.shape[1])) for _ in range(2))
    np.add.at(sums, index, hits)
    np.add.at(counts, index, targets)
    drawn = generator.multinomial(len(names), np.full(len(names), 1 / len(names)), size=DRAWS)
    seen = drawn @ counts
    shares = np.divide(drawn @ sums, seen, out=np.full(seen.shape, np.nan), where=seen > 0)
    low, high = np.percentile(np.nanmean(shares, axis=1), ENDS)
    return float(low), float(high)


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
