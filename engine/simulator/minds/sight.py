"""What a simulated model can see: measurements of a photograph, and whether they can be trusted.

The one idea: everything said about a picture is earned from its bytes (shape, border, colours, sharpness), so
a blurred picture really is harder. It does not know which case the picture belongs to, nor any diagnosis.
"""

from __future__ import annotations

import hashlib
import io
from collections import OrderedDict
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, UnidentifiedImageError

from engine.simulator.minds.pixels import asymmetry, blocks, box, lab, roughness, segment, sharpness, skin

WIDE = 384
"""px; sharpness is measured at this size, since blur vanishes when a picture shrinks."""
NARROW = 96
"""px; the lesion is found at this size."""
LABEL = 0.045
"""Share of the height at the bottom edge that drawings use for their label, which is not skin."""
FAR = 0.092
"""Size of a lesion below which it was taken from too far away; the smallest of the clean drawings has 0.10."""
ASIDE = 0.18
"""How far from the middle, as a share of the side, a lesion lies that the frame may have cut."""
BESIDE = 0.26
"""And from where on it is no longer what the picture was taken of."""
CUT = 0.12
"""Share of its outline on the frame from which such a lesion is cut."""
WHITE, INK = 225, 90
"""Lightness, 0 to 255, of a strip that was laid over a picture, and of the letters on it."""
STRIP = 0.03
"""Share of the height from which it is one."""
KEPT = 256
"""Photographs remembered by each process."""

# Named colours as sRGB prototypes; a pixel takes the name of its nearest one in Lab.
PALETTE = {
    "black": (34, 27, 28),
    "dark brown": (78, 48, 36),
    "brown": (122, 82, 56),
    "tan": (186, 140, 100),
    "red": (172, 56, 52),
    "pink": (221, 145, 138),
    "blue-grey": (102, 110, 130),
    "white": (236, 228, 220),
    "yellow": (214, 182, 92),
    "purple": (112, 58, 98),
}
NAMES = tuple(PALETTE)
PROTOTYPES = lab(np.array(list(PALETTE.values()), dtype=np.float32))

_seen: OrderedDict[str, Look] = OrderedDict()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was measured in one photograph."""

    fault: str = ""
    """Why it cannot be relied on: unreadable, small, dark, bright, blurred, blocky, cast, far, cut or empty;
    "" when it can."""
    asymmetry: float = 0.0
    """0 (mirrors onto itself) to about 0.5."""
    roughness: float = 0.0
    """Of the outline, as a share of its radius; 0.01 is a smooth oval, above 0.06 ragged."""
    colours: tuple[tuple[str, float], ...] = ()
    """Names with their shares of the lesion, biggest first."""
    size: float = 0.0
    """Diameter of a disc of the same area, as a share of the picture's shorter side."""
    sharpness: float = 0.0
    """Variance of the Laplacian at 384 px."""
    brightness: float = 0.0
    """Mean lightness, 0–100."""
    contrast: float = 0.0
    """Distance in Lab between the lesion and the skin around it."""
    speckle: float = 0.0
    """Spread of lightness within the lesion, 0–100: scale, crust or mottling."""
    writing: bool = False
    """There is a strip with words across it. What they say cannot be read."""

    @property
    def usable(self) -> bool:
        """Say whether a careful reader would rely on it."""
        return not self.fault


def look(encoded: bytes) -> Look:
    """Measure an encoded photograph; bytes that cannot be decoded give the fault "unreadable"."""
    key = hashlib.sha256(encoded).hexdigest()
    if (known := _seen.get(key)) is not None:
        _seen.move_to_end(key)
        return known
    found = _seen[key] = _measure(encoded)
    while len(_seen) > KEPT:
        _seen.popitem(last=False)
    return found


def _measure(encoded: bytes) -> Look:
    try:
        with Image.open(io.BytesIO(encoded)) as opened:
            shorter = min(opened.size)
            opened.draft("RGB", (WIDE, WIDE))
            picture = opened.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return Look(fault="unreadable")
    if shorter < 16:
        return Look(fault="small")
    picture.thumbnail((WIDE, WIDE), Image.Resampling.BILINEAR)
    picture = picture.crop((0, 0, picture.width, round(picture.height * (1 - LABEL))))
    picture, writing = _without_strip(picture)
    small = picture.copy()
    small.thumbnail((NARROW, NARROW), Image.Resampling.BOX)
    return replace(_describe(picture, lab(np.asarray(small)), shorter), writing=writing)


