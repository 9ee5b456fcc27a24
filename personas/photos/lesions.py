"""Drawn lesions: a patch of skin with one lesion on it, and the exact mask of which pixels are lesion.

The one idea: what is said about a drawing is what it was drawn from, so shape, border, colours, surface and
size in words are true by construction. It is plainly marked as a drawing. This knows looks, not diagnoses.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from personas.conditions.book import Look, palette, shifted
from personas.photos.surface import SIDE, coat, noise, shading, vessels
from personas.seeds import derive
from personas.values import Tone

SCALE = 12
"""px per mm, so the picture shows 32 mm."""
STRIP = 16
"""px at the bottom that carry the word "drawing" and a 10 mm bar; no lesion reaches them."""
SKIN = {"12": (231, 190, 166), "34": (198, 146, 110), "56": (116, 76, 54)}
DIMMED = {"red": 0.80, "pink": 0.80, "white": 0.88}
"""Share of light that reddened and scaly areas keep on dark skin, by colour."""
ANGLES = 1024
"""Steps round the border."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawing:
    """A drawn lesion and what it was drawn from."""

    image: Image.Image
    mask: np.ndarray
    """bool (SIDE, SIDE): True where there is lesion."""
    findings: tuple[str, ...]
    """In plain words: shape, border, colours, surfaces, size."""
    size_mm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    asymmetry: float
    irregularity: float
    colours: tuple[str, ...]
    surfaces: tuple[str, ...]
    size_mm: int


def draw(look: Look, *address: object, tone: Tone) -> Drawing:
    """Draw a lesion of this look on skin of this tone; the address decides everything else."""
    rng = derive("lesion", *address, tone)
    plan = _plan(look, tone, rng)
    picture = _skin(tone, rng)
    depth, angle = _depth(plan, rng)
    if look.halo > 0:
        picture = _halo(picture, depth, look, tone)
    # All that follows is worked out in the box around the lesion only: most of the picture is skin.
    box = _box(depth)
    picture[box] = _lesion(picture[box], plan, look, depth=depth[box], angle=angle[box], tone=tone, rng=rng)
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    return Drawing(image=stamp(image), mask=depth > 0, findings=_findings(plan), size_mm=plan.size_mm)


def _lesion(
    skin: np.ndarray, plan: _Plan, look: Look, *, depth: np.ndarray, angle: np.ndarray, tone: Tone, rng
) -> np.ndarray:
    """Lay the lesion over the skin in its box: colour, then surface, then light, then vessels."""
    alpha = np.clip(depth / (2.0 if look.edge == "sharp" else 7.0) + 0.5, 0, 1)
    if look.ring:
        alpha = alpha * (1 - 0.65 * np.clip((depth / float(depth.max()) - 0.42) * 4, 0, 1))
    cover = (alpha * 0.94)[..., None]
    picture = skin + (_paint(plan, look, depth, tone=tone, rng=rng) - skin) * cover
    coat(picture, plan.surfaces, depth, angle, rng=rng)
    picture *= shading(depth, plan.surfaces, look.elevation, rng)[..., None]
    return vessels(picture, depth, rng) if look.vessels else picture


def stamp(image: Image.Image) -> Image.Image:
    """Lay the strip with the word "drawing" and a 10 mm bar over the bottom edge."""
    marked = image.copy()
    marked.paste(_strip(), (0, image.height - STRIP))
    return marked


