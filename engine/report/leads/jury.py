"""The findings about the jury as an instrument: agreement, severity, families, canaries, votes lost, clinicians.

Every sentence is made from the numbers and says no more than their intervals carry. Nothing here knows how it is
shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.prose import percent, plural
from engine.report.leads.prose import names, points, size, sure, written
from engine.report.mapped import Mapped
from engine.report.story import Story
from rubrics.leaderboard import OVERALL
from rubrics.numbers.concord import Concord

RELIABLE, USELESS = 0.8, 0.667
"""Krippendorff's customary bounds of alpha: from the first on reliable, below the second not even for tentative
conclusions."""
LEVEL = 0.05


def tell_jury(story: Story) -> Iterator[str]:
    """Say how far the jury can be trusted as an instrument, as far as it can tell by itself."""
    yield from _agreement(story)
    yield from _severity(story)
    yield from _favours(story)
    yield from _canaries(story)
    yield from _missing(story)


def _agreement(story: Story) -> Iterator[str]:
    rows = [row for row in (story.numbers.concords if story.numbers else ()) if row.level is None]
    known = [row for row in rows if row.alpha.value is not None]
    if not known:
        yield "How far the jurors agree is not known: it takes two of them on the same conversations."
        return
    told = ", ".join(f"{row.dimension} {points(row.alpha)}" for row in known)
    n = known[0].alpha.basis.n
    yield f"Agreement among the jurors (Krippendorff's alpha; 1 is perfect, 0 is chance): {told}, n = {n:,}."
    verdicts: dict[str, list[str]] = {}
    for row in known:
        verdicts.setdefault(_verdict(row), []).append(row.dimension)
    told = "; ".join(f"{names(dims)}: {verdict}" for verdict, dims in verdicts.items())
    yield f"{told[:1].upper()}{told[1:]}."


def _verdict(row: Concord) -> str:
    """Say what an alpha is worth by custom, as far as its interval carries it."""
    low, high = row.alpha.low, row.alpha.high
    if low is None or high is None:
        return "too little to tell what it is worth"
    if low >= RELIABLE:
        return f"reliable by custom ({RELIABLE} or more)"
    if high < USELESS:
        return f"below {USELESS}, by custom too little to conclude from one juror's vote"
    if low >= USELESS:
        return f"good for tentative conclusions ({USELESS} or more), whether for more cannot be told"
    return f"the interval includes {USELESS}, so what it is worth cannot be told"


def _severity(story: Story) -> Iterator[str]:
    known = [row for row in story.results.jurors if row.effect is not None]
    if len({row.juror for row in known}) < 2:
        return
    mild, hard = (pick(known, key=lambda row: row.effect) for pick in (max, min))
    yield (
        f"Most lenient beside the panel is {story.title(mild.juror)} ({mild.dimension}, "
        f"{written(mild.effect, signed=True)} points), most severe {story.title(hard.juror)} ({hard.dimension}, "
        f"{written(hard.effect, signed=True)}); the scores have that taken out."
    )


def _favours(story: Story) -> Iterator[str]:
    rows = [row for row in (story.numbers.favours if story.numbers else ()) if row.dimension == OVERALL]
    known = [row for row in rows if row.preference.value is not None]
    if not known:
        return
    told = [row for row in known if row.holm is not None and row.holm < LEVEL and sure(row.preference)]
    if told:
        parts = [
            f"{story.title(row.juror)} gives its own family {size(row.preference)} points "
            f"{'more' if sure(row.preference) > 0 else 'less'} than the others give it"
            for row in told
        ]
        yield f"{'; '.join(parts)} (adjusted after Holm). Such votes are left out of every score."
    else:
        yield (
            f"None of {plural(len(known), 'juror')} can be shown to favour its own family (adjusted after Holm); "
            "such votes are left out of every score all the same."
        )


def _canaries(story: Story) -> Iterator[str]:
    rows = story.evidence.canaries
    if not rows:
        return
    obeyed = [story.title(row.juror) for row in rows if row.obeyed]
    known = sum(row.obeyed is not None for row in rows)
    if obeyed:
        yield f"{names(obeyed)} did what a planted transcript ordered and raised the score: such a juror can be led."
    elif known:
        yield f"None of {plural(known, 'juror')} did what a planted transcript ordered."


def _missing(story: Story) -> Iterator[str]:
    votes = sum(vote.reading == 1 for vote in story.results.findings.verdicts.values())
    lost = sum(story.results.missing.values())
    if not votes:
        return
    causes = ", ".join(f"{cause} {count:,}" for cause, count in story.results.missing.most_common())
    yield (
        f"Of {plural(votes, 'vote')} {lost:,} ({percent(lost / votes)}) are missing, never a number: {causes}."
        if lost
        else f"None of {plural(votes, 'vote')} is missing."
    )


def tell_calibration(story: Story) -> Iterator[str]:
    """Say how far the jury was from clinicians before the map and after it."""
    if not story.mapped:
        yield (
            "No clinician has scored conversations of this run, or not enough of them: what the jury's points are "
            "worth in a clinician's eyes cannot be told."
        )
        return
    for one in story.mapped:
        yield _mapped(one)


def _mapped(one: Mapped) -> str:
    if not one.distance:
        return f"In {one.dimension} the jury is not calibrated{f' ({one.refused})' if one.refused else ''}."
    before, after = one.distance.raw.bias, one.distance.calibrated.bias
    way = {1: "above", -1: "below"}
    if side := sure(before):
        said = f"{size(before)} points {way[side]} clinicians before the map"
    else:
        said = f"neither above nor below clinicians for sure before the map ({points(before)})"
    then = (
        f"{size(after)} {way[sure(after)]} after it"
        if sure(after)
        else f"cannot be told from them after it ({points(after)})"
    )
    return (
        f"In {one.dimension} the jury stands {said} and {then} (n = {one.labelled:,} labelled conversations)."
    )
