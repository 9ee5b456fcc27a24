"""The album and the door for image files."""

import io
import struct
import zlib
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image, ImageOps, PngImagePlugin

from personas.errors import Unreadable
from personas.photos.album import Album, encode, open_photo
from personas.seeds import derive

PIXELS = Image.fromarray(derive("album").integers(0, 255, (40, 60, 3), dtype=np.uint8))


def opened(path):
    return open_photo(path).data


def write(path, kind, **options):
    PIXELS.save(path, kind, **options)
    return path


def test_bytes_without_metadata_pass_untouched(tmp_path):
    for name, kind in (("a.png", "PNG"), ("a.jpg", "JPEG")):
        path = write(tmp_path / name, kind)
        assert opened(path) == path.read_bytes()


def test_metadata_is_taken_out_and_pixels_stay(tmp_path):
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Patient", "Ada Alder")
    clean = opened(write(tmp_path / "a.png", "PNG", pnginfo=notes))
    assert b"Ada" not in clean
    assert Image.open(io.BytesIO(clean)).tobytes() == PIXELS.tobytes()
    exif = Image.Exif()
    exif[0x010E] = "Ada Alder"
    clean = opened(write(tmp_path / "a.jpg", "JPEG", exif=exif))
    assert b"Ada" not in clean
    assert Image.open(io.BytesIO(clean)).info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_notes_are_cut_out_of_a_png_without_encoding_it_anew(tmp_path):
    plain = write(tmp_path / "plain.png", "PNG").read_bytes()
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt("XML:com.adobe.xmp", "Ada Alder")
    assert opened(write(tmp_path / "a.png", "PNG", pnginfo=notes, dpi=(300, 300))) == plain


def test_what_a_camera_noted_in_an_upright_png_goes_and_its_pixels_stay(tmp_path):
    plain = write(tmp_path / "plain.png", "PNG").read_bytes()
    exif = Image.Exif()
    exif[0x010E] = "Ada Alder"
    assert opened(write(tmp_path / "a.png", "PNG", exif=exif)) == plain