def jpeg(image: Image.Image) -> bytes:
    """Encode a drawing as it is sent."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


@cache
def _strip() -> Image.Image:
    strip = Image.new("RGB", (SIDE, STRIP), (236, 236, 232))
    pen = ImageDraw.Draw(strip)
    pen.text((6, 2), "drawing, not a photograph", fill=(70, 70, 70), font=ImageFont.load_default(size=10))
    right = SIDE - 8
    pen.line((right - 10 * SCALE, 11, right, 11), fill=(70, 70, 70))
    for end in (right - 10 * SCALE, right):
        pen.line((end, 8, end, 13), fill=(70, 70, 70))
    pen.text((right - 10 * SCALE - 38, 2), "10 mm", fill=(70, 70, 70), font=ImageFont.load_default(size=10))
    return strip


def _plan(look: Look, tone: Tone, rng: np.random.Generator) -> _Plan:
    count = int(rng.integers(look.count[0], look.count[1] + 1))
    others = 1 + np.sort(rng.permutation(len(look.colours) - 1)[: count - 1])
    chosen = [look.colours[0], *(look.colours[i] for i in others)]
    surfaces = [s for s in look.surface if s in look.always or rng.random() < look.chance]
    return _Plan(
        asymmetry=float(rng.uniform(*look.asymmetry)),
        irregularity=float(rng.uniform(*look.irregularity)),
        # Two colours may fall together on darker skin, which is then one colour and said to be one.
        colours=tuple(dict.fromkeys(shifted(colour, tone) for colour in chosen)),
        surfaces=tuple(surfaces),
        size_mm=int(rng.integers(look.size_mm[0], look.size_mm[1] + 1)),
    )


def _findings(plan: _Plan) -> tuple[str, ...]:
    return (
        "asymmetrical" if plan.asymmetry >= 0.5 else "symmetrical",
        "irregular border" if plan.irregularity >= 0.5 else "smooth border",
        *plan.colours,
        *plan.surfaces,
        f"about {plan.size_mm} mm",
    )


def _skin(tone: Tone, rng: np.random.Generator) -> np.ndarray:
    """Lay out skin: blotches, fine creases, pores and light that falls off to one side."""
    base = np.array(SKIN[tone], np.float32) * (1 + rng.normal(0, 0.02, 3).astype(np.float32))
    grain = noise(rng, 190)
    texture = 0.012 * noise(rng, 7) + 0.011 * noise(rng, 48) + 0.014 * grain
    # Pores are the darkest grains only: skin is flat with dents, not evenly rough.
    texture -= 0.05 * np.clip(noise(rng, 84) - 1.5, 0, 1)
    down, along = (float(tilt) for tilt in rng.uniform(-0.06, 0.06, 2))
    ramp = np.linspace(-1, 1, SIDE, dtype=np.float32)
    light = 1 + texture + down * ramp[:, None] + along * ramp[None, :]
    skin = light[..., None] * base
    skin[..., 0] += 3 * noise(rng, 11)
    return skin


@cache
def _polar() -> tuple[np.ndarray, np.ndarray]:
    """Give distance and angle from the middle of a field that leaves room to move the lesion about."""
    axis = np.arange(SIDE + 64, dtype=np.float32) - (SIDE + 64) / 2
    return np.hypot(axis[:, None], axis[None, :]), np.arctan2(axis[:, None], axis[None, :])


def _depth(plan: _Plan, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Give how deep inside the border each pixel lies (px, negative outside), and its angle."""
    theta = np.linspace(-np.pi, np.pi, ANGLES, endpoint=False)
    # An ellipse is symmetrical about two axes; odd waves take symmetry away, fine ones make it ragged.
    wave = rng.uniform(0.02, 0.10) * np.cos(2 * theta + rng.uniform(0, 6.28))
    for order, part in ((1, 0.16), (3, 0.20), (5, 0.06)):
        bend = plan.asymmetry**1.5 * part * float(rng.uniform(0.8, 1.2))
        wave += bend * np.cos(order * theta + float(rng.uniform(0, 6.28)))
    for order in range(6, 20):
        # Finer waves are weaker, and unequal, or the border looks like a flower.
        notch = plan.irregularity**2 * float(rng.uniform(0.2, 1)) * 0.5 / order
        wave += notch * np.cos(order * theta + float(rng.uniform(0, 6.28)))
    border = np.maximum(1 + wave, 0.35)
    # Scaled so that the area is that of a disc of the stated width.
    border *= plan.size_mm * SCALE / 2 / np.sqrt(np.mean(border**2))
    reach = int(max(0, min(24, (SIDE - STRIP) / 2 - border.max() - 12)))
    right, up = rng.integers(-reach, reach + 1, 2)
    top, left = 32 + STRIP // 2 + int(up), 32 + int(right)
    rho, angle = (field[top : top + SIDE, left : left + SIDE] for field in _polar())
    table = np.append(border, border[0]).astype(np.float32)
    return table[((angle + np.pi) * (ANGLES / (2 * np.pi))).astype(np.int32)] - rho, angle


def _box(depth: np.ndarray) -> tuple[slice, slice]:
    """Give the part of the picture the lesion and its shadow lie in, with even sides."""
    near = depth > -20
    spans = []
    for axis in (1, 0):
        where = np.flatnonzero(near.any(axis=axis))
        first, last = int(where[0]) // 2 * 2, int(where[-1]) // 2 * 2 + 2
        spans.append(slice(first, last))
    return spans[0], spans[1]


def _paint(plan: _Plan, look: Look, depth: np.ndarray, *, tone: Tone, rng: np.random.Generator) -> np.ndarray:
    """Colour the lesion in patches, each colour with a share of the area that can be seen."""
    # Half the resolution is enough for patches, and scaling them up is what makes them run into each other.
    half = depth[::2, ::2]
    radius = max(float(half.max()), 1.0)
    rings = half / radius
    # Symmetrical lesions are coloured from the rim inwards, asymmetrical ones across.
    tilt = float(rng.uniform(0, 2 * np.pi))
    down, along = (np.arange(n, dtype=np.float32) / radius - n / 2 / radius for n in half.shape)
    across = float(np.cos(tilt)) * along[None, :] + float(np.sin(tilt)) * down[:, None]
    blotch, fine = (noise(rng, cells, depth.shape)[::2, ::2] for cells in (14, 40))
    order = (1 - plan.asymmetry) * rings * 1.6 + plan.asymmetry * (0.8 * across + 0.35 * blotch) + 0.12 * fine
    if look.ring:
        order = 0.06 * fine - np.abs(rings - 0.18)
    shares = np.array([1.6] + [1.0] * (len(plan.colours) - 1))
    cuts = np.quantile(order[half > 0][::3], np.cumsum(shares / shares.sum())[:-1]).astype(np.float32)
    dim = DIMMED if tone == "56" else {}
    colours = np.array([palette()[name] for name in plan.colours], np.float32)
    colours *= np.array([[dim.get(name, 1.0)] for name in plan.colours], np.float32)
    place = np.zeros(half.shape, np.uint8)
    for cut in cuts:
        place += order > cut
    flat = Image.fromarray(colours.astype(np.uint8)[place]).filter(ImageFilter.BoxBlur(2.4))
    soft = np.asarray(flat.resize(depth.shape[::-1], Image.Resampling.BILINEAR), np.float32)
    return soft * (1 + 0.05 * noise(rng, 84, depth.shape) + 0.045 * noise(rng, 26, depth.shape))[..., None]


def _halo(skin: np.ndarray, depth: np.ndarray, look: Look, tone: Tone) -> np.ndarray:
    """Redden the skin around the lesion; on dark skin redness is a deeper, purplish brown."""
    reach = 10 + 46 * look.halo
    near = np.exp(np.minimum(depth, 0) / reach) * look.halo
    lost = np.array((0.20, 0.38, 0.30) if tone == "56" else (0.0, 0.34, 0.34), np.float32)
    return skin * (1 - near[..., None] * lost)
