"""The page of whoever scores: it names no model, obeys no transcript, opens by one's own link, and loses nothing."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import orjson
import pytest

from engine import annotation
from engine.annotation.exhibit import exhibit
from engine.annotation.keys import issue_links
from engine.annotation.marks import read_marks
from engine.annotation.masking import HIDDEN, mask, names_of
from engine.annotation.paper import SCRIPT, STYLE, asset, lay_paper, render_paper
from engine.annotation.serving import make_pages, open_desks
from engine.annotation.sheet import FOLDER, SheetWish
from engine.annotation.taking import take_file
from engine.errors import BadOption, BadRun
from engine.site import Address, serve_site
from engine.stage import open_stage
from tests.annotated import CASES, NAMES, annotated, begun, scored, slip
from tests.test_attacks_page import parsed

ROOT = Path(__file__).parents[1]
EVERY = 2 * CASES


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return annotated(tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture
def fresh(run):
    for path in (run.folder / FOLDER).glob("*"):
        path.unlink()
    return run


@asynccontextmanager
async def opened(run, names=("anna",), *, final=False, sample=EVERY):
    """Serve some annotators' pages; gives a client for each, sitting down, and the address pages begin with."""
    sheet, ports = begun(run, sample=sample) if not final else begun(run), asyncio.Queue()
    with open_desks(run, sheet, names, final=final) as desks:
        seats, tokens = issue_links(run.folder / FOLDER / "keys.json", names)
        site = make_pages(desks, Address(), seats)
        async with open_stage() as stage:
            stage.enter(serve_site, site, Address(), ports.put_nowait, name="site")
            base = f"http://127.0.0.1:{await ports.get()}"
            clients = {
                name: aiohttp.ClientSession(
                    cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Origin": base}
                )
                for name in names
            }
            try:
                for name, client in clients.items():
                    async with client.get(f"{base}/?key={tokens[name]}") as answer:
                        assert answer.status == 200
                yield clients, base, sheet
            finally:
                for client in clients.values():
                    await client.close()
                stage.clear()


def state(page: str) -> dict:
    return orjson.loads(
        re.search(r'<script type="application/json" id="state">(.*?)</script>', page, re.S)[1]
    )


# Blinded


async def test_no_name_of_a_model_is_in_anything_that_is_served(fresh):
    async with opened(fresh) as (clients, base, _), clients["anna"].get(f"{base}/") as answer:
        page = await answer.text()
        links = {link for link in parsed(page).links if link.startswith("/")}
        assert any(link.startswith("/photographs/") for link in links)
        served = page + str(answer.headers)
        for link in links:
            async with clients["anna"].get(f"{base}{link}") as other:
                assert other.status == 200
                served += link + str(other.headers) + (await other.read()).decode("latin-1")
    assert "ETag" not in served
    for name in (*NAMES, *(cell.id for cell in fresh.results.cells), *(s.id for s in _scenarios(fresh))):
        assert name.casefold() not in served.casefold(), name


def _scenarios(run):
    return {cell.scenario.id: cell.scenario for cell in run.results.cells}.values()


async def test_a_model_that_says_who_it_is_is_not_heard_and_that_is_told(fresh):
    boaster = next(cell for cell in fresh.results.cells if cell.model == "claude-haiku-4.5")
    shown = exhibit(fresh, boaster, 1)
    assert shown.turns[1].text == f"As {HIDDEN}, made by {HIDDEN}, I ask: does it bleed?"
    assert shown.turns[4].text == f"Thanks, {HIDDEN}!"
    assert shown.hidden == 3
    async with opened(fresh) as (clients, base, _), clients["anna"].get(f"{base}/") as answer:
        assert "3 names hidden in what was said" in await answer.text()


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("I'm Claude Opus 4.6.", f"I'm {HIDDEN} {HIDDEN}."),
        ("ChatGPT-4o here", f"{HIDDEN} here"),
        ("I am Amazon Nova Pro", f"I am {HIDDEN}"),
        ("Llama 4 Maverick by Meta AI", f"{HIDDEN} by {HIDDEN}"),
        ("gpt5 and GPT-5.1", f"{HIDDEN} and {HIDDEN}"),
        ("made by Google", HIDDEN),
        ("I was bought at Amazon; metabolic, supernova, bossa nova, an opus, opening", None),
        ("a meta-analysis of sonnets; the Claudette clinic; gemination", None),
    ],
)
def test_names_are_hidden_and_words_that_only_look_like_them_are_not(said, left, run):
    assert mask(said, names_of(run.base))[0] == (said if left is None else left)


