"""What must never be told: keys, tokens and signatures, in whatever form a text from outside holds them.

A known secret is taken out as it stands, URL-encoded and within base64; what only looks like one goes as well.
Nothing here knows where secrets come from.
"""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from functools import lru_cache
from urllib.parse import quote

from engine.errors import BadCredential

SHORTEST = 6
"""Characters of what counts as a secret; a shorter one would take words out of sentences."""
VALUE = r"[^\s,&\"']+"
LOOKS = (
    (re.compile(r"(?i)\bbearer\s+(?:(?=\S*\d)[\w.~+/=*-]{6,}|[\w.~+/=*-]{20,})"), "Bearer <token>"),
    (re.compile(r"(?i)\bbasic\s+[\w+/]{16,}=*"), "Basic <token>"),
    (
        re.compile(rf"(?i)(\b(?:x-amz-)?(?:credential|signature|security-token)\"?\s*[=:]\s*\"?){VALUE}"),
        r"\1<removed>",
    ),
    (
        re.compile(
            rf"(?i)(\b(?:x-api-key|api[-_]key|authorization|access_token)\"?\s*[=:]\s*\"?)"
            rf"(?!bearer |basic |<){VALUE}"
        ),
        r"\1<removed>",
    ),
    (re.compile(r"\b(?:sk|pk|rk)-[\w*.-]{8,}"), "<key>"),
    (re.compile(r"\b(?:hf_|gsk_|xai-|ghp_|AIza|ABSK)[\w+/=*-]{12,}"), "<key>"),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"), "<key>"),
    (re.compile(r"(://)[^/\s@\"']+@"), r"\1<removed>@"),
)
"""What looks like a secret, and what is put in its place."""


def check_keys(secrets: Mapping[str, str]) -> None:
    """Raise BadCredential, naming the variable, when a key could stand in no header."""
    for name, secret in secrets.items():
        if not (secret.isascii() and secret.isprintable()):
            raise BadCredential(
                f"{name} holds a character that no key has (a line end, a control character, or one beyond ASCII, "
                "such as a curly quote): set it again, without what was copied along."
            )


def remove(text: str, secrets: Mapping[str, str]) -> str:
    """Take every secret, known by the name to put in its place, and whatever looks like one out of a text."""
    for name, secret in sorted(secrets.items(), key=lambda item: -len(item[1])):
        if len(secret) >= SHORTEST:
            for form in forms(secret):
                text = _uncut(text.replace(form, f"<{name}>"), form, f"<{name}>")
    for look, instead in LOOKS:
        text = look.sub(instead, text)
    return text


def _uncut(text: str, form: str, instead: str) -> str:
    """Take out what is left of a secret at either end of a text that somebody else has cut."""
    for size in range(min(len(form), len(text)), SHORTEST - 1, -1):
        if text.startswith(form[-size:]):
            return _uncut(instead + text[size:], form, instead)
        if text.endswith(form[:size]):
            return _uncut(text[:-size] + instead, form, instead)
    return text


@lru_cache(maxsize=64)
def forms(secret: str) -> tuple[str, ...]:
    """Give a secret as it may stand in a text: itself, URL-encoded, and within base64; the longest first."""
    quoted = {quote(secret, safe=safe) for safe in ("", "/")}
    small = {re.sub("%[0-9A-F]{2}", lambda found: found.group().lower(), each) for each in quoted}
    found = {secret, *quoted, *small, *_encoded(secret.encode())}
    return tuple(sorted((form for form in found if len(form) >= SHORTEST), key=len, reverse=True))


def _encoded(secret: bytes) -> Iterator[str]:
    """Give the characters that base64 makes of these bytes alone, wherever they begin in what was encoded."""
    for shift, before in ((0, 0), (1, 2), (2, 3)):
        for encode in (b64encode, urlsafe_b64encode):
            whole = encode(bytes(shift) + secret).decode().rstrip("=")
            partial = (shift + len(secret)) % 3 != 0  # the last character holds bits of what comes after
            yield whole[before : len(whole) - partial]
