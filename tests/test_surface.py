"""What covers a drawn lesion."""

import numpy as np

from personas.photos.surface import SIDE, coat, noise, shading
from personas.seeds import derive

DEPTH = 60 - np.hypot(*np.mgrid[-100:100, -100:100]).astype(np.float32)
ANGLE = np.arctan2(*np.mgrid[-100:100, -100:100]).astype(np.float32)


def test_noise_is_even_and_has_the_asked_shape():
    field = noise(derive(1), 40)
    assert field.shape == (SIDE, SIDE)
    assert noise(derive(1), 40, (30, 50)).shape == (30, 50)
    assert abs(float(field.mean())) < 0.15
    assert 0.4 < float(field.std()) < 1.3


def test_coats_stay_within_the_border():
    for surface in ("scaly", "ulcerated", "crusted", "waxy", "rough", "shiny"):
        picture = np.full((200, 200, 3), 120, np.float32)
        coat(picture, (surface,), DEPTH, ANGLE, rng=derive(surface))
        changed = np.abs(picture - 120).max(-1) > 25
        assert changed.any()
        assert not changed[DEPTH < -4].any()


def test_a_flat_lesion_throws_no_shadow():
    assert np.allclose(shading(DEPTH, (), 0.0, derive(1)), 1)
    assert shading(DEPTH, (), 1.0, derive(1)).min() < 0.95
