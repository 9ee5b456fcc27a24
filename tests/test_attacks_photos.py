"""Pictures made to be trusted: bombs, files that are two things at once, and photographs out of somebody's run.

Whatever it is ends in a picture of pixels only, or in a sentence with the file's name and the reason.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from personas.errors import Unreadable
from personas.photos.album import Album, open_photo
from personas.photos.shelf import PhotoShelf
from personas.scenarios.sample import open_sample
from personas.scenarios.store import dump, folder, identify, load
from tests.audited import scenario

SECRET = b"ADA ALDER 1949-02-03"
ENVELOPE = {"bytes": 10**7, "side": 8000}
PIXELS = Image.fromarray(np.random.default_rng(1).integers(0, 255, (40, 60, 3), np.uint8))


def saved(kind: str, image: Image.Image = PIXELS, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(*between: bytes, packed: bytes | None = None, size: tuple[int, int] = (60, 40)) -> bytes:
    rows = b"".join(b"\0" + PIXELS.tobytes()[180 * row : 180 * row + 180] for row in range(40))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(rows) if packed is None else packed)
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(between) + body + chunk(b"IEND", b"")


def jpeg(segment: bytes) -> bytes:
    plain = saved("JPEG")
    return plain[:20] + segment + plain[20:]  # behind the JFIF header


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("names.txt", SECRET)
    return out.getvalue()


ROWS = b"".join(b"\0" + PIXELS.tobytes()[180 * row : 180 * row + 180] for row in range(40))
SPARE = b"".join(b"\x00" + (SECRET * 4)[:64] for _ in range(500))
POLYGLOTS = {
    "words behind a JPEG": ("a.jpg", saved("JPEG") + SECRET),
    "a zip behind a PNG": ("a.png", png() + archive()),
    "words behind the rows of a PNG": ("a.png", png(packed=zlib.compress(ROWS + SECRET))),
    "words behind the packed data of a PNG": ("a.png", png(packed=zlib.compress(ROWS) + SECRET)),
    "a chunk nobody knows": ("a.png", png(chunk(b"prVt", SECRET))),
    "a script in a comment": ("a.jpg", jpeg(b"\xff\xfe" + struct.pack(">H", 2 + len(SECRET)) + SECRET)),
    "words in a segment that decoders skip": (
        "a.jpg",
        jpeg(b"\xff\xdc" + struct.pack(">H", 2 + len(SECRET)) + SECRET),
    ),
    "words in spare tables": ("a.jpg", jpeg(b"\xff\xdb" + struct.pack(">H", 2 + len(SPARE)) + SPARE)),
    "a web page in a WEBP": ("a.webp", saved("WEBP") + b"<script>" + SECRET),
}


@pytest.mark.parametrize("way", POLYGLOTS)
def test_what_is_a_picture_and_something_else_leaves_as_a_picture(tmp_path, way):
    name, data = POLYGLOTS[way]
    (tmp_path / name).write_bytes(data)
    album = Album()
    for kept in (open_photo(tmp_path / name).data, album.data(album.put(data, drawn=False))):
        assert SECRET not in kept
        assert not name.endswith("png") or SECRET not in zlib.decompress(kept[41:-16])
        with Image.open(io.BytesIO(kept)) as image:
            assert image.size == PIXELS.size


def test_an_archive_behind_a_jpeg_is_refused(tmp_path):
    (tmp_path / "a.jpg").write_bytes(saved("JPEG") + archive())
    with pytest.raises(Unreadable, match=r"a\.jpg: is cut off, or has something behind its end"):
        open_photo(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (saved("GIF"), "GIF"),
        (saved("TIFF"), "TIFF"),
        (saved("BMP"), "BMP"),
        (saved("PNG"), "PNG"),
        (b"%PDF-1.7\n1 0 obj", "PDF"),
        (archive(), "ZIP"),
        (b'<?xml version="1.0"?>\n<svg onload="alert(1)" xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"8BPS\0\1", "PSD"),
    ],
)
def test_another_kind_under_the_name_of_a_photograph_is_named(tmp_path, data, kind):
    (tmp_path / "spot.jpg").write_bytes(data)
    with pytest.raises(Unreadable, match=rf"spot\.jpg: is named \.jpg but holds .*{kind}"):
        open_photo(tmp_path / "spot.jpg")


def huge(name: str) -> bytes:
    if name == "a.png":
        return png(size=(60_000, 60_000))
    if name == "a.jpg":
        plain = bytearray(saved("JPEG"))
        at = plain.index(b"\xff\xc0")
        plain[at + 5 : at + 9] = struct.pack(">HH", 60_000, 60_000)
        return bytes(plain)
    wide = (16_382).to_bytes(3, "little")
    parts = b"VP8X" + struct.pack("<I", 10) + bytes(4) + wide + wide + saved("WEBP")[12:]
    return b"RIFF" + struct.pack("<I", 4 + len(parts)) + b"WEBP" + parts


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
def test_a_picture_that_says_it_is_huge_is_not_decoded(tmp_path, monkeypatch, name):
    (tmp_path / name).write_bytes(huge(name))
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("it was decoded"))
    with pytest.raises(Unreadable, match=rf"{name}: (has more than 40 megapixels|is not an image)"):
        open_photo(tmp_path / name)


def test_a_picture_a_little_too_large_is_not_decoded_either(tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(
        png(size=(8_000, 5_001))
    )  # the library itself warns from twice as many on
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("it was decoded"))
    with pytest.raises(Unreadable, match=r"a\.png: has more than 40 megapixels"):
        open_photo(tmp_path / "a.png")


def test_a_profile_packed_to_fill_the_memory_is_not_unpacked(tmp_path):
    bomb = chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(8 << 20)))
    (tmp_path / "a.png").write_bytes(png(bomb))
    with pytest.raises(Unreadable, match=r"a\.png"):
        open_photo(tmp_path / "a.png")


def test_a_jpeg_of_a_thousand_scans_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    plain = saved("JPEG", progressive=True)
    at = plain.rindex(b"\xff\xda")
    (tmp_path / "a.jpg").write_bytes(plain[:at] + plain[at:-2] * 1000 + plain[-2:])
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("it was decoded"))
    with pytest.raises(Unreadable, match=r"a\.jpg: has more than 100 scans"):
        open_photo(tmp_path / "a.jpg")


@pytest.mark.parametrize(("name", "kind"), [("a.png", "PNG"), ("a.webp", "WEBP"), ("a.jpg", "MPO")])
def test_of_several_frames_one_still_picture_is_left(tmp_path, name, kind):
    (tmp_path / name).write_bytes(saved(kind, save_all=True, append_images=[PIXELS.rotate(90), PIXELS]))
    kept = open_photo(tmp_path / name).data
    with Image.open(io.BytesIO(kept)) as image:
        assert getattr(image, "n_frames", 1) == 1
    assert not [part for part in (b"acTL", b"ANIM", b"MPF") if part in kept]


def test_a_dicom_file_packed_as_a_whole_is_refused_before_it_is_unpacked(tmp_path):
    packed = zlib.compressobj(wbits=-15)
    body = packed.compress(bytes(4 << 20)) + packed.flush()
    syntax = b"1.2.840.10008.1.2.1.99"
    (tmp_path / "a.dcm").write_bytes(bytes(128) + b"DICM" + b"\2\0\x10\0UI" + b"\x16\0" + syntax + body)
    with pytest.raises(Unreadable, match=r"a\.dcm: is deflated DICOM"):
        open_photo(tmp_path / "a.dcm")


def test_a_damaged_note_is_no_news_for_the_user(tmp_path, recwarn):
    exif = Image.Exif()
    exif[0x010E] = "x" * 40
    data = bytearray(saved("JPEG", exif=exif))
    at = data.index(b"Exif\0\0") + 14
    data[at + 2 : at + 8] = b"\xff" * 6
    (tmp_path / "a.jpg").write_bytes(bytes(data))
    open_photo(tmp_path / "a.jpg")
    assert not recwarn.list


def planted(place: Path, data: bytes, **changes) -> Path:
    """Write a file of one scenario whose photograph is said to be 60 by 40 px of PNG, and is these bytes."""
    file = place / "theirs.jsonl"
    case = scenario()
    said = {"media_type": "image/png", "width": 60, "height": 40} | changes
    photo = replace(case.photo, sha256=hashlib.sha256(data).hexdigest(), drawn=False, **said)
    file.write_bytes(dump([identify(replace(case, photo=photo))]))
    folder(file).mkdir()
    end = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}[photo.media_type]
    (folder(file) / f"{photo.sha256}.{end}").write_bytes(data)
    return file


THEIRS = {
    "notes of the camera": (
        jpeg(b"\xff\xe1\x00\x10Exif\0\0AAAAAAAA"),
        {"media_type": "image/jpeg"},
        "carries more",
    ),
    "text beside the pixels": (png(chunk(b"tEXt", b"Author\0" + SECRET)), {}, "carries more"),
    "a WEBP with notes": (saved("WEBP", xmp=SECRET), {"media_type": "image/webp"}, "carries more"),
    "another kind": (saved("JPEG"), {}, "is no image/png but JPEG"),
    "a document": (b"%PDF-1.7 " + SECRET, {}, "is no image/png but PDF"),
    "a key": (b"-----BEGIN OPENSSH PRIVATE KEY-----", {}, "is no image/png"),
    "another size": (png(), {"width": 61}, "is 60 x 40 px and not 61 x 40"),
    "a bomb": (png(size=(9_000, 9_000)), {"width": 9_000, "height": 9_000}, "more memory"),
    "sixteen bits": (saved("PNG", PIXELS.convert("I").convert("I;16")), {}, "carries more"),
}


@pytest.mark.parametrize("what", THEIRS)
def test_a_photograph_of_somebodys_scenarios_is_only_sent_when_it_is_one(tmp_path, what):
    data, changes, reason = THEIRS[what]
    file = planted(tmp_path, data, **changes)
    with pytest.raises(Unreadable, match=f"theirs.*{reason}"):
        open_sample(file)
    (photo,) = [case.photo for case in load(file.read_bytes())]
    with pytest.raises(Unreadable, match=reason):
        Album(PhotoShelf(folder(file))).fit(photo, **ENVELOPE)


@pytest.mark.parametrize(
    ("data", "media"),
    [(png(), "image/png"), (saved("JPEG"), "image/jpeg"), (saved("WEBP", lossless=True), "image/webp")],
)
def test_one_that_is_what_it_says_is_sent_as_it_is(tmp_path, data, media):
    sample = open_sample(planted(tmp_path, data, media_type=media))
    photo = sample.scenarios[0].photo
    assert sample.album.fit(photo, **ENVELOPE) == photo
    assert sample.album.data(photo) == data


def test_a_blob_that_leads_to_a_file_of_the_users_is_not_sent(tmp_path):
    secret = tmp_path / "id_rsa"
    secret.write_bytes(b"-----BEGIN OPENSSH PRIVATE KEY-----")
    blobs = tmp_path / "blobs"
    blobs.mkdir()
    photo = scenario().photo
    (blobs / photo.sha256).symlink_to(secret)
    with pytest.raises(Unreadable, match="was changed"):
        Album(PhotoShelf(blobs, named=False)).fit(photo, **ENVELOPE)


def test_a_file_that_is_larger_than_any_photograph_is_not_read(tmp_path, monkeypatch):
    photo, read = scenario().photo, []
    with (tmp_path / photo.sha256).open("wb") as file:
        file.truncate(1 << 40)  # takes no room on the disk
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path) or b"")
    with pytest.raises(Unreadable, match="it is not there"):
        Album(PhotoShelf(tmp_path, named=False)).fit(photo, **ENVELOPE)
    assert not read


def test_a_link_where_a_photograph_is_made_leads_nowhere(tmp_path):
    secret, shelf = tmp_path / "secret", tmp_path / "blobs"
    secret.write_text("mine")
    shelf.mkdir()
    data = png()
    name = hashlib.sha256(data).hexdigest()
    (shelf / f".{name}.part").symlink_to(secret)
    PhotoShelf(shelf, named=False)[name] = data
    assert secret.read_text() == "mine"
    assert PhotoShelf(shelf, named=False)[name] == data


def test_a_pipe_in_a_photographs_place_is_not_waited_for(tmp_path):
    photo = scenario().photo
    os.mkfifo(tmp_path / photo.sha256)
    with pytest.raises(Unreadable, match="it is not there"):
        Album(PhotoShelf(tmp_path, named=False)).fit(photo, **ENVELOPE)
