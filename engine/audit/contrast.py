"""Simulated patients beside real ones: feature by feature, and as a machine tells them apart.

The one idea: an eloquent simulator must be visible as such, so every gap is also a plain sentence with its numbers.
Real means what `corpora` reads, or the figures of `published.toml` where no dialogues are given. Only manner is
compared, since what is talked about would give every dermatology chat away. Nothing here knows right from wrong.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

from engine.audit.distance import Apart, apart
from engine.audit.style import FEATURES, Dialogue, Sample, measure, profile
from engine.audit.tell import Telling, tell
from personas.seeds import derive

FILE = Path(__file__).with_name("published.toml")
OURS = "simulated"
ALIKE = (0.8, 1.25)
"""Ratios of two means that are called about the same."""
SHARES = {
    "short_turns": "say three words or fewer",
    "question_turns": "ask something",
    "filler_turns": "hold a hedge or a filler",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One feature of the simulated patients and of one set of real ones."""

    feature: str
    corpus: str
    simulated: float
    """Mean, in the feature's own unit."""
    real: float
    apart: Apart | None
    """None where only the mean is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """All that was compared."""

    source: str
    """Where the real figures are from."""
    gaps: tuple[Gap, ...]
    tellings: tuple[Telling, ...]
    """Simulated against each corpus, then the corpora against each other, as a yardstick."""
    sentences: tuple[str, ...]


def contrast(
    simulated: Sequence[Dialogue], corpora: Mapping[str, Sequence[Dialogue]], *address: object
) -> Contrast:
    """Compare with real dialogues."""
    values = {name: _samples(dialogues) for name, dialogues in {OURS: simulated, **corpora}.items()}
    gaps = []
    for feature in FEATURES:
        for name in corpora:
            one, other = values[OURS][feature], values[name][feature]
            between = apart(one, other, derive(*address, feature, name))
            if between:
                gaps.append(
                    Gap(feature=feature, corpus=name, simulated=_mean(one), real=_mean(other), apart=between)
                )
    profiles = {name: [profile(d) for d in dialogues] for name, dialogues in corpora.items()}
    profiles = {OURS: [profile(d) for d in _singles(simulated)], **profiles}
    tellings = []
    for one, other in combinations(profiles, 2):
        accuracy, p, n = tell(profiles[one], profiles[other], *address, one, other)
        if n > 1:
            tellings.append(Telling(one=one, other=other, accuracy=accuracy, p=p, n=n))
    sentences = (*_sentences(gaps), *_told(tellings))
    return Contrast(
        source=", ".join(f"{name} ({len(dialogues):,} dialogues)" for name, dialogues in corpora.items()),
        gaps=tuple(gaps),
        tellings=tuple(tellings),
        sentences=sentences,
    )


def glance(simulated: Sequence[Dialogue]) -> Contrast:
    """Compare with the published figures, means only: fast enough for every report."""
    values, published = _samples(simulated), _published()
    gaps = tuple(
        Gap(
            feature=feature,
            corpus=name,
            simulated=_mean(values[feature]),
            real=float(figures[feature]),
            apart=None,
        )
        for feature in FEATURES
        for name, figures in published["corpora"].items()
        if feature in figures and any(values[feature].values())
    )
    source = f"published figures only: {published['source']}"
    return Contrast(source=source, gaps=gaps, tellings=(), sentences=tuple(_sentences(gaps)))


def _samples(dialogues: Sequence[Dialogue]) -> dict[str, dict[str, Sample]]:
    """Give the values of every feature by cluster."""
    found: dict[str, dict[str, Sample]] = {feature: {} for feature in FEATURES}
    for dialogue in dialogues:
        for feature, sample in measure(dialogue).items():
            found[feature][dialogue.cluster] = found[feature].get(dialogue.cluster, ()) + sample
    return found


def _singles(dialogues: Sequence[Dialogue]) -> list[Dialogue]:
    """Give one dialogue of each cluster, in turn the first, second, … so that every model has its share."""
    clusters: dict[str, list[Dialogue]] = {}
    for dialogue in dialogues:
        clusters.setdefault(dialogue.cluster, []).append(dialogue)
    return [own[number % len(own)] for number, own in enumerate(clusters.values())]


def _mean(sample: Mapping[str, Sample]) -> float:
    flat = [value for values in sample.values() for value in values]
    return sum(flat) / len(flat)


def _sentences(gaps: Sequence[Gap]) -> Iterator[str]:
    """Say what is longer, rarer and richer, each with the figures it rests on."""
    for feature, label in FEATURES.items():
        found = [gap for gap in gaps if gap.feature == feature]
        if not found:
            continue
        ours, theirs = found[0].simulated, sum(gap.real for gap in found) / len(found)
        if feature in SHARES:
            listed = ", ".join(f"{gap.real:.0%} in {gap.corpus}" for gap in found)
            yield f"{ours:.0%} of simulated turns {SHARES[feature]}; of real ones {listed}."
            continue
        listed = ", ".join(
            f"{gap.real:.2f} in {gap.corpus}" if ours < 1 else f"{gap.real:.1f} in {gap.corpus}"
            for gap in found
        )
        value = f"{ours:.2f}" if ours < 1 else f"{ours:.1f}"
        if feature in ("words_per_turn", "first_turn_words", "sentence_words"):
            yield f"Simulated patients use {_times(ours / theirs)} {label} as real ones: {value}; {listed}."
        else:
            yield f"{label[0].upper()}{label[1:]}: simulated {value}; {listed}."


def _times(ratio: float) -> str:
    if ALIKE[0] <= ratio <= ALIKE[1]:
        return "about as many"
    return f"{'only ' if ratio < 1 else ''}{ratio:.1f} times as many"


def _told(tellings: Sequence[Telling]) -> Iterator[str]:
    """Say how well a machine tells the simulated from the real, and the real from each other."""
    for telling in tellings:
        ours = telling.one == OURS
        what = f"simulated patients from {telling.other}" if ours else f"{telling.one} from {telling.other}"
        yield (
            f"{'' if ours else 'As a yardstick, '}{'A' if ours else 'a'} classifier that sees the manner of speaking "
            f"alone tells {what} in {telling.accuracy:.0%} of dialogues it was not shown "
            f"(50% is chance; p = {telling.p:.3f}; {telling.n} of each)."
        )


@cache
def _published() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
