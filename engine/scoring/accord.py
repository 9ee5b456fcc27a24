"""Whether the jurors agree among themselves, in words: by dimension, and on which patients they do not.

Nothing here knows how agreement is computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.prose import chance, figure, item, percent, plural, short, span, wrap
from rubrics.numbers.concord import Concord

NAME = 30
MOST = 6
"""Levels that are told."""


def accord(rows: Sequence[Concord]) -> Iterator[str]:
    """Tell how far they agree, and every level that falls below the rest; nothing for one juror."""
    whole = {row.dimension: row for row in rows if row.level is None}
    if not whole:
        return
    yield ""
    yield f"{'Jurors among themselves':{NAME}}{'alpha':>7}  {'95% interval':14}{'kappa':>7}{'near':>7}{'n':>8}"
    for name, row in whole.items():
        cells = f"{figure(row.alpha.value):>7}  {span(row.alpha):14}{figure(row.kappa.value):>7}"
        cells += f"{percent(row.near.value):>7}{row.alpha.basis.n:>8,}"
        yield f"  {short(name, NAME - 3):{NAME - 2}}{cells}"
    yield "  (alpha is ordinal, kappa the mean over pairs of jurors, near within a point)"
    levels = [row for row in rows if row.level is not None and row.alpha.value is not None]
    low = sorted((row for row in levels if row.flagged), key=lambda row: row.below or 0.0)
    if levels:
        verb = "falls" if len(low) == 1 else "fall"
        yield from wrap(
            f"By kind of patient, {len(low)} of {plural(len(levels), 'level')} {verb} below the whole dimension (p "
            f"after Benjamini and Hochberg){':' if low else '; all are in concord.csv.'}"
        )
    for row in low[:MOST]:
        yield from item(
            f"{row.stratum} {row.level}, {row.dimension}: alpha {figure(row.alpha.value)} ({span(row.alpha)}) "
            f"against {figure(whole[row.dimension].alpha.value)}, {percent(row.near.value)} near, "
            f"{chance(row.adjusted)}, n {row.alpha.basis.n:,}."
        )
    if len(low) > MOST:
        yield f"  … and {len(low) - MOST} more in concord.csv"
