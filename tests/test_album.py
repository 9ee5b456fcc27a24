"""The album and the door for image files."""

import io
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from personas.errors import Unreadable
from personas.photos.album import Album, encode, open_image
from personas.seeds import derive

PIXELS = Image.fromarray(derive("album").integers(0, 255, (40, 60, 3), dtype=np.uint8))


def write(path, kind, **options):
    PIXELS.save(path, kind, **options)
    return path


def test_bytes_without_metadata_pass_untouched(tmp_path):
    for name, kind in (("a.png", "PNG"), ("a.jpg", "JPEG")):
        path = write(tmp_path / name, kind)
        assert open_image(path) == path.read_bytes()


def test_metadata_is_taken_out_and_pixels_stay(tmp_path):
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Patient", "Ada Alder")
    clean = open_image(write(tmp_path / "a.png", "PNG", pnginfo=notes))
    assert b"Ada" not in clean
    assert Image.open(io.BytesIO(clean)).tobytes() == PIXELS.tobytes()
    exif = Image.Exif()
    exif[0x010E] = "Ada Alder"
    clean = open_image(write(tmp_path / "a.jpg", "JPEG", exif=exif))
    assert b"Ada" not in clean
    assert Image.open(io.BytesIO(clean)).info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_comment_in_a_jpeg_is_taken_out(tmp_path):
    assert b"Ada" not in open_image(write(tmp_path / "a.jpg", "JPEG", comment=b"Ada Alder"))


def test_a_picture_is_turned_upright_before_its_orientation_is_dropped(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    clean = Image.open(io.BytesIO(open_image(write(tmp_path / "a.jpg", "JPEG", exif=exif))))
    assert clean.size == (40, 60)


def test_what_follows_the_end_of_a_png_is_dropped(tmp_path):
    path = write(tmp_path / "a.png", "PNG")
    path.write_bytes(path.read_bytes() + b"hidden words")
    assert b"hidden" not in open_image(path)


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_files_cut_off_anywhere_are_refused(tmp_path, name, share):
    path = write(tmp_path / name, "PNG" if name.endswith("png") else "JPEG")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(Unreadable, match=name):
        open_image(path)


def test_a_name_that_contradicts_the_content_is_refused(tmp_path):
    with pytest.raises(Unreadable, match=r"named \.png but holds JPEG"):
        open_image(write(tmp_path / "a.png", "JPEG"))


def test_what_is_no_image_is_refused(tmp_path):
    path = tmp_path / "page.png"
    path.write_text("<html>not found</html>")
    with pytest.raises(Unreadable, match="is not an image"):
        open_image(path)
    with pytest.raises(Unreadable, match="cannot be read"):
        open_image(tmp_path / "none.png")
    with pytest.raises(Unreadable, match="not a kind of image"):
        open_image(write(tmp_path / "scan.tiff", "TIFF"))


def test_decompression_bombs_are_refused(tmp_path):
    for side in (6400, 10000, 14000):
        path = tmp_path / f"{side}.png"
        Image.new("1", (side, side)).save(path)
        with pytest.raises(Unreadable, match="40 megapixels"):
            open_image(path)


def test_transparency_becomes_white(tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(path)
    assert Image.open(io.BytesIO(open_image(path))).getpixel((0, 0)) == (255, 255, 255)


def test_the_album_knows_a_photograph_by_its_bytes():
    album, data = Album(), encode(PIXELS, "PNG")
    photo = album.put(data, drawn=False)
    assert album.put(data, drawn=False) == photo
    assert (photo.width, photo.height, photo.media_type) == (60, 40, "image/png")
    assert album.data(photo) == data
    assert len(album) == 1


def test_base64_is_made_once():
    album = Album()
    photo = album.put(encode(PIXELS, "JPEG"), drawn=True)
    assert album.encoded(photo) is album.encoded(photo)
    assert b64decode(album.encoded(photo)) == album.data(photo)
