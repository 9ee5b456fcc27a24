"""From a chart to a picture that may stand in a page.

Vega writes the SVG, and what it wrote is read again as XML: sizes, styles and links go, names become the page's own,
and each mark says its numbers to who points at it. Nothing here knows what is shown.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import vl_convert

from engine.figures.theme import FRAME

SPACE = "http://www.w3.org/2000/svg"
POINTED = "graphics-symbol"
GONE = {"style", "width", "height", "font-family", "version", "pointer-events", "aria-roledescription"}
"""Attributes of elements other than shapes that a page does not want."""
SIZED = {"rect", "image", "clipPath"}
LONG = re.compile(r"-?\d+\.\d{3,}")
"""Lengths finer than anybody sees."""
ElementTree.register_namespace("", SPACE)


def render(chart: dict[str, Any], name: str, title: str, about: str, *, warned: bool) -> str:
    """Give the `<svg>` of a Vega-Lite chart; `warned` sets off the first line under its title."""
    root = ElementTree.fromstring(vl_convert.vegalite_to_svg(chart))
    width, height = (float(root.get(side, "0")) for side in ("width", "height"))
    for parent in list(root.iter()):
        for child in list(parent):
            if _empty(child):
                parent.remove(child)
    # Vega counts clips over all that it ever drew; a picture is the same whatever was drawn before it.
    known = dict.fromkeys(one.get("id") for one in root.iter() if one.get("id"))
    ids = {key: f"{name}-part{place}" for place, key in enumerate(known)}
    for one in root.iter():
        _tidy(one, ids)
    root.attrib.clear()
    root.attrib |= {
        "class": "figure",
        "viewBox": f"0 0 {max(width, FRAME):g} {height:g}",
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-about",
    }
    for place, (part, words) in enumerate((("title", title), ("desc", about))):
        spoken = ElementTree.Element(f"{{{SPACE}}}{part}", id=f"{name}-{'about' if place else 'title'}")
        spoken.text = words
        root.insert(place, spoken)
    if warned:
        _warn(root)
    return ElementTree.tostring(root, encoding="unicode")


def _empty(one: ElementTree.Element) -> bool:
    """Tell what draws nothing: the frames that Vega puts about every group."""
    return one.get("class") in ("background", "foreground") and not one.get("fill") and not one.get("stroke")


def _tidy(one: ElementTree.Element, ids: dict[str | None, str]) -> None:
    kind = one.tag.rpartition("}")[2]
    for key in list(one.attrib):
        bare = key.rpartition("}")[2]
        if bare == "href" or bare.startswith("on") or (bare in GONE and kind not in SIZED) or bare == "style":
            del one.attrib[key]
        elif not key.startswith("aria"):
            one.set(key, LONG.sub(lambda found: f"{float(found.group()):.2f}", one.attrib[key]))
    if one.get("opacity") == "1":
        del one.attrib["opacity"]
    if one.get("id"):
        one.set("id", ids[one.get("id")])
    if (clip := one.get("clip-path", "")).startswith("url(#"):
        one.set("clip-path", f"url(#{ids[clip[5:-1]]})")
    if one.get("role") == POINTED and (label := one.get("aria-label")) and kind != "g":
        told = ElementTree.SubElement(one, f"{{{SPACE}}}title")
        told.text = label


def _warn(root: ElementTree.Element) -> None:
    """Set the first line of the subtitle in the colour of warnings."""
    for group in root.iter(f"{{{SPACE}}}g"):
        if "role-title-subtitle" in group.get("class", "").split():
            first = next(group.iter(f"{{{SPACE}}}tspan"))
            first.attrib |= {"fill": "var(--warn)", "font-weight": "bold"}
            return
