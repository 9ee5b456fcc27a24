"""What a prompt weighs, and how much of it the provider still remembers.

A prompt is a trail of prefixes, each with a hash and its tokens so far; a cache is a set of such hashes with
the times they are forgotten. Only the bill depends on it: what a model answers never does. Nothing here knows
prices or protocols.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from math import ceil

from engine.simulator.photos import SentPhoto

LETTERS = 4
"""Characters a token, about right for English prose at all four vendors."""
STEP = 128
"""Tokens in which an automatic cache counts."""
SHORT, LONG = 300.0, 3600.0
"""Seconds an entry lives after its last use."""
CROWDED = 100_000
"""Entries above which those that were used least lately are forgotten before their time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """What one call is billed for, in tokens; the input is the sum of the first three."""

    fresh: int
    read: int
    """From the cache."""
    written: int
    """To the cache."""
    written_long: int = 0
    """The part of `written` that is kept for an hour."""
    output: int = 0
    reasoning: int = 0
    """The part of `output` that was reasoning."""

    @property
    def input(self) -> int:
        """Everything that was sent."""
        return self.fresh + self.read + self.written


class PromptTrail:
    """The prefixes of one prompt, in order; blocks are added as they are read."""

    __slots__ = ("_eyes", "_steps", "marks", "photos", "prefixes", "total")

    def __init__(self, model: str, eyes: str, *, automatic: bool = False) -> None:
        self._eyes = eyes
        self._steps = automatic
        self.total = 0
        """Tokens."""
        self.photos = 0
        """Tokens of photographs, a part of the total."""
        self.prefixes: list[tuple[int, int]] = [(hash(model), 0)]
        """(hash, tokens so far)."""
        self.marks: list[tuple[int, float]] = []
        """(position in prefixes, seconds to keep) that the sender asked to be cached."""

    def add_text(self, author: str, text: str) -> None:
        """Add words; an automatic cache sees them in steps of 128 tokens."""
        if self._steps:
            for start in range(0, len(text), STEP * LETTERS):
                piece = text[start : start + STEP * LETTERS]
                self._add(hash((author, piece)), ceil(len(piece) / LETTERS))
        else:
            self._add(hash((author, text)), ceil(len(text) / LETTERS))

    def add_photo(self, photo: SentPhoto) -> None:
        """Add a photograph."""
        tokens = photo_tokens(self._eyes, photo.width, photo.height)
        self.photos += tokens
        self._add(photo.key, tokens)

    def mark(self, keep: float = SHORT) -> None:
        """Ask for the prefix up to here to be kept, in seconds."""
        self.marks.append((len(self.prefixes) - 1, keep))

    def _add(self, key: int, tokens: int) -> None:
        self.total += tokens
        self.prefixes.append((hash((self.prefixes[-1][0], key)), self.total))


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheLook:
    """What the cache knew of a prompt, and what it will know once the answer has begun."""

    usage: TokenUsage
    entries: list[tuple[int, float]]
    """(hash, seconds to keep)."""


@dataclass(slots=True)
class PrefixCache:
    """The prefixes that all served models remember; times in seconds of the caller's clock."""

    _until: OrderedDict[int, float] = field(default_factory=OrderedDict)  # in the order of their last use

    def __len__(self) -> int:
        return len(self._until)

    def look(self, trail: PromptTrail, least: int, now: float, *, automatic: bool = False) -> CacheLook:
        """Split a prompt into fresh, read and written tokens; `least` as ServedModel.cache_from."""
        if not least or trail.total < least:
            return CacheLook(usage=TokenUsage(fresh=trail.total, read=0, written=0), entries=[])
        return self._automatic(trail, least, now) if automatic else self._marked(trail, least, now)

    def keep(self, look: CacheLook, now: float) -> None:
        """Remember a prompt; called when its answer begins, for nothing is usable earlier."""
        known = self._until
        for key, seconds in look.entries:
            known[key] = max(known.pop(key, 0.0), now + seconds)  # the last in the row
        while known:
            key, until = known.popitem(last=False)
            if until > now and len(known) < CROWDED:
                known[key] = until
                known.move_to_end(key, last=False)
                break

    def _automatic(self, trail: PromptTrail, least: int, now: float) -> CacheLook:
        known = 0
        for key, tokens in trail.prefixes[1:]:
            if self._until.get(key, 0.0) <= now:
                break
            known = tokens
        read = known // STEP * STEP if known >= least else 0
        usage = TokenUsage(fresh=trail.total - read, read=read, written=0)
        return CacheLook(usage=usage, entries=[(key, SHORT) for key, _ in trail.prefixes[1:]])

    def _marked(self, trail: PromptTrail, least: int, now: float) -> CacheLook:
        marks = [(position, keep) for position, keep in trail.marks if trail.prefixes[position][1] >= least]
        if not marks:
            return CacheLook(usage=TokenUsage(fresh=trail.total, read=0, written=0), entries=[])
        last = trail.prefixes[marks[-1][0]][1]
        before = reversed(trail.prefixes[: marks[-1][0] + 1])
        read = next((tokens for key, tokens in before if self._until.get(key, 0.0) > now), 0)
        long = max((trail.prefixes[position][1] for position, keep in marks if keep == LONG), default=0)
        usage = TokenUsage(
            fresh=trail.total - last, read=read, written=last - read, written_long=max(0, long - read)
        )
        return CacheLook(usage=usage, entries=[(trail.prefixes[at][0], keep) for at, keep in marks])


def count_tokens(text: str) -> int:
    """Estimate the tokens of a text."""
    return ceil(len(text) / LETTERS)


def photo_tokens(eyes: str, width: int, height: int) -> int:
    """Give the tokens of a photograph by the vendor's rule; the size is in pixels.

    Claude and GPT: published grids of patches. Llama 4: tiles of 336 px, 144 tokens each, one for the whole.
    Nova publishes examples only, which lie near one token for 650 square pixels.
    """
    if eyes == "claude":
        return _patches(width, height, cell=28, side=1568, most=1568)
    if eyes == "gpt":
        return _patches(width, height, cell=32, side=2048, most=1536)
    if eyes == "llama":
        tiles = min(16, ceil(width / 336) * ceil(height / 336))
        return 144 * (tiles + (tiles > 1))
    return max(1, min(width * height // 650, 2600))


def _patches(width: int, height: int, *, cell: int, side: int, most: int) -> int:
    """Count the cells of the largest copy within `side` px that needs at most `most` cells."""
    longest = max(width, height)

    def cells(long: int) -> int:
        w, h = max(1, round(width * long / longest)), max(1, round(height * long / longest))
        return ceil(w / cell) * ceil(h / cell)

    low, high = 1, min(longest, side)
    while low < high:  # cells() never falls as the copy grows
        middle = (low + high + 1) // 2
        low, high = (middle, high) if cells(middle) <= most else (low, middle - 1)
    return cells(low)
