"""A comparison as a page of text, 80 columns wide.

What differs first, with what it means, then what changed under one instrument, then what is only shown, then the
leaderboard of both or why there is none. Nothing here knows how a number came about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from engine.comparison.ground import Ground
from engine.comparison.pairing import named
from engine.comparison.sides import Side
from engine.comparison.values import Comparison
from engine.prose import TINY, entry, figure, item, plural, short, span, wrap
from engine.provenance import COLUMNS, SHOWN
from rubrics.leaderboard import OVERALL, Standing
from rubrics.numbers.changes import Change
from rubrics.numbers.pairs import MARGIN

LEVEL = 0.05
FEW_CASES = 40
NAME = 26
"""Characters of a model's name."""
KINDS = (*COLUMNS, "patient")


def write_page(comparison: Comparison, files: Sequence[str]) -> str:
    """Write the page."""
    lines = [*_head(comparison), "", *_digests(comparison), "", *_differences(comparison)]
    lines += ["", *_common(comparison)]
    for arm, changes in comparison.changes.items():
        lines += _changes(comparison, arm, changes)
    lines += _models(comparison)
    for arm, standings in comparison.standings.items():
        lines += ["", *_leaderboard(comparison, arm, standings)]
    if files:
        lines += ["", *entry("files", ", ".join(files))]
    lines += ["", *_tail(comparison)]
    return "\n".join(line.rstrip() for line in lines)


def _head(comparison: Comparison) -> Iterator[str]:
    yield from wrap(f"Runs A and B compared{' (SIMULATED)' if comparison.simulated else ''}")
    yield ""
    for side in comparison.sides:
        yield from entry(side.letter, f"{side.name}: {_account(side)}")


def _account(side: Side) -> str:
    results = side.results
    counts = [
        plural(len(side.scenarios), "scenario"),
        plural(len(side.models), "model"),
        *([plural(len(scripts), "baseline")] if (scripts := side.held.get("baselines")) else ()),
        plural(len(results.plan.jury), "juror"),
        f"{results.completed:,} of {plural(results.planned, 'conversation')} ended",
    ]
    if failed := len(results.findings.failed):
        counts.append(f"{failed:,} failed")
    if damage := results.findings.damage:
        first = damage[0].partition(":")[0]
        counts.append(f"{plural(len(damage), 'line')} of the journal unusable, the first in {first}")
    return ", ".join(counts)


def _digests(comparison: Comparison) -> Iterator[str]:
    """Show what scores rest on, both runs beside each other."""
    yield f"{'What scores rest on':{NAME}}{'A':16}B"
    for kind in KINDS:
        one, two = (getattr(side.provenance, kind)[:SHOWN] for side in comparison.sides)
        yield f"  {kind:{NAME - 2}}{one:16}{'the same' if one == two else two}"


def _differences(comparison: Comparison) -> Iterator[str]:
    told = [one for one in comparison.differences if one.moves != "nothing"]
    idle = [one for one in comparison.differences if one.moves == "nothing"]
    if not comparison.differences:
        yield from wrap("Nothing else differs in their plans.")
    if told:
        yield "What differs, and what it means for the numbers:"
    for one in told:
        yield from item(f"{_upper(one.title)}: {one.first} in A, {one.second} in B. {one.means}")
    if idle:
        yield "What differs and moves no score by its meaning:"
    for one in idle:
        values = one.first if one.first == one.second else f"{one.first} in A, {one.second} in B"
        yield from item(f"{_upper(one.title)}: {values}. {one.means}")


def _common(comparison: Comparison) -> Iterator[str]:
    """Say on what the two are compared, and what is left out."""
    ground, overlap = comparison.ground, comparison.ground.overlap
    left = [
        f"{count:,} {where}"
        for count, where in (
            (overlap.first, "only in A"),
            (overlap.second, "only in B"),
            (overlap.excluded, "taken out since the audit found a patient at fault in one"),
        )
        if count
    ]
    text = f"Both have {plural(len(overlap.shared), 'scenario')} that count"
    yield from wrap(
        f"{text}{'s' if len(overlap.shared) == 1 else ''}; left out: {', '.join(left) or 'none'}."
    )
    held = [side.held["dimensions"] for side in comparison.sides]
    for side, own, other in zip(comparison.sides, held, held[::-1], strict=True):
        if alone := [name for name in own if name not in other]:
            yield from wrap(f"Dimensions only in {side.letter}, compared with nothing: {', '.join(alone)}.")
    if not ground.models:
        yield from wrap("No model is in both, so none is paired.")
    yield from wrap(_talk(comparison))


def _talk(comparison: Comparison) -> str:
    """Say whether the conversations are the same ones."""
    ground = comparison.ground
    met = plural(ground.met, "conversation")
    if ground.same_votes:
        return f"The same {met}, word for word, and the same votes: every difference is exactly 0."
    if ground.same_talk:
        other = _other(comparison)
        what = f"what changed is {_list(other)}" if other else "judged again by the same jury"
        return f"The same {met}, word for word; {what}."
    if ground.same_words:
        return f"Of {met} in both, {ground.same_words:,} are word for word the same."
    return "No conversation is word for word the same in both."


def _other(comparison: Comparison) -> list[str]:
    """Name what of judging is another."""
    return [one.title for one in comparison.differences if one.moves == "judging"]


def _changes(comparison: Comparison, arm: str, changes: Sequence[Change]) -> Iterator[str]:
    ground = comparison.ground
    where = f", arm {arm}" if len(comparison.changes) > 1 or arm != "full" else ""
    for tested, title in ((True, f"One instrument{where}"), (False, f"Two instruments{where}")):
        rows = [one for one in changes if one.tested == tested]
        if not rows:
            continue
        yield ""
        yield from wrap(f"{title}: {_instrument(comparison, ground, tested)}")
        if tested:
            yield from _verdict(rows)
        for dimension, part in groupby(rows, key=lambda one: one.dimension):
            yield from _block(dimension, list(part))