def test_what_the_plan_calls_a_model_of_ones_own_is_hidden(run):
    own = {"title": "Derma Bot", "family": "dermabot", "id": "org/derma-7b", "provider": "openai"}
    plan = replace(run.base, models={"mine": own})
    told, many = mask(
        "I am Derma Bot (derma-7b, org/derma-7b), of mine. A dermatologist determined.", names_of(plan)
    )
    assert told == f"I am {HIDDEN} ({HIDDEN}, {HIDDEN}), of {HIDDEN}. A dermatologist determined."
    assert many == 4


# Safe


async def test_a_hostile_transcript_stays_text(fresh):
    async with opened(fresh) as (clients, base, _), clients["anna"].get(f"{base}/") as answer:
        page = await answer.text()
    _sound(page)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\u202e" not in page


def _sound(page: str) -> None:
    parts = parsed(page)
    scripts = [attributes for tag, attributes in parts.parts if tag == "script"]
    assert set(scripts) == {("type", "id"), ("src", "defer")}
    assert not [
        one for one in parts.parts if any(name.startswith("on") or name == "style" for name in one[1])
    ]
    assert not [link for link in parts.links if not link.startswith(("/", "#"))]


async def test_a_hostile_note_stays_text_for_its_author_and_for_who_adjudicates(fresh):
    evil = "</script><script>alert(1)</script>\u2028<img src=x onerror=alert(1)>"
    sheet = begun(fresh, sample=6)
    scored(fresh, sheet, "anna", lambda n, d: {"score": 1, "note": evil})
    scored(fresh, sheet, "ben", lambda n, d: {"score": 5, "note": evil})
    async with opened(fresh, sample=6) as (clients, base, _), clients["anna"].get(f"{base}/") as answer:
        page = await answer.text()
    _sound(page)
    assert state(page)["marks"][0]["opinion"]["note"] == evil
    dora = opened(fresh, ("dora",), final=True)
    async with dora as (clients, base, _), clients["dora"].get(f"{base}/") as answer:
        page = await answer.text()
    _sound(page)
    assert "&lt;img src=x onerror" in page
    assert "anna" not in page
    assert "ben" not in page.replace("benchmark", "").replace("benign", "")


def test_our_own_script_puts_nobodys_words_in_as_markup():
    script = asset(SCRIPT)
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "http://",
        "https://",
    ):
        assert word not in script
    assert "url(" not in asset(STYLE)
    assert len(script.splitlines()) <= 300


# Let in


async def test_each_link_opens_its_own_page_and_no_other(fresh):
    async with opened(fresh, ("anna", "ben")) as (clients, base, sheet):
        pages = {}
        for name, client in clients.items():
            async with client.get(f"{base}/") as answer:
                pages[name] = await answer.text()
            assert state(pages[name])["annotator"] == name
        for other, text in (("ben", pages["anna"]), ("anna", pages["ben"])):
            assert f'"{other}"' not in text
        first = [re.findall(r'id="title-\d+">([^<]*)', page) for page in pages.values()]
        assert sorted(first[0]) == sorted(first[1])
        assert first[0] != first[1]
        async with clients["anna"].post(f"{base}/marks", data=_sent(sheet, "ben"), headers=JSON) as answer:
            assert answer.status == 400


JSON = {"Content-Type": "application/json"}


def _sent(sheet, who: str, number: int = 1, **more: object) -> bytes:
    return orjson.dumps(slip(sheet, who, number, **{"score": 4, **more}))


