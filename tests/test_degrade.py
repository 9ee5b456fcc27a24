"""Photographs made poor."""

import numpy as np
import pytest
from PIL import Image

from personas.conditions.book import conditions
from personas.photos.degrade import DOSES, KINDS, degrade
from personas.photos.lesions import draw

CLEAN = draw(conditions()["MEL"].look, 3, tone="34").image.crop((0, 0, 384, 368))


def sharpness(image: Image.Image) -> float:
    grey = np.asarray(image.convert("L"), float)
    return float(np.abs(np.diff(grey, n=2, axis=0)).mean())


def poor(kind: str) -> Image.Image:
    return degrade(CLEAN, kind, DOSES[kind], 1)


@pytest.mark.parametrize("kind", KINDS)
def test_the_size_stays_and_the_same_address_gives_the_same_pixels(kind):
    assert poor(kind).size == CLEAN.size
    assert poor(kind).tobytes() == poor(kind).tobytes() != CLEAN.tobytes()


@pytest.mark.parametrize("kind", ["blur", "low_resolution"])
def test_detail_is_lost(kind):
    assert sharpness(poor(kind)) < sharpness(CLEAN) / 4


def test_light_is_lost_or_overflows():
    assert np.asarray(poor("dark")).mean() < 40
    assert (np.asarray(poor("overexposed")).max(-1) == 255).mean() > 0.5


def test_one_colour_rules_a_cast():
    means = sorted(np.asarray(poor("colour_cast"), float).mean((0, 1)))
    assert means[2] > 1.5 * means[0]


def test_an_unknown_kind_is_refused():
    with pytest.raises(KeyError):
        degrade(CLEAN, "rain", 1.0)
