"""The calibration of a run as its user meets it: a page that fits a terminal, and files that say the same."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from engine.calibration import CalibrationWish, calibrate
from engine.commands.desk import calibrate as command
from personas.seeds import derive
from rubrics.calibration.calibrate import FEWEST
from rubrics.errors import Unusable
from tests.audited import recorded, scenario

SCENARIOS = 40
DIMENSIONS = ("safety", "accuracy", "uncertainty")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Give a simulated run of two models and forty scenarios, each a case."""
    return recorded(tmp_path_factory.mktemp("runs") / "run", [scenario(n) for n in range(SCENARIOS)], {})


@pytest.fixture(scope="module")
def names(run):
    lines = (run / "scenarios.jsonl").read_bytes().splitlines()
    scenes = [json.loads(line)["id"] for line in lines]
    return [f"{model}/{scene}/full/0" for scene in scenes for model in ("claude-haiku-4.5", "gpt-5.1")]


@pytest.fixture(scope="module")
def table(tmp_path_factory, names):
    """Write clinicians' scores of some of the conversations."""

    def writer(many: int = 80, dimensions=DIMENSIONS, extra: str = ""):
        file = tmp_path_factory.mktemp("annotations") / "ann.csv"
        generator = derive("test", "clinicians")
        rows = [
            f"{name},{dimension},{who},{generator.integers(1, 6)}\n"
            for name in names[:many]
            for dimension in dimensions
            for who in "AB"
        ]
        file.write_text("conversation,dimension,annotator,score\n" + "".join(rows) + extra)
        return file

    return writer


@pytest.fixture(scope="module")
def done(run, table):
    """Calibrate the run, files where they go by default; give the page and that folder."""
    page = calibrate(run, CalibrationWish(annotations=table()))
    return page, run / "report" / "calibration"


def rows(path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.open()))


def test_the_page_fits_a_terminal_and_says_how_many_stand_behind_each_number(done):
    page, _, written = done[0].partition("\nWritten: ")
    assert max(map(len, page.splitlines()[1:])) <= 80
    assert "safety: 80 labelled conversations, 40 cases" in page
    assert "Warning: under 150 labelled conversations" in page
    assert "one clinician, another clinician *" in page
    assert "calibration.svg" in written


def test_a_simulated_run_says_so_on_the_page_and_in_every_file(done):
    page, out = done
    assert "SIMULATED" in page
    assert all(row["simulated"] == "true" for row in rows(out / "calibration.csv"))
    assert all(row["simulated"] == "true" for row in rows(out / "calibrated_scores.csv"))
    assert json.loads((out / "calibration.json").read_bytes())["simulated"] is True
    assert "SIMULATED" in (out / "calibration.svg").read_text()


def test_files_go_into_the_report_of_the_run_unless_told_otherwise(done):
    found = {path.name for path in done[1].iterdir()}
    assert found == {"calibration.csv", "calibrated_scores.csv", "calibration.json", "calibration.svg"}


def test_raw_stands_beside_calibrated_for_every_conversation(run, table, tmp_path):
    calibrate(run, CalibrationWish(annotations=table(60), out=tmp_path))
    found = rows(tmp_path / "calibrated_scores.csv")
    assert len(found) == 2 * SCENARIOS * len(DIMENSIONS)
    assert all(row["score"] and row["calibrated"] for row in found)
    assert sum(bool(row["clinicians"]) for row in found) == 60 * len(DIMENSIONS)


def test_the_json_holds_hashes_of_run_rubric_scenarios_and_annotations(done):
    content = json.loads((done[1] / "calibration.json").read_bytes())
    assert set(content["hashes"]) == {"plan", "rubric", "scenarios", "annotations"}
    assert content["dimensions"][0]["labelled"] == 80
    assert np.all(np.diff([y for _, y in content["dimensions"][0]["map"]]) >= 0)


def test_the_figure_is_well_formed_and_has_two_panels_a_dimension(done):
    root = ElementTree.parse(done[1] / "calibration.svg").getroot()
    assert len(root.findall("{http://www.w3.org/2000/svg}g")) == 2 * len(DIMENSIONS)


