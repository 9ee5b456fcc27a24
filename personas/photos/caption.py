"""A caption of a photograph from its pixels alone: what can be said by something that knows no medicine and no case.

The one idea: the rim of the picture is taken for the ground, and the island nearest the middle that differs most
from it for the patch; every word of the caption stands for one measured number. This does not know whether the
patch is a lesion, what it is called, or whose it is.

Shapes: a picture is float32 (height, width, 3) in CIE Lab, a mask is bool (height, width).
"""

from __future__ import annotations

import io
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageFilter

from personas.conditions.book import palette
from personas.photos.lesions import STRIP
from personas.photos.surface import SIDE

FILE = Path(__file__).with_name("caption.toml")
WIDE = 384
"""px of the longer side at which sharpness is measured: blur vanishes when a picture shrinks."""
NARROW = 96
"""px of the longer side at which the patch is looked for."""
RIM = 0.07
"""Share of the shorter side, from each edge, that counts as ground."""
LEAST = 8
"""px of the shorter side, at the narrow size, below which no patch is looked for."""
APART = 6.0
"""Distance in Lab from the ground below which nothing stands out."""
GREY = "grey"
CENTRED = 5.0
"""How fast an island loses weight towards the edges, per side of the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was measured in one picture."""

    width: int
    """px"""
    height: int
    """px"""
    drawn: bool
    light: float
    """Mean lightness, 0 to 100."""
    sharpness: float | None
    """Spread of the second differences of lightness at 384 px, percent of the mean lightness; None for a picture
    too narrow to have any. Clear drawings have 2.0 and more, 9 in 10 of 24 phone photographs 2.1 and more; at the
    slight dose of blur half of either have less than 1.5, at the marked one 9 in 10 less than 1.25."""
    share: float = 0.0
    """Of the picture that the patch covers, 0 to 1; 0 where nothing stands out."""
    colours: tuple[tuple[str, float], ...] = ()
    """Names with their shares of the patch, biggest first."""
    lighter: float = 0.0
    """Lightness of the patch above that of the ground, -100 to 100."""
    redder: float = 0.0
    """Redness (Lab a*) of the patch above that of the ground."""
    ragged: float = 0.0
    """Share of the patch that changes sides when its outline is smoothed; about 0.03 for a smooth oval."""


def caption(data: bytes, *, drawn: bool = False) -> str:
    """Describe an encoded picture in four to six sentences, the same for the same bytes.

    Takes 5 to 15 ms beside decoding, which for a PNG of 1024 px takes 30. Whatever Pillow raises for bytes that are
    no picture is raised.
    """
    return tell(measure(data, drawn=drawn))


def tell(sight: Sight) -> str:
    """Put measurements into sentences."""
    says, limits = _table()["says"], _table()["limits"]
    parts = [Template(says["size"]).substitute(width=sight.width, height=sight.height)]
    parts += [says["drawn"]] if sight.drawn else []
    if sight.share:
        parts += _patch(sight)
    else:
        parts.append(says["nothing"])
    if sight.light < limits["dark"] or sight.light > limits["bright"]:
        parts.append(says["dark" if sight.light < limits["dark"] else "bright"])
    elif sight.sharpness is not None:
        grade = "sharp" if sight.sharpness >= limits["sharp"] else "soft"
        parts.append(says[grade if sight.sharpness >= limits["soft"] else "blurred"])
    return " ".join(parts)


def measure(data: bytes, *, drawn: bool = False) -> Sight:
    """Measure an encoded picture; of a drawing, what is above its strip."""
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
        image.thumbnail((WIDE, WIDE), Image.Resampling.BOX)
        picture = image.convert("RGB")
    if drawn:
        picture = picture.crop((0, 0, picture.width, round(picture.height * (1 - STRIP / SIDE))))
    grey = np.asarray(picture.convert("L"), np.float32)
    picture.thumbnail((NARROW, NARROW), Image.Resampling.BOX)
    lab = _lab(picture)
    seen = {"width": width, "height": height, "drawn": drawn, "light": float(lab[..., 0].mean())}
    found = _found(lab) if min(lab.shape[:2]) >= LEAST else {}
    return Sight(sharpness=_sharpness(grey), **seen, **found)


def _found(lab: np.ndarray) -> dict[str, Any]:
    """Find the patch and measure it; empty where nothing stands out."""
    rim = max(1, round(min(lab.shape[:2]) * RIM))
    edges = (lab[:rim], lab[-rim:], lab[:, :rim], lab[:, -rim:])
    ground = np.median(np.concatenate([edge.reshape(-1, 3) for edge in edges]), axis=0)
    mask = _island(np.linalg.norm(lab - ground, axis=-1))
    if not mask.any():
        return {}
    patch = lab[mask]
    lighter, redder, _ = (float(value) for value in np.median(patch, axis=0) - ground)
    return {
        "share": float(mask.mean()),
        "colours": _colours(patch),
        "lighter": lighter,
        "redder": redder,
        "ragged": _ragged(mask),
    }


