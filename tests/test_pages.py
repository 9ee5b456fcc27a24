"""Every page is made so that nothing in it is obeyed but what is ours."""

from __future__ import annotations

import base64
import hashlib
import re

import jinja2
import pytest

from agents.speech import Turn
from engine.pages import environment, house_style, seal

PAGE = """{% extends "house/base.html" %}{% import "house/macros.html" as house %}
{% block main %}<h1>{{ title }}</h1><ol class="turns">{{ house.turn(turn) }}</ol>{% endblock %}"""
HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m"


def drawn(tmp_path, *, simulated=True, sealed=None, text=HOSTILE):
    (tmp_path / "page.html").write_text(PAGE)
    turn = Turn(index=3, speaker="assistant", text=text)
    page = environment(tmp_path).get_template("page.html")
    return page.render(title=text, turn=turn, simulated=simulated, status="draft", sealed=sealed)


def test_what_a_stranger_says_stays_text(tmp_path):
    page = drawn(tmp_path)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 2
    assert "\u202e" not in page
    assert "\x1b" not in page


def test_a_page_says_whether_it_is_simulated_and_what_it_is_not(tmp_path):
    assert "<strong>Simulated.</strong>" in drawn(tmp_path)
    assert "Simulated:" in drawn(tmp_path)
    assert "Simulated" not in drawn(tmp_path, simulated=False)
    assert "not a medical device" in drawn(tmp_path, simulated=False)


def test_a_sealed_page_names_what_it_holds_by_its_hash(tmp_path):
    page = drawn(tmp_path, sealed=seal(styles=["p { color: red }"], scripts=["let a = 1 < 2"]))
    for kind in ("style", "script"):
        (held,) = re.findall(f"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
        hashed = base64.b64encode(hashlib.sha256(held.encode()).digest()).decode()
        policy = page.split('http-equiv="Content-Security-Policy" content="')[1].split('"')[0]
        assert f"{kind}-src &#39;sha256-{hashed}&#39;" in policy
    assert "unsafe" not in page
    assert "let a = 1 < 2" in page


@pytest.mark.parametrize("text", ["a </script> b", "</STYLE", "<!-- a"])
def test_what_would_end_its_own_element_is_not_put_into_a_page(text):
    with pytest.raises(ValueError, match="end it there"):
        seal(scripts=[text])


def test_a_name_that_a_template_is_not_given_is_an_error(tmp_path):
    (tmp_path / "page.html").write_text("{{ nothing }}")
    with pytest.raises(jinja2.UndefinedError):
        environment(tmp_path).get_template("page.html").render()


PAIRS = [
    *((text, ground) for text in ("ink", "soft", "accent") for ground in ("paper", "card", "faint")),
    ("warn", "warn-paper"),
    ("accent-ink", "accent"),
]


@pytest.mark.parametrize("palette", range(3), ids=["light", "dark", "print"])
def test_every_text_can_be_read_on_its_ground(palette):
    found = [dict(re.findall(r"--([\w-]+): (#\w{6})", part)) for part in house_style().split(":root")[1:4]]
    colours = found[0] | found[palette]
    for text, ground in PAIRS:
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for name, colour in colours.items():
        if name.startswith(("family-", "score-")):
            assert contrast(colour, colours["paper"]) >= 3, name


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours, 1 to 21 (WCAG 2.2)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
