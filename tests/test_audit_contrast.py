"""Simulated beside real: equals are not told apart, and an eloquent simulator is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.audit.contrast import contrast, glance
from engine.audit.corpora import read_corpora
from engine.audit.distance import apart
from engine.audit.style import Dialogue, words
from engine.audit.tell import tell
from engine.audit.traits import recover
from personas.seeds import derive

SHARED = Path(__file__).parents[2] / "shared" / "data" / "dialogues"
real = pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the real data at {SHARED}")
TERSE = ("yes", "no", "about a week", "it hurts", "um, I don't know", "what is it?", "two days I think", "ok")
ELOQUENT = (
    "Thank you ever so much for asking; I first became aware of the discolouration approximately eight months ago, "
    "whilst I was holidaying by the seaside with my family, and it has been preoccupying me considerably.",
    "I would characterise the sensation as a persistent, moderately uncomfortable irritation which intensifies "
    "perceptibly in the evenings, particularly following any prolonged physical exertion.",
    "I am tremendously grateful for such a comprehensive explanation, and I shall endeavour to arrange an "
    "appointment with my general practitioner at the earliest available opportunity.",
)


def talk(number: int, phrases: tuple[str, ...], turns: int = 8, cluster: str = "") -> Dialogue:
    """Give a dialogue of phrases drawn by its number."""
    drawn = derive("talk", number, phrases[0]).integers(len(phrases), size=turns)
    return Dialogue(
        id=str(number), cluster=cluster or str(number), turns=tuple(phrases[place] for place in drawn)
    )


def halves(dialogues: tuple[Dialogue, ...]) -> tuple[list[Dialogue], list[Dialogue]]:
    """Split a corpus in two, by the draw."""
    order = derive("halves").permutation(len(dialogues))
    return [dialogues[i] for i in order[::2]], [dialogues[i] for i in order[1::2]]


def test_an_eloquent_patient_is_called_eloquent_in_a_sentence():
    found = contrast(
        [talk(n, ELOQUENT) for n in range(40)], {"clinic": [talk(n, TERSE) for n in range(60)]}, 1
    )
    ratio = np.mean([len(words(t)) for t in ELOQUENT]) / np.mean([len(words(t)) for t in TERSE])
    assert ratio > 10
    assert any("times as many words a turn as real ones" in sentence for sentence in found.sentences)
    (telling,) = found.tellings
    assert telling.accuracy == 1.0
    assert telling.p <= 0.001
    assert telling.n == 40
    gap = next(gap for gap in found.gaps if gap.feature == "words_per_turn")
    assert gap.apart.ks.value == 1.0
    assert gap.apart.wasserstein.low > 20


def test_two_samples_of_the_same_speakers_are_not_told_apart():
    ps = [
        tell(rows[:60], rows[60:], "same", seed)[1]
        for seed in range(20)
        for rows in [derive("rows", seed).normal(size=(120, 12))]
    ]
    assert sum(p < 0.05 for p in ps) <= 3


def test_the_published_figures_need_no_dialogues_and_say_so():
    found = glance([talk(n, ELOQUENT) for n in range(5)])
    assert "published figures only" in found.source
    assert found.tellings == ()
    assert all(gap.apart is None for gap in found.gaps)
    assert "12.3 in PriMock57" in found.sentences[0]
    assert glance([]).sentences == ()


def test_distances_are_those_of_the_textbook():
    one = {str(n): (float(n),) for n in range(4)}
    other = {str(n): (float(n) + 2,) for n in range(4)}
    found = apart(one, other, np.random.default_rng(0))
    assert found.ks.value == pytest.approx(0.5)
    assert found.wasserstein.value == pytest.approx(2.0)
    assert found.wasserstein.low < 2.0 < found.wasserstein.high
    assert apart(one, {"a": (1.0,)}, np.random.default_rng(0)) is None


def test_turns_of_one_dialogue_count_as_one_case():
    generator = np.random.default_rng(3)
    many = {str(n): tuple(np.full(20, value)) for n, value in enumerate(generator.normal(size=12))}
    loose = {f"{name}/{n}": (value,) for name, sample in many.items() for n, value in enumerate(sample)}
    other = {str(n): (value,) for n, value in enumerate(generator.normal(size=200))}
    wide, narrow = (apart(side, other, np.random.default_rng(0)).wasserstein for side in (many, loose))
    assert wide.value == pytest.approx(narrow.value)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_a_trait_that_shows_is_recovered_and_one_that_does_not_is_not():
    spoken, traits = [], []
    for number in range(60):
        level = ("terse", "rambling")[number % 2]
        for model in range(3):
            phrases = TERSE if level == "terse" else ELOQUENT
            spoken.append(talk(number * 10 + model, phrases, cluster=f"case {number}"))
            hidden = ("low", "mid", "high")[derive("hidden", number).integers(3)]
            traits.append({"verbosity": level, "recall": hidden, "locale": "same"})
    found = {one.trait: one for one in recover(spoken, traits, 1)}
    assert found.keys() == {"verbosity", "recall"}
    shown, silent = found["verbosity"], found["recall"]
    assert shown.accuracy == 1.0
    assert shown.information == pytest.approx(1.0, abs=0.1)
    assert silent.low < silent.chance + 0.15
    assert silent.information < 0.1
    assert (silent.levels, silent.conversations, silent.clusters) == (3, 180, 60)


def test_too_few_cases_recover_nothing():
    assert recover([talk(1, TERSE)], [{"verbosity": "low"}], 1) == ()


@real
@pytest.mark.parametrize("name", ["ACI-Bench", "MTS-Dialog", "PriMock57"])
def test_a_real_corpus_is_not_told_from_itself(name):
    one, other = halves(read_corpora(SHARED)[name])
    (telling,) = contrast(one, {name: other}, 1).tellings
    assert telling.p > 0.05


@real
def test_an_eloquent_patient_is_told_from_every_real_corpus():
    found = contrast([talk(n, ELOQUENT, 4) for n in range(40)], read_corpora(SHARED), 1)
    ours = [telling for telling in found.tellings if telling.one == "simulated"]
    assert len(ours) == 3
    assert all(telling.accuracy > 0.95 and telling.p <= 0.001 for telling in ours)
    assert "times as many words a turn as real ones" in found.sentences[0]
