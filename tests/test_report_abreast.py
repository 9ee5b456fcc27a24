"""Several runs side by side: what differs is named, what is not alike is not pooled, each one's report is linked."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import orjson
import pytest

from engine.commands.publishing import report
from engine.errors import BadOption, BadRun
from engine.report.abreast.page import distinct
from tests.audited import recorded, scenario
from tests.pages import Element, read_page

SCENES = [scenario(number) for number in range(4)]
SHORT = ("It is harmless.", "Thank you, bye.")


def changed(folder: Path, **fields: object) -> Path:
    plan = orjson.loads((folder / "plan.json").read_bytes())
    (folder / "plan.json").write_bytes(orjson.dumps(plan | fields))
    return folder


@dataclass
class Page:
    """The page of three runs, and where it lies."""

    runs: list[Path]
    folder: Path
    root: Element


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Page:
    """Put three runs side by side: one, one of other turns at most, and one that is live."""
    place = tmp_path_factory.mktemp("runs")
    runs = [
        recorded(place / "first <b>run", SCENES, {}),
        changed(recorded(place / "second", SCENES, {("gpt-5.1", 0): SHORT}), turns=6),
        changed(recorded(place / "third", SCENES, {}), simulated=False),
    ]
    (told,) = report(*runs).pieces
    folder = place / "first <b>run-beside-second-beside-third"
    assert told == f"Report: {folder}/index.html\n"
    return Page(runs=runs, folder=folder, root=read_page((folder / "index.html").read_text()))


def test_runs_are_columns_and_each_leads_to_its_own_report(page):
    table = page.root.named("are").all("table")[0]
    links = table.all("thead")[0].all("a")
    assert [link.text for link in links] == ["A: first <b>run", "B: second", "C: third"]
    for link, run in zip(links, page.runs, strict=True):
        target = (page.folder / unquote(link.attributes["href"])).resolve()
        assert target == (run / "report" / "index.html").resolve()
        assert target.is_file()
        assert not os.path.isabs(unquote(link.attributes["href"]))


def test_what_differs_is_named_with_what_it_means_and_why_it_is_not_pooled(page):
    text = page.root.named("differ").text
    assert "B differs from A in turns at most; they are not pooled." in text
    assert "Longer conversations give more to score." in text
    assert "Not pooled into one leaderboard: conversations may be longer in one of them." in text
    assert "Pooled leaderboard" not in page.root.named("boards").text


def test_invented_minds_are_compared_with_no_live_run_and_the_page_says_which_are_which(page):
    text = page.root.named("differ").text
    assert "C cannot be held against A: first <b>run is simulated and third is live" in text
    assert page.root.all("title")[0].text.startswith("Partly simulated: ")
    assert page.root.of("banner")[0].text.startswith("Partly simulated. In A, B")
    kinds = page.root.named("are").all("tr")[1]
    assert [cell.text for cell in kinds.all("td")] == ["simulated", "simulated", "live"]
    assert "C less A: no difference may be formed." in page.root.named("changes").text


def test_paired_differences_stand_where_they_may(page):
    section = page.root.named("changes")
    assert (
        "B less A: of 2 models none can be told to score otherwise (paired, adjusted after Holm)."
        in section.text
    )
    (table,) = section.all("table")
    assert len(table.all("tbody")[0].all("tr")) == 2 * 4


def test_leaderboards_stand_beside_each_other_without_being_pooled(page):
    row = page.root.named("boards").all("table")[0].all("tbody")[0].all("tr")[0]
    assert len(row.all("td")) == 3
    assert all("rank 1 [1, 2]" in cell.text or "rank 2 [1, 2]" in cell.text for cell in row.all("td"))
    with (page.folder / "leaderboard.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["run"] for row in rows} == {"A", "B", "C"}
    assert {row["run"]: row["run_simulated"] for row in rows} == {"A": "true", "B": "true", "C": "false"}
    for name in ("leaderboard.md", "leaderboard.tex"):
        assert "SIMULATED: in run A, B invented minds" in (page.folder / name).read_text()


def test_figures_stand_in_one_grid_each_with_its_run_and_names_of_its_own(page):
    names = [one.attributes["id"] for one in page.root.all() if one.attributes.get("id")]
    assert len(names) == len({*names})
    pictures = page.root.of("pictures")
    assert len(pictures) > 5
    for grid in pictures:
        captions = [caption.text for caption in grid.all("figcaption")]
        assert captions == ["A: first <b>run simulated", "B: second simulated", "C: third"]


def test_a_picture_keeps_what_it_refers_to():
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" aria-labelledby="x-title x-about"><title id="x-title">url(#y)'
        '</title><clipPath id="x-clip"/><g clip-path="url(#x-clip)"/></svg>'
    )
    found = distinct(svg, "B")
    assert 'aria-labelledby="B-x-title B-x-about"' in found
    assert 'clip-path="url(#B-x-clip)"' in found
    assert ">url(#y)<" in found


def test_given_again_the_page_is_written_anew(page):
    before = sorted(path.name for path in page.folder.iterdir())
    assert before == ["index.html", "leaderboard.csv", "leaderboard.md", "leaderboard.tex"]


@pytest.mark.parametrize(
    ("wish", "error", "words"),
    [
        (lambda p: report(), BadOption, "name a run folder"),
        (lambda p: report(p / "none"), BadRun, "is not a run folder"),
        (lambda p: report(p / "a", p / "none"), BadRun, "is not a run folder"),
        (lambda p: report(p / "a", p / "b" / ".." / "a"), BadOption, "is named twice"),
        (lambda p: report(p / "a", out=p / "new"), BadOption, "--out goes with several runs"),
        (
            lambda p: report(p / "a", p / "b", out=p / "taken"),
            BadOption,
            "holds mine.txt and may be somebody's",
        ),
        (lambda p: report(p / "a", p / "b", out=p / "file"), BadRun, "cannot be written"),
        (lambda p: report(*(p / f"{n}" for n in range(27))), BadOption, "27 runs are too many"),
    ],
    ids=["none", "no run", "second no run", "twice", "out of one", "somebody's", "a file", "too many"],
)
def test_what_cannot_be_done_is_one_sentence(tmp_path, wish, error, words):
    for name in ("a", "b"):
        recorded(tmp_path / name, SCENES[:1], {})
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("a file")
    with pytest.raises(error, match=words) as caught:
        wish(tmp_path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")
    assert not (tmp_path / "a" / "report").exists()
