"""Figures: a mark for every number, every stranger's word as text, and nothing a page must not hold."""

from __future__ import annotations

import asyncio
import csv
import re
import tomllib
from collections import Counter
from dataclasses import replace
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import altair as alt
import orjson
import pytest

from agents.speech import Completion
from engine.audit.exclude import Exclusion
from engine.breakdown import count_stops
from engine.campaign import Watch, run_campaign
from engine.catalog import read_catalog
from engine.cells import ARMS
from engine.clinicians import Translated
from engine.console.plain import PlainConsole
from engine.events import Attempt, CallAnswered, Event, VerdictGiven
from engine.evidence import gather
from engine.figures import Figure, Matter, draw
from engine.figures.naming import LONGEST, breadth, labels
from engine.figures.studio import FILE, SKETCHES, draw_one
from engine.figures.svg import render
from engine.figures.theme import dressed
from engine.folder import prepare_folder, read_plan
from engine.pace import MOST_SPANS, Pace
from engine.plan import Extent, make_plan
from engine.provenance import trace
from engine.results import Results, tabulate_run
from engine.scoring import count
from engine.scoring.fold import fold
from engine.simulator.inside import open_inside
from engine.simulator.minds import think
from engine.tables import tables
from engine.tally import Tally
from rubrics.numbers.effects import EVERY, Effect
from rubrics.numbers.strata import Contrast
from rubrics.numbers.values import Basis, Estimate
from rubrics.rubric import load_rubric
from rubrics.values import Verdict
from tests.audited import recorded, scenario
from tests.samples import embedded
from tests.staging import inside_accesses, staged

