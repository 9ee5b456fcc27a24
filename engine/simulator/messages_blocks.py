"""The content of Anthropic's messages: words, photographs, tool calls and what came of them.

Reading weighs as it goes: every block is added to the prompt's trail in the order the provider caches it. Nothing
here knows a request's options.
"""

from __future__ import annotations

import orjson

from engine.simulator.photos import MEDIA, SHELF, BadPhoto, SentPhoto
from engine.simulator.request import Heard
from engine.simulator.served import ServedModel
from engine.simulator.tokens import LONG, SHORT, PromptTrail
from engine.simulator.wire import Refused, expect

PHOTO_TEXT_LIMIT = 10 * 1024 * 1024
"""Characters of base64."""
SIDE_LIMIT = 8000
"""Pixels."""
CROWD, CROWD_SIDE = 20, 2000
"""With more photographs than this in a request, each may be only so many pixels wide or high."""
WIDE_CONTEXT = 1_000_000
"""Tokens of context from which a request may hold 600 photographs instead of 100."""
TOO_WIDE = "At least one of the image dimensions exceed max allowed size"
EXPECTED = {"user": "'image', 'text', 'tool_result'", "assistant": "'text', 'thinking', 'tool_use'"}


class BlockReader:
    """Reads the messages of one request; `cites` says whether the user's words may hold citations."""

    def __init__(self, trail: PromptTrail, served: ServedModel, *, cites: bool) -> None:
        self._trail = trail
        self._served = served
        self._cites = cites
        self._photos: list[tuple[str, SentPhoto]] = []

    def system(self, content: object) -> str:
        """Read the system text."""
        return self._content(content, "system", "system")[0]

    def heard(self, row: object, place: str) -> Heard:
        """Read one message."""
        role = expect(row, dict, place).get("role")
        if role not in ("user", "assistant"):
            raise Refused(400, f"{place}.role: Input should be 'user' or 'assistant'")
        text, photos = self._content(row.get("content"), f"{place}.content", role)
        if not text and not photos and not row.get("content"):
            raise Refused(400, f"{place}: all messages must have non-empty content")
        return Heard(author=role, text=text, images=photos)

    def check_photos(self) -> None:
        """Refuse too many photographs, or too large ones among many."""
        most = 600 if (self._served.context or WIDE_CONTEXT) >= WIDE_CONTEXT else 100
        if len(self._photos) > most:
            raise Refused(400, f"Too much media: 0 document pages + {len(self._photos)} images > {most}")
        for place, photo in self._photos if len(self._photos) > CROWD else ():
            if max(photo.width, photo.height) > CROWD_SIDE:
                told = f"{TOO_WIDE} for many-image requests: {CROWD_SIDE} pixels"
                raise Refused(400, f"{place}.base64.data: {told}")

    def _content(self, content: object, place: str, author: str) -> tuple[str, tuple[bytes, ...]]:
        if isinstance(content, str):
            if content:
                self._trail.add_text(author, content)
            return content, ()
        texts: list[str] = []
        images: list[bytes] = []
        for at, block in enumerate(expect(content, list, place)):
            spot = f"{place}.{at}"
            kind = expect(block, dict, spot).get("type")
            if kind == "text":
                if not expect(block.get("text"), str, f"{spot}.text"):
                    raise Refused(400, f"{spot}: text content blocks must be non-empty")
                if block.get("citations") and author == "user" and not self._cites:
                    raise Refused(400, f"{spot}.text.citations: Extra inputs are not permitted")
                texts.append(block["text"])
                self._trail.add_text(author, block["text"])
            elif kind == "image" and author == "user":
                photo = _photo(block.get("source"), f"{spot}.image.source")
                self._photos.append((f"{spot}.image.source", photo))
                images.append(photo.data)
                self._trail.add_photo(photo)
            elif kind == "tool_result" and author == "user":
                expect(block.get("tool_use_id"), str, f"{spot}.tool_result.tool_use_id")
                text, shown = self._content(block.get("content", ""), f"{spot}.tool_result.content", author)
                texts.append(text)
                images.extend(shown)
            elif kind in ("tool_use", "thinking", "redacted_thinking") and author == "assistant":
                self._trail.add_text(author, orjson.dumps(block).decode())
            else:
                listed = EXPECTED.get(author, "'text'")
                raise Refused(400, f"{spot}: Input tag {kind!r} is not one of the expected tags: {listed}")
            if mark := block.get("cache_control"):
                self._trail.mark(keep(mark))
        return "\n\n".join(texts), tuple(images)


def keep(mark: object) -> float:
    """Give the seconds that a cache mark asks for."""
    return LONG if isinstance(mark, dict) and mark.get("ttl") == "1h" else SHORT


def _photo(source: object, place: str) -> SentPhoto:
    if expect(source, dict, place).get("type") != "base64":
        raise Refused(400, f"{place}.type: this simulator fetches nothing; send the photograph as base64.")
    place, media = f"{place}.base64", source.get("media_type")
    if media not in MEDIA:
        listed = "'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"
        raise Refused(400, f"{place}.media_type: Input should be {listed}")
    text = expect(source.get("data"), str, f"{place}.data")
    if (size := len(text)) > PHOTO_TEXT_LIMIT:
        raise Refused(400, f"{place}: image exceeds 10 MB maximum: {size} bytes > {PHOTO_TEXT_LIMIT} bytes")
    try:
        photo = SHELF.take(text)
    except BadPhoto as bad:
        known = str(bad) == "base64"
        raise Refused(
            400, f"{place}.data: invalid base64 data" if known else "Could not process image"
        ) from None
    if photo.kind != MEDIA[media]:
        raise Refused(400, f"{place}.data: Image does not match the provided media type {media}")
    if max(photo.width, photo.height) > SIDE_LIMIT:
        raise Refused(400, f"{place}.data: {TOO_WIDE}: {SIDE_LIMIT} pixels")
    return photo
