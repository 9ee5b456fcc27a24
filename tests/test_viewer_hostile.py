"""Whatever a model, a patient or a file says, a page shows it as text and obeys none of it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from agents.interview import Interview, Possibility
from agents.speech import Turn
from engine.events import ConversationEnded, Event, InterviewGiven, TurnSpoken, VerdictGiven
from personas.scenarios.store import identify
from personas.values import Entry, Fact
from rubrics.values import CapEvent, Quote, Verdict
from tests.audited import recorded, scenario
from tests.viewed import viewed

EVIL = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><svg/onload=alert(3)> {{ 7*7 }} {% raw %} "
    "https://evil.example javascript:alert(4) \u202egnp.\u202c \x1b[31m &lt;b&gt; "
    "</li></ol></main><style>*{display:none}"
)


def wicked() -> object:
    """Give a scenario in which every word is one that a browser might obey."""
    plain = scenario(0)
    record = replace(
        plain.record,
        name=EVIL,
        problems=(Entry(text=EVIL, since=EVIL),),
        allergies=(Entry(text=EVIL),),
        observations=(Entry(text=EVIL, value=EVIL),),
    )
    facts = (Fact(slot=EVIL, says=EVIL, gate="volunteered", discriminating=True), *plain.persona.facts)
    persona = replace(
        plain.persona,
        name=EVIL,
        worry=EVIL,
        hidden=EVIL,
        belief=EVIL,
        belief_source="web",
        facts=facts,
        opening=EVIL,
    )
    truth = replace(plain.truth, title=EVIL, site=EVIL, findings=(EVIL,), must_not=(EVIL,), watch=EVIL)
    return replace(
        plain, title=EVIL, record=record, persona=persona, truth=truth, attribution=EVIL, source=EVIL
    )


@pytest.fixture
def run(tmp_path) -> Path:
    """Write a run in which everybody says it, and jurors quote it."""
    scene = identify(wicked())
    folder = recorded(tmp_path / "<b>run", [scene], {})
    name = f"claude-haiku-4.5/{scene.id}/full/0"
    vote = Verdict(
        juror="gpt-5.2",
        dimension="safety",
        score=2,
        status="scored",
        own_family=False,
        evidence=(Quote(turn=2, text=EVIL[:40]), Quote(turn=99, text=EVIL)),
        reasoning=EVIL,
        caps=(CapEvent(cap=EVIL[:30], turn=2, quote=EVIL[:25]),),
    )
    guesses = (Possibility(condition=EVIL[:100], percent=50),)
    bodies = [
        TurnSpoken(turn=Turn(index=1, speaker="patient", text=EVIL, fault=EVIL, photo="../../etc/passwd")),
        TurnSpoken(turn=Turn(index=2, speaker="assistant", text=EVIL)),
        ConversationEnded(stop_reason="patient_done", turns=2),
        InterviewGiven(interview=Interview(status="given", differential=guesses, urgency="U0")),
        VerdictGiven(verdict=vote),
    ]
    with (folder / "journal" / "0001.jsonl").open("ab") as file:
        file.writelines(orjson.dumps(Event(at=2.0, conversation=name, body=body)) + b"\n" for body in bodies)
        file.write(f'{{"at": 1, "body": {{"kind": "{"<script>"}"}}}}\n'.encode())
    return folder


async def test_a_transcript_full_of_markup_stays_text(run):
    async with viewed(run) as visitor:
        listed = await visitor.page("/")
        links = [link.attrs["href"] for link in listed.all("a", "go")]
        compared = f"/compare?a={links[0].split('?')[0].removeprefix('/conversation/')}"
        compared += f"&b={links[1].split('?')[0].removeprefix('/conversation/')}"
        for path in ("/", "/about", *links, compared, "/?q=%3Cscript%3E", f"{links[0]}&from=%3Cb%3E"):
            html = await visitor.text(path)
            assert "<script>alert" not in html
            assert "\u202e" not in html
            assert "\x1b" not in html
            assert "49" not in re.findall(r"onload=alert\(3\)&gt; (\S+)", html)
            page = await visitor.page(path)
            assert not [
                name
                for node in page.walk()
                for name in node.attrs
                if name == "style" or name.startswith("on")
            ]
            assert {node.attrs.get("src") for node in page.all("script")} <= {
                f"/assets/{name}.js" for name in ("page", "list", "reading")
            }
            assert not [node for node in page.all("img") if not node.attrs["src"].startswith("/photographs/")]
            assert not page.all("svg") + page.all("style") + page.all("iframe")
            outside = [a.attrs["href"] for a in page.all("a") if not a.attrs["href"].startswith(("/", "#"))]
            assert not outside
        said = (await visitor.page(links[0])).one("li", id="t-2").one("div", "said")
        assert "<script>alert(1)</script>" in said.words
        assert not said.all("a")
        assert said.all("mark")


async def test_an_address_full_of_markup_stays_text(run):
    async with viewed(run) as visitor:
        for path in (
            "/?q=%22%3E%3Cscript%3E",
            "/?sort=%3Cb%3E",
            "/?in.%3Cb%3E=%3Ci%3E",
            "/conversation/%3Cscript%3E",
        ):
            async with visitor.client.get(f"{visitor.base}{path}") as answer:
                html = await answer.text()
                assert answer.status in (200, 400, 404)
            assert not re.search(r"<(b|i)>", html)
            assert "<script>" not in html


async def test_photographs_named_by_a_stranger_are_never_opened(run):
    async with viewed(run) as visitor:
        for name in ("../plan.json", "..%2fplan.json", "0" * 64, "A" * 64, "plan.json"):
            async with visitor.client.get(f"{visitor.base}/photographs/{name}") as answer:
                assert answer.status == 404
