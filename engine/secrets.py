"""What must never be told: keys, tokens, signatures and places, in whatever form a text from outside holds them.

A known secret is taken out as it stands, URL-encoded and within base64; what only looks like one goes as well, and
so do paths, which name people.
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
VALUE = r"[^\s,;&\"'<>]+"
FIELDS = (
    *(
        r"(?:x-amz-)?credential",
        "(?:x-amz-)?signature",
        "security[-_]?token",
        "api[-_]?key",
        "access[-_]?key",
    ),
    *("subscription[-_]key", "private[-_]?key", "secret[-_]?(?:access[-_]?)?key", "client[-_]?secret"),
    *("(?:access|session|auth|refresh|id)[-_]?token", "authorization", "password", "passwd"),
)
"""Names, or the ends of names, of fields and headers that hold a secret."""
ASSIGNED = r"[\"']?\s*[=:]\s*[\"']?"
LOOKS = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*KEY-----|\Z)", re.DOTALL), "<key>"),
    (re.compile(r"(?i)\bbearer\s+(?:(?=\S*\d)[\w.~+/=*-]{6,}|[\w.~+/=*-]{20,})"), "Bearer <token>"),
    (re.compile(r"(?i)\bbasic\s+[\w+/]{16,}=*"), "Basic <token>"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"), "<token>"),
    (
        re.compile(
            rf"(?i)\b((?:[\w-]{{0,40}}[-_])?(?:{'|'.join(FIELDS)}){ASSIGNED})(?!<|bearer <|basic <)"
            rf"(?:(?:bearer|basic|token|digest|apikey)\s+)?{VALUE}"
        ),
        r"\1<removed>",
    ),
    (re.compile(rf"(?i)([?&](?:sig|key|token|auth|secret|pass|pwd)=){VALUE}"), r"\1<removed>"),
    (re.compile(r"(?i)\b((?:set-)?cookie\"?\s*:\s*\"?)[^\r\n\"]+"), r"\1<removed>"),
    (re.compile(r"\b(?:sk|pk|rk)-[\w*.-]{8,}"), "<key>"),
    (
        re.compile(r"\b(?:hf_|gsk_|xai-|gh[opsu]_|github_pat_|glpat-|xox[abprs]-|AIza|ABSK)[\w+/=*-]{12,}"),
        "<key>",
    ),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"), "<key>"),
    (re.compile(r"(://)[^/\s@\"']+@"), r"\1<removed>@"),
)
"""What looks like a secret, and what is put in its place."""
DISKS = "home|Users|root|mnt|media|Volumes|data|tmp|var|opt|srv|usr|etc|private|workspace|scratch"
PLACES = re.compile(
    rf"file://[^\s\"'<>]+|(?<![\w.:/~-])(?:~[\w-]*|/(?:{DISKS}))/[^\s\"'<>:,;()\[\]]+"
    r"|\b[A-Za-z]:(?:\\{1,2}[^\s\"'<>|:,;()\\]+)+"
)
"""Paths on a disk, be it this machine's or that of a server of one's own."""


def check_keys(secrets: Mapping[str, str]) -> None:
    """Raise BadCredential, naming the variable, when a key could stand in no header."""
    for name, secret in secrets.items():
        if not (secret.isascii() and secret.isprintable()):
            raise BadCredential(
                f"{name} holds a character that no key has (a line end, a control character, or one beyond ASCII, "
                "such as a curly quote): set it again, without what was copied along."
            )


def remove(text: str, secrets: Mapping[str, str]) -> str:
    """Take every secret, known by the name to put in its place, whatever looks like one, and paths out of a text."""
    for name, secret in sorted(secrets.items(), key=lambda item: -len(item[1])):
        if len(secret) >= SHORTEST:
            for form in forms(secret):
                text = _uncut(text.replace(form, f"<{name}>"), form, f"<{name}>")
    for look, instead in LOOKS:
        text = look.sub(instead, text)
    return PLACES.sub("<path>", text)


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