def _instrument(comparison: Comparison, ground: Ground, tested: bool) -> str:
    """Say what is held against what."""
    if not tested:
        talk = "" if ground.same_talk else ", and the conversations are others"
        return (
            f"{_list(_other(comparison))} changed{talk}. A difference is one of instruments, not of models: it is "
            "shown, not tested, and never pooled."
        )
    sit = {name for side in comparison.sides for name in side.results.plan.jury}
    heard = "the same jury" if sit == {*ground.jurors} else f"only jurors in both ({_list(ground.jurors)})"
    words = "dimensions told in the same words" if ground.shown else "the same rubric"
    made = [one.title for one in comparison.differences if one.moves == "dialogue"]
    doubt = f" What is found may be the doing of what else changed: {_list(made)}." if made else ""
    return f"{heard}, {words}. B less A on the scenarios both have, severities taken out.{doubt}"


def _list(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _block(dimension: str, rows: Sequence[Change]) -> Iterator[str]:
    title = _upper(short(dimension, NAME))
    yield f"{title:{NAME + 2}}{'A':>6}{'B':>6}{'B - A':>7}  {'95% interval':16}{'p (Holm)':>9}{'n':>6}"
    for row in rows:
        cells = f"{figure(row.first):>6}{figure(row.second):>6}{figure(row.difference.value):>7}"
        chance = "–" if row.holm is None else f"<{TINY}" if row.holm < TINY else figure(row.holm, 3)
        cells += f"  {span(row.difference):16}{chance:>9}{row.difference.basis.n:>6}"
        yield f"  {short(row.model, NAME):{NAME}}{cells}"


def _verdict(rows: Sequence[Change]) -> Iterator[str]:
    """Say what is told apart in each dimension, and of the first, overall where there is one, all that is shown."""
    if all(_equal(row) for row in rows):
        yield from item("Not a single scenario differs.")
        return
    for place, dimension in enumerate(_names(rows)):
        here = [row for row in rows if row.dimension == dimension]
        apart = [row.model for row in here if _below(row.holm)]
        if apart or not place:
            yield from item(
                f"{_upper(dimension)}, told apart (Holm-adjusted p < {LEVEL}): {', '.join(apart) or 'none'}."
            )
        if not place:
            kept = [row.model for row in here if _below(row.no_worse) or _equal(row)]
            same = [row.model for row in here if _below(row.same) or _equal(row)]
            yield from item(
                f"{_upper(dimension)}, shown to be no worse in B by {MARGIN} or more: {', '.join(kept) or 'none'}; "
                f"to be the same within {MARGIN}: {', '.join(same) or 'none'} (each p < {LEVEL}, not adjusted)."
            )


def _names(rows: Sequence[Change]) -> list[str]:
    return list(dict.fromkeys(row.dimension for row in rows))


def _below(p: float | None) -> bool:
    return p is not None and p < LEVEL


def _equal(row: Change) -> bool:
    """Tell whether no scenario differs at all."""
    return row.p is None and row.difference.value == 0.0


def _models(comparison: Comparison) -> Iterator[str]:
    """List who is in one run only, and say what becomes of them."""
    ground = comparison.ground
    alone = [
        f"only in {side.letter}: {', '.join(named(side, ground, name) for name in only)}"
        for side, only in zip(comparison.sides, ground.only, strict=True)
        if only
    ]
    if alone or ground.refused:
        yield ""
    if alone:
        fate = (
            "compared with nobody of the other run"
            if ground.refused
            else "compared in the leaderboard of both"
        )
        yield from wrap(f"Models {'; '.join(alone)}. These are {fate}.")
    for sentence in ground.refused:
        yield from wrap(sentence)


def _leaderboard(comparison: Comparison, arm: str, standings: Sequence[Standing]) -> Iterator[str]:
    """List all models of both runs."""
    rows = [row for row in standings if row.dimension == OVERALL]
    where = f", arm {arm}" if len(comparison.standings) > 1 or arm != "full" else ""
    title = f"One leaderboard of both{where}"
    yield f"{title:{NAME + 14}}{'runs':6}{'mean':>5}  {'95% interval':14}{'n':>5}{'missing':>8}"
    for row in rows:
        ends = "–" if row.low is None else f"{figure(row.low)} to {figure(row.high)}"
        cells = f"{figure(row.mean):>5}  {ends:14}{row.n:>5}{row.missing:>8}"
        yield f"  {short(row.model, NAME + 11):{NAME + 12}}{_runs(comparison, row.model):6}{cells}"
    if again := comparison.ground.same_words:
        yield from wrap(f"{plural(again, 'conversation')} that both hold word for word count once.")


def _runs(comparison: Comparison, title: str) -> str:
    """Say in which runs a model of the leaderboard was."""
    ground = comparison.ground
    return " ".join(
        side.letter
        for side in comparison.sides
        if title in (named(side, ground, name) for name in side.models)
    )


def _tail(comparison: Comparison) -> Iterator[str]:
    cases = max(
        (row.difference.basis.clusters for rows in comparison.changes.values() for row in rows), default=0
    )
    if 0 < cases < FEW_CASES and not comparison.ground.same_votes:
        yield from wrap(f"With {plural(cases, 'case')} distrust the intervals: so few make them too narrow.")
    if comparison.simulated:
        yield from wrap("SIMULATED: invented minds answered and judged. Nothing here is about a real model.")
    yield from wrap(
        "Intervals are clustered by case. A run's luck is in them, what it was not tried on is not."
    )


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
