"""Addresses: whether a base URL can be called, and the one part of it that may be told.

A URL may carry a password, a tenant or a token; its host and port are all that is ever shown. Nothing here knows
whose it is.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

COMMON = "/v1"
"""The path that most servers have."""
TOKEN = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[^/]{12,}")
"""A step of a path that may be a tenant or a token."""


def fault_of(url: str) -> str:
    """Say what is wrong with a base URL, never quoting it, or give an empty string."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  raises when it is no number
    except ValueError:
        return "is not a URL"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "is not a URL that begins with http:// or https:// and names a host"
    if url != url.strip() or any(not letter.isprintable() or letter == " " for letter in url):
        return "holds a space or a control character"
    if parts.username is not None or parts.password is not None:
        return "holds a user name or a password, which belong into an environment variable"
    if parts.query or parts.fragment:
        return "holds a ? or a #, which a base URL cannot"
    return ""


def host_of(url: str) -> str:
    """Give the host, with its port where the URL names one."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return host if parts.port is None else f"{host}:{parts.port}"


def paths_of(url: str) -> list[str]:
    """Give what of a URL's path must not be told, the longest first: all of it, and steps that may be tokens."""
    found = set()
    for path in {urlsplit(url).path.rstrip("/"), unquote(urlsplit(url).path).rstrip("/")}:
        if len(path) > len(COMMON):
            found |= {path, path.removesuffix(COMMON), *filter(TOKEN.fullmatch, path.split("/"))}
    return sorted(found, key=lambda path: (-len(path), path))
