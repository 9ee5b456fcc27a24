"""The prompts, as files, and the tables beside them; this only finds, fills and digests them."""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from pathlib import Path
from string import Template

HERE = Path(__file__).parent
PLANNER = (
    *(f"agents/{room}.py" for room in ("cues", "disclosure", "mood", "moves", "planner", "staged")),
    *("personas/slots.py", "personas/slots.toml"),
)
"""What decides, beside the files here, what a patient may say in which turn."""
WORDED = {
    "traits": ("personas/people/traits.py", "personas/people/traits.toml"),
    "chart": ("personas/records/chart.py",),
    "fence": ("agents/fence.py",),
    "planner": PLANNER,
}
"""What else words a prompt, by a name of its own: a patient's traits, the health record, the fences around what
others said, the planner."""


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


def places(name: str) -> tuple[str, ...]:
    """Give the names of the `$places` of prompts/<name>.md."""
    return tuple(_read(name).get_identifiers())


def digests() -> dict[str, str]:
    """Give the sha-256 of every file that shapes a prompt, by its name without the ending, and of `WORDED`."""
    files = sorted((*HERE.glob("*.md"), *HERE.glob("*.toml")))
    found = {file.stem: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    root = Path(__file__).parents[2]
    for name, parts in WORDED.items():
        found[name] = hashlib.sha256(b"".join((root / part).read_bytes() for part in parts)).hexdigest()
    return found