async def test_nobody_scores_without_a_link_from_another_page_or_by_looking(fresh):
    async with opened(fresh) as (clients, base, sheet):
        async with aiohttp.ClientSession() as stranger:
            for path in ("/", "/marks", "/?key=wrong", "/assets/annotate.js"):
                async with stranger.get(f"{base}{path}") as answer:
                    assert answer.status == 403
                    assert len((await answer.text()).splitlines()) == 1
            async with stranger.post(
                f"{base}/marks", data=_sent(sheet, "anna"), headers={**JSON, "Origin": base}
            ) as answer:
                assert answer.status == 403
        anna = clients["anna"]
        async with anna.post(
            f"{base}/marks", data=_sent(sheet, "anna"), headers={**JSON, "Origin": "http://evil"}
        ) as answer:
            assert answer.status == 403
        async with anna.get(f"{base}/marks", params={"score": "5"}) as answer:
            assert answer.status == 405
        async with anna.post(
            f"{base}/marks", data=_sent(sheet, "anna"), headers={"Content-Type": "text/plain"}
        ) as answer:
            assert answer.status == 415
        async with anna.post(f"{base}/marks", data=b"x" * 2**21, headers=JSON) as answer:
            assert answer.status == 413
    assert not read_marks(fresh.folder / FOLDER / "anna.jsonl")[0]


def test_links_of_before_hold_until_they_are_made_void_and_only_hashes_are_kept(tmp_path):
    path = tmp_path / "keys.json"
    _, first = issue_links(path, ["anna", "ben"])
    seats, second = issue_links(path, ["anna"])
    assert seats.who(first["anna"]) == seats.who(second["anna"]) == "anna"
    assert seats.who(first["ben"]) == ""  # whose page is not served now
    assert first["anna"] not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    seats, third = issue_links(path, ["anna"], anew=True)
    assert [seats.who(one["anna"]) for one in (first, second, third)] == ["", "", "anna"]
    assert issue_links(path, ["ben"])[0].who(first["ben"]) == "ben"
    path.write_text("[")
    with pytest.raises(BadRun, match="is no file of keys"):
        issue_links(path, ["anna"])


def test_nothing_is_served_where_it_cannot_be_listened_on(fresh):
    wish = annotation.PageWish(sheet=SheetWish(annotators=("anna",)), address=Address(host="nowhere"))
    with pytest.raises(BadOption, match="is not an address"):
        annotation.serve(fresh.folder, wish, print)


# Kept


async def test_what_is_said_is_there_again_when_the_page_comes_back(fresh):
    async with opened(fresh) as (clients, base, sheet):
        for body in (
            _sent(sheet, "anna", 2, key="key-one-1"),
            _sent(sheet, "anna", 2, key="key-two-2", score=2, note="less"),
        ):
            async with clients["anna"].post(f"{base}/marks", data=body, headers=JSON) as answer:
                assert await answer.json() == {"saved": True}
        async with clients["anna"].get(f"{base}/") as answer:
            held = state(await answer.text())
    assert [(one["number"], one["opinion"]["score"], one["opinion"]["note"]) for one in held["marks"]] == [
        (2, 2, "less")
    ]
    assert held["seconds"] == 6.0


async def test_a_killed_server_has_lost_nothing_that_it_called_saved(fresh):
    sheet, told = begun(fresh, sample=EVERY), []
    command = (sys.executable, "run.py", "annotate", str(fresh.folder), "--annotator", "anna", "--port", "0")
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    link = ""
    while not link:
        line = (await process.stdout.readline()).decode()
        assert line, "the server has ended"
        link = next((word for word in line.split() if word.startswith("http://")), "")
    base = link.partition("/?")[0]
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar, headers={"Origin": base}) as client:
        async with client.get(link):
            pass
        try:
            for number in range(1, EVERY + 1):
                body = _sent(sheet, "anna", number, key=f"key-{number:05}")
                async with client.post(f"{base}/marks", data=body, headers=JSON) as answer:
                    if answer.status == 200:
                        told.append(f"key-{number:05}")
                if number == 20:
                    os.kill(process.pid, signal.SIGKILL)
        except aiohttp.ClientError:
            pass
    await process.wait()
    marks, damage = read_marks(fresh.folder / FOLDER / "anna.jsonl")
    assert len(told) >= 20
    assert {mark.key for mark in marks} >= {*told}
    assert not damage
    with open_desks(fresh, sheet, ["anna"]):  # a dead process holds nothing
        pass


