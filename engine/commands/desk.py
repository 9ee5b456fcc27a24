"""The desk: commands that look at files and say what they found, and call no model."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cyclopts import App

from engine.commands import Count, Flag, Told, Whole

scenarios = App(name="scenarios", help="Make, show and check files of scenarios.", help_format="plaintext")
records = App(name="records", help="Show what is understood of health records.", help_format="plaintext")


@scenarios.command
def build(
    *,
    out: Path,
    cases: Path | None = None,
    map: Path | None = None,
    records: Path | None = None,
    n: Count = None,
    degraded: Count = None,
    seed: Whole = 7,
    layout: Literal["paired", "unpaired"] = "paired",
    release: str = "",
) -> Told:
    """Make scenarios and write them to a file, their photographs beside it.

    Parameters
    ----------
    out
        The file, new; its photographs go into a folder of the same name.
    cases
        Folder of a data set of photographs; without it, drawn lesions.
    map
        Column map of that data set, for one that is not known by itself.
    records
        Health records: FHIR bundles, a bulk export or Synthea's tables; without it, built-in ones.
    n
        How many; 155 when left out, or as many as the photographs allow.
    degraded
        How many of them with a poor photograph; 25 of 155 when left out.
    seed
        Every random choice follows from it.
    layout
        paired: each poor photograph is the twin of a clear one. unpaired: it is another case, as in the paper.
    release
        Add the adversarial pack of a release, such as 2026Q4.
    """
    from engine.shelf import build as make
    from engine.shelf import check_count, check_map, check_out
    from personas.scenarios.build import ScenarioWish

    if n is not None:
        check_count("--n", n)
    check_map(cases, map)
    check_out(out)
    wish = ScenarioWish(
        cases=cases,
        map_file=map,
        records=records,
        count=n,
        degraded=degraded,
        seed=seed,
        layout=layout,
        release=release,
    )
    return Told(pieces=(make(wish, out), "\n"))


@scenarios.command(name="show")
def show_scenarios(file: Path, id: str = "") -> Told:
    """Show the scenarios of a file in a line each, or one of them whole.

    Parameters
    ----------
    file
        A file made by `scenarios build`.
    id
        One scenario.
    """
    from engine.shelf import show

    return Told(pieces=(show(file, id), "\n"))


@scenarios.command(name="check")
def check_scenarios(file: Path) -> Told:
    """Check every proof of a file anew, look for photographs that are alike, and show how balanced it is.

    Parameters
    ----------
    file
        A file made by `scenarios build`.
    """
    from engine.shelf import check

    text, good = check(file)
    return Told(pieces=(text, "\n"), good=good)


@records.command(name="show")
def show_records(path: Path, *, json: Flag = False) -> Told:
    """Show what is understood of health records, what is left out, and why.

    Parameters
    ----------
    path
        A FHIR bundle, a folder of them, a bulk export (*.ndjson) or Synthea's tables (patients.csv …).
    json
        One JSON object a line.
    """
    from personas.records.show import show_lines

    return Told(pieces=show_lines(path, json), json=json)


def audit(run: Path, *, dialogues: Path | None = None, json: Flag = False) -> Told:
    """Audit the patients of a run: what they leaked or made up, how recognisable they are, how unlike real ones.

    Parameters
    ----------
    run
        The run folder; audit.json and audit.csv are written into its report folder, and the report anew.
    dialogues
        Real dialogues to compare with: a folder of ACI-Bench, MTS-Dialog or PriMock57, or a JSONL or CSV file of
        your own. Without it, published figures only.
    json
        Print JSON.
    """
    from engine.inquiry import audit as examine
    from engine.inquiry import render, written

    report = examine(run, dialogues)
    return Told(pieces=(written(report).decode() if json else render(report),), json=json)


def agreement(
    file: Path,
    *,
    unit: str | None = None,
    rater: str | None = None,
    value: str | None = None,
    where: str | None = None,
    level: Literal["nominal", "ordinal", "interval", "ratio"] | None = None,
    low: float | None = None,
    high: float | None = None,
    json: Flag = False,
) -> Told:
    """Say how far raters agree: every usual coefficient of anybody's ratings, and what was left out of them.

    Parameters
    ----------
    file
        A table of ratings (CSV, TSV, JSON, JSON Lines), a rating a row or a rater a column.
    unit
        Column that says what was rated; several, parted by commas, tell it together. All columns are guessed, and
        the guess is said, when left out.
    rater
        Column that says who rated; several are a rater each.
    value
        Column of the ratings.
    where
        COLUMN=TEXT, several parted by commas: only the rows that say so (dimension=safety,reading=1).
    level
        What the values are; guessed when left out.
    low
        Lowest rating there is; what is below is left out.
    high
        Highest rating there is.
    json
        The same and more as JSON.
    """
    from engine.agreement import AgreementWish
    from engine.agreement import agreement as survey

    wish = AgreementWish(
        unit=unit, rater=rater, value=value, where=where, level=level, low=low, high=high, as_json=json
    )
    return Told(pieces=(survey(file, wish), "\n"), json=json)


def calibrate(
    run: Path,
    *,
    annotations: Path,
    out: Path | None = None,
    beside: Path | None = None,
    conversation: str | None = None,
    dimension: str | None = None,
    annotator: str | None = None,
    score: str | None = None,
) -> Told:
    """Calibrate a run's jury to clinicians: what its scores mean in their words, and how sure that is.

    Parameters
    ----------
    run
        The run folder, or a table of verdicts (its report/verdicts.csv).
    annotations
        Table of clinicians' scores (CSV, TSV, JSON), a score a row or a column a dimension; conversations are
        named as in scores.csv. At least 60 labelled conversations a dimension.
    out
        Folder for the files; report/calibration in the run folder when left out.
    beside
        Another run or table of verdicts to hold against the same annotations: another rubric, or another jury.
    conversation
        Column that says which conversation; all columns are guessed, and the guess is said, when left out.
    dimension
        Column that says which dimension.
    annotator
        Column that says who scored.
    score
        Column of the scores, 1 to 5.
    """
    from engine.calibration import CalibrationWish
    from engine.calibration import calibrate as work_out
    from rubrics.calibration.annotations import TitleWish

    columns = TitleWish(conversation=conversation, dimension=dimension, annotator=annotator, score=score)
    wish = CalibrationWish(annotations=annotations, out=out, beside=beside, columns=columns)
    page = work_out(run, wish)
    if out is None and run.is_dir():
        from engine.folder import read_plan
        from engine.report import write_report
        from engine.results import tabulate_run

        write_report(tabulate_run(run, read_plan(run)), run)
    return Told(pieces=(page,))
