"""What the run cost, in money, tokens and time, and how much of the limits it used.

Nothing here knows a price.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor, log10

from engine.account import Account
from engine.figures.naming import family_of, model_labels
from engine.figures.phrases import number, share
from engine.figures.plots import Kind, Scale, bars, columns, dots, placed
from engine.figures.strata import stacked
from engine.figures.theme import ACCENT, GOOD, PALETTE, SOFT, WARN, family_paint
from engine.figures.values import Matter, Row, Sketch
from engine.pace import Pace
from engine.prose import plural

ROLES = {"patient": GOOD, "assistant": ACCENT, "interview": PALETTE[3], "juror": WARN}
TOKENS = {
    "fresh": ("input", ACCENT),
    "cached": ("input from cache", SOFT),
    "output": ("output", WARN),
}
LIMITS = {
    "requests": "requests",
    "tokens": "tokens",
    "input_tokens": "input tokens",
    "output_tokens": "output tokens",
}
QUICK, SLOW = 0.1, 0.9
"""Shares of the answers between which a line is drawn."""
MILLION = 1e6
UNITS = (("seconds", 1, 300), ("minutes", 60, 10_800), ("hours", 3600, float("inf")))
"""Of the time a run took, seconds each, and the seconds below which it is told in them."""


def accounts(matter: Matter) -> Mapping[tuple[str, str], Account]:
    """Give what was used, by model and role."""
    found: dict[tuple[str, str], Account] = {}
    for (role, model, _), account in matter.results.findings.ledger.accounts.items():
        found[model, role] = found.get((model, role), Account()) + account
    return found


def sketch_cost(matter: Matter) -> Sketch | None:
    """Draw what each model cost in each role."""
    found = {key: account for key, account in accounts(matter).items() if account.cost > 0}
    if not found:
        return None
    kept: list[Row] = [
        {"model": model, "role": role, "usd": account.cost, "calls": account.calls}
        for (model, role), account in found.items()
    ]
    whose = (
        "by the dated prices, what it would have cost" if matter.results.simulated else "by the dated prices"
    )
    total = sum(row["usd"] for row in kept)
    return _stacked(
        matter,
        kept,
        "usd",
        "role",
        scale=Scale(title="USD", zero=True, format="$~r"),
        kinds=[Kind(name=role, colour=paint, shape="square") for role, paint in ROLES.items()],
        note=f"USD {whose}: {dollars(total)} in all.",
    )


def sketch_tokens(matter: Matter) -> Sketch | None:
    """Draw the tokens each model read and wrote, in all its roles."""
    by_model: dict[str, Account] = {}
    for (model, _), account in accounts(matter).items():
        by_model[model] = by_model.get(model, Account()) + account
    kept: list[Row] = []
    for model, account in by_model.items():
        parts = {
            "fresh": account.input - account.cache_read,
            "cached": account.cache_read,
            "output": account.output,
        }
        kept += [{"model": model, "kind": key, "tokens": count} for key, count in parts.items() if count > 0]
    if not kept:
        return None
    return _stacked(
        matter,
        kept,
        "tokens",
        "kind",
        scale=Scale(title="tokens", zero=True, format="~s"),
        kinds=[Kind(name=name, colour=paint, shape="square") for name, paint in TOKENS.values()],
        note=f"Of all calls that were answered: {sum(row['tokens'] for row in kept) / MILLION:,.1f} million in all.",
    )


def _stacked(
    matter: Matter, kept: list[Row], what: str, by_kind: str, *, scale: Scale, kinds: list[Kind], note: str
) -> Sketch:
    """Stack parts of each model's sum, the largest sum first."""
    sums: dict[str, float] = {}
    for row in kept:
        sums[row["model"]] = sums.get(row["model"], 0.0) + row[what]
    by = model_labels(matter, sorted(sums, key=lambda model: -sums[model]))
    named = {key: name for key, (name, _) in TOKENS.items()}
    order = [kind.name for kind in kinds]
    kept.sort(
        key=lambda row: (
            -sums[row["model"]],
            row["model"],
            _place(order, named.get(row[by_kind], row[by_kind])),
        )
    )
    starts = dict.fromkeys(sums, 0.0)
    drawn = []
    for row in kept:
        model, kind = row["model"], named.get(row[by_kind], row[by_kind])
        start = starts[model]
        starts[model] += row[what]
        written = dollars(row[what]) if what == "usd" else f"{row[what]:,} tokens"
        said = f"{by[model]}, {kind}: {written}"
        drawn.append(placed(row, label=by[model], kind=kind, start=start, end=starts[model], said=said))
        if starts[model] >= sums[model] * (1 - 1e-9):
            drawn[-1]["text"] = dollars(sums[model]) if what == "usd" else brief(sums[model])
    seen = {row["kind"] for row in drawn}
    chart = bars(drawn, list(by.values()), scale, [kind for kind in kinds if kind.name in seen])
    return Sketch(rows=tuple(kept), chart=chart, note=note)


def _place(order: list[str], kind: str) -> int:
    return order.index(kind) if kind in order else len(order)


def dollars(value: float) -> str:
    """Write money as finely as it needs."""
    return f"${value:,.0f}" if value >= 100 else f"${value:,.2f}" if value >= 0.01 else f"${value:.4f}"