SPACE = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert(\'x\')</script>" onload="y" \u202e\x00\ufffe שלום ' + "w" * 200
COLOUR = re.compile(r"(?:var\(--[a-z0-9-]+\)|none|transparent)")
PAINTED = ("fill", "stroke", "color", "stop-color", "flood-color")
RARE = {"interactions", "missing", "quarantine", "calibration"}
"""Figures for which a small run has no numbers, as a rule."""


async def play(folder: Path) -> Path:
    """Play three scenarios with three models and a script, with and without photographs, within this process."""
    catalog, sample, rubric = read_catalog(), embedded(3, 7), load_rubric()
    catalog = catalog.within(catalog.simulated)
    models = catalog.choose("claude-sonnet-4.6,gpt-5.2,nova-pro")
    plan = make_plan(
        sample.scenarios,
        models,
        (ARMS["full"], ARMS["no-image"]),
        catalog=catalog,
        rubric=rubric,
        extent=Extent(baselines=("always-reassure",), again=0.5),
        seed=7,
        simulated=True,
        faults={},
        created="2026-11-20T12:00:00+00:00",
    )
    prepare_folder(folder, plan, sample, rubric, ())
    campaign = staged(folder, plan, sample, catalog, inside_accesses(catalog, open_inside(7, think)))
    tally = Tally(planned=len(campaign.cells), votes=len(plan.jury) * len(plan.dimensions))
    with PlainConsole(tally, title="r", simulated=True, stream=StringIO(), quiet=True) as console:
        assert await run_campaign(campaign, console, tally, Watch())
    spread(folder)
    return folder


def spread(folder: Path) -> None:
    """Put a tenth of a second between any two events: how fast this machine is is nobody's figure."""
    for path in (folder / "journal").glob("*.jsonl"):
        events = [orjson.loads(line) for line in path.read_bytes().splitlines()]
        lines = [orjson.dumps(event | {"at": 1e9 + 0.1 * place}) for place, event in enumerate(events)]
        path.write_bytes(b"".join(line + b"\n" for line in lines))


def matter_of(folder: Path) -> Matter:
    results = tabulate_run(folder, read_plan(folder))
    scored = results.kept and results.scores.votes.counts.any()
    counted = count(fold(results, folder)) if scored else None
    return Matter(results=results, evidence=gather(results), counted=counted)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return asyncio.run(play(tmp_path_factory.mktemp("figures") / "run"))


@pytest.fixture(scope="module")
def matter(folder) -> Matter:
    return matter_of(folder)


@pytest.fixture(scope="module")
def reported(folder, matter) -> dict[str, bytes]:
    """Give the tables of the run's report by their files' names."""
    return tables(matter.results, matter.evidence, trace(matter.results.plan, folder), {})


@pytest.fixture(scope="module")
def figures(matter) -> dict[str, Figure]:
    return draw(matter)


def drawn(matter: Matter, *names: str) -> dict[str, Figure]:
    """Draw some figures only: all of them take a while."""
    sketches = {name: SKETCHES[name](matter) for name in names}
    return {name: draw_one(name, one, simulated=True) for name, one in sketches.items() if one}


def marks(figure: Figure) -> list[ElementTree.Element]:
    """Give the shapes that say their numbers: those of axes and legends are groups."""
    root = ElementTree.fromstring(figure.svg)
    return [
        one
        for one in root.iter()
        if one.get("role") == "graphics-symbol" and one.get("aria-label") and one.tag != f"{SPACE}g"
    ]


def texts(figure: Figure) -> list[str]:
    """Give what can be read in a picture, line by line."""
    root = ElementTree.fromstring(figure.svg)
    lines = [line for one in root.iter(f"{SPACE}text") for line in ([*one] or [one])]
    return ["".join(line.itertext()) for line in lines]


def table(reported: dict[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(reported[name].decode(), newline="")))


def check(figure: Figure) -> None:
    """Hold a picture to what a page allows, and to its numbers."""
    root = ElementTree.fromstring(figure.svg)
    assert root.get("role") == "img"
    assert not {"width", "height"} & {*root.attrib}
    named = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(named) == len(set(named))
    assert {*root.get("aria-labelledby", "").split()} <= {*named}
    for one in root.iter():
        kind = one.tag.removeprefix(SPACE)
        assert kind in {
            "svg",
            "g",
            "path",
            "line",
            "rect",
            "text",
            "tspan",
            "title",
            "desc",
            "defs",
            "clipPath",
        }
        assert not [key for key in one.attrib if key == "style" or "href" in key or key.startswith("on")]
        assert all(COLOUR.fullmatch(one.get(key, "none")) for key in PAINTED), one.attrib
        assert "url(" not in " ".join(one.attrib.values()).replace("url(#", "")
    found = marks(figure)
    assert len(found) == len(figure.rows) > 0
    assert all(one.find(f"{SPACE}title") is not None for one in found)
    assert not any(";" in one.get("aria-label", "") for one in found)  # as Vega describes a mark by itself
    assert len({tuple(row) for row in figure.rows}) == 1
    assert figure.shows.endswith(".")
    assert figure.hides.endswith(".")


def test_a_small_run_has_every_figure_but_the_rare_ones(figures):
    assert {*figures} >= {*SKETCHES} - RARE
    assert [*figures] == [name for name in SKETCHES if name in figures]


@pytest.mark.parametrize("name", [name for name in SKETCHES if name not in RARE])
def test_a_figure_has_a_mark_for_every_row_and_nothing_a_page_forbids(figures, name):
    check(figures[name])


def test_names_are_told_apart_on_a_page_that_has_all_figures(figures):
    named = [
        one.get("id")
        for figure in figures.values()
        for one in ElementTree.fromstring(figure.svg).iter()
        if one.get("id")
    ]
    assert len(named) == len(set(named))


def test_what_is_simulated_says_so_in_every_picture_and_what_is_not_does_not(matter, figures):
    for figure in figures.values():
        assert any(text.startswith("Simulated:") for text in texts(figure)), figure.name
        assert 'fill="var(--warn)"' in figure.svg
    sketch = SKETCHES["leaderboard"](matter)
    assert sketch
    real = draw_one("leaderboard", sketch, simulated=False)
    assert not any("imulated" in text for text in texts(real))
    check(real)


def test_the_numbers_are_those_of_the_reports_tables(reported, figures):
    by_place = {
        (row["model"], row["dimension"]): row
        for row in table(reported, "leaderboard.csv")
        if row["arm"] == "full"
    }
    for row in figures["leaderboard"].rows:
        told = by_place[row["model"], "overall"]
        assert (f"{row['mean']:.4f}", str(row["n"]), str(row["cases"])) == (
            told["mean"],
            told["n"],
            told["cases"],
        )
        assert told["low"] == ("" if row["low"] is None else f"{row['low']:.4f}")
    for row in figures["dimensions"].rows:
        assert f"{row['mean']:.4f}" == by_place[row["model"], row["dimension"]]["mean"]
    for row in figures["safety_accuracy"].rows:
        assert f"{row['safety']:.4f}" == by_place[row["model"], "safety"]["mean"]
        assert f"{row['accuracy_high']:.4f}" == by_place[row["model"], "accuracy"]["high"]
    triage = {row["model"]: row for row in table(reported, "triage.csv")}
    for row in figures["triage"].rows:
        assert f"{row['value']:.6g}" == triage[row["model"]][row["side"]]
    caps = {row["model"]: row for row in table(reported, "ceilings.csv") if row["cap"] == "any"}
    for row in figures["caps"].rows:
        assert str(row["conversations"]) == caps[row["model"]][row["by"]]
    ledger = Counter()
    for row in table(reported, "ledger.csv"):
        ledger[row["model"], row["role"]] += float(row["cost"])
    for row in figures["cost"].rows:
        assert row["usd"] == pytest.approx(ledger[row["model"], row["role"]], rel=1e-9)


def test_the_votes_drawn_are_those_that_count(reported, figures):
    votes = Counter(
        (row["conversation"].split("/")[0], int(row["score"]))
        for row in table(reported, "verdicts.csv")
        if row["score"] and row["own_family"] == "false" and row["conversation"].split("/")[2] == "full"
        if row["excluded"] in ("", "script")
    )
    assert {(row["model"], row["score"]): row["votes"] for row in figures["distribution"].rows} == votes


def test_every_reason_of_an_end_is_drawn(matter, figures):
    found = {(row["model"], row["reason"]): row["conversations"] for row in figures["stops"].rows}
    counts = count_stops(matter.results)
    assert found == {
        (model, reason): n
        for model, by_reason in counts.items()
        for reason, n in by_reason.items()
        if n and "·" not in model
    }


def test_scripts_stand_below_a_head_of_their_own(figures):
    shown = [text.strip() for text in texts(figures["leaderboard"])]
    assert shown.index("Nova Pro") < shown.index("Scripts, no models") < shown.index("Always reassure")
    assert [row["script"] for row in figures["leaderboard"].rows] == [False, False, False, True]


def renamed(results: Results, title: str) -> Results:
    """Give the results of a run whose first model bears another title."""
    model = next(iter(results.plan.models))
    return replace(results, titles=results.titles | {model: title})


def test_a_hostile_name_is_text_and_takes_no_more_room_than_another(matter, figures):
    found = draw(replace(matter, results=renamed(matter.results, HOSTILE)))
    assert found.keys() == figures.keys()
    for name, figure in found.items():
        check(figure)
        assert "<script" not in figure.svg
        width = float(ElementTree.fromstring(figure.svg).get("viewBox", "").split()[2])
        assert width == float(ElementTree.fromstring(figures[name].svg).get("viewBox", "").split()[2])
        assert max(map(breadth, texts(figure))) < 80
    assert any(text.startswith("<script") for text in texts(found["leaderboard"]))
    model = next(iter(matter.results.plan.models))
    assert any(row["model"] == model for row in found["leaderboard"].rows)


def test_hostile_dimensions_strata_and_arms_are_text_too(matter):
    (standing, *rest) = matter.results.standings
    results = replace(matter.results, standings=(*rest, replace(standing, dimension=HOSTILE)))
    one = Estimate(value=0.4, low=0.1, high=0.7, basis=Basis(n=9, clusters=9, missing=0, abstained=0))
    contrast = Contrast(
        stratum=HOSTILE,
        level=HOSTILE,
        against="others",
        model="gpt-5.2",
        interaction=True,
        dimension="overall",
        difference=one,
        p=0.001,
        adjusted=0.002,
    )
    effect = Effect(
        arm=HOSTILE,
        kind="free",
        model=EVERY,
        dimension="overall",
        stratum=None,
        level=None,
        against=None,
        difference=one,
        p=0.5,
        holm=0.5,
        correlation=None,
    )
    assert matter.counted
    arm, numbers = next(iter(matter.counted.numbers.items()))
    strata = replace(numbers.strata, contrasts=(*numbers.strata.contrasts, contrast))
    counted = replace(
        matter.counted,
        numbers={arm: replace(numbers, strata=strata)},
        across=replace(matter.counted.across, effects=(effect,)),
    )
    found = drawn(replace(matter, results=results, counted=counted), "dimensions", "interactions", "arms")
    for name in ("dimensions", "interactions", "arms"):
        check(found[name])
        assert "<script" not in found[name].svg
    assert found["interactions"].rows[-1]["level"] == HOSTILE


def test_a_run_without_scores_draws_what_there_is_and_raises_nothing(tmp_path):
    folder = recorded(tmp_path / "run", [scenario()], {})
    (folder / "journal" / "0001.jsonl").write_bytes(b"")
    assert draw(matter_of(folder)) == {}


def test_one_model_and_one_case_are_drawn_without_intervals_and_without_ranks(tmp_path):
    folder = recorded(tmp_path / "run", [scenario()], {})
    lines = (folder / "journal" / "0001.jsonl").read_bytes().splitlines()
    kept = [line for line in lines if orjson.loads(line)["conversation"].startswith("gpt-5.1")]
    (folder / "journal" / "0001.jsonl").write_bytes(b"\n".join(kept) + b"\n")
    found = draw(matter_of(folder))
    assert "ranks" not in found
    assert [row["low"] for row in found["leaderboard"].rows] == [None]
    for figure in found.values():
        check(figure)


def test_votes_that_are_missing_are_drawn_by_juror_and_cause(tmp_path):
    folder = recorded(tmp_path / "run", [scenario(number) for number in range(3)], {})
    plan = read_plan(folder)
    lost = [
        Verdict(juror=plan.jury[0], dimension="safety", score=None, status="refused", own_family=False),
        Verdict(juror=plan.jury[0], dimension="accuracy", score=None, status="failed", own_family=False),
    ]
    name = f"gpt-5.1/{scenario(0).id}/full/0"
    with (folder / "journal" / "0001.jsonl").open("ab") as file:
        for vote in lost:
            file.write(
                orjson.dumps(Event(at=2.0, conversation=name, body=VerdictGiven(verdict=vote))) + b"\n"
            )
    figure = drawn(matter_of(folder), "missing")["missing"]
    check(figure)
    assert {(row["juror"], row["cause"], row["votes"]) for row in figure.rows} == {
        (plan.jury[0], "refused", 1),
        (plan.jury[0], "failed", 1),
    }


def test_a_calibration_is_drawn_beside_the_jurys_means(matter):
    ends = {"value": 3.0, "low": 2.5, "high": 3.5}
    nothing = {"value": None, "low": None, "high": None}
    words = {
        ("gpt-5.2", "safety"): Translated(calibrated=ends, corrected=ends),
        ("nova-pro", "safety"): Translated(calibrated=ends, corrected=nothing),
    }
    figure = drawn(replace(matter, words=words), "calibration")["calibration"]
    check(figure)
    assert Counter(row["scale"] for row in figure.rows) == {"jury": 2, "calibrated": 2, "corrected": 1}


def test_an_audit_of_the_runs_state_is_taken_before_the_published_figures(matter):
    gaps = [{"feature": "words_per_turn", "corpus": HOSTILE, "simulated": 20.0, "real": 10.0, "apart": None}]
    figure = drawn(replace(matter, audited={"beside": {"gaps": gaps}}), "realism")["realism"]
    check(figure)
    assert [row["corpus"] for row in figure.rows] == [HOSTILE]


def test_exclusions_are_counted_by_rule(matter):
    exclusion = Exclusion(
        scenario="s1", conversation="c", model="gpt-5.2", turn=3, said="…", rule="leak", why="…"
    )
    both = (exclusion, replace(exclusion, conversation="d"), replace(exclusion, scenario="s2"))
    figure = drawn(replace(matter, results=replace(matter.results, exclusions=both)), "quarantine")[
        "quarantine"
    ]
    check(figure)
    assert figure.rows == ({"rule": exclusion.rule, "scenarios": 2, "conversations": 2},)


def test_forty_models_make_a_longer_picture_and_no_wider_one(matter, figures):
    (first, *_) = [row for row in matter.results.standings if row.dimension == "overall"]
    many = tuple(replace(first, model=f"model-{number:02}") for number in range(40))
    found = drawn(replace(matter, results=replace(matter.results, standings=many)), "leaderboard")[
        "leaderboard"
    ]
    width, height = map(float, ElementTree.fromstring(found.svg).get("viewBox", "").split()[2:])
    assert width == float(ElementTree.fromstring(figures["leaderboard"].svg).get("viewBox", "").split()[2])
    assert height > 40 * 20
    assert len({text for text in texts(found) if text.startswith("model-")}) == 40


def test_what_a_page_forbids_is_taken_out_of_what_vega_writes_and_names_become_the_figures_own():
    rows = alt.Data(values=[{"x": 1, "link": "https://example.org"}])
    chart = (
        alt.Chart(rows)
        .mark_point(clip=True, cursor="pointer", blend="multiply")
        .encode(x="x:Q", href="link:N")
    )
    one, other = (
        render(dressed(chart, "t", ["l"]), name, "t", "a", warned=False) for name in ("one", "other")
    )
    root = ElementTree.fromstring(one)
    assert not [key for part in root.iter() for key in part.attrib if key == "style" or "href" in key]
    clips = [part.get("clip-path") for part in root.iter() if part.get("clip-path")]
    named = {part.get("id") for part in root.iter()} - {None}
    assert clips
    assert {clip[5:-1] for clip in clips} <= named
    assert not named & {part.get("id") for part in ElementTree.fromstring(other).iter() if part.get("id")}


def test_every_figure_has_its_words_and_no_words_are_left_over():
    words = tomllib.loads(FILE.read_text(encoding="utf-8"))
    assert words.keys() == {*SKETCHES, "simulated"}


def test_labels_differ_even_where_names_look_alike():
    long = "a" * 60
    found = labels([f"{long}b{long}", f"{long}c{long}", "x", "漢" * 30])
    assert len(set(found.values())) == 4
    assert all(breadth(label) <= LONGEST for label in found.values())


def answer(at: float, seconds: float, role: str = "juror/x/safety") -> Event:
    body = CallAnswered(
        role=role,
        model="gpt-5.2",
        sequence=0,
        digest="d",
        completion=Completion(text="", stop="end"),
        attempts=(Attempt(cause="ok", seconds=seconds),),
        latency=seconds,
        cost=0.0,
    )
    return Event(at=at, conversation="c", body=body)


def test_the_pace_of_a_run_of_any_length_takes_the_same_room_and_loses_no_call():
    pace = Pace()
    for number in range(5_000):
        pace.hear(answer(1_000.0 + 7 * number, 0.5 if number % 10 else 8.0))
    assert sum(pace.spans.values()) == 5_000
    assert len({span for span, _ in pace.spans}) <= MOST_SPANS
    assert pace.quantile("juror", "gpt-5.2", 0.5) == pytest.approx(0.5, rel=0.05)
    assert pace.quantile("juror", "gpt-5.2", 0.95) == pytest.approx(8.0, rel=0.05)
    assert pace.quantile("patient", "gpt-5.2", 0.5) is None
    assert pace.uses["gpt-5.2"].most["requests"] == 9  # calls every 7 s


def test_what_comes_late_does_not_open_a_minute_again():
    pace = Pace()
    for at in (60.0, 121.0, 119.0, 122.0):
        pace.hear(answer(at, 1.0))
    assert pace.uses["gpt-5.2"].most["requests"] == 3
