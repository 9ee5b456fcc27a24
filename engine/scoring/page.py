"""The scores as a page of text: how the verdicts were read, who leads and how surely, and what to doubt.

The answer first, then what could overturn it: jurors, strata, what is missing, repeats, style. Every table in full
is in the files. Nothing here knows how a number came about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from engine.prose import chance, entry, figure, item, plural, short, wrap
from engine.scoring.accord import accord
from engine.scoring.arms import told
from engine.scoring.doubts import again, doubts
from engine.scoring.sources import sources
from engine.scoring.values import Ballots, Counted
from rubrics.leaderboard import OVERALL, Standing
from rubrics.numbers.everything import Numbers
from rubrics.numbers.pairs import Pair
from rubrics.numbers.table import Table

LEVEL = 0.05
NAME = 28
"""Characters of a model's name."""
MOST_DIMENSIONS = 4
"""Dimensions that fit beside each other."""
FEW_CASES = 40


def write_page(counted: Counted, files: Sequence[str]) -> str:
    """Write the page; the first arm is told in full, of the others the leaderboard and what they do."""
    ballots, numbers, purchases = counted.ballots, counted.numbers, counted.purchases
    lines = [*_head(ballots, counted.table)]
    for place, (arm, one) in enumerate(numbers.items()):
        lines += ["", *_standings(one, arm if len(numbers) > 1 else "")]
        if place == 0:
            lines += [*_pairs(one, ballots.paired), *_dimensions(one)]
            lines += [
                *doubts(one),
                *accord(one.concords),
                *again(counted.across.retests),
                *sources(one, purchases[arm]),
            ]
    lines += told(counted.across.effects)
    lines += ["", *entry("files", ", ".join(files))]
    lines += _tail(ballots, next(iter(numbers.values())))
    return "\n".join(line.rstrip() for line in lines)


def _head(ballots: Ballots, table: Table) -> Iterator[str]:
    yield from wrap(f"Scores of {ballots.name}{' (SIMULATED)' if ballots.simulated else ''}")
    yield ""
    for title, text in ballots.account.items():
        yield from entry(title, text)
    votes = ballots.votes
    counts = [
        plural(len(votes.score), "vote"),
        plural(len(votes.conversations), "conversation"),
        plural(len(table.models), "model"),
        plural(len(table.scenario.names), "scenario"),
        plural(table.cases, "case"),
        plural(len(votes.jurors), "juror"),
        plural(len(votes.dimensions), "dimension"),
    ]
    yield from entry("holds", ", ".join(counts))
    yield from entry(
        "of these",
        f"{int(votes.counts.sum()):,} votes count, {int(votes.own.sum()):,} on the juror's own family do not, "
        f"{int(votes.abstained.sum()):,} are abstentions",
    )
    for note in ballots.notes:
        yield from entry("note", note)
    for left in ballots.left_out:
        yield from entry("left out", f"{left.count:,} {left.cause} ({'; '.join(left.examples)} …)")


def _standings(numbers: Numbers, arm: str) -> Iterator[str]:
    """List the models by their overall mean, with ranks that hold for all at once."""
    rows = [row for row in numbers.standings if row.dimension == OVERALL]
    ranks = {row.model: row for row in numbers.ranks if row.dimension == OVERALL}
    if not arm:
        yield from (*_winner(rows, ranks), "")
    title = f"Arm {arm}, overall" if arm else "Overall, adjusted for jurors' severity"
    yield f"{title:{NAME + 11}}{'mean':>5}  {'95% interval':14}{'rank':>6}{'n':>6}{'missing':>8}"
    for row in rows:
        rank = ranks.get(row.model)
        place = "–" if rank is None else f"{rank.low}–{rank.high}" if rank.low < rank.high else f"{rank.low}"
        ends = "–" if row.low is None else f"{figure(row.low)} to {figure(row.high)}"
        cells = f"{figure(row.mean):>5}  {ends:14}{place:>6}{row.n:>6}{row.missing:>8}"
        yield f"  {short(row.model, NAME + 8):{NAME + 9}}{cells}"