def _without_strip(picture: Image.Image) -> tuple[Image.Image, bool]:
    """Give the larger part beside a white strip with dark letters, and whether there was one."""
    grey = np.asarray(picture.convert("L"))
    rows = np.flatnonzero(((grey > WHITE).mean(axis=1) > 0.4) & ((grey > WHITE)[:, :2].all(axis=1)))
    if len(rows) < STRIP * picture.height or (grey[rows] < INK).mean() < 0.01:
        return picture, False
    above, below = int(rows[0]), picture.height - int(rows[-1]) - 1
    if max(above, below) < 16:
        return picture, False
    top, bottom = (0, above) if above > below else (int(rows[-1]) + 1, picture.height)
    return picture.crop((0, top, picture.width, bottom)), True


def _describe(picture: Image.Image, small: np.ndarray, shorter: int) -> Look:
    """Describe a picture, also given small and in Lab; `shorter` is the original's shorter side in px."""
    plain = skin(small)
    mask = segment(small, plain)
    grey = np.asarray(picture.convert("L"), dtype=np.float32)
    sharp, bright = sharpness(grey), float(small[..., 0].mean())
    area = int(mask.sum())
    if area < 12:
        fault = _fault(small, grey, plain, contrast=0.0, shorter=shorter) or "empty"
        return Look(fault=fault, sharpness=sharp, brightness=bright)
    inside = small[mask]
    contrast = float(np.linalg.norm(np.median(inside, axis=0) - plain))
    # A small lesion is a dozen pixels wide by now: its outline is read from an enlargement.
    close = _closer(picture, mask, plain)
    poor = _fault(small, grey, plain, contrast=contrast, shorter=shorter)
    size = float(2 * np.sqrt(area / np.pi) / min(mask.shape))
    return Look(
        fault=poor or ("far" if size < FAR else "cut" if _cut(mask) else ""),
        asymmetry=asymmetry(close),
        roughness=roughness(close),
        colours=_colours(inside),
        size=size,
        sharpness=sharp,
        brightness=bright,
        contrast=contrast,
        speckle=float(inside[:, 0].std()),
    )


def _closer(picture: Image.Image, mask: np.ndarray, plain: np.ndarray) -> np.ndarray:
    """Find the lesion again in an enlargement of its surroundings; where that fails the first mask stands."""
    left, top, right, bottom = box(mask, 0.25)
    wide, high = picture.size
    part = picture.resize(
        (NARROW, NARROW), Image.Resampling.BILINEAR, (left * wide, top * high, right * wide, bottom * high)
    )
    again = segment(lab(np.asarray(part)), plain)
    # What fills much more or less of the enlargement than it should is not the lesion that was found first.
    wanted = mask.mean() / ((right - left) * (bottom - top))
    return again if 0.6 < again.mean() / wanted < 1.6 else mask


def _colours(inside: np.ndarray) -> tuple[tuple[str, float], ...]:
    """Name the pixels of a lesion, shape (n, 3) in Lab; names under 4% are noise and left out."""
    nearest = np.linalg.norm(inside[:, None, :] - PROTOTYPES[None], axis=-1).argmin(axis=1)
    shares = np.bincount(nearest, minlength=len(NAMES)) / len(inside)
    named = [(NAMES[i], round(float(share), 3)) for i, share in enumerate(shares) if share >= 0.04]
    return tuple(sorted(named, key=lambda pair: -pair[1]))


def _fault(small: np.ndarray, grey: np.ndarray, plain: np.ndarray, *, contrast: float, shorter: int) -> str:
    """Name what is wrong with a picture, worst first; bounds were set on drawings and clinic photographs."""
    bright = float(small[..., 0].mean())
    if shorter < 120:
        return "small"
    if bright < 20:
        return "dark"
    if bright > 93 or (small[..., 0] > 97).mean() > 0.12:
        return "bright"
    # A low-contrast lesion has a soft picture without being out of focus, so the bound falls with contrast.
    sharp = sharpness(grey)
    if sharp < min(3.2, 1.6 + contrast / 15):
        return "blurred"
    # Forwarded pictures are shrunk to about a third before they are squeezed: their blocks show at that size.
    third = Image.fromarray(grey.astype(np.uint8)).reduce(3)
    if blocks(np.asarray(third, dtype=np.float32)) > 1.5:
        return "blocky"
    return "cast" if _tinted(plain) else ""


def _cut(mask: np.ndarray) -> bool:
    """Say whether the frame cuts the lesion: it lies to one side and runs along the frame, or barely shows."""
    rows, columns = np.nonzero(mask)
    high, wide = mask.shape
    off = float(np.hypot(rows.mean() / high - 0.5, columns.mean() / wide - 0.5))
    met = sum(int(edge.sum()) for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    return off > BESIDE or (off > ASIDE and met > CUT * 2 * np.sqrt(np.pi * len(rows)))


def _tinted(plain: np.ndarray) -> bool:
    """Say whether skin has a colour that skin does not have: only a coloured lamp makes it so."""
    _, a, b = plain
    angle, chroma = np.degrees(np.arctan2(b, a)), np.hypot(a, b)
    return bool(chroma > 48 or (chroma > 8 and not 8 < angle < 105))
