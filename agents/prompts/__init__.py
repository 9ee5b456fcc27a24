"""The prompts, as files; this only finds and fills them."""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from pathlib import Path
from string import Template

HERE = Path(__file__).parent


@cache
def _read(name: str) -> Template:
    return Template((HERE / f"{name}.md").read_text(encoding="utf-8").strip())


@lru_cache(maxsize=1024)  # a conversation asks for the same text before each of its calls
def fill(name: str, /, **parts: str) -> str:
    """Fill the `$places` of prompts/<name>.md; a place without a part, or a part too many, is a KeyError."""
    template = _read(name)
    if extra := parts.keys() - set(template.get_identifiers()):
        raise KeyError(f"prompts/{name}.md has no place for {sorted(extra)}")
    return template.substitute(parts)


def digests() -> dict[str, str]:
    """Give the sha-256 of every prompt file by name, for the plan."""
    return {p.stem: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(HERE.glob("*.md"))}
