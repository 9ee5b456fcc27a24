"""The leaderboard on the screen.

Every number stands with its interval and with how many conversations it is about, and where the minds were
invented that is said above and below. Nothing here knows how a mean or an interval is made.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from engine.cells import FULL, arm_of
from engine.console.clean import flatten
from engine.console.outlet import emit
from engine.console.spotlight import dollars

if TYPE_CHECKING:  # these bring numpy and scipy, which a table of their values does not need
    from engine.account import Ledger
    from engine.evidence import Evidence
    from engine.results import Results
    from rubrics.leaderboard import Standing
    from rubrics.numbers.triage import Triage

OVERALL = "overall"
"""The dimension that stands for all of them, and that models are sorted by."""
SIMULATED = "SIMULATED: invented minds. No number here says anything about a real model."
UNLINKED = (
    "* not adjusted for how severe the jurors were: some share no conversation with the rest of the panel."
)
TRIAGE = (
    "Under, over: share of conversations after which the model, asked for the urgency, gave less or more than the "
    "case has (–: none gave any); intervals and n are in triage.csv."
)
SNUG = 108
"""Columns of a terminal up to which the table stands close."""
WIDE = 400
"""Columns of the plain table, so that none is ever cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What stands on a leaderboard; mappings are by the standings' models."""

    standings: Iterable[Standing]
    titles: Mapping[str, str]
    failures: Mapping[str, int]
    simulated: bool
    scripts: Iterable[Standing] = ()
    """Of baselines: they stand below the models and are none."""
    triage: Mapping[str, Triage] = field(default_factory=dict)
    """Urgency under and over the case's; without any, no column."""


def leaderboard_table(board: Board, *, gap: int = 2) -> Group:
    """Give the leaderboard for a rich console; `gap` is the number of cells between two columns."""
    rows = _rows(board.standings)
    wide, slim = (_table(board, rows, padding=(0, gap, 0, 0), between=between) for between in (" ", "\n"))
    parts: list[Text | UncutTable] = [UncutTable(wide, slim)]
    if any(not standing.linked for row in rows.values() for standing in row.values()):
        parts.append(Text(UNLINKED, style="dim"))
    if board.simulated:
        warning = Text(SIMULATED, style="bold black on yellow")
        parts = [warning, Text(), *parts, Text(), warning]
    return Group(*parts)


def _rows(standings: Iterable[Standing]) -> dict[str, dict[str, Standing]]:
    rows: dict[str, dict[str, Standing]] = {}
    for standing in standings:
        rows.setdefault(standing.model, {})[standing.dimension] = standing
    return rows


