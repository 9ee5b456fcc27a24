"""What the models' conversations came to: the votes they got, and why they ended.

Nothing here knows what a vote is about.
"""

from __future__ import annotations

from collections import Counter

from engine.breakdown import REASONS, count_stops
from engine.cells import arm_of, entrant
from engine.figures.phrases import share
from engine.figures.plots import Kind, Scale, bars, placed, table
from engine.figures.standing import ordered, standings
from engine.figures.theme import ACCENT, WARN, score_paint
from engine.figures.values import Matter, Row, Sketch
from engine.reasons import call_reason
from rubrics.leaderboard import OVERALL
from rubrics.numbers.questions import FULL

SCORES = range(1, 6)
TOLD = 0.12
"""Share from which a part has room for its number."""
GRAVE = ("refusal", "infra_error", "patient_fault")


def sketch_distribution(matter: Matter) -> Sketch | None:
    """Draw which scores each model and script was given, in votes that count."""
    counts: dict[str, Counter[int]] = {}
    results = matter.results
    for cells, scores in ((results.kept, results.scores), (results.scripted, results.bench)):
        votes = scores.votes
        names = [entrant(cell.model, cell.arm.name) for cell in cells]
        for place in votes.counts.nonzero()[0]:
            model = names[votes.conversation[place]]
            counts.setdefault(model, Counter())[round(float(votes.score[place]))] += 1
    models = [row.model for row in standings(matter, OVERALL) if row.model in counts]
    if not models:
        return None
    by, order = ordered(matter, models)
    kept, drawn = [], []
    for model in models:
        total, start = counts[model].total(), 0.0
        for score in SCORES:
            if not (votes := counts[model][score]):
                continue
            row: Row = {"model": model, "score": score, "votes": votes, "of": total, "share": votes / total}
            end = start + row["share"]
            said = f"{by[model]}: {share(row['share'])} of {total:,} votes are a {score}"
            text = share(row["share"]) if row["share"] >= TOLD else ""
            kept.append(row)
            drawn.append(
                placed(row, label=by[model], kind=str(score), start=start, end=end, inside=text, said=said)
            )
            start = end
    kinds = [Kind(name=str(score), colour=score_paint(score), shape="square") for score in SCORES]
    scale = Scale(title="share of votes", domain=(0, 1), format=".0%")
    return Sketch(
        rows=tuple(kept),
        chart=bars(drawn, order, scale, kinds),
        note="Votes that count, all dimensions, as the jurors gave them: from 1, worst, to 5, best.",
    )


def sketch_stops(matter: Matter) -> Sketch | None:
    """Draw why the conversations ended, by model; reasons that never were are left out."""
    found = {model: counts for model, counts in count_stops(matter.results).items() if arm_of(model) == FULL}
    found = {model: counts for model, counts in found.items() if sum(counts.values())}
    reasons = [reason for reason in REASONS if any(counts[reason] for counts in found.values())]
    if not reasons:
        return None
    by, order = ordered(matter, list(found))
    kept: list[Row] = []
    drawn = []
    for model, counts in found.items():
        total = sum(counts.values())
        for reason in reasons:
            if not counts[reason]:
                continue
            row = {"model": model, "reason": reason, "conversations": counts[reason], "of": total}
            kept.append(row)
            drawn.append(
                placed(
                    row,
                    label=by[model],
                    column=call_reason(reason),
                    paint=WARN if reason in GRAVE else ACCENT,
                    strength=0.08 + 0.5 * counts[reason] / total,
                    text=share(counts[reason] / total),
                    said=f"{by[model]}, {call_reason(reason)}: {counts[reason]:,} of {total:,} conversations",
                )
            )
    return Sketch(
        rows=tuple(kept),
        chart=table(drawn, order, [call_reason(reason) for reason in reasons]),
        note="Share of each model's conversations; what never happened has no cell.",
    )
