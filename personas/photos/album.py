"""Photographs: encoded bytes by their hash, and the door through which files become photographs.

The one idea: a photograph is known by the sha-256 of exactly the bytes that are sent, and those bytes carry
pixels only. This does not know what is in the picture.
"""

from __future__ import annotations

import hashlib
import io
import stat
import struct
import warnings
from collections.abc import MutableMapping
from dataclasses import dataclass, replace
from pathlib import Path

import pybase64
from PIL import Image

from personas.errors import Unreadable
from personas.photos.dicom import develop_dicom, is_dicom
from personas.photos.fit import fit_photo
from personas.photos.kinds import MOST_SCANS, SENT, kind_of, laborious
from personas.photos.likeness import likeness
from personas.photos.pixels import bare, encode, orientation, plain, sliced, whole
from personas.photos.shelf import MOST_BYTES
from personas.photos.vetting import MEDIA, vet
from personas.values import Modality, Photo

MAX_PIXELS = 40_000_000
SMALLEST = 8
"""px of the shorter side below which a file is no photograph but a tracking dot or a mistake."""
LONGEST = 16_383
"""px: the most that a WEBP can hold, and a longer picture is a strip and no photograph."""
NAMED = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}


class Album:
    """All photographs of a sample, encoded, with their base64 form made at most once."""

    def __init__(self, kept: MutableMapping[str, bytes] | None = None) -> None:
        """Begin an album whose bytes are kept in memory, or in another mapping from hash to bytes."""
        self._bytes = {} if kept is None else kept
        self._sound: set[str] = set()
        """Photographs that were made here, or looked at since they came with somebody's files."""
        self._encoded: dict[str, bytes] = {}
        self._fitted: dict[tuple[str, int, int], Photo] = {}

    def __len__(self) -> int:
        return len(self._bytes)

    def put(
        self,
        data: bytes,
        *,
        drawn: bool,
        degraded: str = "",
        modality: Modality = "photograph",
        overlay: str = "",
    ) -> Photo:
        """Keep encoded bytes, metadata taken out if they carry any, and give the photograph they are."""
        data = _stripped(data)
        with Image.open(io.BytesIO(data)) as image:
            media, (width, height) = MEDIA[image.format or ""], image.size
        key = hashlib.sha256(data).hexdigest()
        self._bytes[key] = data
        self._sound.add(key)
        return Photo(
            sha256=key,
            media_type=media,
            width=width,
            height=height,
            drawn=drawn,
            modality=modality,
            degraded=degraded,
            overlay=overlay,
        )

    def fit(self, photo: Photo, *, bytes: int, side: int) -> Photo:
        """Give the photograph as it is sent to a model that takes at most `bytes` (of the file) and `side` px.

        The photograph itself when it fits. Each is fitted once per envelope, which may take seconds of CPU: ask
        first in a thread, where a model waits for none. Raises what `fit_photo` and `data` raise, and Unreadable
        where it is not there.
        """
        key = (photo.sha256, bytes, side)
        if key not in self._fitted:
            try:
                data = self.data(photo)
            except KeyError:
                raise Unreadable("it is not there. Restore the file, or make the scenarios again.") from None
            fitted = fit_photo(data, bytes=bytes, side=side)
            self._fitted[key] = photo if fitted is data else self._remade(photo, fitted)
        return self._fitted[key]

    def _remade(self, photo: Photo, data: bytes) -> Photo:
        """Keep other bytes of the same picture, and give the photograph with what is said of it."""
        made = self.put(data, drawn=photo.drawn)
        return replace(
            photo,
            sha256=made.sha256,
            media_type=made.media_type,
            width=made.width,
            height=made.height,
        )

    def data(self, photo: Photo) -> bytes:
        """Give the bytes of a photograph; KeyError when it is not in this album, Unreadable when they are not it."""
        data = self._bytes[photo.sha256]
        if photo.sha256 not in self._sound:
            if wrong := vet(data, photo, MAX_PIXELS):
                raise Unreadable(
                    f"photograph {photo.sha256[:12]} {wrong}. Restore the file, or make it again."
                )
            self._sound.add(photo.sha256)
        return data

    def encoded(self, photo: Photo) -> bytes:
        """Give the bytes in base64, the same object every time: however many calls carry it, there is one copy."""
        if photo.sha256 not in self._encoded:
            self._encoded[photo.sha256] = pybase64.b64encode(self.data(photo))
        return self._encoded[photo.sha256]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPhoto:
    """A picture file as it may leave the house."""

    data: bytes
    """Encoded, pixels only: the file's own bytes when it carries nothing else."""
    likeness: int
    """512 bits, see `likeness`."""


