"""Sight measures drawings as they were drawn, knows a poor photograph, and survives anything else."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.simulator.minds import sight
from engine.simulator.minds.sight import Look, look
from engine.simulator.minds.view import RAGGED, UNEVEN
from personas.conditions.book import drawable
from personas.photos.degrade import DOSES, degrade
from personas.photos.lesions import Drawing, draw, jpeg

PHOTOGRAPHS = Path(__file__).parents[2] / "shared/data/images/pad_ufes_20/images"


@cache
def drawings() -> tuple[tuple[Drawing, Look], ...]:
    drawn = [
        draw(condition.look, "sight", key, number, tone=tone)
        for key, condition in drawable().items()
        for number in range(2)
        for tone in condition.tones
    ]
    return tuple((drawing, look(jpeg(drawing.image))) for drawing in drawn)


def agreement(finding: str, seen) -> float:
    return float(
        np.mean([(finding in drawing.findings) == seen(measured) for drawing, measured in drawings()])
    )


def test_asymmetry_agrees_with_the_drawing():
    assert agreement("asymmetrical", lambda measured: measured.asymmetry >= UNEVEN) > 0.8


def test_border_agrees_with_the_drawing():
    assert agreement("irregular border", lambda measured: measured.roughness >= RAGGED) > 0.8


def test_measured_asymmetry_rises_with_the_drawn_one():
    steps = np.linspace(0, 1, 40)
    mole = drawable()["NEV"].look
    drawn = [
        draw(replace(mole, asymmetry=(step, step), size_mm=(9, 9)), "step", number, tone="12")
        for number, step in enumerate(steps)
    ]
    measured = [look(jpeg(drawing.image)).asymmetry for drawing in drawn]
    assert np.corrcoef(steps, measured)[0, 1] > 0.7


def test_size_agrees_with_the_drawing():
    drawn = [drawing.size_mm for drawing, _ in drawings()]
    measured = [seen.size for _, seen in drawings()]
    assert np.corrcoef(drawn, measured)[0, 1] > 0.9


def test_the_main_colour_is_among_those_drawn():
    hits = [seen.colours[0][0] in drawing.findings for drawing, seen in drawings()]
    assert np.mean(hits) > 0.7


def test_clean_drawings_are_usable():
    assert np.mean([seen.usable for _, seen in drawings()]) > 0.95


@pytest.mark.parametrize("kind", DOSES)
def test_degraded_drawings_are_mostly_not_usable(kind):
    poor = [
        look(jpeg(degrade(drawing.image, kind, DOSES[kind], place)))
        for place, (drawing, _) in enumerate(drawings()[::4])
    ]
    assert np.mean([not seen.usable for seen in poor]) > 0.8


@pytest.mark.parametrize(
    "broken", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n\x00\x00", b"\xff\xd8\xff\xe0 cut off"]
)
def test_bytes_that_are_no_picture_are_unreadable(broken):
    assert look(broken).fault == "unreadable"


def test_a_plain_wall_shows_nothing():
    out = io.BytesIO()
    Image.new("RGB", (300, 300), (200, 150, 120)).save(out, "PNG")
    assert not look(out.getvalue()).usable


def test_a_picture_of_any_shape_and_mode_can_be_looked_at():
    for mode, size in (("L", (500, 130)), ("RGBA", (17, 400)), ("P", (140, 140)), ("1", (200, 200))):
        out = io.BytesIO()
        Image.new(mode, size, 1).save(out, "PNG")
        assert isinstance(look(out.getvalue()), Look)


def test_photographs_seen_are_remembered_and_forgotten():
    for shade in range(sight.KEPT + 20):
        look(bytes([shade % 256, shade // 256]))
    assert len(sight._seen) <= sight.KEPT


@pytest.mark.shared
@pytest.mark.skipif(not PHOTOGRAPHS.is_dir(), reason="no clinic photographs beside the project")
def test_clinic_photographs_give_sensible_measures():
    seen = [look(path.read_bytes()) for path in sorted(PHOTOGRAPHS.glob("*.png"))]
    found = [one for one in seen if one.colours]
    assert np.mean([one.usable for one in seen]) > 0.7
    assert len(found) >= 0.8 * len(seen)
    assert all(0.05 < one.size < 1.1 and 0 <= one.asymmetry <= 1 for one in found)
