"""The findings about what was played: arms, urgency, patients, money and time, the worst conversations.

Every sentence is made from the numbers and says no more than their intervals carry. Nothing here knows how it is
shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.prose import figure, percent, plural
from engine.report.cases import Case
from engine.report.leads.prose import apart, few, points, share, size, sure
from engine.report.story import Story
from rubrics.leaderboard import OVERALL
from rubrics.numbers.effects import EVERY, Effect
from rubrics.numbers.triage import Triage

KINDS = {"frozen": "with the patient's words frozen", "free": "with the patient free to answer"}
KEPT = {"leak": "named the answer", "contradiction": "contradicted a fact", "fabrication": "invented one"}
"""Rules of the audit that are told first, and what the patients did."""
LIMITS = {
    "requests": "requests a minute",
    "input_tokens": "tokens in, a minute,",
    "output_tokens": "tokens out, a minute,",
    "tokens": "tokens a minute",
}
"""Limits of a plan that are counted by the minute, and what they are called."""


def tell_arms(story: Story) -> Iterator[str]:
    """Say what each arm does to all models together, frozen beside free."""
    rows = [
        row
        for row in (story.counted.across.effects if story.counted else ())
        if row.dimension == OVERALL and row.level is None and row.kind in KINDS
    ]
    if not rows:
        yield "No arm was played beside the full one, so what photograph and record are worth cannot be told."
        return
    for arm in dict.fromkeys(row.arm for row in rows):
        yield f"Arm {arm}: {'; '.join(_effect(story, row) for row in _together([r for r in rows if r.arm == arm]))}."
    if warning := few(max(row.difference.basis.clusters for row in rows)):
        yield warning


def _together(rows: Sequence[Effect]) -> Sequence[Effect]:
    """Give the rows of all models together; where a single model was played, its own."""
    return [row for row in rows if row.model == EVERY] or rows[:1]


def _effect(story: Story, row: Effect) -> str:
    every = row.model == EVERY
    who = "all models together" if every else story.title(row.model)
    n = f"n = {plural(row.difference.basis.n, 'pair')} of conversations"
    if row.difference.value is None:
        return f"{KINDS[row.kind]} nothing is known yet"
    if side := sure(row.difference):
        way, score = "above" if side > 0 else "below", "score" if every else "scores"
        return f"{KINDS[row.kind]} {who} {score} {size(row.difference)} points {way} the full arm ({n})"
    turn = "gain or lose" if every else "gains or loses"
    return f"{KINDS[row.kind]} it cannot be told whether {who} {turn} ({points(row.difference)} points, {n})"


def tell_triage(story: Story) -> Iterator[str]:
    """Say who gives too little urgency how often, and whether models can be told apart in it."""
    rows = [
        row for row in story.evidence.triage if row.model in story.entrants and row.under.value is not None
    ]
    if not rows:
        yield "No model was asked for the urgency it would give, so under- and over-triage are not known."
        return
    yield _range(story, rows, "under", "Too little urgency, which is what harms")
    yield _range(story, rows, "over", "Too much urgency")


def _range(story: Story, rows: Sequence[Triage], side: str, what: str) -> str:
    ordered = sorted(rows, key=lambda row: getattr(row, side).value)
    least, most = ordered[0], ordered[-1]
    low, high = getattr(least, side), getattr(most, side)
    if least is most:
        return f"{what}: {share(high)} with {story.title(most.model)} (n = {high.basis.n:,})."
    if low.value == high.value:
        return f"{what}: {percent(high.value)} with every model."
    told = (
        "the two intervals do not meet"
        if apart(high, low)
        else "the two intervals meet, so this order cannot be told"
    )
    first, last = (_with(story, one, rows, side) for one in (least, most))
    return f"{what}: from {share(low)} {first} to {share(high)} {last}; {told}."


def _with(story: Story, one: Triage, rows: Sequence[Triage], side: str) -> str:
    """Name whose share it is, and how many more have the same."""
    more = sum(getattr(row, side).value == getattr(one, side).value for row in rows) - 1
    others = f" and {more} more" if more else ""
    return f"with {story.title(one.model)} (n = {getattr(one, side).basis.n:,}){others}"


def tell_patients(story: Story) -> Iterator[str]:
    """Say whether the patients kept to their facts, and what was taken out where they did not."""
    told, plan = story.summary, story.results.plan
    if not told["patients"]:
        yield "No conversation has ended yet, so nothing is known of the patients."
        return
    whole = told["patients"][-1]
    breaches = whole["breaches"]
    where = f"in {plural(whole['conversations'], 'conversation')}"
    if not any(breaches[rule] for rule in KEPT):
        yield f"As far as rules can see, no patient named the answer, contradicted a fact or invented one {where}."
    else:
        often = [f"{what} {breaches[rule]:,} times" for rule, what in KEPT.items() if breaches[rule]]
        never = [what for rule, what in KEPT.items() if not breaches[rule]]
        rest = f", and none {' or '.join(never)}" if never else ""
        told_of = ", ".join(often).replace(" 1 times", " once")
        yield f"As far as rules can see, {where} patients {told_of}{rest}."
    if out := len(told["excluded"]["scenarios"]):
        yield (
            f"{out:,} of {plural(plan.scenarios, 'scenario')} are therefore out, for every model alike, and in no "
            "score of this page."
        )


def tell_cost(story: Story) -> Iterator[str]:
    """Say what was spent and how long it took, and how near a limit came."""
    total, clock = story.summary["calls"]["total"], story.results.findings.clock
    paid = "would have cost" if story.simulated else "cost"
    yield (
        f"{plural(total['calls'], 'call')} {paid} ${total['cost']:,.2f} ({total['input']:,} tokens in, "
        f"{total['output']:,} out)."
    )
    if clock.seconds:
        often = f" in {plural(clock.sittings, 'sitting')}" if clock.sittings else ""
        yield f"They took {_span(clock.seconds)}{often}; {_met(clock.throttled)} a rate limit."
    rows = limits(story)
    if rows:
        near = max(rows, key=lambda row: row["share"])
        yield (
            f"The limit that came nearest: {near['what']} of {story.title(near['model'])}, {_part(near['share'])} of "
            "it in its busiest minute."
        )


def limits(story: Story) -> list[dict[str, object]]:
    """Give for each model that was called and each limit by the minute what was used of it at most."""
    rows = []
    for model, use in story.results.findings.pace.uses.items():
        known = story.results.plan.limits.get(model, {})
        for kind in (kind for kind in LIMITS if known.get(kind)):
            peak = use.most.get(kind, 0)
            part = peak / known[kind]
            rows.append(
                {"model": model, "what": LIMITS[kind], "limit": known[kind], "peak": peak, "share": part}
            )
    return rows


def _met(throttled: int) -> str:
    return f"{plural(throttled, 'attempt')} met" if throttled else "none met"


def _part(share: float) -> str:
    return "less than 1%" if 0 < share < 0.01 else percent(share)


def _span(seconds: float) -> str:
    """Say how long something took."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def tell_worst(worst: Sequence[Case], disputed: Sequence[Case]) -> Iterator[str]:
    """Say what was chosen, and that it was chosen."""
    if not worst:
        yield "No conversation has a score yet."
        return
    low, high = worst[0].score, worst[-1].score
    what = (
        f"The conversation with the lowest mean score, {figure(low)}"
        if len(worst) == 1
        else (f"The {len(worst)} conversations with the lowest mean scores, {figure(low)} to {figure(high)}")
    )
    picked, read = ("It was", "it") if len(worst) == 1 else ("They were", "them")
    stand = "stands" if len(worst) == 1 else "stand"
    yield (
        f"{what}. {picked} picked for being bad and {stand} for no model: read {read} to see what a low score means."
    )
    if disputed:
        yield f"In {plural(len(disputed), 'conversation')} listed at the end, jurors disagree most."