def open_photo(path: Path) -> OpenedPhoto:
    """Read a picture file, decode it once, and give its bytes free of metadata and its likeness.

    Raises `Unreadable` when the file is missing, is of a kind that cannot be sent, is no image, is larger
    than 40 megapixels or narrower than 8 px, has an extension that contradicts its content, or is cut off.
    """
    data = _read(path)
    suffix = path.suffix.lower()
    if is_dicom(data, suffix):
        if suffix in NAMED:
            raise _misnamed(path, "DICOM")
        picture = develop_dicom(path, data, MAX_PIXELS)
        _measure(path, picture)
        return OpenedPhoto(data=encode(picture, "PNG"), likeness=likeness(picture))
    if suffix not in NAMED:
        raise Unreadable(
            f"{path}: {path.suffix!r} is not a kind of image that can be sent. Convert it to PNG or JPEG."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a note that is damaged is nobody's concern: it goes
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with _image(path, data) as image:
            _check(path, image, data)
            alike = likeness(plain(image) if image.mode not in ("RGB", "L") else image)
            return OpenedPhoto(data=_stripped(data, image), likeness=alike)


def _read(path: Path) -> bytes:
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise Unreadable(f"{path}: is no file. Replace it with the picture, or remove it.")
        if about.st_size > MOST_BYTES:
            raise Unreadable(f"{path}: has more than {MOST_BYTES >> 20} MB. Scale it down and try again.")
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path}: cannot be read ({error.strerror}). Check the name and rights.") from None


def _image(path: Path, data: bytes) -> Image.Image:
    """Read the header by the decoder of what the file holds; nothing is decoded yet."""
    kind = kind_of(data)
    if kind and kind not in SENT:
        raise _misnamed(path, kind)
    if laborious(kind, data):
        raise Unreadable(f"{path}: has more than {MOST_SCANS} scans, which no camera writes. Save it anew.")
    try:
        return Image.open(io.BytesIO(data), formats=SENT.get(kind, ()))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(path) from None
    except (OSError, SyntaxError, ValueError, struct.error):
        raise Unreadable(f"{path}: is not an image. Replace it with the original, or remove it.") from None


def _check(path: Path, image: Image.Image, data: bytes) -> None:
    _measure(path, image)
    kind = _kind(image)
    if kind != NAMED[path.suffix.lower()]:
        raise _misnamed(path, kind)
    try:
        image.load()
    except (OSError, SyntaxError, ValueError, struct.error) as error:
        raise Unreadable(f"{path}: is cut off or damaged ({error}). Copy it again from its source.") from None
    if not whole(kind, data):
        raise Unreadable(
            f"{path}: is cut off, or has something behind its end. Copy it again from its source, or save it anew."
        )


def _measure(path: Path, image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise _too_large(path)
    if min(image.size) < SMALLEST or max(image.size) > LONGEST:
        raise Unreadable(f"{path}: is {image.width} x {image.height} px, which is no photograph. Remove it.")


def _stripped(data: bytes, image: Image.Image | None = None) -> bytes:
    """Give the bytes themselves when they hold pixels only, in a mode every provider takes; else bytes that do.

    With an image that is already decoded, it is not decoded again.
    """
    if image is None:
        with Image.open(io.BytesIO(data)) as opened:
            return _stripped(data, opened)
    kind = _kind(image)
    if image.mode in ("RGB", "L"):
        if bare(kind, data):
            return data
        if kind == "PNG" and (pixels := sliced(data, upright=orientation(image) == 1)):
            return pixels
    return encode(plain(image), kind)


def _kind(image: Image.Image) -> str:
    """Give the kind of a file. Phones write MPO: a JPEG with a second picture behind it, which is taken out."""
    return "JPEG" if image.format == "MPO" else image.format or ""


def _misnamed(path: Path, kind: str) -> Unreadable:
    return Unreadable(
        f"{path}: is named {path.suffix} but holds {kind}. Rename it by its content, or replace it."
    )


def _too_large(path: Path) -> Unreadable:
    return Unreadable(f"{path}: has more than {MAX_PIXELS // 10**6} megapixels. Scale it down and try again.")