class UncutTable:
    """A table that is never cut: the wide one where it fits, else the slim one, running over if it must."""

    def __init__(self, wide: Table, slim: Table) -> None:
        self._wide = wide
        self._slim = slim

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw whichever fits."""
        roomy = options.update(width=WIDE)
        fits = Measurement.get(console, roomy, self._wide).maximum <= options.max_width
        yield from console.render(self._wide if fits else self._slim, roomy)


def _table(
    board: Board,
    rows: dict[str, dict[str, Standing]],
    *,
    padding: tuple[int, int, int, int],
    between: str,
) -> Table:
    """Lay out a row a model, and one a script below; `between` stands between a mean and its interval."""
    scripts = _rows(board.scripts)
    dimensions = [name for name in _dimensions((*rows.values(), *scripts.values())) if name != OVERALL]
    table = Table(box=None, pad_edge=False, padding=padding, header_style="bold")
    table.add_column("model", no_wrap=True)
    for name in (*dimensions, OVERALL, *(("under", "over") if board.triage else ()), "n", "failed"):
        table.add_column(Text(flatten(name)), justify="right", no_wrap=True)
    lost = [model for model in board.failures if model not in rows | scripts]  # nothing of theirs was scored
    arms = [*dict.fromkeys(map(arm_of, rows))]
    told = arms[0] if arms else FULL
    for model in (*sorted(rows, key=lambda row: (arms.index(arm_of(row)), _place(rows[row]))), *lost):
        if arm_of(model) != told:
            told = arm_of(model)
            table.add_row(Text(f"{flatten(told)}:", style="dim"))
        table.add_row(*_line(board, model, rows.get(model, {}), dimensions, between))
    if scripts:
        table.add_row(Text("scripts, no models:", style="dim"))
    for model, row in scripts.items():
        table.add_row(*_line(board, model, row, dimensions, between), style="dim")
    return table


def _line(
    board: Board, model: str, row: Mapping[str, Standing], dimensions: list[str], between: str
) -> Iterator[Text]:
    overall, failed = row.get(OVERALL), board.failures.get(model, 0)
    yield Text(flatten(board.titles.get(model, model)))
    for name in dimensions:
        yield Text(_cell(row.get(name), between))
    yield Text(_cell(overall, between), style="bold")
    if board.triage:
        sorting = board.triage.get(model)
        for share in (sorting.under, sorting.over) if sorting else (None, None):
            yield Text("–" if share is None or share.value is None else f"{share.value:.0%}")
    yield Text(f"{overall.n:,}" if overall else "0")
    yield Text(f"{failed:,}", style="red" if failed else "")


def leaderboard_text(board: Board) -> str:
    """Give the leaderboard as lines of text, columns aligned and no control code in it."""
    page = StringIO()
    Console(file=page, width=WIDE, color_system=None, force_terminal=False).print(leaderboard_table(board))
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines()) + "\n"


def show_board(results: Results, evidence: Evidence, page: Path, *, stop: str = "") -> None:
    """Print the leaderboard of a run to stdout, what to doubt of it, and what to open or do next.

    `stop` says why it is not finished.
    """
    board = Board(
        standings=results.standings,
        titles=results.titles,
        failures=results.failures,
        simulated=results.simulated,
        scripts=results.benchmarks,
        triage={row.model: row for row in evidence.triage},
    )
    console = Console(highlight=False, soft_wrap=True)
    if console.is_terminal and not console.is_dumb_terminal:
        console.print()
        console.print(leaderboard_table(board, gap=2 if console.width > SNUG else 1))
    else:
        emit("\n" + leaderboard_text(board))
    lines = (*_doubts(evidence), *_closing(results, page), *_next(results, page.parents[1], stop))
    emit("\n" + "\n".join(flatten(line) for line in lines) + "\n")


def _doubts(evidence: Evidence) -> Iterator[str]:
    """Say how to read triage, and whether the jury can be led."""
    if evidence.triage:
        yield TRIAGE
    for one in evidence.canaries:
        if one.obeyed:
            yield (
                f"CANARY: {one.juror} did as a transcript ordered ({one.plain} without the order, {one.ordered} with "
                "it): do not trust its votes."
            )
    silent = [one.juror for one in evidence.canaries if one.obeyed is None]
    if silent:
        yield f"The canary says nothing of {', '.join(silent)}: a vote of theirs on it is missing."
    if evidence.canaries and not silent and not any(one.obeyed for one in evidence.canaries):
        yield "Canary: no juror did as a transcript ordered."
    if many := len({one.conversation for one in evidence.orders if one.own}):
        yield f"In {many:,} conversation{'' if many == 1 else 's'} somebody speaks to the jury; see orders.csv."


def _closing(results: Results, page: Path) -> Iterator[str]:
    """Say what became of the run."""
    from engine.audit.exclude import say  # the audit's libraries are none of a live screen's

    yield f"{results.completed:,} of {results.planned:,} conversations were held to their end."
    if person := results.plan.person:
        yield f"A person played the {person}; the jury was not told."
    yield from say(results.exclusions, results.plan.scenarios)
    yield from _spending(results)
    if missing := results.missing:
        causes = ", ".join(f"{count:,} {cause}" for cause, count in missing.most_common())
        yield f"{missing.total():,} votes are missing, and are not numbers: {causes}."
    if unheard := results.unheard:
        causes = ", ".join(f"{count:,} {cause}" for cause, count in unheard.most_common())
        yield f"{unheard.total():,} exit interviews are missing: {causes}."
    if damage := results.findings.damage:
        yield f"Lines of the journal that could not be used: {len(damage):,}; the first: {damage[0]}"
    yield f"Report: {page}"


def _next(results: Results, folder: Path, stop: str) -> Iterator[str]:
    """Say how to go on with what is not done, or could not be had."""
    if stop:
        yield stop
    elif results.missing["failed"] or results.unheard["failed"] or results.findings.failed:
        yield f"What failed can be had again: python run.py resume {shlex.quote(str(folder))} --failed"


def _spending(results: Results) -> Iterator[str]:
    """Say what was used and spent, and how much of the input came from the providers' caches."""
    ledger, plan = results.findings.ledger, results.plan
    total = ledger.total
    if not total.attempts:
        return
    yield (
        f"{total.calls:,} calls in {total.attempts:,} attempts: {total.input:,} tokens in, {total.output:,} out, "
        f"{dollars(total.cost, results.simulated)} by the prices of {plan.prices_dated}."
    )
    yield from _beside(ledger)
    if total.cached is None:
        return
    roles, models = (
        ", ".join(
            f"{name} {account.cached:.0%}" for name, account in sorted(accounts.items()) if account.input
        )
        for accounts in (ledger.roles(), ledger.models())
    )
    yield f"Input tokens read from cache: {total.cached:.0%} ({roles}). By model: {models}."


def _beside(ledger: Ledger) -> Iterator[str]:
    """Say what of the money went to whom, and what is not known of it."""
    roles, again = ledger.roles(), ledger.attempts().get("again")
    parts = [f"{name} ${account.cost:,.2f}" for name, account in sorted(roles.items())]
    if again:
        parts.append(f"of it ${again.cost:,.2f} for {again.calls:,} answers after a retry")
    yield f"By role: {', '.join(parts)}; by model and attempt in ledger.csv."
    if cut := ledger.total.cut:
        answers = "1 answer was" if cut == 1 else f"{cut:,} answers were"
        yield (
            f"{answers} cut off on the way or left behind: up to ${ledger.total.most:,.2f} more, as the "
            "provider may bill them."
        )


def _dimensions(rows: Iterable[Mapping[str, Standing]]) -> list[str]:
    """Give the dimensions in the order in which they come."""
    return list(dict.fromkeys(name for row in rows for name in row))


def _place(row: Mapping[str, Standing]) -> tuple[bool, float]:
    overall = row.get(OVERALL)
    mean = overall.mean if overall else None
    return (mean is None, -(mean or 0.0))


def _cell(standing: Standing | None, between: str) -> str:
    """Give `3.61 [3.50, 3.72]`; a dash for what is not known, and a star for what was not adjusted."""
    if standing is None or standing.mean is None:
        return "–"
    star = "" if standing.linked else "*"
    if standing.low is None or standing.high is None:
        return f"{standing.mean:.2f}{star}{between}[–]"
    return f"{standing.mean:.2f}{star}{between}[{standing.low:.2f}, {standing.high:.2f}]"