def brief(count: float) -> str:
    """Write a large count shortly."""
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.3g}{sign}"
    return f"{count:.0f}"


def sketch_latency(matter: Matter) -> Sketch | None:
    """Draw how long each model took to answer in each of its roles."""
    pace = matter.results.findings.pace
    found = pace.answers()
    if not found:
        return None
    places = sorted(found, key=lambda key: (_place([*ROLES], key[0]), pace.quantile(*key, 0.5) or 0.0))
    by = model_labels(matter, [model for _, model in places])
    order, own = stacked((role, by[model]) for role, model in places)
    kept: list[Row] = []
    drawn = []
    for (role, model), line in zip(places, own, strict=True):
        row = {"role": role, "model": model} | _times(pace, role, model) | {"calls": found[role, model]}
        kept.append(row)
        ends = f"{number(row['quick'])} to {number(row['slow'])} s"
        said = f"{line.strip()} as {role}: {number(row['median'])} s, most {ends}"
        drawn.append(
            placed(
                row,
                label=line,
                value=row["median"],
                low=row["quick"],
                high=row["slow"],
                paint=family_paint(family_of(matter.results, model)),
                said=said,
            )
        )
    ends = [row[end] for row in kept for end in ("quick", "slow")]
    low, high = floor(log10(min(ends))), ceil(log10(max(ends)))
    ticks = tuple(10.0**power for power in range(low, high + 1))
    span = ticks[0], ticks[-1]
    scale = Scale(title="seconds until the answer", kind="log", format="~g", ticks=ticks, domain=span)
    return Sketch(
        rows=tuple(kept),
        chart=dots(drawn, order, scale),
        note="Dot: median. Line: from the quickest tenth to the slowest. Waiting for limits is not in it.",
    )


def _times(pace: Pace, role: str, model: str) -> Row:
    names = {"median": 0.5, "quick": QUICK, "slow": SLOW}
    return {name: pace.quantile(role, model, at) for name, at in names.items()}


def sketch_pace(matter: Matter) -> Sketch | None:
    """Draw the calls answered over the run, by role."""
    pace = matter.results.findings.pace
    if len({span for span, _ in pace.spans}) < 3:
        return None
    first = min(span for span, _ in pace.spans)
    whole = (max(span for span, _ in pace.spans) + 1 - first) * pace.span
    unit, size = next((unit, size) for unit, size, most in UNITS if whole < most)
    order = [*ROLES]
    kept: list[Row] = []
    drawn = []
    tops: dict[int, float] = {}
    for (span, role), count in sorted(
        pace.spans.items(), key=lambda one: (one[0][0], _place(order, one[0][1]))
    ):
        start = (span - first) * pace.span
        row = {"from_seconds": start, "seconds": pace.span, "role": role, "calls": count}
        rate, low = count / pace.span, tops.get(span, 0.0)
        tops[span] = low + rate
        said = f"{role}, from {start / size:.1f} {unit}: {rate:.1f} calls a second"
        kept.append(row)
        drawn.append(
            placed(
                row,
                left=start / size,
                right=(start + pace.span) / size,
                start=low,
                end=tops[span],
                kind=role,
                said=said,
            )
        )
    seen = {row["role"] for row in kept}
    kinds = [Kind(name=role, colour=paint, shape="square") for role, paint in ROLES.items() if role in seen]
    return Sketch(
        rows=tuple(kept),
        chart=columns(drawn, f"{unit} since the first answer", "calls a second", kinds),
        note=f"Each column is {plural(pace.span, 'second')}; gaps are times in which nothing was answered.",
    )


def sketch_limits(matter: Matter) -> Sketch | None:
    """Draw how much of each of its limits a model used in its fullest minute."""
    plan, uses = matter.results.plan, matter.results.findings.pace.uses
    kept: list[Row] = []
    for model, use in uses.items():
        for kind in LIMITS:
            limit, most = plan.limits.get(model, {}).get(kind), use.most.get(kind, 0)
            if limit and most:
                kept.append({"model": model, "limit": kind, "most_in_a_minute": most, "of": limit})
    if not kept:
        return None
    by = model_labels(matter, [row["model"] for row in kept])
    seen = {row["limit"] for row in kept}
    kinds = [
        Kind(name=name, colour=PALETTE[at], shape=shape)
        for at, ((key, name), shape) in enumerate(
            zip(LIMITS.items(), ("circle", "square", "triangle-up", "triangle-down"), strict=True)
        )
        if key in seen
    ]
    drawn = [
        placed(
            row,
            label=by[row["model"]],
            kind=LIMITS[row["limit"]],
            value=row["most_in_a_minute"] / row["of"],
            said=f"{by[row['model']]}, {LIMITS[row['limit']]}: {row['most_in_a_minute']:,} of {row['of']:,} "
            f"a minute, {share(row['most_in_a_minute'] / row['of'])}",
        )
        for row in kept
    ]
    most = max(1.0, *(row["value"] for row in drawn))
    scale = Scale(title="share of the limit, fullest minute", domain=(0.0, most), format=".0%", rule=1.0)
    return Sketch(
        rows=tuple(kept),
        chart=dots(drawn, list(by.values()), scale, kinds, apart=False),
        note="The fullest clock minute of each model beside its limits; on the dashed line it is used up.",
    )
