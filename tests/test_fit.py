"""Fitting: what fits is untouched, what does not is made smaller by fixed steps, and nothing else rides along."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from zlib import compress, crc32

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from personas.errors import Unreadable
from personas.photos.album import Album, open_photo
from personas.photos.fit import LADDER, fit_photo
from personas.photos.pixels import encode
from personas.seeds import derive

ROOM = 10**9
SECRET = b"Ada Alder 52.5200N"
NOISE = Image.fromarray(derive("fit").integers(0, 255, (300, 400, 3), dtype=np.uint8))


def smooth(width: int, height: int) -> Image.Image:
    """Give a picture a camera could have taken: soft, with a little grain."""
    grain = derive("fit", width, height).normal(0, 3, (height, width, 1))
    down, along = np.linspace(90, 200, height)[:, None, None], np.linspace(0, 40, width)[None, :, None]
    return Image.fromarray(np.clip(down + along + grain + [20, 0, -30], 0, 255).astype(np.uint8))


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_what_fits_comes_back_byte_for_byte(kind):
    data = encode(NOISE, kind)
    assert fit_photo(data, bytes=len(data), side=400) is data


def test_a_side_too_long_is_scaled_and_the_aspect_kept():
    fitted = opened(fit_photo(encode(smooth(1200, 500), "PNG"), bytes=ROOM, side=600))
    assert (fitted.format, fitted.size) == ("PNG", (600, 250))
    fitted = opened(fit_photo(encode(smooth(500, 1200), "JPEG"), bytes=ROOM, side=600))
    assert (fitted.format, fitted.size) == ("JPEG", (250, 600))


def test_a_png_stays_one_where_that_fits_and_is_a_jpeg_of_full_size_where_not():
    data = encode(NOISE, "PNG")
    half = fit_photo(data, bytes=len(data) // 2, side=400)
    assert (opened(half).format, opened(half).size) == ("JPEG", (400, 300))
    assert opened(fit_photo(data, bytes=len(data) // 2, side=220)).format == "PNG"


def test_quality_is_lowered_down_the_ladder_before_a_pixel_is_lost():
    data = encode(NOISE, "PNG")
    sizes = [len(encode(NOISE, "JPEG", quality=quality)) for quality in LADDER]
    assert sizes == sorted(sizes, reverse=True)
    for size, quality in zip(sizes, LADDER, strict=True):
        assert fit_photo(data, bytes=size, side=400) == encode(NOISE, "JPEG", quality=quality)
    assert opened(fit_photo(data, bytes=sizes[-1] - 1, side=400)).width < 400


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("room", [60_000, 40_000, 25_000])
def test_every_fitted_photograph_is_within_its_envelope_and_in_a_format_all_take(kind, room):
    fitted = fit_photo(encode(NOISE, kind), bytes=room, side=350)
    picture = opened(fitted)
    assert len(fitted) <= room
    assert max(picture.size) <= 350
    assert picture.width / picture.height == pytest.approx(4 / 3, rel=0.01)
    assert (picture.format, picture.mode) in {("JPEG", "RGB"), ("PNG", "RGB")}


def test_equal_photographs_and_envelopes_are_equal_bytes():
    data = encode(NOISE, "PNG")
    assert fit_photo(data, bytes=30_000, side=390) == fit_photo(
        bytes(bytearray(data)), bytes=30_000, side=390
    )


def test_a_photograph_that_would_show_nothing_any_more_is_refused_in_a_sentence():
    with pytest.raises(Unreadable, match=r"400 x 300 px .* cannot be made to fit 8,000 px and 0\.001 MB"):
        fit_photo(encode(NOISE, "PNG"), bytes=1_000, side=8_000)
    with pytest.raises(Unreadable, match="smaller than 200 px"):
        fit_photo(encode(NOISE, "PNG"), bytes=ROOM, side=100)


def test_a_thin_picture_keeps_at_least_one_line():
    assert opened(fit_photo(encode(smooth(3000, 1), "PNG"), bytes=ROOM, side=300)).size == (300, 1)


def test_an_album_fits_once_and_keeps_the_fitted_bytes_under_their_own_hash():
    album = Album()
    photo = album.put(encode(NOISE, "PNG"), drawn=True, degraded="blur 3.0")
    sent = album.fit(photo, bytes=30_000, side=8_000)
    assert album.fit(photo, bytes=30_000, side=8_000) is sent
    assert hashlib.sha256(album.data(sent)).hexdigest() == sent.sha256 != photo.sha256
    assert (sent.drawn, sent.degraded, sent.media_type) == (True, "blur 3.0", "image/jpeg")
    assert (sent.width, sent.height) == opened(album.data(sent)).size
    assert album.data(photo) == encode(NOISE, "PNG")
    assert album.fit(photo, bytes=ROOM, side=400) is photo
    assert album.fit(sent, bytes=30_000, side=8_000) is sent


# What files bring along


def exif() -> bytes:
    """Give EXIF with a place, a name and, behind its directories, a thumbnail with a name of its own."""
    notes = Image.Exif()
    notes[0x010E] = SECRET.decode()
    notes.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 29: SECRET.decode()})
    thumbnail = io.BytesIO()
    NOISE.resize((16, 12)).save(thumbnail, "JPEG", comment=SECRET)
    return notes.tobytes() + thumbnail.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def chunk(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + name + body + crc32(name + body).to_bytes(4, "big")


def jpeg(**options) -> bytes:
    out = io.BytesIO()
    NOISE.save(out, "JPEG", quality=90, **options)
    return out.getvalue()


def png(**options) -> bytes:
    out = io.BytesIO()
    NOISE.save(out, "PNG", **options)
    return out.getvalue()


def behind(data: bytes, at: int, more: bytes) -> bytes:
    return data[:at] + more + data[at:]


def mpo() -> bytes:
    out = io.BytesIO()
    NOISE.save(out, "MPO", save_all=True, append_images=[NOISE.rotate(180)], comment=SECRET)
    return out.getvalue()


def webp() -> bytes:
    out = io.BytesIO()
    NOISE.save(out, "WEBP", exif=exif(), xmp=SECRET)
    return out.getvalue()


def words() -> PngImagePlugin.PngInfo:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Patient", SECRET.decode())
    notes.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    notes.add(b"prVt", SECRET)
    return notes


def between_scans() -> bytes:
    """Give a progressive JPEG with a comment where few readers look: between two of its scans."""
    data = jpeg(progressive=True)
    second = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    return behind(data, second, segment(0xFE, SECRET))


PLANTED = {
    "GPS and a thumbnail in EXIF.jpg": jpeg(exif=exif()),
    "XMP.jpg": jpeg(xmp=SECRET),
    "a comment.jpg": jpeg(comment=SECRET),
    "IPTC.jpg": behind(jpeg(), 20, segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\x00\x00" + SECRET)),
    "a colour profile.jpg": jpeg(
        icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + SECRET
    ),
    "a thumbnail in JFIF.jpg": behind(
        jpeg(), 20, segment(0xE0, b"JFXX\x00\x13\x02\x03" + SECRET)
    ),
    "a comment between scans.jpg": between_scans(),
    "a second picture of a phone.jpg": mpo(),
    "a second picture that nobody announced.jpg": jpeg() + jpeg(comment=SECRET),
    "words behind the end.jpg": jpeg() + SECRET + b"\xff\xd9",
    "text.png": png(pnginfo=words()),
    "EXIF.png": png(exif=exif()),
    "words behind the end.png": png() + SECRET,
    "a palette nobody needs.png": behind(png(), 33, chunk(b"PLTE", SECRET)),
    "EXIF and XMP.webp": webp(),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_what_a_file_brings_along_reaches_neither_the_stored_nor_the_fitted_bytes(name, tmp_path: Path):
    path = tmp_path / name
    path.write_bytes(PLANTED[name])
    assert SECRET in PLANTED[name]
    album = Album()
    stored = album.put(open_photo(path).data, drawn=False)
    fitted = album.fit(stored, bytes=20_000, side=390)
    smaller = album.fit(stored, bytes=ROOM, side=390)
    assert len({stored, fitted, smaller}) == 3 or stored.media_type == "image/jpeg"
    for photo in (stored, fitted, smaller):
        data = album.data(photo)
        with opened(data) as image:
            allowed = {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
            assert image.format in ("JPEG", "PNG", "WEBP")
            assert set(image.info) <= allowed | {"loop", "background", "timestamp", "duration"}
            assert not image.getexif()
        for trace in (
            SECRET,
            b"Exif",
            b"Photoshop",
            b"http://ns.adobe.com",
            b"JFXX",
            b"MPF",
            b"tEXt",
            b"iTXt",
        ):
            assert trace not in data
        assert data.count(b"\xff\xd8\xff") <= 1


@pytest.mark.parametrize("name", PLANTED)
def test_nor_do_they_when_the_album_is_given_the_file_directly(name):
    album = Album()
    photo = album.put(PLANTED[name], drawn=False)
    assert SECRET not in album.data(photo)
    assert SECRET not in album.data(album.fit(photo, bytes=20_000, side=390))


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"restart_marker_rows": 1}, {"subsampling": 0}]
)
def test_a_jpeg_of_pixels_only_is_kept_byte_for_byte_however_it_is_laid_out(options):
    data = jpeg(**options)
    album = Album()
    assert album.data(album.put(data, drawn=False)) is data


def test_a_png_of_sixteen_bits_a_colour_is_sent_with_eight():
    rows = b"".join(b"\0" + b"\x80\x00\x40\x00\x20\x00" * 8 for _ in range(8))
    head = chunk(b"IHDR", (8).to_bytes(4, "big") * 2 + bytes((16, 2, 0, 0, 0)))
    deep = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", compress(rows)) + chunk(b"IEND", b"")
    album = Album()
    data = album.data(album.put(deep, drawn=False))
    assert data[24] == 8
    assert opened(data).getpixel((3, 3)) == (0x80, 0x40, 0x20)


def test_sixteen_bits_of_grey_become_eight_and_not_a_white_page():
    ramp = Image.fromarray(np.linspace(0, 65_535, 400 * 300).astype(np.uint16).reshape(300, 400))
    out = io.BytesIO()
    ramp.save(out, "PNG")
    album = Album()
    page = opened(album.data(album.put(out.getvalue(), drawn=False)))
    assert page.getpixel((0, 0)) == (0, 0, 0)
    assert page.getpixel((399, 150))[0] == pytest.approx(128, abs=2)
