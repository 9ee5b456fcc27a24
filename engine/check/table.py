"""The table of a check: who works, how fast, for how much, and what stands in the way of whom.

At most 80 columns where the terminal is no wider, and whole lines where there is none. Nothing here knows how a
finding was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import StringIO
from textwrap import fill

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.check.probe import Finding
from engine.console.board import WIDE, UncutTable
from engine.console.clean import flatten
from engine.console.outlet import emit
from engine.models import Model
from personas.tidy import placeless

SIMULATED = "SIMULATED: the embedded simulator answers. This checks the engine, not one real model."
MARGIN = 78
"""Columns of the sentences below the table."""
UNITS = {
    "requests": "requests/min",
    "tokens": "tokens/min",
    "input_tokens": "input tokens/min",
    "output_tokens": "output tokens/min",
}


def show_opening(remarks: Iterable[str], *, calls: int, patience: float, simulated: bool) -> None:
    """Say what is about to be done, since it may take a minute."""
    lines = [*([SIMULATED] if simulated else []), *remarks]
    lines.append(f"Making {calls} calls at once, {patience:g} s at most each …")
    emit("".join(f"{_folded(line)}\n" for line in lines))


def show_findings(findings: list[Finding], *, simulated: bool) -> None:
    """Print the table to stdout, and below it the problems, the limits and the cost."""
    table = UncutTable(_table(findings, wide=True), _table(findings, wide=False))
    terminal = Console(highlight=False, soft_wrap=True)
    emit("\n")
    if terminal.is_terminal and not terminal.is_dumb_terminal:
        terminal.print(table)
    else:
        page = StringIO()
        Console(file=page, width=WIDE, color_system=None, force_terminal=False).print(table)
        emit("".join(f"{line.rstrip()}\n" for line in page.getvalue().splitlines()))
    emit("\n" + "\n".join(_below(findings, simulated)) + "\n")


def _table(findings: list[Finding], *, wide: bool) -> Table:
    """Lay out a row a probe; the narrow one has the served models in lines of their own below."""
    table = Table(box=None, pad_edge=False, padding=(0, 2 if wide else 1, 0, 0), header_style="bold")
    for name in ("model", "role", "works"):
        table.add_column(name, no_wrap=True)
    for name in ("latency", "price"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("picture", "structured", *(("served model",) if wide else ())):
        table.add_column(name, no_wrap=True)
    for found in findings:
        works = Text(found.cause, style="bold red") if found.problem else Text("yes", style="green")
        table.add_row(
            Text(found.model.name),
            Text(found.role),
            works,
            Text("–" if found.seconds is None else f"{found.seconds:.1f} s"),
            Text(f"${found.cost:.4f}" if found.cost else "–"),
            Text(found.picture or "–"),
            Text(found.shape or "–"),
            *((Text(flatten(found.served) or "–"),) if wide else ()),
        )
    return table


def _below(findings: list[Finding], simulated: bool) -> Iterator[str]:
    """Give the sentences below the table, folded."""
    problems: dict[tuple[str, str], list[str]] = {}
    for found in findings:
        if found.problem:
            problems.setdefault((found.model.name, found.problem), []).append(found.role)
    for (name, problem), roles in problems.items():
        yield _folded(f"{name} as {' and '.join(roles)}: {problem}")
    if problems:
        yield ""
    served = {found.model.name: found for found in findings if found.served}
    for name, found in served.items():
        if found.served != placeless(found.model.id):
            yield _folded(f"{name} was asked for as {found.model.id} and served as {found.served}.")
    yield from map(_folded, _limits(findings))
    calls, cost = sum(found.calls for found in findings), sum(found.cost for found in findings)
    yield f"The {calls} calls {'would have cost' if simulated else 'cost about'} ${cost:.4f}."
    bad = len({(found.model.name, found.role) for found in findings if found.problem})
    yield "All can play their parts." if not bad else f"{bad} of {len(findings)} cannot play their part."


def _limits(findings: list[Finding]) -> Iterator[str]:
    """Compare what the accounts' headers told with the models file, a sentence a model."""
    told = {found.model.name: found for found in findings if found.rates}
    silent = dict.fromkeys(
        found.model.name for found in findings if found.model.name not in told and found.served
    )
    for name, found in told.items():
        if differing := list(_differences(found.model, found)):
            yield f"{name} allows {'; '.join(differing)}."
        else:
            yield f"{name} allows what the models file says."
    if silent:
        yield f"No limits were told by {', '.join(silent)}: the models file's hold."


def _differences(model: Model, found: Finding) -> Iterator[str]:
    for key, unit in UNITS.items():
        allowed, held = getattr(found.rates, key), getattr(model.limits, key)
        if allowed and held and allowed.limit != held:
            yield f"{allowed.limit:,} {unit}, the file says {held:,}"


def _folded(line: str) -> str:
    return fill(flatten(line), MARGIN, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