def _patch(sight: Sight) -> list[str]:
    """Say what the patch is like, against the ground."""
    says, limits = _table()["says"], _table()["limits"]
    worth = [name for name, share in sight.colours if share >= limits["colour"]]
    colours = _listed(worth[: int(limits["colours"])] or [sight.colours[0][0]])
    against = [
        says[more if value > 0 else less]
        for value, least, more, less in (
            (sight.lighter, limits["lighter"], "lighter", "darker"),
            (sight.redder, limits["redder"], "redder", "paler"),
        )
        if abs(value) >= least
    ]
    compared = Template(says["against"]).substitute(how=_listed(against)) if against else says["alike"]
    percent = max(1, round(100 * sight.share))
    border = "ragged" if sight.ragged >= limits["ragged"] else "smooth"
    return [
        Template(says["patch"]).substitute(colours=colours, against=compared),
        Template(says["share"]).substitute(percent=percent),
        says[border],
    ]


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def _island(away: np.ndarray) -> np.ndarray:
    """Give the mask of the island that weighs most, maybe empty: far from the ground, and near the middle."""
    high, wide = away.shape
    smoothed = _soft(away, 1)
    mask = smoothed > max(_otsu(smoothed), APART)
    names = _islands(mask)
    down = (np.arange(high, dtype=np.float32)[:, None] - high / 2) / high
    along = (np.arange(wide, dtype=np.float32)[None, :] - wide / 2) / wide
    weight = np.where(mask, away * np.exp(-CENTRED * np.hypot(down, along)), 0)
    worth = np.bincount(names.ravel(), weight.ravel())
    worth[0] = 0
    chosen = (names == int(worth.argmax())) & mask
    # Glare, scale and crust within a patch look like ground; what the rim cannot reach is patch.
    outside = _islands(~chosen)
    edge = np.unique(np.concatenate((outside[0], outside[-1], outside[:, 0], outside[:, -1])))
    return chosen | ~(np.isin(outside, edge[edge > 0]) | chosen)


def _islands(mask: np.ndarray) -> np.ndarray:
    """Number the pixels of a mask so that those that touch share a number above 0; 0 outside."""
    # A number is the place of a pixel of the same island, so that asking that pixel for its own number leaps ahead.
    names = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:
        wide = np.pad(names, 1)
        beside = (wide[1:-1, 1:-1], wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:])
        grown = np.where(mask, np.maximum.reduce(beside), 0)
        grown = np.append(0, grown)[grown]
        if np.array_equal(names, grown):
            return names
        names = grown


def _ragged(mask: np.ndarray) -> float:
    """Give the share of a shape that changes sides when its outline is smoothed by a quarter of its radius."""
    radius = float(np.sqrt(mask.sum() / np.pi))
    rounded = _soft(np.where(mask, 255, 0), radius / 4) > 127
    return float((rounded ^ mask).sum() / mask.sum())


def _soft(field: np.ndarray, radius: float) -> np.ndarray:
    """Smooth a field of 0 to 255."""
    image = Image.fromarray(np.clip(field, 0, 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), np.float32)


def _otsu(values: np.ndarray) -> float:
    """Give the threshold that parts the values best in two (Otsu 1979)."""
    counts, edges = np.histogram(values, bins=64)
    middles = (edges[:-1] + edges[1:]) / 2
    below, total = np.cumsum(counts), np.cumsum(counts * middles)
    above = below[-1] - below
    low, high = total / np.maximum(below, 1), (total[-1] - total) / np.maximum(above, 1)
    return float(middles[int((below * above * (low - high) ** 2).argmax())])


def _colours(patch: np.ndarray) -> tuple[tuple[str, float], ...]:
    """Name every pixel by its nearest colour; give the names with their shares."""
    names, prototypes = _prototypes()
    away = np.linalg.norm(patch[:, None] - prototypes[None], axis=-1)
    # Dull skin lies nearer to grey than to brown, and nobody would call it so: grey is what has no colour at all.
    coloured = np.hypot(patch[:, 1], patch[:, 2]) > _table()["limits"]["chroma"]
    away[np.ix_(coloured, [names.index(GREY)])] = np.inf
    nearest = away.argmin(axis=1)
    shares = np.bincount(nearest, minlength=len(names)) / len(patch)
    order = np.argsort(-shares, kind="stable")
    return tuple((names[place], float(shares[place])) for place in order if shares[place])


def _sharpness(grey: np.ndarray) -> float | None:
    if min(grey.shape) < 3:
        return None
    # Against the light there is, so that a darker print of the same picture is as sharp.
    edges = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    return float(100 * edges.std() / max(1.0, grey.mean()))


def _lab(picture: Image.Image) -> np.ndarray:
    """Convert sRGB to CIE Lab, lightness 0 to 100."""
    lab = np.asarray(ImageCms.applyTransform(picture, _transform()))
    light = lab[..., :1].astype(np.float32) * (100 / 255)
    return np.concatenate((light, lab[..., 1:].view(np.int8).astype(np.float32)), axis=-1)


@cache
def _transform() -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )


@cache
def _prototypes() -> tuple[tuple[str, ...], np.ndarray]:
    """Give the names of colours and where they lie in Lab, shape (n, 3)."""
    table = palette() | {name: tuple(rgb) for name, rgb in _table()["colours"].items()}
    row = Image.fromarray(np.array([list(table.values())], np.uint8))
    return tuple(table), _lab(row)[0]


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
