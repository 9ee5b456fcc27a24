"""Make a photograph objectively poor, in ways that patients' photographs are.

The one idea: a pure function of the pixels, the kind, the dose and an address, with three doses a kind: what is
hard to judge, what hides the fine detail, and what cannot be relied on at all. This does not know what is in
the picture, and so takes the lesion to be near the middle, where patients put it.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageFilter

from personas.seeds import derive

LADDER = {
    "blur": (1.5, 3.5, 7.0),
    "dark": (0.5, 0.3, 0.16),
    "overexposed": (1.3, 1.8, 2.6),
    "framing": (0.5, 0.7, 0.9),
    "distance": (2.0, 4.0, 9.0),
    "low_resolution": (96.0, 48.0, 26.0),
    "colour_cast": (0.25, 0.45, 0.7),
    "jpeg": (20.0, 9.0, 3.0),
}
"""Slight, marked, severe. Blur radius in px at 384 px; share of light left; gain; share of the way that the middle
is pushed out of the frame; times farther away; px across; share of the two weakened colours taken away; JPEG
quality at a third of the size."""
STEPS = ("slight", "marked", "severe")
DOSES = {kind: steps[-1] for kind, steps in LADDER.items()}
"""For a picture that cannot be relied on."""
KINDS = tuple(LADDER)


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
    burn = 75 * (dose - 1) * flash
    light = np.asarray(image, np.float32) * (1 + (dose - 1) * (0.5 + 0.5 * flash)) + burn
    return Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))


def _framing(image: Image.Image, dose: float, rng: np.random.Generator) -> Image.Image:
    """Aim past it: the middle lies towards one edge or corner, and at the full dose outside."""
    angle = float(rng.uniform(0, 2 * np.pi))
    pixels = np.asarray(image)
    rows = _beyond(image.height, round(0.55 * dose * image.height * np.sin(angle)))
    columns = _beyond(image.width, round(0.55 * dose * image.width * np.cos(angle)))
    return Image.fromarray(pixels[rows][:, columns])


def _beyond(side: int, shift: int) -> np.ndarray:
    """Give which line of the picture stands in each line of the shifted one.

    What comes into view is the outer eighth of the picture, mirrored to and fro: skin beside skin.
    """
    rim = max(2, side // 8)
    lines = np.arange(side) + shift
    outside = np.where(lines < 0, -lines, lines - (side - 1)) % (2 * rim - 2)
    outside = np.minimum(outside, 2 * rim - 2 - outside)
    return np.where(lines < 0, outside, np.where(lines >= side, side - 1 - outside, lines))


def _distance(image: Image.Image, dose: float, rng: np.random.Generator) -> Image.Image:
    """Step back: the picture becomes a small part of one that is otherwise the colour of its own edge."""
    width, height = image.size
    pixels = np.asarray(image)
    colour = np.median(np.concatenate((pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])), axis=0)
    ramp = np.linspace(1.04, 0.92, height, dtype=np.float32)[:, None, None]
    grain = rng.normal(0, 2, (height, width, 1)).astype(np.float32)
    scene = Image.fromarray(np.clip(colour * ramp + grain, 0, 255).astype(np.uint8))
    small = (max(1, round(width / dose)), max(1, round(height / dose)))
    # Without a soft edge the pasted part would look like a card that lies on the skin.
    rind = max(1, min(small) // 6)
    soft = Image.new("L", small, 0)
    soft.paste(255, (rind, rind, max(rind + 1, small[0] - rind), max(rind + 1, small[1] - rind)))
    soft = soft.filter(ImageFilter.GaussianBlur(rind / 2))
    right, down = (0.5 + float(off) for off in rng.uniform(-0.12, 0.12, 2))
    place = (round((width - small[0]) * right), round((height - small[1]) * down))
    scene.paste(image.resize(small, Image.Resampling.BOX), place, soft)
    return scene


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
    "framing": _framing,
    "distance": _distance,
    "low_resolution": _low_resolution,
    "colour_cast": _colour_cast,
    "jpeg": _jpeg,
}
