"""Drawn lesions."""

import numpy as np
import pytest

from personas.conditions.book import conditions, drawable, palette
from personas.photos.lesions import SCALE, STRIP, draw, jpeg
from personas.photos.surface import SIDE

EVERY = [(key, tone) for key in drawable() for tone in ("12", "34", "56")]


@pytest.mark.parametrize(("key", "tone"), EVERY)
def test_the_mask_has_the_stated_size_and_stays_clear_of_the_edges(key, tone):
    drawing = draw(conditions()[key].look, 1, tone=tone)
    assert drawing.mask.shape == (SIDE, SIDE)
    assert not drawing.mask[SIDE - STRIP :].any()
    frame = (drawing.mask[0], drawing.mask[:, 0], drawing.mask[:, -1])
    assert not np.concatenate(frame).any()
    width = 2 * np.sqrt(drawing.mask.sum() / np.pi) / SCALE
    assert width == pytest.approx(drawing.size_mm, rel=0.05)


@pytest.mark.parametrize(("key", "tone"), EVERY)
def test_the_lesion_can_be_told_from_the_skin(key, tone):
    drawing = draw(conditions()[key].look, 2, tone=tone)
    pixels = np.asarray(drawing.image, float)[: SIDE - STRIP]
    mask = drawing.mask[: SIDE - STRIP]
    apart = np.linalg.norm(pixels[mask].mean(0) - pixels[~mask].mean(0))
    assert apart > 18


def test_words_come_from_what_was_drawn():
    for seed in range(10):
        found = draw(conditions()["MEL"].look, seed, tone="12").findings
        assert found[:2] == ("asymmetrical", "irregular border")
        assert len(set(found) & set(palette())) >= 3
        found = draw(conditions()["NEV"].look, seed, tone="12").findings
        assert found[:2] == ("symmetrical", "smooth border")


def test_asymmetrical_masks_are_asymmetrical():
    def mirrored(key: str, seed: int) -> float:
        mask = draw(conditions()[key].look, seed, tone="34").mask
        rows, columns = np.nonzero(mask)
        box = mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        return min((box ^ box[::-1]).mean(), (box ^ box[:, ::-1]).mean())

    melanomas = np.mean([mirrored("MEL", seed) for seed in range(8)])
    moles = np.mean([mirrored("NEV", seed) for seed in range(8)])
    assert melanomas > 2 * moles


def test_every_drawing_carries_the_strip():
    for tone in ("12", "56"):
        strip = np.asarray(draw(conditions()["ANG"].look, 1, tone=tone).image)[-STRIP:]
        assert strip.mean() > 200
        assert strip.min() < 120


def test_drawing_is_a_function_of_the_address():
    look = conditions()["SEK"].look
    assert jpeg(draw(look, 1, tone="12").image) == jpeg(draw(look, 1, tone="12").image)
    assert jpeg(draw(look, 1, tone="12").image) != jpeg(draw(look, 2, tone="12").image)


def test_tones_differ_in_brightness():
    look = conditions()["NEV"].look
    means = [np.asarray(draw(look, 1, tone=tone).image).mean() for tone in ("12", "34", "56")]
    assert means[0] > means[1] + 20 > means[2] + 40
