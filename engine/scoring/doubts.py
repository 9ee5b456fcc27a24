"""What could overturn a leaderboard: jurors, strata, what is missing, repeats, triage, style.

Each is told in a sentence where there is nothing, and by its largest findings where there is something. Nothing
here knows how a number came about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.prose import chance, figure, item, percent, plural, short, span, wrap
from rubrics.leaderboard import OVERALL
from rubrics.numbers.everything import Numbers
from rubrics.numbers.gaps import NOTICE
from rubrics.numbers.retest import Retest
from rubrics.numbers.strata import Contrast
from rubrics.numbers.values import Estimate

LEVEL = 0.05
MOST = 6
"""Findings of a kind that are told."""
NAME = 30


def doubts(numbers: Numbers) -> Iterator[str]:
    """Tell all of them."""
    for part in (_jurors, _favours, _panels, _strata, _missing, _repeats, _triage, _style):
        lines = [*part(numbers)]
        if lines:
            yield from ("", *lines)


def again(retests: Sequence[Retest]) -> Iterator[str]:
    """Tell whether each juror says the same when it judges again; nothing where none did."""
    rows = [row for row in retests if row.dimension == OVERALL]
    if not rows:
        return
    yield ""
    yield f"{'Judged twice':{NAME}}{'same':>8}{'apart':>7}  {'ICC':>5}{'pairs':>8}{'lacking':>9}"
    for row in rows:
        lacking = sum(row.causes.values())
        cells = f"{percent(row.exact.value):>8}{figure(row.distance.value):>7}  {figure(row.icc.value):>5}"
        yield f"  {short(row.juror, NAME - 3):{NAME - 2}}{cells}{row.exact.basis.n:>8,}{lacking:>9,}"
    yield "  (apart in points on average; ICC is of single votes)"


def _jurors(numbers: Numbers) -> Iterator[str]:
    names = list(dict.fromkeys(row.juror for row in numbers.severities))
    dimensions = list(dict.fromkeys(row.dimension for row in numbers.severities))
    if len(names) < 2:
        yield from wrap(
            "One juror: whether it is lenient cannot be known, and no other can be asked in its place."
        )
        return
    shown = dimensions[:4]
    wide = 70 - 12 * len(shown)
    heads = "".join(f"{short(name, 11):>12}" for name in shown)
    yield f"{'Jurors: points above the panel':{wide}}{heads}{'votes':>10}"
    for juror in names:
        rows = {row.dimension: row for row in numbers.severities if row.juror == juror}
        effects = (rows[name].effect for name in shown)
        cells = "".join(f"{'–' if effect is None else f'{effect + 0.0:+.2f}':>12}" for effect in effects)
        votes = sum(row.votes for row in rows.values())
        yield f"  {short(juror, wide - 3):{wide - 2}}{cells}{votes:>10,}"
    yield "  (positive is lenient; taken out of every mean)"


def _favours(numbers: Numbers) -> Iterator[str]:
    rows = [row for row in numbers.favours if row.dimension == OVERALL and row.preference.basis.n]
    if not rows:
        yield from wrap("No juror voted on its own family, so self-preference cannot be looked at.")
        return
    yield "Do jurors favour their own family (points beyond what the others give)?"
    for row in rows:
        gap = row.preference
        if gap.value is None:
            yield from item(f"{row.juror}: cannot be known (n {gap.basis.n}).")
            continue
        sure = row.holm is not None and row.holm < LEVEL
        yield from item(
            f"{row.juror}: {gap.value:+.2f} ({span(gap)}), {chance(row.holm)}, {gap.basis.n:,} votes: "
            f"{('yes, it favours it' if gap.value > 0 else 'no, it disfavours it') if sure else 'not shown'}."
        )


def _panels(numbers: Numbers) -> Iterator[str]:
    rows = [row for row in numbers.shifts if row.now.dimension == OVERALL]
    if not rows:
        return
    against = [row for row in rows if row.contradicts]
    moved = sum(row.before != row.now.rank for row in rows)
    yield from wrap(
        f"Leaving out each juror in turn gives {plural(len(rows), 'rank')}: {moved} "
        f"{'is' if moved == 1 else 'are'} another than the whole panel's, {len(against)} more than chance allows."
    )
    for row in against[:MOST]:
        yield from item(
            f"Without {row.without}, {row.now.model} is {row.now.low} to {row.now.high}, not {row.before} "
            f"(n {row.now.mean.basis.n})."
        )


def _strata(numbers: Numbers) -> Iterator[str]:
    rows = [row for row in numbers.strata.contrasts if row.dimension == OVERALL]
    if not rows:
        yield from wrap(
            "No strata are known: give --scenarios, or name a column with --column stratum=COLUMN."
        )
        return
    made = [row for row in rows if row.p is not None]
    sure = [row for row in made if row.adjusted is not None and row.adjusted < LEVEL]
    names = dict.fromkeys(row.stratum for row in rows)
    yield from wrap(
        f"Does it matter who the patient is? {len(sure)} of {plural(len(made), 'contrast')} over "
        f"{plural(len(names), 'stratum').replace('stratums', 'strata')} stand out (p after Benjamini and Hochberg "
        f"< {LEVEL}){':' if sure else '.'}"
    )
    yield from _largest(sure)


def _largest(rows: Sequence[Contrast]) -> Iterator[str]:
    ranked = sorted(rows, key=lambda row: (row.model != "all", -abs(row.difference.value or 0.0)))
    for row in ranked[:MOST]:
        who = "all models" if row.model == "all" else row.model
        beyond = ", beyond the other models" if row.interaction else ""
        yield from item(
            f"{row.stratum} {row.level} less {row.against}, {who}{beyond}: {row.difference.value or 0.0:+.2f} "
            f"({span(row.difference)}), {chance(row.adjusted)}, n {row.difference.basis.n:,}."
        )
    if len(ranked) > MOST:
        yield f"  … and {len(ranked) - MOST} more in contrasts.csv"


def _missing(numbers: Numbers) -> Iterator[str]:
    rows = [row for row in numbers.completeness if row.dimension == OVERALL]
    planned, missing = sum(row.planned for row in rows), sum(row.missing for row in rows)
    if not missing:
        yield from wrap(f"Every one of the {planned:,} conversations known has a score.")
        return
    worst = sorted((row for row in rows if row.notable), key=lambda row: -row.missing / row.planned)
    bounds = f" Where more than {percent(NOTICE)} are missing, had all these been the worst, or the best:"
    yield from wrap(
        f"{missing:,} of {planned:,} conversations have no overall score.{bounds if worst else ''}"
    )
    for row in worst[:MOST]:
        causes = ", ".join(f"{count} {cause}" for cause, count in row.causes.items())
        unjudged = f", {row.unjudged} never judged" if row.unjudged else ""
        yield from item(
            f"{row.model}: {row.missing} of {row.planned} missing; mean {figure(row.mean)} (n {row.n}), between "
            f"{figure(row.worst)} and {figure(row.best)}{unjudged}{'; votes ' + causes if causes else ''}."
        )
    if len(worst) > MOST:
        yield f"  … and {len(worst) - MOST} more in missing.csv"
    few = [row for row in rows if row.missing and not row.notable]
    if few:
        count = sum(row.missing for row in few)
        yield from item(
            f"Too few to move a mean: {plural(count, 'conversation')} missing from {plural(len(few), 'model')}."
        )


def _repeats(numbers: Numbers) -> Iterator[str]:
    rows = [row for row in numbers.stability if row.dimension == OVERALL]
    if not rows:
        yield from wrap(
            "Every scenario was played once with a model: how far answers scatter cannot be known."
        )
        return
    k = rows[0].k
    title = f"Repeats: {k} of a scenario"
    yield f"{title:{NAME}}{'spread':>8}{'mean':>7}{'worst':>7}  {'95% interval':14}{'scenarios':>12}"
    for row in rows:
        cells = f"{figure(row.spread):>8}{figure(row.mean.value):>7}{figure(row.worst.value):>7}"
        n = row.worst.basis.n
        yield f"  {short(row.model, NAME - 3):{NAME - 2}}{cells}  {span(row.worst):14}{n:>12,}"
    yield f"  (spread within a scenario, and the worst of {k}: what one patient may meet)"


def _triage(numbers: Numbers) -> Iterator[str]:
    if not numbers.triage:
        return
    yield f"{'Triage':{NAME}}{'too low':>8}  {'95%':12}{'too high':>9}  {'95%':12}{'n':>5}"
    for row in numbers.triage:
        under, over = (f"{percent(one.value):>8}  {_ends(one):12}" for one in (row.under, row.over))
        yield f"  {short(row.model, NAME - 3):{NAME - 2}}{under} {over}{row.under.basis.n:>5}"
    ungiven = sum(row.ungiven for row in numbers.triage)
    yield from item(
        f"Too low is the one that harms. No level was given in {plural(ungiven, 'conversation')}."
    )


def _ends(share: Estimate) -> str:
    return "–" if share.low is None else f"{percent(share.low)} to {percent(share.high)}"


def _style(numbers: Numbers) -> Iterator[str]:
    rows = [
        row for row in numbers.style.confounds if row.dimension == OVERALL and row.slope.value is not None
    ]
    if not rows:
        return
    yield "Do scores follow manner rather than matter (same scenario, same model)?"
    for row in rows:
        unit = "twice as many tokens" if row.covariate == "tokens" else _unit(row.covariate)
        slope = row.slope
        sure = slope.low is not None and slope.high is not None and slope.low * slope.high > 0
        yield from item(
            f"{unit}: {slope.value or 0.0:+.2f} points ({span(slope)}), n {slope.basis.n:,}: "
            f"{'they do' if sure else 'not shown'}."
        )


def _unit(name: str) -> str:
    return {"hedges": "one more hedge in 100 words", "questions": "one more question"}.get(
        name, f"one more of {name}"
    )