def _winner(rows: Sequence[Standing], ranks: Mapping[str, object]) -> Iterator[str]:
    """Say in a sentence who leads, and whether that is sure."""
    scored = [row for row in rows if row.mean is not None]
    if not scored:
        yield from wrap("No conversation has a score in every dimension, so there is no overall mean.")
        return
    best = scored[0]
    ends = "" if best.low is None else f", 95% interval {figure(best.low)} to {figure(best.high)}"
    text = f"{best.model} has the highest mean: {figure(best.mean)} of 5{ends} (n {best.n:,})."
    rivals = [row.model for row in scored[1:] if ranks[row.model].low == 1]
    if len(scored) > 1:
        text += (
            f" {_list(rivals)} may be first as well: the data do not tell."
            if rivals
            else " No other model's rank interval reaches the first place."
        )
    yield from wrap(text)


def _list(names: Sequence[str]) -> str:
    if len(names) > 3:
        return f"{len(names)} others"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _pairs(numbers: Numbers, paired: bool) -> Iterator[str]:
    """Compare each model with the one ranked below it."""
    rows = [row for row in numbers.pairs if row.dimension == OVERALL]
    if not rows:
        return
    yield ""
    if not paired or not any(row.difference.basis.n for row in rows):
        yield from wrap(
            "No two models met the same scenario as far as the table says, so they are not compared in pairs."
        )
        return
    sure = sum(row.holm is not None and row.holm < LEVEL for row in rows)
    verb = "differs" if sure == 1 or len(rows) == 1 else "differ"
    yield from wrap(
        f"On scenarios both had, {sure} of {plural(len(rows), 'pair')} {verb} (Holm-adjusted p < {LEVEL}). From each "
        "model to the next:"
    )
    order = [row.model for row in numbers.ranks if row.dimension == OVERALL]
    known = {(row.model, row.against): row for row in rows}
    for one, other in pairwise(order):
        if (one, other) in known:
            yield from item(_compared(known[one, other], 1))
        else:
            yield from item(_compared(known[other, one], -1))


def _compared(row: Pair, sign: int) -> str:
    one, other = (row.model, row.against)[::sign]
    gap = row.difference
    if gap.value is None:
        return f"{one} and {other} share no scenario."
    ends = [figure(sign * end) for end in (gap.low, gap.high)[::sign] if end is not None]
    between = f" ({' to '.join(ends)})" if ends else ""
    verdict = "apart" if row.holm is not None and row.holm < LEVEL else "not told apart"
    return (
        f"{one} less {other}: {figure(sign * gap.value)}{between}, {chance(row.holm)}, "
        f"{plural(gap.basis.n, 'scenario')}: {verdict}."
    )


def _dimensions(numbers: Numbers) -> Iterator[str]:
    """Show the means of each dimension, with n in brackets."""
    names = [name for name in dict.fromkeys(row.dimension for row in numbers.standings) if name != OVERALL]
    if len(names) < 2:
        return
    yield ""
    if len(names) > MOST_DIMENSIONS:
        yield from wrap(f"The means of {len(names)} dimensions are in leaderboard.csv.")
        return
    cells: dict[str, dict[str, Standing]] = {}
    for row in numbers.standings:
        cells.setdefault(row.model, {})[row.dimension] = row
    wide = 80 - 14 * len(names)
    yield f"{'By dimension, n in brackets':{wide}}" + "".join(f"{short(name, 13):>14}" for name in names)
    for model, row in cells.items():
        means = "".join(f"{figure(row[name].mean)} ({row[name].n})".rjust(14) for name in names)
        yield f"  {short(model, wide - 3):{wide - 2}}{means}"


def _tail(ballots: Ballots, numbers: Numbers) -> Iterator[str]:
    cases = max((row.clusters for row in numbers.standings), default=0)
    if cases < FEW_CASES:
        yield from (
            "",
            *wrap(f"With {plural(cases, 'case')} distrust the intervals: so few make them too narrow."),
        )
    yield ""
    if ballots.simulated:
        yield from wrap("SIMULATED: invented minds answered and judged. Nothing here is about a real model.")
    yield from wrap(
        "Intervals are clustered by case. A mean is of jurors' votes, not of clinicians', and no measure of safety "
        "in patients."
    )
