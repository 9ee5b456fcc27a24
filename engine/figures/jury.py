"""The jury as an instrument: how far it agrees, how severe and how partial it is, whom it obeys, what it did not say.

Nothing here knows how a vote is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import altair as alt

from engine.figures.naming import family_of, labels, model_labels, plain
from engine.figures.phrases import between, number, share, signed
from engine.figures.plots import Kind, Scale, along, bars, dots, lines_of, placed, table, told_apart
from engine.figures.standing import among
from engine.figures.strata import estimated
from engine.figures.theme import ACCENT, PALETTE, SOFT, WARN, WIDTH, family_paint
from engine.figures.values import Matter, Row, Sketch
from rubrics.leaderboard import OVERALL
from rubrics.numbers.everything import Numbers
from rubrics.scores import STATUSES
from rubrics.values import Canary

MEASURES = (
    Kind(name="Krippendorff's alpha", colour=ACCENT),
    Kind(name="weighted kappa", colour=WARN, shape="diamond"),
)
TELLINGS = (Kind(name="as it is", colour=SOFT), Kind(name="ordered to give 5", colour=WARN, shape="diamond"))
FULL_TONE = 1.0
"""Points of severity that are painted as strongly as any."""


def first_arm(matter: Matter) -> Numbers | None:
    """Give the numbers of the first arm, the full one where there is one."""
    return next(iter(matter.counted.numbers.values())) if matter.counted else None


def sketch_agreement(matter: Matter) -> Sketch | None:
    """Draw how far the jurors agree in each dimension."""
    numbers = first_arm(matter)
    rows = [row for row in numbers.concords if row.level is None] if numbers else []
    by = labels(row.dimension for row in rows)
    kept: list[Row] = []
    drawn = []
    for one in rows:
        for kind, part in zip(MEASURES, (one.alpha, one.kappa), strict=True):
            if part.value is not None:
                row = {"dimension": one.dimension, "measure": kind.name} | estimated(part)
                said = f"{by[one.dimension]}, {kind.name}: {between(part.value, part.low, part.high)}"
                kept.append(row)
                drawn.append(placed(row, label=by[one.dimension], kind=kind.name, said=said))
    if not kept:
        return None
    low = min(0.0, *(row["low"] if row["low"] is not None else row["value"] for row in kept))
    scale = Scale(title="agreement: 0 as by chance, 1 full", domain=(low, 1.0), rule=0.0 if low < 0 else None)
    seen = {row["measure"] for row in kept}
    return Sketch(
        rows=tuple(kept),
        chart=dots(drawn, list(by.values()), scale, [kind for kind in MEASURES if kind.name in seen]),
        note=f"Line: 95% interval. {among('n', [row['n'] for row in kept])} conversations.",
    )


def sketch_severity(matter: Matter) -> Sketch | None:
    """Draw by how much each juror is milder or harsher than the panel, as a table."""
    rows = [row for row in matter.results.jurors if row.effect is not None]
    if len({row.juror for row in rows}) < 2:
        return None
    by, columns = model_labels(matter, [row.juror for row in rows]), labels(row.dimension for row in rows)
    kept: list[Row] = [
        {"juror": row.juror, "dimension": row.dimension, "effect": row.effect, "votes": row.votes}
        for row in rows
    ]
    drawn = [
        placed(
            row,
            label=by[row["juror"]],
            column=columns[row["dimension"]],
            paint=ACCENT if row["effect"] > 0 else WARN,
            strength=0.55 * min(1.0, abs(row["effect"]) / FULL_TONE),
            text=signed(row["effect"]),
            said=f"{by[row['juror']]}, {plain(row['dimension'])}: {signed(row['effect'])} points, "
            f"{row['votes']:,} votes",
        )
        for row in kept
    ]
    return Sketch(
        rows=tuple(kept),
        chart=table(drawn, list(by.values()), list(columns.values())),
        note="Points a juror gives above (+) or below (−) the panel on the same conversations. Scores are adjusted "
        "for it.",
    )


def sketch_favour(matter: Matter) -> Sketch | None:
    """Draw how much more each juror gives to its own family than the others do."""
    numbers = first_arm(matter)
    rows = [row for row in numbers.favours if row.dimension == OVERALL] if numbers else []
    rows = [row for row in rows if row.preference.value is not None]
    if not rows:
        return None
    by = model_labels(matter, [row.juror for row in rows])
    kept: list[Row] = [{"juror": row.juror} | estimated(row.preference) | {"holm": row.holm} for row in rows]
    drawn = [
        placed(
            row,
            label=by[row["juror"]],
            paint=family_paint(family_of(matter.results, row["juror"])),
            said=f"{by[row['juror']]}: {between(row['value'], row['low'], row['high'], signed)} points, "
            f"{row['n']:,} votes on its own family",
        )
        for row in kept
    ]
    scale = Scale(title="points beyond what the others give", format="+~r", rule=0.0)
    return Sketch(
        rows=tuple(kept),
        chart=dots(drawn, list(by.values()), scale),
        note="Right of the line: favours its own family. Line: 95% interval. These votes count in no score.",
    )


def sketch_canaries(matter: Matter) -> Sketch | None:
    """Draw what each juror gave one bad conversation as it is, and with an order in it to give 5."""
    heard = [row for row in matter.evidence.canaries if row.plain is not None or row.ordered is not None]
    if not heard:
        return None
    by = model_labels(matter, [row.juror for row in heard])
    kept: list[Row] = []
    drawn = []
    for one in heard:
        for kind, score in zip(TELLINGS, (one.plain, one.ordered), strict=True):
            if score is not None:
                row = {"juror": one.juror, "version": kind.name, "score": score, "obeyed": one.obeyed}
                said = f"{by[one.juror]}, {kind.name}: {score}"
                kept.append(row)
                drawn.append(placed(row, label=by[one.juror], kind=kind.name, said=said))
    obeyed = sum(one.obeyed is True for one in heard)
    return Sketch(
        rows=tuple(kept),
        chart=_moved(drawn, list(by.values()), heard, by),
        note="A bad conversation, judged as it is and with an order in it to score 5. "
        f"{obeyed} of {len(heard)} jurors obeyed.",
    )


def _moved(
    drawn: Sequence[Row], order: Sequence[str], heard: Sequence[Canary], by: dict[str, str]
) -> alt.LayerChart:
    y, room, height = lines_of(order, height=26)
    scale = Scale(title="score", domain=(1, 5), ticks=(1, 2, 3, 4, 5))
    colour, shape = told_apart(TELLINGS, WIDTH - room)
    pairs = [
        {"label": by[one.juror], "low": one.plain, "high": one.ordered}
        for one in heard
        if one.plain is not None and one.ordered is not None and one.plain != one.ordered
    ]
    steps = alt.Chart(alt.Data(values=pairs)).mark_rule(aria=False, color=WARN, strokeWidth=2)
    layers = [steps.encode(y=y, x=along("low", scale), x2="high:Q")] if pairs else []
    # What is the same is seen as one within the other.
    size = alt.Size(
        "kind:N", legend=None, scale=alt.Scale(domain=[k.name for k in TELLINGS], range=[190, 70])
    )
    marks = (
        alt.Chart(alt.Data(values=list(drawn)))
        .mark_point()
        .encode(y=y, x=along("score", scale), color=colour, shape=shape, size=size, description="said:N")
    )
    return alt.layer(*layers, marks).properties(width=WIDTH - room - 14, height=height)


def sketch_missing(matter: Matter) -> Sketch | None:
    """Draw the first votes that were not given, by juror and cause."""
    asked: Counter[str] = Counter()
    lost: Counter[tuple[str, str]] = Counter()
    for (_, juror, _, reading), verdict in matter.results.findings.verdicts.items():
        if reading == 1:
            asked[juror] += 1
            if verdict.score is None:
                lost[juror, verdict.status] += 1
    if not lost:
        return None
    causes = [status for status in STATUSES if any(cause == status for _, cause in lost)]
    by = model_labels(matter, sorted(asked))
    kept, drawn = [], []
    for juror, label in by.items():
        start = 0.0
        for cause in causes:
            if not (count := lost[juror, cause]):
                continue
            row: Row = {"juror": juror, "cause": cause, "votes": count, "asked": asked[juror]}
            end = start + count / asked[juror]
            kept.append(row)
            said = f"{label}, {cause}: {count:,} of {asked[juror]:,} votes"
            drawn.append(placed(row, label=label, kind=cause, start=start, end=end, said=said))
            start = end
        if start:
            drawn[-1]["text"] = f"{sum(lost[juror, cause] for cause in causes):,}"
    kinds = [
        Kind(name=cause, colour=paint, shape="square") for cause, paint in zip(causes, PALETTE, strict=False)
    ]
    return Sketch(
        rows=tuple(kept),
        chart=bars(
            drawn, list(by.values()), Scale(title="share of the votes asked for", format=".1~%"), kinds
        ),
        note="Votes without a score, by their cause: missing, never a zero. "
        f"{among('n', list(asked.values()))} votes asked of each juror.",
    )


def sketch_retests(matter: Matter) -> Sketch | None:
    """Draw how often each juror says the same when it judges a conversation again."""
    retests = matter.counted.across.retests if matter.counted else ()
    rows = [row for row in retests if row.dimension == OVERALL and row.exact.value is not None]
    if not rows:
        return None
    by = model_labels(matter, [row.juror for row in rows])
    kept: list[Row] = [
        {"juror": row.juror} | estimated(row.exact) | {"points_apart": row.distance.value} for row in rows
    ]
    drawn = [
        placed(
            row,
            label=by[row["juror"]],
            paint=family_paint(family_of(matter.results, row["juror"])),
            high=None if row["high"] is None else min(1.0, row["high"]),
            said=f"{by[row['juror']]}: the same in {between(row['value'], row['low'], row['high'], share)}, "
            f"{number(row['points_apart'])} points apart, {row['n']:,} pairs",
        )
        for row in kept
    ]
    lows = [row["low"] if row["low"] is not None else row["value"] for row in kept]
    scale = Scale(
        title="share of votes that are the same again",
        domain=(max(0.0, min(lows) // 0.1 / 10), 1.0),
        format=".0%",
    )
    return Sketch(
        rows=tuple(kept),
        chart=dots(drawn, list(by.values()), scale),
        note=f"Line: 95% interval. {among('n', [row['n'] for row in kept])} pairs of votes.",
    )
