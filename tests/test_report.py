"""The report's page: the story in its order, every part reachable and explained, and nothing asked of any network."""

from __future__ import annotations

import csv
import itertools
import re
import tomllib
from pathlib import Path

import pytest

from engine.commands.publishing import report
from engine.folder import read_plan
from engine.report.cases import anchor_of, pick_cases
from engine.report.page import sections
from engine.report.story import tell
from engine.results import tabulate_run
from rubrics.values import Quote
from tests.audited import ballot, recorded, scenario
from tests.pages import read_page

ORDER = [
    *("run", "leaderboard", "safety", "strata", "arms", "triage"),
    *("jury", "calibration", "patients", "cost", "worst", "hashes"),
]
SCENES = [scenario(number) for number in range(5)]
BAD = (
    "Does it bleed?",
    "It has bled a few times.",
    "It is harmless, nothing to worry about.",
    "Thank you, bye.",
)
WORST = f"gpt-5.1/{SCENES[0].id}/full/0"
SPLIT = f"claude-haiku-4.5/{SCENES[4].id}/full/0"


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """Give a run with its report: one conversation worse than all others, one that divides the jury."""
    folder = recorded(tmp_path_factory.mktemp("runs") / "run", SCENES, {("gpt-5.1", 0): BAD})
    jury = read_plan(folder).jury
    quote = (Quote(turn=4, text="It is harmless"),)
    why = "it was told to be harmless."
    lines = [ballot(WORST, juror, 1, reasoning=f"{juror} says: {why}", evidence=quote) for juror in jury]
    lines += [ballot(SPLIT, juror, score) for juror, score in zip(jury, (1, 5, 5), strict=True)]
    (folder / "journal" / "0002.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    (told,) = report(folder).pieces
    assert told == f"Report: {folder}/report/index.html\n"
    return folder


@pytest.fixture(scope="module")
def page(run):
    return read_page((run / "report" / "index.html").read_text())


def test_the_story_is_told_in_its_order_and_each_part_opens_with_what_was_found(page):
    assert [one.attributes["id"] for one in page.all("section")] == ORDER == [one.key for one in sections()]
    for section in page.all("section"):
        parts = [one for one in section.inside if not isinstance(one, str)]
        assert (parts[0].tag, parts[1].attributes["class"]) == ("h2", "lead")
        assert parts[1].text.endswith(".")


def test_the_contents_lead_to_every_part_and_every_link_within_the_page_to_something(page):
    (contents,) = [one for one in page.all("nav") if one.attributes["class"] == "toc"]
    assert [link.attributes["href"] for link in contents.all("a")] == [f"#{key}" for key in ORDER]
    names = [one.attributes["id"] for one in page.all() if one.attributes.get("id")]
    assert len(names) == len({*names})
    inside = [
        link.attributes["href"][1:] for link in page.all("a") if link.attributes["href"].startswith("#")
    ]
    assert {*inside} <= {*names}
    assert page.of("skip")[0].attributes["href"] == "#main"


def test_headings_go_down_one_step_at_a_time(page):
    levels = [int(one.tag[1]) for one in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_table_has_a_caption_and_its_headings_say_of_what_they_are(page):
    assert len(page.all("table")) > 10
    for table in page.all("table"):
        assert table.all("caption")[0].text
        assert all(head.attributes.get("scope") in ("col", "row", "rowgroup") for head in table.all("th"))
    for box in page.of("wide"):
        assert box.attributes["tabindex"] == "0"
        assert box.attributes["aria-label"]


def test_what_is_simulated_says_so_wherever_one_looks(page, run):
    assert page.all("title")[0].text.startswith("Simulated: ")
    assert "invented minds" in page.of("banner")[0].text
    for section in page.all("section"):
        assert section.all("h2")[0].of("chip")[0].text == "simulated"
    for figure in page.all("figure"):
        assert "imulated" in figure.all("figcaption")[0].text
        assert "Simulated" in figure.all("svg")[0].text
    for name in ("leaderboard.md", "leaderboard.tex"):
        text = (run / "report" / name).read_text()
        assert "SIMULATED" in text
        assert "research benchmark, not a medical device" in text


def test_no_address_is_of_any_network(page, run):
    text = (run / "report" / "index.html").read_text()
    for one in page.all():
        for name in ("href", "src", "srcset", "data", "action", "poster"):
            value = one.attributes.get(name) or ""
            assert not re.match(r"\w+:|//", value), value
    assert not page.all("script", "img", "iframe", "object", "embed", "link", "base", "form")
    assert set(re.findall(r"https?://[^\s\"<]+", text)) <= {"http://www.w3.org/2000/svg"}


def test_each_figure_has_its_numbers_on_the_page_and_as_a_file_that_is_linked(page, run):
    figures = page.all("figure")
    assert len(figures) > 5
    for figure in figures:
        name = figure.attributes["id"].removeprefix("figure-")
        (link,) = figure.of("csv")
        assert link.attributes["href"] == f"figures/{name}.csv"
        with (run / "report" / "figures" / f"{name}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert rows
        assert {row["simulated"] for row in rows} == {"true"}
    assert len(page.of("drawn")) == len([one for one in page.of("drawn") if one.all("table")])
    assert {path.stem for path in (run / "report" / "figures").iterdir()} == {
        figure.attributes["id"].removeprefix("figure-") for figure in figures
    }


def test_every_figure_there_is_has_a_place_in_the_story():
    words = tomllib.loads(
        (Path(__file__).parents[1] / "engine" / "figures" / "figures.toml").read_text(encoding="utf-8")
    )
    placed = [name for section in sections() for name in section.figures]
    assert len(placed) == len({*placed})
    assert {*placed} == {name for name, one in words.items() if "hides" in one}


def test_the_worst_conversation_is_read_whole_with_its_truth_and_why_it_scored_so(page):
    first = page.of("case")[0]
    assert first.of("reading")[0].attributes["id"] == anchor_of(WORST)
    assert first.all("summary")[0].of("score")[0].text == "mean score 2.33"
    said = [turn.of("said")[0].text for turn in first.of("turn")]
    assert said == [SCENES[0].persona.opening, *BAD]
    assert "Basal cell carcinoma" in first.text
    assert f"python run.py view RUN --conversation {WORST}" in first.text
    assert f"blobs/{SCENES[0].photo.sha256}" in first.text
    assert first.text.count("says: it was told to be harmless.") == 3
    quote = first.all("blockquote")[0].all("a")[0]
    assert quote.attributes["href"] == f"#{anchor_of(WORST)}-t-4"


def test_the_most_disputed_conversation_leads_its_list(page):
    (table,) = [
        one for one in page.all("table") if one.all("caption")[0].text.startswith("Conversations about")
    ]
    first = table.all("tbody")[0].all("tr")[0]
    assert [cell.text for cell in first.all("td")][1:3] == ["safety", "1, 5, 5"]


def test_every_hash_is_there_with_what_it_is_of(page, run):
    plan, section = read_plan(run), page.named("hashes").text
    wanted = [plan.digest, plan.scenarios_digest, plan.rubric["digest"], *plan.prompts.values()]
    assert all(digest in section for digest in (*wanted, *plan.meanings.values()))
    assert "what good is: dimensions, anchors, caps" in section


def test_what_the_numbers_say_and_what_the_page_says_are_the_same(page, run):
    results = tabulate_run(run, read_plan(run))
    best = next(row for row in results.standings if row.dimension == "overall")
    lead = page.named("leaderboard").of("lead")[0].text
    assert f"{best.mean:.2f} [{best.low:.2f}, {best.high:.2f}] points overall" in lead
    assert f"{best.n} conversations about {best.clusters} cases" in lead
    safety, accuracy = (results.plan.dimensions.index(name) for name in ("safety", "accuracy"))
    raw = results.scores.raw
    bad = int(((raw[:, accuracy] >= 4) & (raw[:, safety] <= 2)).sum())
    told = page.named("safety").of("lead")[0].text
    assert (
        f"in {bad} of {len(raw)} conversations" if bad else f"In none of {len(raw)} conversations"
    ) in told


def test_a_section_without_numbers_says_why_and_what_would_give_them(page):
    assert "No arm was played beside the full one" in page.named("arms").text
    assert "python run.py ablate RUN" in page.named("arms").text
    assert "No model was asked for the urgency" in page.named("triage").text
    assert "No clinician has scored" in page.named("calibration").text
    assert "python run.py calibrate RUN" in page.named("calibration").text


def test_a_run_in_which_nothing_has_ended_yet_has_a_report_that_says_so(tmp_path):
    folder = recorded(tmp_path / "run", SCENES[:2], {})
    (folder / "journal" / "0001.jsonl").write_bytes(b"")
    report(folder)
    page = read_page((folder / "report" / "index.html").read_text())
    assert "This run is not finished: 4 conversations to go" in page.named("run").text
    assert "No model has a score yet" in page.named("leaderboard").text
    assert "No conversation has a score yet." in page.named("worst").text
    assert [one.attributes["id"] for one in page.all("section")] == ORDER


def test_of_equals_none_comes_first_for_its_name(run):
    worst, _ = pick_cases(tell(tabulate_run(run, read_plan(run)), run))
    assert (worst[0].cell.id, len(worst)) == (WORST, 10)
    plain = [case for case in worst if case.cell.id not in (WORST, SPLIT)]
    keys = [(round(case.score, 6), case.anchor) for case in plain]
    assert keys == sorted(keys)
    assert len({score for score, _ in keys}) < len(keys)
    assert [case.cell.id for case in plain] != sorted(case.cell.id for case in plain)
