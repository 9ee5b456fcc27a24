"""DICOM files as pictures: the pixels as a radiologist would first see them, and nothing of what the tags say.

The one idea: pixels are brought to eight bits by the file's own rescale and window, and every tag stays behind; a
file of a kind into whose pixels machines write names is refused unless it says that nothing is written there. This
does not know what is in the picture. It needs the extra `dicom` (pydicom), asked for only when the first such file
is opened.
"""

from __future__ import annotations

import io
import math
import struct
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from personas.errors import Unreadable

if TYPE_CHECKING:
    from pydicom import Dataset

MAGIC = slice(128, 132)
"""Where a DICOM file says DICM, whatever it is called."""
SUFFIXES = {".dcm", ".dicom"}
WRITTEN_ON = {"US", "IVUS", "ES", "SC", "OT", "DOC"}
"""Modalities whose machines write names, hospitals and dates into the picture: ultrasound, endoscopy, captures."""
DEFLATED = b"1.2.840.10008.1.2.1.99"
"""The transfer syntax under which a whole file is packed: it would be unpacked, however large, before its size is
told."""
PREFACE = 2_048
"""Bytes in which a file says how it is written."""
BROKEN = (
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    Image.DecompressionBombError,
)
"""What pydicom raises for a file that lies about its contents or needs a decoder that is not there."""


def is_dicom(data: bytes, suffix: str) -> bool:
    """Say whether a file is, or claims by its lower-case suffix to be, DICOM."""
    return suffix in SUFFIXES or data[MAGIC] == b"DICM"


def develop_dicom(path: Path, data: bytes, most: int) -> Image.Image:
    """Give a file's picture, grey or RGB, upright as stored; of several frames the middle one.

    Raises `Unreadable` when pydicom is missing, the file is damaged, cut off, compressed in a way that needs
    another library, no picture, of more than `most` pixels, or may show who the patient is.
    """
    try:
        import pydicom
        import pydicom.pixels
    except ImportError:
        raise Unreadable(
            f"{path}: is DICOM, which needs pydicom. Install the extra: pip install -e '.[dicom]'."
        ) from None
    broken = (pydicom.errors.InvalidDicomError, pydicom.errors.BytesLengthException, *BROKEN)
    if DEFLATED in data[:PREFACE]:
        raise Unreadable(f"{path}: is deflated DICOM, whose size cannot be told. Save it uncompressed.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(io.BytesIO(data))
        except broken:
            raise Unreadable(f"{path}: is not DICOM, or damaged. Copy it again from its source.") from None
        try:
            _check(path, dataset, most)
            middle = int(dataset.get("NumberOfFrames") or 1) // 2
            pixels = pydicom.pixels.pixel_array(dataset, index=middle)
            return Image.fromarray(_eight_bits(pixels, dataset))
        except broken as error:
            reason = str(error).split("\n")[0][:120]
            raise Unreadable(
                f"{path}: its pixels are cut off or cannot be decoded ({reason}). Copy it again, or convert "
                "it to PNG."
            ) from None


def _check(path: Path, dataset: Dataset, most: int) -> None:
    if "PixelData" not in dataset or not dataset.get("Rows") or not dataset.get("Columns"):
        kind = getattr(dataset.get("SOPClassUID"), "name", "") or "unknown kind"
        raise Unreadable(f"{path}: is DICOM without a picture ({kind}). Remove it, or its row.")
    if dataset.Rows * dataset.Columns > most:
        raise Unreadable(f"{path}: has more than {most // 10**6} megapixels. Scale it down and try again.")
    if dataset.get("Modality") == "SEG":
        raise Unreadable(
            f"{path}: is a segmentation, which marks places and shows none. Remove it, or its row."
        )
    burnt = str(dataset.get("BurnedInAnnotation", "")).upper()
    captured = dataset.get("Modality") in WRITTEN_ON or "ConversionType" in dataset
    if burnt == "YES" or (captured and burnt != "NO"):
        raise Unreadable(
            f"{path}: may have the patient's name burnt into its pixels (Modality {dataset.get('Modality', '?')}, "
            f"Burned In Annotation {burnt or 'not told'}). Black it out, or make sure, and set the tag to NO."
        )


def _eight_bits(pixels: np.ndarray, dataset: Dataset) -> np.ndarray:
    """Bring one frame, (rows, columns) or (rows, columns, 3), to uint8, dark to light."""
    from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut

    kind = dataset.get("PhotometricInterpretation", "")
    if kind == "PALETTE COLOR":
        pixels = apply_color_lut(pixels, dataset)
    if pixels.ndim == 3:
        deep = pixels.dtype.itemsize > 1
        return (pixels >> (int(dataset.get("BitsStored", 16)) - 8)).astype(np.uint8) if deep else pixels
    light = np.asarray(apply_modality_lut(pixels, dataset), np.float64)
    window = _window(dataset)
    if window:
        low, high = window
    else:
        if "VOILUTSequence" in dataset:
            light = np.asarray(apply_voi_lut(light.astype(np.int64), dataset), np.float64)
        low, high = (float(edge) for edge in np.percentile(light, (0.5, 99.5)))
        if high <= low:
            low, high = float(light.min()), float(light.max())
    share = np.clip((light - low) / max(high - low, 1e-9), 0, 1)
    return np.round(255 * (1 - share if kind == "MONOCHROME1" else share)).astype(np.uint8)


def _window(dataset: Dataset) -> tuple[float, float] | None:
    """Give the values that the first window shows as black and as white; None without a usable window."""
    centre, width = (_first(dataset.get(name)) for name in ("WindowCenter", "WindowWidth"))
    if centre is None or width is None or width < 1:
        return None
    # DICOM PS3.3 C.11.2.1.2: the linear window, of which the exact and the sigmoid form differ by a grey or two.
    return centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2


def _first(value: object) -> float | None:
    """Give the first of one or several numbers; None when there is none."""
    if value is None or isinstance(value, str | bytes):
        return None
    try:
        number = float(next(iter(value), math.nan) if hasattr(value, "__iter__") else value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
