"""How alike pictures look, and the clusters that follow."""

import io
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

from personas.cases.case import PhotoCase
from personas.cases.clusters import clusters
from personas.conditions.book import find
from personas.photos.likeness import BITS, NEAR, distance, likeness, pairs
from personas.seeds import derive

SHARED = Path(__file__).parents[2] / "shared" / "data" / "images"
FOLDERS = ("pad_ufes_20/images", "isic_2017", "nih_chestxray14", "idrid", "scin")
real = pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the real data at {SHARED}")


def scene(name: str) -> Image.Image:
    """Give a smooth picture, as photographs are."""
    coarse = derive("scene", name).integers(0, 255, (6, 6, 3)).astype("uint8")
    return Image.fromarray(coarse).resize((240, 200), Image.Resampling.BICUBIC)


def squeezed(image: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=quality)
    return Image.open(out)


def copies(image: Image.Image) -> list[Image.Image]:
    width, height = image.size
    cut = (width // 100, height // 100, width - width // 100, height - height // 100)
    return [
        squeezed(image, 40),
        image.resize((width // 2, height // 2)),
        image.resize((width // 5, height // 5)),
        ImageEnhance.Brightness(image).enhance(0.7),
        image.crop(cut),
    ]


def case(name: str, **known: object) -> PhotoCase:
    base = PhotoCase(
        id=name,
        condition=find("melanoma"),
        age=None,
        sex="unknown",
        tone=None,
        site="",
        shape="plain",
        cluster=f"set:{name}",
        source="set",
    )
    return replace(base, **known)


def names(*cases: PhotoCase) -> list[str]:
    return [each.cluster for each in clusters(cases)]


def test_a_copy_of_another_size_quality_or_light_is_near():
    for name in "abcdefgh":
        image = scene(name)
        assert all(distance(likeness(image), likeness(copy)) <= NEAR for copy in copies(image))


def test_two_pictures_are_far_apart():
    hashes = [likeness(scene(str(number))) for number in range(40)]
    assert min(distance(one, other) for one, other in combinations(hashes, 2)) > NEAR


def test_a_picture_of_one_even_colour_has_a_likeness_too():
    assert likeness(Image.new("L", (1, 1))) == likeness(Image.new("RGB", (900, 30), "red")) == 0


def test_all_near_pairs_are_found_and_no_others():
    hashes = [int.from_bytes(derive("hash", n).bytes(BITS // 8), "big") for n in range(50)]
    hashes += [hashes[3] ^ 0b1011, hashes[7] ^ (2**NEAR - 1), hashes[9] ^ (2 ** (NEAR + 1) - 1)]
    assert pairs(hashes) == [(3, 50), (7, 51)]


def test_one_patient_one_lesion_or_one_picture_is_one_cluster():
    assert names(case("a"), case("b")) == ["set:a", "set:b"]
    assert names(case("a", patient="7"), case("b", patient="7")) == ["set:a", "set:a"]
    assert names(case("a", lesion="7"), case("b", lesion="7")) == ["set:a", "set:a"]
    assert names(case("a", likeness=8), case("b", likeness=9)) == ["set:a", "set:a"]


def test_what_joins_one_with_two_and_two_with_three_joins_all_three():
    joined = names(
        case("a", patient="1"), case("b", patient="1", likeness=5), case("c", likeness=5), case("d")
    )
    assert joined == ["set:a", "set:a", "set:a", "set:d"]


def test_the_keys_of_two_data_sets_do_not_meet():
    other = case("b", patient="7", source="other", cluster="other:b")
    assert names(case("a", patient="7"), other) == ["set:a", "other:b"]


def test_cases_that_are_not_developed_are_not_compared():
    assert names(case("a"), case("b")) == ["set:a", "set:b"]
    assert clusters(()) == ()


@real
@pytest.mark.shared
def test_no_two_of_the_real_pictures_are_held_to_be_one_and_their_copies_are():
    files = [path for folder in FOLDERS for path in sorted((SHARED / folder).glob("*.[pj][np]g"))]
    images = [Image.open(path).convert("RGB") for path in files]
    hashes = [likeness(image) for image in images]
    assert len(files) == 40
    assert pairs(hashes) == []
    apart = [
        distance(look, likeness(copy))
        for look, image in zip(hashes, images, strict=True)
        for copy in copies(image)
    ]
    assert max(apart) <= NEAR
