"""The leaderboard on the screen.

Every number stands with its interval and with how many conversations it is about, and where the minds were
invented that is said above and below. Nothing here knows how a mean or an interval is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from engine.console.clean import flatten
from engine.console.outlet import emit
from engine.console.spotlight import dollars

if TYPE_CHECKING:  # these bring numpy and scipy, which a table of their values does not need
    from engine.results import Results
    from rubrics.leaderboard import Standing

OVERALL = "overall"
"""The dimension that stands for all of them, and that models are sorted by."""
SIMULATED = "SIMULATED: invented minds. No number here says anything about a real model."
UNLINKED = (
    "* not adjusted for how severe the jurors were: some share no conversation with the rest of the panel."
)
SNUG = 108
"""Columns of a terminal up to which the table stands close."""
WIDE = 400
"""Columns of the plain table, so that none is ever cut."""


def leaderboard_table(
    standings: Iterable[Standing],
    *,
    titles: Mapping[str, str],
    failures: Mapping[str, int],
    simulated: bool,
    gap: int = 2,
) -> Group:
    """Give the leaderboard for a rich console; `titles` and `failures` are by the standings' models.

    `gap` is the number of cells between two columns.
    """
    rows: dict[str, dict[str, Standing]] = {}
    for standing in standings:
        rows.setdefault(standing.model, {})[standing.dimension] = standing
    wide, slim = (
        _table(rows, titles=titles, failures=failures, padding=(0, gap, 0, 0), between=between)
        for between in (" ", "\n")
    )
    parts: list[Text | UncutTable] = [UncutTable(wide, slim)]
    if any(not standing.linked for row in rows.values() for standing in row.values()):
        parts.append(Text(UNLINKED, style="dim"))
    if simulated:
        warning = Text(SIMULATED, style="bold black on yellow")
        parts = [warning, Text(), *parts, Text(), warning]
    return Group(*parts)


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
    rows: dict[str, dict[str, Standing]],
    *,
    titles: Mapping[str, str],
    failures: Mapping[str, int],
    padding: tuple[int, int, int, int],
    between: str,
) -> Table:
    """Lay out a row a model; `between` stands between a mean and its interval."""
    dimensions = [name for name in _dimensions(rows.values()) if name != OVERALL]
    table = Table(box=None, pad_edge=False, padding=padding, header_style="bold")
    table.add_column("model", no_wrap=True)
    for name in (*dimensions, OVERALL):
        table.add_column(Text(flatten(name)), justify="right", no_wrap=True)
    table.add_column("n", justify="right")
    table.add_column("failed", justify="right")
    lost = [model for model in failures if model not in rows]  # nothing of theirs could be scored
    for model in (*sorted(rows, key=lambda model: _place(rows[model])), *lost):
        row, failed = rows.get(model, {}), failures.get(model, 0)
        overall = row.get(OVERALL)
        table.add_row(
            Text(flatten(titles.get(model, model))),
            *(Text(_cell(row.get(name), between)) for name in dimensions),
            Text(_cell(overall, between), style="bold"),
            Text(f"{overall.n:,}" if overall else "0"),
            Text(f"{failed:,}", style="red" if failed else ""),
        )
    return table


def leaderboard_text(
    standings: Iterable[Standing],
    *,
    titles: Mapping[str, str],
    failures: Mapping[str, int],
    simulated: bool,
) -> str:
    """Give the leaderboard as lines of text, columns aligned and no control code in it."""
    page = StringIO()
    board = leaderboard_table(standings, titles=titles, failures=failures, simulated=simulated)
    Console(file=page, width=WIDE, color_system=None, force_terminal=False).print(board)
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines()) + "\n"


def show_board(results: Results, page: Path, *, finished: bool) -> None:
    """Print the leaderboard of a run to stdout, and what to open or do next."""
    given = {
        "titles": results.titles,
        "failures": results.failures,
        "simulated": results.simulated,
    }
    console = Console(highlight=False, soft_wrap=True)
    if console.is_terminal and not console.is_dumb_terminal:
        console.print()
        console.print(leaderboard_table(results.standings, gap=2 if console.width > SNUG else 1, **given))
    else:
        emit("\n" + leaderboard_text(results.standings, **given))
    emit("\n" + "\n".join(flatten(line) for line in _closing(results, page, finished)) + "\n")


def _closing(results: Results, page: Path, finished: bool) -> Iterator[str]:
    """Say what became of the run, and where to read on."""
    from engine.audit.exclude import say  # the audit's libraries are none of a live screen's

    yield f"{results.completed:,} of {results.planned:,} conversations were held to their end."
    yield from say(results.exclusions, results.plan.scenarios)
    yield from _spending(results)
    if missing := results.missing:
        causes = ", ".join(f"{count:,} {cause}" for cause, count in missing.most_common())
        yield f"{missing.total():,} votes are missing, and are not numbers: {causes}."
    if damage := results.findings.damage:
        yield f"{len(damage):,} lines of the journal could not be used; the first: {damage[0]}"
    if not finished:
        yield "The run was stopped; the same command with the same --run goes on where it stopped."
    yield f"Report: {page}"


def _spending(results: Results) -> Iterator[str]:
    """Say what was used and spent, and how much of the input came from the providers' caches."""
    ledger, plan = results.findings.ledger, results.plan
    total = ledger.total
    if total.cached is None:
        return
    yield (
        f"{total.calls:,} calls in {total.attempts:,} attempts: {total.input:,} tokens in, {total.output:,} out, "
        f"{dollars(total.cost, results.simulated)} by the prices of {plan.prices_dated}."
    )
    roles, models = (
        ", ".join(
            f"{name} {account.cached:.0%}" for name, account in sorted(accounts.items()) if account.input
        )
        for accounts in (ledger.roles(), ledger.models())
    )
    yield f"Input tokens read from cache: {total.cached:.0%} ({roles}). By model: {models}."


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
