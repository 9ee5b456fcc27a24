"""Where the spread of votes comes from, and what more money would buy.

Nothing here knows how a component is estimated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.prose import figure, item, percent, short, wrap
from engine.scoring.purchases import Purchase
from rubrics.numbers.everything import Numbers

TITLES = {
    "scenario": "scenarios harder for all",
    "model": "models",
    "juror": "jurors lenient with all",
    "scenario_model": "scenarios harder for one model",
    "scenario_juror": "jurors on a scenario",
    "model_juror": "jurors on a model",
    "repeat": "the same again",
    "scenario_model_juror": "jurors on a model's scenario",
    "residual": "the rest",
}
MOST_DIMENSIONS = 4


def sources(numbers: Numbers, purchases: Sequence[Purchase]) -> Iterator[str]:
    """Tell both; nothing where the components cannot be estimated."""
    yield from _components(numbers)
    yield from _purchases(purchases)


def _components(numbers: Numbers) -> Iterator[str]:
    names = list(dict.fromkeys(row.dimension for row in numbers.components))[:MOST_DIMENSIONS]
    rows = {(row.part, row.dimension): row for row in numbers.components}
    if not any(row.share is not None for row in numbers.components):
        return
    yield ""
    wide = 80 - 12 * len(names)
    yield f"{'Where votes differ from':{wide}}" + "".join(f"{short(name, 11):>12}" for name in names)
    for part, title in TITLES.items():
        cells = [rows[part, name] for name in names]
        if all(cell.share is None for cell in cells):
            continue
        yield f"  {title:{wide - 2}}" + "".join(f"{percent(cell.share):>12}" for cell in cells)
    votes = "".join(f"{rows['residual', name].variance.basis.n:>12,}" for name in names)
    yield f"  {'votes':{wide - 2}}{votes}"
    held = [
        f"{TITLES[row.part]} within {TITLES[row.within]}"
        for row in numbers.components
        if row.within and row.dimension == names[0]
    ]
    if held:
        yield from item(f"Not told apart: {'; '.join(held)}.")


def _purchases(purchases: Sequence[Purchase]) -> Iterator[str]:
    if not purchases:
        return
    names = list(dict.fromkeys(row.dimension for row in purchases))[:MOST_DIMENSIONS]
    cells = {(row.twice, row.dimension): row for row in purchases}
    now = purchases[0]
    yield ""
    yield from wrap(
        f"The smallest difference of two models that is found in 80 of 100 such runs (one pair, 5%), with "
        f"{now.scenarios} scenarios, {now.repeats} repeat{'' if now.repeats == 1 else 's'} and about {now.jurors} "
        "counting jurors, and with twice as much:"
    )
    wide = 80 - 12 * len(names)
    for twice, title in (
        ("nothing", "as it is"),
        ("scenarios", "twice the scenarios"),
        ("repeats", "twice the repeats"),
        ("jurors", "twice the jurors"),
    ):
        figures = [f"{figure(cells[twice, n].detects) if cells[twice, n].founded else '?'}" for n in names]
        yield f"  {title:{wide - 2}}" + "".join(f"{one:>12}" for one in figures)
    if not all(row.founded for row in purchases):
        yield from item("?: these votes cannot tell what more of it would bring; a run with some can.")
