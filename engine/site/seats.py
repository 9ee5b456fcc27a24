"""Seats: who may sit down at a site, told apart by a token in their link.

The one idea: we keep no token, only its hash, so that whoever reads our files cannot sit in anybody's place. Nothing
here knows what is done there.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping

LENGTH = 24
"""Bytes of a token: nobody guesses 192 bits, however often they try."""


class Seats:
    """Names by the hash of their token."""

    __slots__ = ("_names",)

    def __init__(self, names: Mapping[str, str]) -> None:
        """Keep names by the sha-256 of their tokens, as hex digits."""
        self._names = dict(names)

    def who(self, token: str) -> str:
        """Give the name whose token it is, "" for nobody's; found by its hash, so no time tells how near it was."""
        return self._names.get(fingerprint(token), "")

    @property
    def kept(self) -> Mapping[str, str]:
        """Give what may be written down."""
        return dict(self._names)


def make_seats(names: Iterable[str]) -> tuple[Seats, dict[str, str]]:
    """Draw a token for each name; give the seats, and the tokens by name, which are told once and kept nowhere."""
    tokens = {name: secrets.token_urlsafe(LENGTH) for name in names}
    return Seats({fingerprint(token): name for name, token in tokens.items()}), tokens


def fingerprint(token: str) -> str:
    """Give the 64 hex digits by which a token is known."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
