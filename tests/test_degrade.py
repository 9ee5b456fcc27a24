"""Photographs made poor."""

import numpy as np
import pytest
from PIL import Image

from personas.conditions.book import conditions
from personas.photos.degrade import DOSES, KINDS, LADDER, degrade
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


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "framing"])
def test_a_larger_dose_leaves_less_of_the_picture(kind):
    clean = np.asarray(CLEAN, float)
    apart = [np.abs(np.asarray(degrade(CLEAN, kind, dose, 1), float) - clean).mean() for dose in LADDER[kind]]
    assert 0 < apart[0] < apart[1] < apart[2]


def test_framing_cuts_the_lesion_off_more_and_more():
    for address in range(6):
        poor = [degrade(CLEAN, "framing", dose, address) for dose in LADDER["framing"]]
        left = [(np.asarray(image.convert("L")) < 110).sum() for image in (CLEAN, *poor)]
        assert left[0] >= left[1] >= left[2] >= left[3]
        assert left[3] < 0.8 * left[0]


def test_distance_makes_it_small():
    dark = np.asarray(CLEAN.convert("L")) < 110
    poor = np.asarray(degrade(CLEAN, "distance", DOSES["distance"], 1).convert("L")) < 110
    assert poor.sum() < dark.sum() / 30


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(9, 9), (40, 700), (700, 40)])
def test_any_shape_of_picture_will_do(kind, size):
    for dose in LADDER[kind]:
        assert degrade(CLEAN.resize(size), kind, dose, 1).size == size


def test_an_unknown_kind_is_refused():
    with pytest.raises(KeyError):
        degrade(CLEAN, "rain", 1.0)