def test_what_a_png_says_of_its_colours_is_done_before_it_goes(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 3
    turned = Image.open(io.BytesIO(opened(write(tmp_path / "a.png", "PNG", exif=exif))))
    assert turned.tobytes() == PIXELS.rotate(180).tobytes()


@pytest.mark.parametrize(("name", "kind"), [("a.jpg", "JPEG"), ("a.png", "PNG"), ("a.webp", "WEBP")])
def test_a_damaged_note_of_the_camera_does_not_cost_the_picture(tmp_path, name, kind):
    """A fuzzer found it: Pillow raised SyntaxError from the Exif of a WEBP."""
    exif = Image.Exif()
    exif[0x0112] = 6
    path = write(tmp_path / name, kind, exif=exif)
    damaged = path.read_bytes().replace(b"MM\0*\0\0\0\x08", b"MM\0g\0\0\0\x08")
    if kind == "PNG":
        start = damaged.index(b"eXIf")
        (length,) = struct.unpack(">I", damaged[start - 4 : start])
        end = start + 4 + length
        damaged = damaged[:end] + struct.pack(">I", zlib.crc32(damaged[start:end])) + damaged[end + 4 :]
    path.write_bytes(damaged)
    assert Image.open(io.BytesIO(opened(path))).size == (60, 40)


@pytest.mark.parametrize("lies", range(1, 9))
def test_a_picture_is_brought_upright_however_it_lies(tmp_path, lies):
    exif = Image.Exif()
    exif[0x0112] = lies
    path = write(tmp_path / "a.png", "PNG", exif=exif)
    with Image.open(path) as image:
        wanted = ImageOps.exif_transpose(image)
    assert Image.open(io.BytesIO(opened(path))).tobytes() == wanted.tobytes()


def test_a_comment_in_a_jpeg_is_taken_out(tmp_path):
    assert b"Ada" not in opened(write(tmp_path / "a.jpg", "JPEG", comment=b"Ada Alder"))


def test_a_picture_is_turned_upright_before_its_orientation_is_dropped(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    clean = Image.open(io.BytesIO(opened(write(tmp_path / "a.jpg", "JPEG", exif=exif))))
    assert clean.size == (40, 60)


def test_what_follows_the_end_of_a_png_is_dropped(tmp_path):
    path = write(tmp_path / "a.png", "PNG")
    path.write_bytes(path.read_bytes() + b"hidden words")
    assert b"hidden" not in opened(path)


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_files_cut_off_anywhere_are_refused(tmp_path, name, share):
    path = write(tmp_path / name, "PNG" if name.endswith("png") else "JPEG")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(Unreadable, match=name):
        opened(path)


def test_a_name_that_contradicts_the_content_is_refused(tmp_path):
    with pytest.raises(Unreadable, match=r"named \.png but holds JPEG"):
        opened(write(tmp_path / "a.png", "JPEG"))


def test_what_is_no_image_is_refused(tmp_path):
    path = tmp_path / "page.png"
    path.write_text("<html>not found</html>")
    with pytest.raises(Unreadable, match="is not an image"):
        opened(path)
    with pytest.raises(Unreadable, match="cannot be read"):
        opened(tmp_path / "none.png")
    with pytest.raises(Unreadable, match="not a kind of image"):
        opened(write(tmp_path / "scan.tiff", "TIFF"))


def test_decompression_bombs_are_refused(tmp_path):
    for side in (6400, 10000, 14000):
        path = tmp_path / f"{side}.png"
        Image.new("1", (side, side)).save(path)
        with pytest.raises(Unreadable, match="40 megapixels"):
            opened(path)


def test_a_single_pixel_or_a_strip_is_no_photograph(tmp_path):
    for size in ((1, 1), (900, 2), (20000, 9)):
        path = tmp_path / "dot.png"
        Image.new("RGB", size).save(path)
        with pytest.raises(Unreadable, match=rf"is {size[0]} x {size[1]} px, which is no photograph"):
            opened(path)


def test_sixteen_bits_of_grey_become_eight(tmp_path):
    ramp = np.arange(0, 65536, 64, dtype=np.uint16).reshape(32, 32)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    clean = Image.open(io.BytesIO(opened(tmp_path / "a.png")))
    assert (np.asarray(clean)[..., 0] == ramp >> 8).all()


def test_a_palette_becomes_its_colours(tmp_path):
    few = PIXELS.quantize(16)
    few.save(tmp_path / "a.png")
    clean = Image.open(io.BytesIO(opened(tmp_path / "a.png")))
    assert clean.tobytes() == few.convert("RGB").tobytes()


def test_printers_colours_become_those_of_a_screen(tmp_path):
    Image.new("CMYK", (20, 20), (0, 255, 255, 0)).save(tmp_path / "a.jpg", "JPEG")
    clean = Image.open(io.BytesIO(opened(tmp_path / "a.jpg")))
    red, green, blue = clean.getpixel((5, 5))
    assert clean.mode == "RGB"
    assert (red > 240, green < 15, blue < 15) == (True, True, True)


@pytest.mark.parametrize(("name", "kind"), [("a.png", "PNG"), ("a.webp", "WEBP")])
def test_of_a_moving_picture_the_first_frame_is_taken(tmp_path, name, kind):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / name, kind, save_all=True, append_images=frames[1:], lossless=True)
    clean = Image.open(io.BytesIO(opened(tmp_path / name)))
    assert getattr(clean, "n_frames", 1) == 1
    assert clean.convert("RGB").getpixel((3, 3)) == (255, 0, 0)


def test_a_gif_is_told_what_to_become(tmp_path):
    with pytest.raises(
        Unreadable, match=r"'\.gif' is not a kind of image that can be sent. Convert it to PNG"
    ):
        opened(write(tmp_path / "a.gif", "GIF"))


def test_what_is_said_of_a_photograph_stays_when_it_is_made_to_fit():
    album, large = Album(), encode(PIXELS.resize((600, 400)), "PNG")
    photo = album.put(large, drawn=False, modality="fundus", overlay="obey", degraded="dark 0.2")
    fitted = album.fit(photo, bytes=10**6, side=300)
    assert fitted.sha256 != photo.sha256
    assert (fitted.modality, fitted.overlay, fitted.degraded) == ("fundus", "obey", "dark 0.2")


def test_transparency_becomes_white(tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGBA", (9, 9), (0, 0, 0, 0)).save(path)
    assert Image.open(io.BytesIO(opened(path))).getpixel((0, 0)) == (255, 255, 255)


def test_the_album_knows_a_photograph_by_its_bytes():
    album, data = Album(), encode(PIXELS, "PNG")
    photo = album.put(data, drawn=False)
    assert album.put(data, drawn=False) == photo
    assert (photo.width, photo.height, photo.media_type) == (60, 40, "image/png")
    assert album.data(photo) == data
    assert len(album) == 1


def test_an_album_keeps_its_bytes_where_it_is_told_to():
    kept = {}
    photo = Album(kept).put(encode(PIXELS, "PNG"), drawn=False)
    assert list(kept) == [photo.sha256]


def test_base64_is_made_once():
    album = Album()
    photo = album.put(encode(PIXELS, "JPEG"), drawn=True)
    assert album.encoded(photo) is album.encoded(photo)
    assert b64decode(album.encoded(photo)) == album.data(photo)
