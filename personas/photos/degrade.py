"""Make a photograph objectively poor, in ways that patients' photographs are.

The one idea: a pure function of the pixels, the kind, the dose and an address. This does not know what can
still be made out afterwards.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageFilter

from personas.seeds import derive

DOSES = {
    "blur": 7.0,
    "dark": 0.16,
    "overexposed": 2.6,
    "low_resolution": 26.0,
    "colour_cast": 0.7,
    "jpeg": 3.0,
}
"""For a picture that cannot be relied on: blur radius in px at 384 px, share of light left, gain, px across,
share of the two weakened colours taken away, JPEG quality."""
KINDS = tuple(DOSES)


def degrade(image: Image.Image, kind: str, dose: float, *address: object) -> Image.Image:
    """Give a poorer copy of the same size; an unknown kind is a KeyError."""
    return _KINDS[kind](image.convert("RGB"), dose, derive("degrade", kind, *address))


def _blur(image: Image.Image, dose: float, rng: np.random.Generator) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(dose * max(image.size) / 384))


def _dark(image: Image.Image, dose: float, rng: np.random.Generator) -> Image.Image:
    """Take light away; what is left has the noise of a small sensor."""
    light = np.asarray(image, np.float32) * dose
    light += rng.normal(0, 5, light.shape[:2]).astype(np.float32)[..., None]
    return Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))


def _overexposed(image: Image.Image, dose: float, rng: np.random.Generator) -> Image.Image:
    """Burn the picture out, most where the flash hits."""
    height, width = image.height, image.width
    row, column = rng.uniform(0.35, 0.65, 2)
    down = (np.arange(height, dtype=np.float32) / height - row)[:, None]
    along = (np.arange(width, dtype=np.float32) / width - column)[None, :]
    flash = np.exp(-(down**2 + along**2) / 0.12)[..., None]
    light = np.asarray(image, np.float32) * (1 + (dose - 1) * (0.5 + 0.5 * flash)) + 120 * flash
    return Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))


def _low_resolution(image: Image.Image, dose: float, rng: np.random.Generator) -> Image.Image:
    small = (max(1, int(dose)), max(1, round(dose * image.height / image.width)))
    return image.resize(small, Image.Resampling.BOX).resize(image.size, Image.Resampling.BILINEAR)


def _colour_cast(image: Image.Image, dose: float, rng: np.random.Generator) -> Image.Image:
    """Light the scene with one coloured lamp: one colour stays, the others are weakened."""
    stays = int(rng.integers(3))
    gains = np.full(3, 1 - dose, np.float32)
    gains[stays] = 1.05
    return Image.fromarray(np.clip(np.asarray(image, np.float32) * gains, 0, 255).astype(np.uint8))


def _jpeg(image: Image.Image, dose: float, rng: np.random.Generator) -> Image.Image:
    """Squeeze as a messenger does that forwards a forwarded picture: small, then hard."""
    out = io.BytesIO()
    shrunk = (max(1, image.width // 3), max(1, image.height // 3))
    image.resize(shrunk, Image.Resampling.BOX).save(out, "JPEG", quality=int(dose))
    return Image.open(out).convert("RGB").resize(image.size, Image.Resampling.BILINEAR)


_KINDS = {
    "blur": _blur,
    "dark": _dark,
    "overexposed": _overexposed,
    "low_resolution": _low_resolution,
    "colour_cast": _colour_cast,
    "jpeg": _jpeg,
}
