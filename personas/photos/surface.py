"""What covers a drawn lesion: scale, crust, ulcer, shine, pits, vessels, and the light on a raised one.

The one idea: everything is a function of depth, how many pixels inside the border a point lies. This knows
neither colours of lesions nor names of conditions.
"""

from __future__ import annotations

from functools import cache, partial

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from personas.seeds import derive

SIDE = 384
"""px, of the square picture; also the widest cut of noise."""


@cache
def _field(cells: int) -> np.ndarray:
    """Give a field of smooth noise, float32 (SIDE + 128, SIDE + 128), its bumps `SIDE / cells` px wide."""
    side = SIDE + 128
    low = derive("noise", cells).standard_normal((cells * side // SIDE,) * 2, dtype=np.float32)
    return np.asarray(Image.fromarray(low).resize((side, side), Image.Resampling.BICUBIC))


def noise(rng: np.random.Generator, cells: int, shape: tuple[int, int] = (SIDE, SIDE)) -> np.ndarray:
    """Give smooth noise, mean about 0, spread about 1: a turned cut from one large field.

    Cutting takes microseconds where making a field takes a millisecond, and a drawing needs a dozen.
    """
    down, along, turn = (int(n) for n in rng.integers(0, (129, 129, 8)))
    field = _field(cells)
    field = field.T if turn & 1 else field
    cut = field[down : down + shape[0], along : along + shape[1]]
    return cut[:: -1 if turn & 2 else 1, :: -1 if turn & 4 else 1]


def shading(
    depth: np.ndarray, surfaces: tuple[str, ...], elevation: float, rng: np.random.Generator
) -> np.ndarray:
    """Light the dome of a raised lesion from the upper left, with a little shadow behind it."""
    rim = 10 + 10 * elevation
    height = np.clip(depth / rim, 0, 1)
    height = elevation * (2 * height - height**2) * 9
    if {"rough", "waxy"} & set(surfaces):
        height = height + np.clip(depth / 6, 0, 1) * noise(rng, 48, depth.shape) * 1.1
    slope = np.zeros_like(height)
    slope[1:, 1:] = height[1:, 1:] - height[:-1, :-1]
    light = np.clip(1 + 0.20 * slope, 0.62, 1.28)
    shadow = elevation * 0.10 * np.exp(-np.abs(np.roll(depth, (7, 7), (0, 1)) + 2) / 6) * (depth < 0)
    return light - shadow


def coat(
    picture: np.ndarray,
    surfaces: tuple[str, ...],
    depth: np.ndarray,
    angle: np.ndarray,
    *,
    rng: np.random.Generator,
) -> None:
    """Put scale, crust, ulcer, shine and pits on the lesion, each within its border, in place."""
    grain = partial(noise, rng, shape=depth.shape)
    radius = max(float(depth.max()), 1.0)
    inner = np.clip(depth / 4, 0, 1)
    coats: list[tuple[np.ndarray, tuple[int, int, int]]] = []
    if "scaly" in surfaces:
        flakes = np.clip(grain(84) * 0.8 + grain(40) * 0.5 + grain(14) * 0.7 - 0.5, 0, 1)
        coats.append((flakes * inner * 0.66, (242, 234, 224)))
    if "ulcerated" in surfaces:
        pit = np.clip((depth - 0.55 * radius + 0.10 * radius * grain(14)) / 4, 0, 1)
        coats.append((pit * 0.9, (128, 28, 30)))
    if "crusted" in surfaces:
        clumps = np.clip((grain(26) * 0.8 + grain(48) * 0.4 + depth * (1.6 / radius) - 0.9) * 1.4, 0, 1)
        rough = 1 - 0.35 * np.clip(grain(84), 0, 1)
        coats.append((clumps * inner * rough * 0.88, (150, 104, 50)))
    if {"waxy", "rough"} & set(surfaces):
        pits = np.clip((grain(48) - 1.45) * 2.5, 0, 1)
        coats.append((pits * inner * 0.55, (44, 30, 24)))
    if {"shiny", "waxy"} & set(surfaces):
        side = np.clip(np.cos(angle + 2.36), 0, 1) ** 3
        band = np.exp(-(((depth - 0.42 * radius) / (0.16 * radius)) ** 2))
        glint = np.clip(side * band * (0.75 + 0.35 * grain(40)), 0, 1)
        coats.append((glint * (0.75 if "shiny" in surfaces else 0.35), (255, 250, 246)))
    for cover, colour in coats:
        picture += (np.array(colour, np.float32) - picture) * cover[..., None]


def vessels(picture: np.ndarray, depth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a few fine branching red lines that run from the rim inwards."""
    layer = Image.new("L", depth.shape[::-1], 0)
    pen = ImageDraw.Draw(layer)
    rows, columns = np.nonzero((depth > 2) & (depth < 0.5 * depth.max()))
    for start in rng.integers(0, len(rows), 7):
        point = np.array([columns[start], rows[start]], float)
        heading = rng.uniform(0, 6.28)
        for _ in range(int(rng.integers(5, 11))):
            heading += rng.normal(0, 0.55)
            end = point + 4.5 * np.array([np.cos(heading), np.sin(heading)])
            pen.line((*point, *end), fill=150, width=1)
            point = end
    cover = np.asarray(layer.filter(ImageFilter.GaussianBlur(0.6)), np.float32) / 255 * (depth > 0)
    return picture + (np.array((168, 34, 40), np.float32) - picture) * cover[..., None]