async def test_who_adjudicates_sees_only_what_is_disputed_and_by_letters(fresh):
    sheet = begun(fresh, sample=10)
    one = sheet.items[3].conversation
    scored(fresh, sheet, "anna", lambda n, d: {"score": 2, "note": "early"})
    scored(fresh, sheet, "ben", lambda n, d: {"score": 5 if (n, d) == (one, "safety") else 3, "note": "late"})
    async with opened(fresh, ("dora",), final=True) as (clients, base, sheet):
        async with clients["dora"].get(f"{base}/") as answer:
            page = await answer.text()
        number = 1 + sheet.whole("dora").index(one)
        assert state(page)["asked"] == {str(number): ["safety"]}
        assert page.count('<article class="case"') == 1
        assert "the scores are 3 points apart" in page.casefold()
        assert {"early", "late"} <= set(re.findall(r'<p class="note">(\w+)', page))
        body = _sent(sheet, "dora", number, score=3, final=True)
        async with clients["dora"].post(f"{base}/marks", data=body, headers=JSON) as answer:
            assert answer.status == 200
    marks, _ = read_marks(fresh.folder / FOLDER / "dora.jsonl")
    assert [(mark.conversation, mark.final, mark.opinion.score) for mark in marks] == [(one, True, 3)]


def test_the_card_is_what_a_juror_reads_and_what_no_juror_is_told_is_not_there(run):
    cell = run.results.cells[0]
    shown = dict(exhibit(run, cell, 1).card)
    assert shown["Diagnosis"] == "Basal cell carcinoma"
    assert shown["Right level of urgency"].startswith("U2 (routine specialist visit")
    told = orjson.dumps(exhibit(run, cell, 1)).decode()
    persona = cell.scenario.persona
    assert persona.worry not in told
    assert "rambling" not in told


# From disk


def packed(run, out: Path, names=("anna",), **more) -> str:
    wish = annotation.PageWish(sheet=SheetWish(sample=12, annotators=names))
    return annotation.pack(run.folder, wish, out, **more)


def test_a_pack_is_a_page_that_needs_nothing_and_names_nobody(fresh, tmp_path):
    told = packed(fresh, tmp_path / "pack")
    assert "12 conversations for anna; open index.html" in told
    files = {
        path.relative_to(tmp_path / "pack").as_posix(): path
        for path in (tmp_path / "pack").rglob("*")
        if path.is_file()
    }
    assert set(files) == {"index.html", "photographs/1.png"}
    for name, path in files.items():
        for word in (
            *NAMES,
            "ben.",
            fresh.folder.name + "/",
            *(cell.scenario.id for cell in fresh.results.cells),
        ):
            assert word not in path.read_bytes().decode("latin-1").casefold(), (name, word)
    page = files["index.html"].read_text()
    parts = parsed(page)
    assert "unsafe" not in parts.rules
    assert "connect-src" not in parts.rules
    assert {link for link in parts.links if not link.startswith("#")} == {"photographs/1.png"}
    assert state(page)["offline"] is True


