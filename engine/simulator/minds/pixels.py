"""Finding the lesion in a photograph, with numpy alone.

The one idea: skin is what the border of the picture shows, and the lesion is the biggest central island that
differs from it. It does not know what a lesion is called, nor whether the picture is good enough to say.

Shapes: a picture is float32 (height, width, 3), a mask is bool (height, width).
"""

from __future__ import annotations

import numpy as np

# sRGB to XYZ (IEC 61966-2-1), rows divided by the D65 white point so that Lab needs no second step.
TO_XYZ = np.array(
    [
        [0.4124 / 0.9505, 0.3576 / 0.9505, 0.1805 / 0.9505],
        [0.2126, 0.7152, 0.0722],
        [0.0193 / 1.089, 0.1192 / 1.089, 0.9505 / 1.089],
    ],
    dtype=np.float32,
)
FRAME = 0.07
"""Width of the border that counts as skin, as a share of the side."""
HARMONICS = 3
"""Fourier orders of an outline that count as its form (round, oval, bean); what is left is roughness."""
BINS = 64
"""Directions in which an outline is measured."""
SLIT = 3
"""px; how wide a gap in a lesion may be and still be closed, at either side."""


def lab(rgb: np.ndarray) -> np.ndarray:
    """Convert sRGB in 0–255 to CIE Lab (L 0–100), any leading shape."""
    share = rgb.astype(np.float32) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    xyz = linear @ TO_XYZ.T
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def skin(picture: np.ndarray) -> np.ndarray:
    """Give the median colour of the border, shape (3,)."""
    rim = max(2, round(min(picture.shape[:2]) * FRAME))
    edges = (picture[:rim], picture[-rim:], picture[:, :rim], picture[:, -rim:])
    return np.median(np.concatenate([edge.reshape(-1, 3) for edge in edges]), axis=0)


def otsu(values: np.ndarray) -> float:
    """Give the threshold that parts the values best in two (Otsu 1979)."""
    counts, edges = np.histogram(values, bins=64)
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    total = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (total / below - (total[-1] - total) / above) ** 2
    return float(middles[int(np.nanargmax(np.where(np.isfinite(between), between, -1)))])


def smooth(field: np.ndarray) -> np.ndarray:
    """Average over 3 x 3 neighbours, shape kept."""
    padded = np.pad(field, 1, mode="edge")
    high, wide = field.shape
    return sum(padded[y : y + high, x : x + wide] for y in range(3) for x in range(3)) / 9


def spread(seed: np.ndarray, within: np.ndarray) -> np.ndarray:
    """Grow a seed over all that touches it within a mask."""
    grown = seed & within
    while True:
        wider = _widen(grown) & within
        if wider.sum() == grown.sum():
            return grown
        grown = wider


def box(mask: np.ndarray, margin: float) -> tuple[float, float, float, float]:
    """Give left, top, right and bottom (0–1) of the frame around a mask, widened by a share of its extent."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    high, wide = mask.shape
    down, along = margin * (rows[-1] - rows[0] + 1), margin * (columns[-1] - columns[0] + 1)
    return (
        max(0.0, (columns[0] - along) / wide),
        max(0.0, (rows[0] - down) / high),
        min(1.0, (columns[-1] + 1 + along) / wide),
        min(1.0, (rows[-1] + 1 + down) / high),
    )


def segment(picture: np.ndarray, plain: np.ndarray) -> np.ndarray:
    """Give the mask of the lesion in a Lab picture on skin of colour `plain`, maybe empty."""
    away = smooth(np.linalg.norm(picture - plain, axis=-1))
    mask = away > max(otsu(away), 6.0)
    high, wide = mask.shape
    rows, columns = np.mgrid[0:high, 0:wide]
    off = np.hypot((rows - high / 2) / high, (columns - wide / 2) / wide)
    best, worth = np.zeros_like(mask), 0.0
    left = mask.copy()
    # Six islands are enough: the lesion is never the seventh in weight, and hair makes hundreds.
    for _ in range(6):
        weight = np.where(left, away * np.exp(-3 * off), 0)
        if not weight.any():
            break
        seed = np.zeros_like(mask)
        seed[np.unravel_index(int(weight.argmax()), mask.shape)] = True
        island = spread(seed, left)
        left &= ~island
        value = float(np.where(island, np.exp(-5 * off), 0).sum())
        if value > worth:
            best, worth = island, value
    return _close(best)


def _close(mask: np.ndarray) -> np.ndarray:
    """Close slits and holes: scale, crust and glare inside a lesion look like skin, and are lesion."""
    grown = mask
    for _ in range(SLIT):
        grown = _widen(grown)
    grown = _fill(grown)
    for _ in range(SLIT):
        grown = ~_widen(~grown)
    return grown | mask


def _widen(mask: np.ndarray) -> np.ndarray:
    """Add one pixel all round."""
    wider = mask.copy()
    wider[1:] |= mask[:-1]
    wider[:-1] |= mask[1:]
    wider[:, 1:] |= mask[:, :-1]
    wider[:, :-1] |= mask[:, 1:]
    return wider


def _fill(mask: np.ndarray) -> np.ndarray:
    """Close the holes of a mask: what the border cannot reach is inside."""
    rim = np.zeros_like(mask)
    rim[0] = rim[-1] = True
    rim[:, 0] = rim[:, -1] = True
    return ~spread(rim, ~mask)


def asymmetry(mask: np.ndarray) -> float:
    """Give the share of a shape that falls outside itself when mirrored about its two main axes (0–1)."""
    points = np.argwhere(mask).astype(np.float32)
    middle = points.mean(axis=0)
    centred = points - middle
    _, axes = np.linalg.eigh(centred.T @ centred)
    missed = []
    for axis in axes.T:
        mirrored = np.rint(centred - 2 * np.outer(centred @ axis, axis) + middle).astype(int)
        inside = ((mirrored >= 0) & (mirrored < mask.shape)).all(axis=1)
        landed = np.zeros(len(points), dtype=bool)
        landed[inside] = mask[mirrored[inside, 0], mirrored[inside, 1]]
        missed.append(1 - landed.mean())
    return float(np.mean(missed))


def roughness(mask: np.ndarray) -> float:
    """Give how far the outline strays from a smooth form, as a share of the mean radius."""
    points = np.argwhere(mask).astype(np.float32)
    offset = points - points.mean(axis=0)
    angle = ((np.arctan2(offset[:, 0], offset[:, 1]) + np.pi) / (2 * np.pi) * BINS).astype(int) % BINS
    radius = np.zeros(BINS)
    np.maximum.at(radius, angle, np.hypot(offset[:, 0], offset[:, 1]))
    met = np.flatnonzero(radius)
    radius = np.interp(np.arange(BINS), met, radius[met], period=BINS)
    waves = np.fft.rfft(radius)
    waves[: HARMONICS + 1] = 0
    return float(np.fft.irfft(waves, BINS).std() / radius.mean())


def sharpness(grey: np.ndarray) -> float:
    """Give the variance of the Laplacian of a grey picture (0–255)."""
    middle = grey[1:-1, 1:-1]
    edges = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float((edges - 4 * middle).var())


def blocks(grey: np.ndarray) -> float:
    """Give how much steps gather on every eighth line of a grey picture: above 1.5 where JPEG blocks show."""
    worst = []
    for axis in (0, 1):
        steps = np.abs(np.diff(grey, axis=axis)).mean(axis=1 - axis)
        phases = steps[: len(steps) // 8 * 8].reshape(-1, 8).mean(axis=0)
        worst.append(float(phases.max() / max(float(np.median(phases)), 1e-6)))
    return min(worst)
