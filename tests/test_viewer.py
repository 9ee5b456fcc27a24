"""The viewer shows what the index, the report and the journal say, and says where it cannot."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from multidict import MultiDict
from yarl import URL

from engine.clinicians import translate
from engine.errors import BadOption, BadRun
from engine.evidence import gather
from engine.folder import read_plan
from engine.index import Wish, open_index
from engine.provenance import trace
from engine.results import tabulate_run
from engine.site import Address
from engine.tables import tables
from engine.viewer import ViewWish, view
from engine.viewer.passage import mark
from engine.viewer.views import at_view, read_view, write_view
from tests.indexed import MODELS, ablate, made, rejudge
from tests.viewed import viewed


@pytest.fixture(scope="module")
def run(small_run) -> Path:
    return small_run


@pytest.fixture(scope="module")
def index(run, tmp_path_factory):
    with open_index(run, tmp_path_factory.mktemp("index")) as opened:
        opened.refresh()
        yield opened


def named(page) -> list[str]:
    """Give the conversations of a list in its order."""
    links = [URL(link.attrs["href"]) for link in page.all("a", "go")]
    return [link.path.removeprefix("/conversation/") for link in links]


VIEWS = (
    "/",
    "/?model=gpt-5.1",
    "/?q=photo&model=gpt-5.1",
    "/?sort=overall&down=1",
    "/?least.safety=3&most.safety=4.5&sort=safety",
    "/?apart=1",
    "/?state=judged&sort=turns&down=1",
    "/?cap=safety/C6",
    "/?page=2",
)


@pytest.mark.parametrize("view", VIEWS)
async def test_a_list_is_what_the_index_says(run, index, view):
    wish = read_view(MultiDict(URL(view).query))
    found = index.search(wish)
    async with viewed(run) as visitor:
        page = await visitor.page(view)
    assert named(page) == [row.id for row in found.rows]
    counts = {
        (box.attrs["name"], box.attrs["value"]): label.one("span", "count").text
        for label in page.all("label", "choice")
        for box in label.all("input")
    }
    if len(found.facets["model"]) > 1:  # what leaves no choice is not asked
        shown = {value: int(count) for (facet, value), count in counts.items() if facet == "model"}
        assert shown == found.facets["model"]


def test_a_view_and_its_address_say_the_same():
    wish = Wish(
        text='moles "stand together" & = ?',
        models=("a/b", "c&d"),
        arms=("full",),
        states=("judged",),
        reasons=("stalemate",),
        caps=("safety/C1", "safety/C2"),
        strata={"skin tone": ("12", "5=6")},
        scores={"safety": (1.0, 2.5), "overall": (3.0, 5.0)},
        disagreement=2.0,
        sort="cost",
        down=True,
        offset=100,
    )
    assert read_view(MultiDict(URL(f"/?{write_view(wish)}").query)) == wish
    assert write_view(Wish()) == ""
    assert at_view(wish, **{"offset": 0, "scores": {}}).count("least") == 0


def test_a_number_in_an_address_that_is_none_is_told():
    for query in ("least.safety=low", "apart=nan", "page=inf"):
        with pytest.raises(BadOption, match="is not a number"):
            read_view(MultiDict(URL(f"/?{query}").query))


async def test_what_is_filtered_by_can_be_taken_off_again(run):
    async with viewed(run) as visitor:
        page = await visitor.page("/?model=gpt-5.1&q=photo&apart=1")
        chips = {chip.text: chip.attrs["href"] for chip in page.all("a", "off")}
        assert len(chips) == 3
        (model,) = [href for text, href in chips.items() if "GPT-5.1" in text]
        assert read_view(MultiDict(URL(model).query)) == replace(Wish(), text="photo", disagreement=1.0)
        assert len((await visitor.page("/")).all("a", "off")) == 0


async def test_what_a_form_leaves_empty_is_not_in_the_address(run):
    async with viewed(run) as visitor:
        sent = "/?q=&sort=place&least.safety=&most.safety=4&apart=&model=gpt-5.1"
        async with visitor.client.get(visitor.base + sent) as answer:
            assert str(answer.url.relative()) == "/?model=gpt-5.1&most.safety=4"
            assert answer.status == 200


async def test_nothing_found_says_what_to_do(run):
    async with viewed(run) as visitor:
        page = await visitor.page("/?q=xylophone")
        assert "No conversation meets all of this" in page.one("div", "empty").text
        page = await visitor.page("/?page=9")
        assert "beyond the end" in page.one("div", "empty").text


async def test_every_quote_stands_beside_its_turn_and_is_marked_in_it(run, index):
    quotes = 0
    async with viewed(run) as visitor:
        for row in index.search(Wish()).rows:
            page, opened = await visitor.page(f"/conversation/{row.id}"), index.open(row.id)
            for vote in opened.verdicts.values():
                for quote_ in vote.evidence:
                    turn = page.one("li", id=f"t-{quote_.turn}")
                    assert quote_.text in [q.words for q in turn.all("q")]
                    assert flat(quote_.text) in flat(" ".join(mark.words for mark in turn.all("mark")))
                    assert any(vote.dimension in chip.text for chip in turn.all("a", "chip"))
                    quotes += 1
                for cap in (cap for cap in vote.caps if cap.turn):
                    assert cap.cap in page.one("li", id=f"t-{cap.turn}").text
            said = [node.words for node in page.one("ol", id="turns").all("div", "said")]
            assert said == [turn.text for turn in opened.turns]
    assert quotes > 50


def flat(text: str) -> str:
    return " ".join(text.split())


async def test_votes_are_those_of_the_report(run, index):
    results = tabulate_run(run, read_plan(run))
    written = tables(results, gather(results), trace(results.plan, run), translate(run, results.plan))
    rows = list(csv.DictReader(written["verdicts.csv"].decode().splitlines()))
    titles = {"claude-sonnet-4.6": "Claude Sonnet 4.6", "gpt-5.2": "GPT-5.2", "nova-pro": "Nova Pro"}
    async with viewed(run) as visitor:
        for name in {row["conversation"] for row in rows}:
            page = await visitor.page(f"/conversation/{name}")
            shown = set()
            for table in page.one("section", id="votes").all("table"):
                dimension = table.one("caption").text.removeprefix("Votes on ")
                for line in table.one("tbody").all("tr"):
                    juror, own = line.one("span", "family").text, "own family" in line.one("th").text
                    again = "2" if "second vote" in line.one("th").text else "1"
                    shown.add((juror, dimension, again, line.all("span", "score")[0].text[-1], own))
            told = {
                (
                    titles[row["juror"]],
                    row["dimension"],
                    row["reading"],
                    row["score"],
                    row["own_family"] == "true",
                )
                for row in rows
                if row["conversation"] == name
            }
            assert shown == told
            left_out = [voice.one("span", "juror").text for voice in page.all("span", "uncounted")]
            assert sorted(left_out) == sorted(
                juror for juror, _, again, _, own in told if own and again == "1"
            )


async def test_the_next_one_is_the_next_of_the_list_one_came_from(run, index):
    view = "/?sort=overall&down=1"
    async with viewed(run) as visitor:
        page = await visitor.page(view)
        links = [link.attrs["href"] for link in page.all("a", "go")]
        walked, link = [], links[0]
        while link:
            walked.append(URL(link).path)
            page = await visitor.page(link)
            assert read_view(MultiDict(URL(page.one("a", id="back").attrs["href"]).query)).sort == "overall"
            link = next((node.attrs["href"] for node in page.all("a", id="after")), "")
        assert walked == [URL(link).path for link in links]
        page = await visitor.page(URL(links[1]).path)  # without a list: the plan's order
        assert page.all("a", id="before") or page.all("a", id="after")


async def test_facts_stand_beside_the_turn_in_which_they_came_out(run):
    async with viewed(run) as visitor:
        page = await visitor.page("/?model=gpt-5.1")
        told = 0
        for link in page.all("a", "go"):
            talk = await visitor.page(link.attrs["href"])
            for line in talk.one("details", id="facts").all("tr"):
                for turn in line.all("a"):
                    about = line.one("th").text.removesuffix(" must ask")
                    assert (
                        about
                        in talk.one("li", id=turn.attrs["href"].removeprefix("#")).one("div", "notes").text
                    )
                    told += 1
    assert told


async def test_every_request_is_the_very_one(run, index):
    async with viewed(run) as visitor:
        for row in index.search(Wish(models=MODELS[:1])).rows:
            for _, call in index.open(row.id).calls:
                page = await visitor.page(f"/call/{row.id}?role={quote(call.role)}&sequence={call.sequence}")
                assert page.all("span", "good")[0].text == "exact"
                assert call.completion.text in [raw.words for raw in page.all("div", "raw")]


async def test_two_models_stand_side_by_side(run, index):
    first = index.search(Wish()).rows[0]
    other = index.siblings(first.id).models[0]
    async with viewed(run) as visitor:
        talk = await visitor.page(f"/conversation/{first.id}")
        assert any(URL(a.attrs["href"]).query.get("b") == other.id for a in talk.all("a"))
        page = await visitor.page(f"/compare?a={first.id}&b={other.id}")
        said = {node.words for node in page.all("div", "said")}
        for row in (first, other):
            assert said >= {turn.text for turn in index.open(row.id).turns}
        alone = await visitor.page(f"/compare?a={first.id}")
        assert any(other.id == URL(a.attrs["href"]).query.get("b") for a in alone.all("a"))
        strange = next(row for row in index.search(Wish()).rows if row.scenario != first.scenario)
        page = await visitor.page(f"/compare?a={first.id}&b={strange.id}", 400)
        assert "different scenarios" in page.one("main").text


async def test_an_arm_that_was_added_says_what_the_assistant_got(run, tmp_path):
    folder = ablate(run, tmp_path / "arms")
    async with viewed(folder) as visitor:
        page = await visitor.page("/?arm=frozen-no-image")
        (link, *_) = [a.attrs["href"] for a in page.all("a", "go")]
        talk = await visitor.page(link)
        assert "word for word" in talk.one("section", id="talk").text
        assert not talk.one("section", id="talk").all("img")
        assert "did not get it" in talk.one("figure").text
        full = URL(link).path.removeprefix("/conversation/").replace("frozen-no-image", "full")
        page = await visitor.page(f"/compare?a={full}&b={full.replace('/full/', '/frozen-no-image/')}")
        assert page.all("ol", "both")


async def test_a_run_that_judges_again_shows_what_it_took_over(run, tmp_path):
    folder = rejudge(run, tmp_path / "again")
    async with viewed(folder) as visitor:
        page = await visitor.page("/")
        assert named(page)
        talk = await visitor.page(page.all("a", "go")[0].attrs["href"])
        assert talk.one("ol", id="turns").all("li")
        assert "taken over" in talk.one("section", id="calls").text


async def test_without_photographs_it_says_so(run, tmp_path):
    folder = Path(shutil.copytree(run, tmp_path / "bare"))
    shutil.rmtree(folder / "blobs")
    async with viewed(folder) as visitor:
        link = (await visitor.page("/?model=gpt-5.1")).all("a", "go")[0].attrs["href"]
        page = await visitor.page(link)
        assert not page.all("img")
        assert "not in the run folder" in page.one("figure").text


async def test_photographs_come_by_their_hash_alone(run, index):
    opened = index.open(index.search(Wish(models=("gpt-5.1",))).rows[0].id)
    sha256 = opened.cell.scenario.photo.sha256
    async with viewed(run) as visitor:
        page = await visitor.page(f"/conversation/{opened.id}")
        assert {image.attrs["src"] for image in page.all("img")} == {f"/photographs/{sha256}"}
        async with visitor.client.get(f"{visitor.base}/photographs/{sha256}") as answer:
            assert await answer.read() == (run / "blobs" / sha256).read_bytes()


async def test_conversations_in_every_state_can_be_read(tmp_path):
    folder = made(tmp_path / "run")
    async with viewed(folder) as visitor:
        page = await visitor.page("/")
        shown = {row.attrs["class"].split("is-")[1] for row in page.all("tr", "row")}
        assert shown == {"planned", "running", "failed", "ended", "judged"}
        for link in page.all("a", "go"):
            talk = await visitor.page(link.attrs["href"])
            assert talk.one("section", id="why").text
        failed = await visitor.page((await visitor.page("/?state=failed")).all("a", "go")[0].attrs["href"])
        assert "assistant, dropped: cut" in failed.one("section", id="why").text
        fault = await visitor.page(
            (await visitor.page("/?reason=patient_fault")).all("a", "go")[0].attrs["href"]
        )
        assert "not judged" in fault.one("section", id="why").text


async def test_a_call_that_cannot_be_made_again_says_why(tmp_path):
    folder = made(tmp_path / "run")
    async with viewed(folder) as visitor:
        talk = await visitor.page((await visitor.page("/?state=judged")).all("a", "go")[0].attrs["href"])
        links = [a.attrs["href"] for a in talk.all("a") if a.text == "request and reply"]
        pages = [await visitor.page(link) for link in links]
        assert all("not exact" in page.text or "cannot be made again" in page.text for page in pages)
        assert any("not exact" in page.text for page in pages)


async def test_damage_is_told(run, tmp_path):
    folder = Path(shutil.copytree(run, tmp_path / "damaged"))
    journal = folder / "journal" / "0001.jsonl"
    whole = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*whole[:60], b"garbage\n", *whole[60:]]))
    async with viewed(folder) as visitor:
        page = await visitor.page("/")
        assert "1 line of the journal could not be read" in page.text
        assert "not an event" in (await visitor.page("/about")).one("ul", "damage").text


UNKNOWN = {
    "/nowhere": "Nothing is there",
    "/conversation/gpt-5.1/s-none/full/0": "No conversation",
    "/conversation/../../etc/passwd": "",
    "/conversation/..%2f..%2fplan.json": "No conversation",
    "/conversation/canary/plain": "No conversation",
    "/call/gpt-5.1/s-none/full/0?role=assistant&sequence=0": "No conversation",
    "/compare?a=x&b=y": "No conversation",
    "/compare": "No conversation",
}


async def test_what_is_not_there_is_told_in_a_sentence(run, index):
    async with viewed(run) as visitor:
        for path, words in UNKNOWN.items():
            page = await visitor.page(path, 404)
            assert words in page.one("main").text
            assert page.one("main").all("a", href="/")
        name = index.search(Wish()).rows[0].id
        for query in ("", "?role=assistant", "?role=nobody&sequence=0", "?role=assistant&sequence=-1"):
            page = await visitor.page(f"/call/{name}{query}", 404)
            assert page.one("main").one("p", "lead").text
        page = await visitor.page("/?model=gpt-5.11", 400)
        assert "gpt-5.1" in page.one("main").text


async def test_nothing_is_changed_and_nobody_else_is_heard(run):
    async with viewed(run) as visitor:
        async with visitor.client.post(f"{visitor.base}/", headers={"Origin": visitor.base}) as answer:
            assert answer.status == 405
        async with visitor.client.get(f"{visitor.base}/", headers={"Host": "evil.example"}) as answer:
            assert answer.status == 403


async def test_beyond_this_machine_a_link_is_needed(run):
    async with viewed(run, address=Address(host="0.0.0.0")) as visitor:
        link = visitor.told.split()[0]
        assert "pass it on with care" in visitor.told
        await visitor.text("/", 403)
        assert "Come in" in await visitor.text(f"/?{URL(link).raw_query_string}")


async def test_the_link_leads_to_the_conversation_that_was_asked_for(run, index):
    name = index.search(Wish()).rows[0].id
    async with viewed(run, conversation=name) as visitor:
        assert URL(visitor.told.split()[0]).path == f"/conversation/{name}"
        assert "SIMULATED" in visitor.told


async def test_what_cannot_be_shown_is_one_sentence(run, tmp_path):
    with pytest.raises(BadOption, match="no conversation 'gpt'"):
        await view(ViewWish(run=run, conversation="gpt", place=tmp_path), print)
    with pytest.raises(BadRun, match="not a run folder"):
        await view(ViewWish(run=tmp_path / "none", place=tmp_path), print)
    with pytest.raises(BadOption, match="--port"):
        await view(ViewWish(run=run, address=Address(port=70_000), place=tmp_path), print)


def test_marks_stand_around_what_was_quoted_and_nothing_else():
    assert mark("a <b> c", ["<b>"]) == "a <mark>&lt;b&gt;</mark> c"
    assert mark("one two three", ["one two", "two three"]) == "<mark>one two three</mark>"
    assert mark("</mark><script>", []) == "&lt;/mark&gt;&lt;script&gt;"
    assert mark("a\u202eb", ["b"]) == "a⟨202E⟩<mark>b</mark>"


def test_ctrl_c_ends_it_and_leaves_nothing_behind(run, tmp_path):
    before = sorted(path.relative_to(run) for path in run.rglob("*"))
    viewer = subprocess.Popen(
        [sys.executable, "run.py", "view", str(run), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "HOME": str(tmp_path)},
        text=True,
    )
    link, what, _ = (viewer.stdout.readline() for _ in range(3))
    assert link.startswith("http://127.0.0.1:")
    assert "SIMULATED" in what
    viewer.send_signal(signal.SIGINT)
    _, complained = viewer.communicate(timeout=60)
    assert viewer.returncode == 0
    assert not complained
    assert sorted(path.relative_to(run) for path in run.rglob("*")) == before