def test_a_photograph_that_may_not_be_passed_on_stays_unless_somebody_answers_for_it(tmp_path):
    run = annotated(tmp_path / "run", cases=4)
    scenes = (tmp_path / "run" / "scenarios.jsonl").read_bytes()
    assert b'"restricted":false' in scenes
    cells = tuple(replace(c, scenario=replace(c.scenario, restricted=True)) for c in run.results.cells)
    run = replace(run, results=replace(run.results, cells=cells, kept=cells, tried=cells))
    sheet = begun(run, sample=3)
    from engine.annotation.pack import write_pack

    with open_desks(run, sheet, ["anna"]) as desks:
        told = write_pack(desks["anna"], tmp_path / "bare")
        assert "Left out: 1 photographs whose licence forbids passing them on" in " ".join(told)
        assert not [*(tmp_path / "bare" / "photographs").iterdir()]
        assert "This photograph may not be passed on" in (tmp_path / "bare" / "index.html").read_text()
        assert not (tmp_path / "bare" / "NOTICE.txt").exists()
        write_pack(desks["anna"], tmp_path / "full", restricted=True)
        assert (tmp_path / "full" / "photographs" / "1.png").exists()
        assert "Do not copy" in (tmp_path / "full" / "NOTICE.txt").read_text()


def test_a_folder_that_holds_something_is_not_written_over(fresh, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(BadOption, match="there is something already"):
        packed(fresh, tmp_path)
    packed(fresh, tmp_path / "both", ("anna", "ben"))
    assert (tmp_path / "both" / "anna" / "index.html").exists()
    assert (tmp_path / "both" / "ben" / "index.html").exists()


def test_a_file_from_a_pack_is_taken_in_line_by_line_and_never_twice(fresh, tmp_path):
    packed(fresh, tmp_path / "pack")
    sheet, path = begun(fresh), tmp_path / "anna.jsonl"
    lines = [_sent(sheet, "anna", number, key=f"key-{number:05}") for number in range(1, 6)]
    path.write_bytes(
        b"\n".join([*lines, b"garbage", _sent(sheet, "anna", 99, key="key-beyond")]) + b"\n" + lines[0][:20]
    )
    taken = take_file(fresh, sheet, path)
    assert (taken.annotator, taken.new, taken.known) == ("anna", 5, 0)
    assert taken.wrong[0].startswith("line 6: Invalid JSON")
    assert taken.wrong[1] == "line 7: there is no conversation 99: there are 12."
    assert "0 new answers of anna, 5 taken in before" in annotation.take(fresh.folder, path)
    marks, _ = read_marks(fresh.folder / FOLDER / "anna.jsonl")
    assert [mark.conversation for mark in marks] == [*sheet.ordered("anna")[:5]]


def test_a_file_of_another_run_or_sample_is_refused_whole(fresh, tmp_path):
    sheet, path = begun(fresh, sample=12), tmp_path / "anna.jsonl"
    good = _sent(sheet, "anna")
    path.write_bytes(good + b"\n" + good.replace(sheet.digest.encode(), b"0" * 16) + b"\n")
    with pytest.raises(BadOption, match="is of another run or sample"):
        take_file(fresh, sheet, path)
    path.write_bytes(good + b"\n" + good.replace(b"anna", b"ben_") + b"\n")
    with pytest.raises(BadOption, match="is of several annotators"):
        take_file(fresh, sheet, path)
    path.write_bytes(good.replace(b'"annotator":"anna"', b'"annotator":"../../x"') + b"\n")
    with pytest.raises(BadOption, match="is no name"):
        take_file(fresh, sheet, path)
    path.write_bytes(b"hello\n")
    with pytest.raises(BadOption, match="holds no score"):
        take_file(fresh, sheet, path)
    with pytest.raises(BadOption, match="cannot be read"):
        take_file(fresh, sheet, tmp_path / "nowhere")
    assert not [*(fresh.folder / FOLDER).glob("*.jsonl")]


def test_a_page_is_the_same_whatever_was_asked_before(fresh):
    sheet = begun(fresh, sample=8)
    with open_desks(fresh, sheet, ["anna"]) as desks:
        pages = [render_paper(lay_paper(desks["anna"]), _sources(fresh)) for _ in range(2)]
    assert pages[0] == pages[1]


def _sources(run) -> dict[str, str]:
    return {cell.scenario.photo.sha256: "/photographs/x" for cell in run.results.cells}
