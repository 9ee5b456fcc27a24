"""Framing: server-sent events, and Amazon's binary event stream with its two checksums.

Nothing here knows what is inside a frame.
"""

from __future__ import annotations

import re
import struct
from binascii import crc32
from typing import Any

import orjson

STRING = 7
"""The header type of a string, the only one the service uses."""
PRELUDE = 12
"""Bytes: total length, headers length, checksum of these two."""
PADDING = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
THREE_WORDS = re.compile(r"\s*(?:\S+\s*){1,3}|\s+")


def named_event(name: str, data: dict[str, Any]) -> bytes:
    """Frame a server-sent event with a name; its data repeats the name as `type`."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps({"type": name} | data))


def plain_event(data: dict[str, Any]) -> bytes:
    """Frame a server-sent event without a name."""
    return b"data: %s\n\n" % orjson.dumps(data)


def member_frame(name: str, data: dict[str, Any]) -> bytes:
    """Frame one member of an event stream."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return encode_frame(headers, orjson.dumps(data))


def exception_frame(name: str, data: dict[str, Any]) -> bytes:
    """Frame an error within an event stream; the name is in lower camel case."""
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return encode_frame(headers, orjson.dumps(data))


def encode_frame(headers: dict[str, str], payload: bytes) -> bytes:
    """Encode one message: prelude, its CRC-32, headers, payload, CRC-32 of all before; big-endian."""
    packed = b"".join(
        struct.pack(f">B{len(k)}sBH{len(v)}s", len(k), k, STRING, len(v), v)
        for k, v in ((key.encode(), value.encode()) for key, value in headers.items())
    )
    prelude = struct.pack(">II", PRELUDE + len(packed) + len(payload) + 4, len(packed))
    message = prelude + struct.pack(">I", crc32(prelude)) + packed + payload
    return message + struct.pack(">I", crc32(message))


def padding(id: str, at: int) -> str:
    """Give a piece of a stream letters without meaning, of a length its id (hexadecimal) and place decide."""
    return PADDING[: 3 + int(id[at % len(id)], 16) * 3]


def split_words(text: str) -> list[str]:
    """Cut a text into the pieces of a stream, some three words each; together they are the text."""
    return THREE_WORDS.findall(text)