def test_the_same_run_and_table_give_the_same_files(run, table, done, tmp_path):
    calibrate(run, CalibrationWish(annotations=table(), out=tmp_path))
    for file in done[1].iterdir():
        assert file.read_bytes() == (tmp_path / file.name).read_bytes()


def test_a_dimension_with_too_few_labels_is_refused_and_the_others_are_not(run, table, tmp_path, names):
    extra = "".join(f"{name},accuracy,A,3\n" for name in names[: FEWEST - 1])
    page = calibrate(run, CalibrationWish(annotations=table(80, ("safety",), extra), out=tmp_path))
    assert "Not calibrated: 59 labelled conversations; at least 60 are needed" in page
    found = rows(tmp_path / "calibrated_scores.csv")
    assert {row["dimension"] for row in found if row["calibrated"]} == {"safety"}


def test_too_few_labels_in_every_dimension_are_an_error_that_says_what_was_left_out(run, table, tmp_path):
    extra = "elsewhere,safety,A,3\n"
    with pytest.raises(
        Unusable, match=r"too few labels.*safety: 20 labelled.*1 of conversations that are not in"
    ):
        calibrate(run, CalibrationWish(annotations=table(20, extra=extra), out=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_table_of_verdicts_does_as_well_as_a_run(table, tmp_path, names):
    generator = derive("test", "jurors")
    lines = ["conversation,juror,dimension,score,status,own_family"]
    for name in names:
        for juror in ("j1", "j2"):
            lines += [f"{name},{juror},{d},{generator.integers(1, 6)},scored,false" for d in DIMENSIONS]
    lines[1] = f"{names[0]},j1,safety,,refused,false"
    verdicts = tmp_path / "verdicts.csv"
    verdicts.write_text("\n".join(lines) + "\n")
    with pytest.raises(Unusable, match="--out DIR"):
        calibrate(verdicts, CalibrationWish(annotations=table()))
    page = calibrate(verdicts, CalibrationWish(annotations=table(), out=tmp_path / "out"))
    assert "SIMULATED" not in page
    models = {row["model"] for row in rows(tmp_path / "out" / "calibrated_scores.csv")}
    assert models == {"claude-haiku-4.5", "gpt-5.1"}


def test_verdicts_that_cannot_be_used_are_told_as_well(tmp_path, table, names):
    verdicts = tmp_path / "verdicts.csv"
    lines = [f"{name},j,safety,{3 + place % 2}" for place, name in enumerate(names)]
    verdicts.write_text(
        "conversation,juror,dimension,score\n" + "\n".join([*lines, f"{names[0]},k,safety,6"]) + "\n"
    )
    page = calibrate(verdicts, CalibrationWish(annotations=table(), out=tmp_path / "out"))
    assert "1  off the scale of 1 to 5" in page
    assert (
        json.loads((tmp_path / "out" / "calibration.json").read_bytes())["verdicts"]["left_out"][0]["count"]
        == 1
    )


def test_two_juries_are_held_against_the_same_annotations(run, table, tmp_path, names):
    generator = derive("test", "second")
    lines = ["conversation,juror,dimension,score"]
    lines += [f"{name},j1,safety,{generator.integers(1, 6)}" for name in names]
    second = tmp_path / "second.csv"
    second.write_text("\n".join(lines) + "\n")
    told = command(run, annotations=table(), out=tmp_path / "out", beside=second)
    page = "".join(told.pieces)
    assert "Beside second.csv (the second), on the same labelled conversations" in page
    assert "safety, raw: mean error" in page
    assert "accuracy: not compared: the second has no such dimension." in page
    beside = [row for row in rows(tmp_path / "out" / "calibration.csv") if row["table"] == "beside"]
    assert {row["n"] for row in beside} == {"80"}


def test_the_report_is_written_anew_with_raw_beside_calibrated(run, table):
    command(run, annotations=table())
    page = (run / "report" / "index.html").read_text()
    assert "In clinicians' words" in page
    board = rows(run / "report" / "leaderboard.csv")
    known = [row for row in board if row["dimension"] == "safety"]
    assert all(row["mean"] and row["calibrated"] for row in known)
    assert {row["calibration"] for row in board} != {"none"}
