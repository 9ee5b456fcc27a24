"""A caption says what the pixels hold and nothing that they do not."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from personas.conditions.book import conditions, drawable, palette
from personas.photos.caption import Sight, caption, measure, tell
from personas.photos.degrade import LADDER, degrade
from personas.photos.lesions import STRIP, draw, jpeg
from personas.photos.pixels import encode
from personas.photos.surface import SIDE

SHARED = Path(__file__).parents[2] / "shared" / "data" / "images"
real = pytest.mark.skipif(not SHARED.exists(), reason="the real photographs are not kept beside the project")
SKIN = (210, 170, 145)
EVERY = [(key, tone, seed) for key in drawable() for tone in ("12", "34", "56") for seed in range(2)]


def disc(
    radius: float, colour: tuple[int, int, int], *, size: tuple[int, int] = (300, 200), skin=SKIN
) -> bytes:
    """Paint a disc in the middle of even skin; the radius is a share of the height."""
    wide, high = size
    rows, columns = np.mgrid[0:high, 0:wide]
    inside = np.hypot(rows - high / 2, columns - wide / 2) < radius * high
    pixels = np.where(inside[..., None], np.array(colour), np.array(skin)).astype(np.uint8)
    return encode(Image.fromarray(pixels), "PNG")


def drawings() -> list[tuple]:
    made = [draw(conditions()[key].look, seed, tone=tone) for key, tone, seed in EVERY]
    return [(each, measure(jpeg(each.image), drawn=True)) for each in made]


DRAWINGS = drawings()


def test_a_disc_has_its_size_colour_contrast_and_border():
    says = caption(disc(0.25, palette()["brown"]))
    share = round(100 * np.pi * 50**2 / (300 * 200))
    assert "300 by 200 pixels" in says
    assert "a patch of brown near the middle, darker" in says
    assert f"about {share} percent" in says
    assert "smooth border" in says


def test_a_pale_patch_on_dark_skin_is_lighter():
    assert measure(disc(0.2, palette()["pink"], skin=(100, 65, 45))).lighter > 20
    assert "lighter" in caption(disc(0.2, palette()["pink"], skin=(100, 65, 45)))


def test_where_nothing_stands_out_no_patch_is_described():
    says = caption(disc(0.2, SKIN))
    assert "No patch" in says
    assert "border" not in says


def test_a_grey_picture_has_grey_and_dull_skin_has_not():
    assert measure(disc(0.2, (130, 130, 130), skin=(20, 20, 20))).colours[0][0] == "grey"
    assert "grey" not in dict(measure(disc(0.2, (135, 118, 108))).colours)


def test_the_patch_of_a_drawing_has_its_true_area():
    true = np.array([each.mask[: SIDE - STRIP].mean() for each, _ in DRAWINGS])
    found = np.array([sight.share for _, sight in DRAWINGS])
    assert (np.abs(found / true - 1) < 0.3).mean() > 0.95


def test_the_border_of_a_drawing_is_called_what_it_was_drawn_as_four_times_in_five():
    right = [
        ("irregular border" in tell(sight)) == ("irregular border" in each.findings)
        for each, sight in DRAWINGS
    ]
    assert np.mean(right) > 0.8


def test_the_colours_of_a_drawing_are_those_it_was_drawn_in_nine_times_in_ten():
    met = [
        name in {colour for colour, share in sight.colours if share >= 0.1}
        for each, sight in DRAWINGS
        for name in set(each.findings) & set(palette())
    ]
    assert np.mean(met) > 0.9


def test_a_drawing_says_that_it_is_one_and_its_strip_is_no_part_of_it():
    drawing = draw(conditions()["NEV"].look, 1, tone="12")
    assert "drawing" in caption(jpeg(drawing.image), drawn=True)
    bare = drawing.image.crop((0, 0, SIDE, SIDE - STRIP))
    with_strip = measure(encode(drawing.image, "PNG"), drawn=True)
    alone = measure(encode(bare, "PNG"))
    assert with_strip.share == pytest.approx(alone.share, rel=0.1)
    assert with_strip.light == pytest.approx(alone.light, abs=1)


def test_blur_and_darkness_are_told():
    drawing = draw(conditions()["MEL"].look, 3, tone="34").image.crop((0, 0, SIDE, SIDE - STRIP))
    clear = measure(encode(drawing, "PNG"))
    poor = measure(encode(degrade(drawing, "blur", LADDER["blur"][-1], 1), "PNG"))
    assert clear.sharpness > 2 * poor.sharpness
    assert "sharp" in tell(clear)
    assert "blurred" in tell(poor)
    assert "too dark" in caption(encode(degrade(drawing, "dark", LADDER["dark"][-1], 1), "PNG"))
    assert "too bright" in caption(encode(Image.new("RGB", (90, 90), (252, 250, 251)), "PNG"))


def test_equal_bytes_have_equal_captions():
    assert caption(disc(0.2, palette()["red"])) == caption(disc(0.2, palette()["red"]))


@pytest.mark.parametrize("size", [(8, 8), (9, 200), (2000, 8), (16, 16)])
def test_any_shape_of_picture_has_a_caption(size):
    pixels = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), np.uint8)
    assert f"{size[0]} by {size[1]} pixels" in caption(encode(Image.fromarray(pixels), "PNG"))
    assert "No patch" in caption(encode(Image.new("L", size, 90), "PNG"))


def test_bytes_that_are_no_picture_are_refused():
    with pytest.raises(UnidentifiedImageError):
        caption(b"not a picture")


def test_a_caption_knows_no_condition_asks_nothing_and_is_short():
    names = {name.lower() for each in conditions().values() for name in (each.title, *each.names)}
    for _, sight in DRAWINGS:
        says = tell(sight)
        assert "?" not in says
        assert len(says.split()) < 100
        assert not [name for name in names if re.search(rf"\b{re.escape(name)}\b", says.lower())]


def test_colours_are_listed_biggest_first_and_no_more_than_three():
    many = (("brown", 0.3), ("tan", 0.28), ("red", 0.22), ("pink", 0.2))
    sight = Sight(width=9, height=9, drawn=False, light=50, sharpness=None, share=0.1, colours=many)
    assert "a patch of brown, tan and red near the middle" in tell(sight)
    assert "about as light and as red" in tell(sight)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_of_1024_px_takes_less_than_30_ms_beside_inflating_a_png(kind):
    drawing = draw(conditions()["MEL"].look, 3, tone="34").image.resize(
        (1024, 1024), Image.Resampling.BICUBIC
    )
    data = encode(drawing, kind)

    def fastest(work) -> float:
        times = []
        for _ in range(7):
            start = time.process_time()
            work()
            times.append(time.process_time() - start)
        return min(times)

    decoding = fastest(lambda: Image.open(io.BytesIO(data)).load()) if kind == "PNG" else 0.0
    assert fastest(lambda: caption(data)) - decoding < 0.030


@real
@pytest.mark.shared
def test_real_photographs_have_captions_of_a_patch():
    files = sorted((SHARED / "pad_ufes_20" / "images").glob("*.png"))
    sights = [measure(file.read_bytes()) for file in files]
    assert len(sights) >= 20
    assert all(0.01 < sight.share < 0.6 for sight in sights)
    assert np.mean([sight.lighter < 0 for sight in sights]) > 0.85
    assert np.mean(["blurred" not in tell(sight) for sight in sights]) > 0.9
    black = next(file for file in files if file.stem == "PAT_2046_4323_762")
    assert "a patch of black near the middle, darker" in caption(black.read_bytes())


@real
@pytest.mark.shared
def test_radiographs_and_eyes_have_captions_too():
    for file in (*SHARED.glob("idrid/*.jpg"), *SHARED.glob("nih_chestxray14/*.png")):
        assert "pixels" in caption(file.read_bytes())
