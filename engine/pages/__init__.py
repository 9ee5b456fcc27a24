"""Pages: how everything that is looked at in a browser is made of templates.

    house.css          one look for all of them: light, dark, phone, print
    house/base.html    a page: what it is, *simulated* where it is, its one main part, what it is not
    house/macros.html  numbers with their intervals, scores, turns

The one idea: whatever a template is given is a stranger's text, so it is escaped, and what would turn it around or
hide it is made visible, in one place. A page either is one file, held by a policy that names its own style and
scripts by their hashes (`Sealed`), or is served, and has neither in it. Nothing here knows what a page is about.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from engine.cells import picture_of
from engine.console.clean import clean, flatten
from engine.prose import percent

HOUSE = Path(__file__).parent
ENDING = re.compile(r"</(?:style|script)|<!--", re.IGNORECASE)
SHUT = "default-src 'none'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What a page of one file carries in itself, and the policy under which nothing else is obeyed."""

    style: Markup
    scripts: tuple[Markup, ...]
    """As they stand at the end of the page."""
    policy: str


def seal(
    *, styles: Iterable[str] = (), scripts: Iterable[str] = (), images: str = "", blind: bool = False
) -> Sealed:
    """Put the house's style, further ones and scripts into a page: files of ours, which go in as they are.

    `images` says where its photographs may come from, in the words of the policy; nowhere when left out. A `blind`
    page's style names no family. ValueError for a file that would end its own element.
    """
    style = "\n".join((house_style(blind=blind), *styles))
    texts = tuple(scripts)
    if any(ENDING.search(text) for text in (style, *texts)):
        raise ValueError("a style or script that is put into a page must not hold what would end it there.")
    rules = [SHUT, f"style-src {_hashed(style)}"]
    rules += [f"script-src {' '.join(map(_hashed, texts))}"] if texts else []
    rules += [f"img-src {images}"] if images else []
    return Sealed(
        style=Markup(style),
        scripts=tuple(map(Markup, texts)),
        policy="; ".join(rules),
    )


def house_style(*, blind: bool = False) -> str:
    """Give the style that all pages share; for a page that names no model, not even as a colour, without families."""
    lines = (HOUSE / "house.css").read_text().splitlines()
    return "\n".join(line for line in lines if not (blind and "family" in line)) + "\n"


def environment(folder: Path) -> jinja2.Environment:
    """Give the templates of a room's own folder, and the house's beside them."""
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, HOUSE]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["flat"] = flatten
    pages.globals |= {"percent": percent, "picture_of": picture_of}
    return pages


def _shown(value: Any) -> Any:
    """Make visible what turns text around or hides it; what is markup already was made of such values."""
    return clean(value) if type(value) is str else value


def _hashed(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
