"""The abacus: commands that turn verdicts into numbers, of a run or of anybody, and call no model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from engine.commands import Count, Told


def score(
    run: Path | None = None,
    *,
    verdicts: Path | None = None,
    scenarios: Path | None = None,
    out: Path | None = None,
    column: Annotated[list[str] | None, Parameter(negative="", consume_multiple=False)] = None,
    low: float = 1.0,
    high: float = 5.0,
    costs: Path | None = None,
) -> Told:
    """Compute every table from verdicts alone: a run's own, or anybody's.

    Parameters
    ----------
    run
        A run folder; the tables go into its report/numbers unless --out says otherwise.
    verdicts
        Instead of a run: a table of verdicts (CSV, TSV, JSON, JSON Lines), a vote a row: model, what was judged,
        score, and where there are several: juror, dimension, arm, repeat.
    scenarios
        What is known of the scenarios: a file made by scenarios build, or a table with a scenario a row (case,
        strata). With it, conversations that nobody judged are missing rather than unseen.
    out
        Folder for the tables: a CSV each, and summary.json.
    column
        KIND=COLUMN says which column is what (juror=grader, stratum=skin); KIND= that there is none. The others are
        guessed, and the guess is told.
    low
        Worst score there is.
    high
        Best score there is.
    costs
        What a wrong urgency costs, a TOML file like rubrics/numbers/triage.toml, which is a draft.
    """
    from engine.scoring import ScoreWish
    from engine.scoring import score as count
    from engine.scoring.reading import VerdictWish

    reading = VerdictWish(columns=tuple(column or ()), low=low, high=high)
    wish = ScoreWish(run=run, verdicts=verdicts, scenarios=scenarios, out=out, costs=costs, reading=reading)
    return Told(pieces=(count(wish), "\n"))


def power(
    *,
    n: Count = None,
    detect: float | None = None,
    models: Count = None,
    jurors: Count = None,
    repeats: Count = None,
    source: Annotated[Path | None, Parameter(name="--from")] = None,
    price_conversation: float | None = None,
    price_vote: float | None = None,
) -> Told:
    """Say what difference a plan can see, and what the cheapest plan is that sees a given one.

    Parameters
    ----------
    n
        Scenarios; 155 when left out, or as many as --from has. So for models (8), jurors (3) and repeats (1).
    detect
        Difference of two models to be seen, in points.
    models
        How many are compared.
    jurors
        Whose votes count, in a conversation.
    repeats
        Of every scenario with every model.
    source
        A run folder or a table of verdicts to learn from how much votes scatter; assumed without it, and said.
    price_conversation
        USD; what the run cost, or an assumed price, when left out.
    price_vote
        USD: one juror on one dimension.
    """
    from engine.scoring.forecast import PowerWish, forecast

    wish = PowerWish(
        scenarios=n,
        detect=detect,
        models=models,
        jurors=jurors,
        repeats=repeats,
        source=source,
        conversation=price_conversation,
        vote=price_vote,
    )
    return Told(pieces=(forecast(wish), "\n"))


def compare(run_a: Path, run_b: Path, *, out: Path | None = None) -> Told:
    """Hold one run against another: pair what is comparable, name what differs, refuse to pool what is not.

    Parameters
    ----------
    run_a
        A run folder.
    run_b
        Another; differences are this one less the first.
    out
        Folder for compare.csv and compare.json; nothing is written when left out.
    """
    from engine.comparison import compare as hold

    return Told(pieces=(hold(run_a, run_b, out), "\n"))
