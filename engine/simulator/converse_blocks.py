"""The content of Converse's messages: words, photographs, tool calls and what came of them.

Reading weighs as it goes: every block is added to the prompt's trail in the order the service caches it. Nothing
here knows a request's options.
"""

from __future__ import annotations

from typing import Any

import orjson

from engine.simulator.photos import MEDIA, SHELF, BadPhoto, SentPhoto
from engine.simulator.request import Heard
from engine.simulator.served import ServedModel
from engine.simulator.tokens import PromptTrail
from engine.simulator.wire import Refused, expect

PHOTO_LIMIT = 3_750_000
"""Bytes, decoded."""
SIDE_LIMIT = 8000
"""Pixels."""
PHOTOS_A_MESSAGE = 20


class BlockReader:
    """Reads the messages of one request."""

    def __init__(self, trail: PromptTrail, served: ServedModel) -> None:
        self._trail = trail
        self._served = served

    def system(self, blocks: object) -> str:
        """Read the system text."""
        texts: list[str] = []
        for at, block in enumerate(expect(blocks, list, "system")):
            if "cachePoint" in expect(block, dict, f"system.{at}"):
                self._mark()
            else:
                texts.append(_text(block, f"system.{at}"))
                self._trail.add_text("system", texts[-1])
        return "\n\n".join(texts)

    def heard(self, row: object, place: str) -> Heard:
        """Read one message."""
        role = expect(row, dict, place).get("role")
        if role not in ("user", "assistant"):
            raise Refused(400, f"Value at '{place}.role' must be one of: user, assistant")
        blocks = expect(row.get("content"), list, f"{place}.content")
        if all(isinstance(block, dict) and "cachePoint" in block for block in blocks):
            told = f"The content field in the Message object at {place} is empty. Add a ContentBlock."
            raise Refused(400, told)
        texts, images = self._content(blocks, role, f"{place}.content")
        if len(images) > PHOTOS_A_MESSAGE:
            raise Refused(400, f"{place}: too many images: {len(images)} > {PHOTOS_A_MESSAGE}")
        return Heard(author=role, text="\n\n".join(texts), images=tuple(images))

    def _content(self, blocks: list[Any], role: str, place: str) -> tuple[list[str], list[bytes]]:
        texts: list[str] = []
        images: list[bytes] = []
        for at, block in enumerate(blocks):
            spot = f"{place}.{at}"
            if "cachePoint" in expect(block, dict, spot):
                self._mark()
            elif "image" in block:
                if role != "user":
                    raise Refused(400, f"{spot}: images are only accepted from the user.")
                photo = _photo(block["image"], spot)
                images.append(photo.data)
                self._trail.add_photo(photo)
            elif "toolResult" in block and role == "user":
                result = expect(block["toolResult"], dict, f"{spot}.toolResult")
                expect(result.get("toolUseId"), str, f"{spot}.toolResult.toolUseId")
                inside = expect(result.get("content"), list, f"{spot}.toolResult.content")
                said, shown = self._content(inside, role, f"{spot}.toolResult.content")
                texts += said
                images += shown
            elif "json" in block or (role == "assistant" and block.keys() & {"toolUse", "reasoningContent"}):
                self._trail.add_text(role, orjson.dumps(block).decode())
            else:
                texts.append(_text(block, spot))
                self._trail.add_text(role, texts[-1])
        return texts, images

    def _mark(self) -> None:
        if not self._served.cache_from:
            told = "You invoked an unsupported model or your request did not allow prompt caching."
            raise Refused(403, told)
        self._trail.mark()


def _text(block: dict[str, Any], place: str) -> str:
    text = expect(block.get("text"), str, f"{place}.text")
    if not text.strip():
        told = f"The text field in the ContentBlock object at {place} is blank."
        raise Refused(400, f"{told} Add text to the text field, and try again.")
    return text


def _photo(image: object, place: str) -> SentPhoto:
    image = expect(image, dict, place)
    source = expect(image.get("source"), dict, f"{place}.image.source")
    if (form := image.get("format")) not in MEDIA.values():
        raise Refused(400, f"{place}.image.format: must be one of gif, jpeg, png, webp")
    try:
        photo = SHELF.take(expect(source.get("bytes"), str, f"{place}.image.source.bytes"))
    except BadPhoto as bad:
        if str(bad) == "base64":
            raise Refused(400, "Invalid base64 in a blob.", kind="SerializationException") from None
        raise Refused(400, f"{place}: Could not process image") from None
    if photo.kind != form:
        raise Refused(400, f"{place}: the image is {photo.kind}, and not what its format field says.")
    if len(photo.data) > PHOTO_LIMIT:
        raise Refused(
            400, f"{place}: image exceeds 3.75 MB maximum: {len(photo.data)} bytes > {PHOTO_LIMIT} bytes"
        )
    if max(photo.width, photo.height) > SIDE_LIMIT:
        raise Refused(400, f"{place}: image dimensions exceed max allowed size: {SIDE_LIMIT} pixels")
    return photo
