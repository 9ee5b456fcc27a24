"""What a plan can see before it is paid for, and the cheapest plan that sees what is looked for.

From the variance components of a run or of anybody's verdicts, or from assumed ones, and then it is said that they
are. Nothing here knows how they are estimated.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import comb
from pathlib import Path

import numpy as np

from engine.errors import BadOption
from engine.prose import entry, figure, item, plural, short, wrap
from engine.scoring import ScoreWish, gather
from engine.scoring.purchases import estimated, size, unfounded
from rubrics.errors import Unusable
from rubrics.numbers.components import decompose, sum_up
from rubrics.numbers.power import FEWEST, MOST, Goal, Plan, Prices, Sight, buy, see
from rubrics.numbers.spread import Spread
from rubrics.numbers.table import select

ASSUMED = tomllib.loads(Path(__file__).with_name("assumed.toml").read_text(encoding="utf-8"))
USUAL = Plan(scenarios=155, repeats=1, jurors=3)
LEAST = Plan(scenarios=FEWEST, repeats=1, jurors=2)
"""Of one juror alone nobody can tell how severe it is, nor whom it favours."""
MODELS, DIMENSIONS = 8, 3
NAME = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerWish:
    """What was asked on the command line; None leaves it to what the verdicts look like, or to the usual."""

    scenarios: int | None = None
    detect: float | None = None
    """Points."""
    models: int | None = None
    jurors: int | None = None
    repeats: int | None = None
    source: Path | None = None
    """A run folder or a table of verdicts."""
    conversation: float | None = None
    """USD."""
    vote: float | None = None
    """USD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a forecast rests on."""

    told: str
    spreads: Mapping[str, Spread]
    """By dimension."""
    votes: int
    """The components were estimated from; 0 where they are assumed."""
    plan: Plan
    models: int
    prices: Prices
    priced: str
    """Where the prices are from."""
    silent: frozenset[str] = frozenset()
    """What the data cannot tell the use of."""


def forecast(wish: PowerWish) -> str:
    """Give the page; raises BadOption or Unusable in one sentence."""
    _check(wish)
    ground = _measured(wish.source) if wish.source else _assumed()
    plan = Plan(
        scenarios=wish.scenarios or ground.plan.scenarios,
        repeats=wish.repeats or ground.plan.repeats,
        jurors=wish.jurors or ground.plan.jurors,
    )
    models = wish.models or ground.models
    prices = Prices(
        conversation=ground.prices.conversation if wish.conversation is None else wish.conversation,
        vote=ground.prices.vote if wish.vote is None else wish.vote,
        models=models,
        dimensions=ground.prices.dimensions,
    )
    if not prices.conversation + prices.vote > 0:
        raise BadOption("--price-conversation and --price-vote are both 0; give what one of them costs.")
    lines = [*_head(wish, ground, plan, prices), "", *_sights(ground, plan, models)]
    if wish.detect is not None:
        lines += ["", *_verdict(wish.detect, ground, plan), *_plans(wish.detect, ground, prices)]
    lines += ["", *_remarks(ground)]
    return "\n".join(line.rstrip() for line in lines)


def _check(wish: PowerWish) -> None:
    fewest = {"--n": (wish.scenarios, 2), "--models": (wish.models, 2)}
    fewest |= {"--jurors": (wish.jurors, 1), "--repeats": (wish.repeats, 1)}
    for option, (value, least) in fewest.items():
        if value is not None and value < least:
            raise BadOption(f"{option} {value} is too few to compare models; give {least} or more.")
    if wish.detect is not None and not 0 < wish.detect <= 4:
        raise BadOption(
            f"--detect {wish.detect:g} is no difference on the scale of 1 to 5; give 0.2, for example."
        )
    for option, price in (("--price-conversation", wish.conversation), ("--price-vote", wish.vote)):
        if price is not None and not 0 <= price < np.inf:
            raise BadOption(f"{option} {price:g} is no price; give USD, 0 or more.")


def _assumed() -> Ground:
    spread = Spread(**ASSUMED["spread"])
    return Ground(
        told=f"nothing measured: assumed components ({ASSUMED['status']}): {_spell(spread)}",
        spreads={"any dimension": spread},
        votes=0,
        plan=USUAL,
        models=MODELS,
        prices=Prices(
            conversation=ASSUMED["conversation"], vote=ASSUMED["vote"], models=MODELS, dimensions=DIMENSIONS
        ),
        priced="assumed",
    )


def _measured(source: Path) -> Ground:
    """Estimate the components of a run, or of a table of verdicts; of its full arm, where it has several."""
    wish = ScoreWish(run=source) if source.is_dir() else ScoreWish(verdicts=source)
    ballots = gather(wish)
    table = ballots.table()
    arms = table.arm.names
    arm = "full" if "full" in arms else arms[0]
    table = select(table, table.arm.index == arms.index(arm)) if len(arms) > 1 else table
    components = decompose(table)
    found = estimated(table, components)
    if not found:
        raise Unusable(
            f"{ballots.name}: too little to estimate from: it takes two models on the same scenarios, and several."
        )
    votes = int(table.scores.votes.counts.sum())
    simulated = " (SIMULATED)" if ballots.simulated else ""
    silent = frozenset().union(*(unfounded(components, name) for name in found))
    guess = _assumed()
    return Ground(
        told=f"{ballots.name}{simulated}: {plural(votes, 'vote')} on {plural(table.cases, 'case')}",
        spreads={name: sum_up(components, name) for name in found},
        votes=votes,
        plan=size(table),
        models=max(len(np.unique(table.model.index)), 2),
        prices=ballots.prices
        or Prices(
            conversation=guess.prices.conversation,
            vote=guess.prices.vote,
            dimensions=len(table.scores.votes.dimensions),
        ),
        priced=("what the run would have cost" if simulated else "what the run cost")
        if ballots.prices
        else "assumed",
        silent=silent,
    )


def _spell(spread: Spread) -> str:
    parts = ASSUMED["spread"]
    return ", ".join(f"{name.replace('_', ' × ')} {getattr(spread, name):g}" for name in parts)


def _head(wish: PowerWish, ground: Ground, plan: Plan, prices: Prices) -> Iterator[str]:
    yield from wrap(f"What {_words(plan)} can see")
    yield ""
    yield from entry("from", ground.told)
    own = [
        name
        for name, price in (("conversation", wish.conversation), ("vote", wish.vote))
        if price is not None
    ]
    whose = (
        "as given" if len(own) == 2 else f"{ground.priced}{', the ' + own[0] + ' as given' if own else ''}"
    )
    yield from entry(
        "prices",
        f"{prices.conversation:.4g} USD a conversation, {prices.vote:.4g} USD a vote that counts ({whose}); this "
        f"plan with {plural(prices.models, 'model')} and {plural(prices.dimensions, 'dimension')} costs "
        f"{_money(prices.total(plan))}",
    )


def _words(plan: Plan) -> str:
    sizes = [plural(getattr(plan, f"{what}s"), what) for what in ("scenario", "repeat", "juror")]
    return f"{', '.join(sizes[:2])} and {sizes[2]}"


def _money(usd: float) -> str:
    return f"{usd:,.2f} USD" if usd < 100 else f"{usd:,.0f} USD"


def _goals(models: int) -> dict[str, Goal]:
    """Give a goal for one pair named beforehand, and one for the strictest of all pairs."""
    pairs = comb(models, 2)
    goals = {"one pair": Goal()}
    return goals | ({f"all {pairs} pairs": Goal(level=Goal().level / pairs)} if pairs > 1 else {})


def _sights(ground: Ground, plan: Plan, models: int) -> Iterator[str]:
    goals = _goals(models)
    yield from wrap(
        "The smallest difference of two models, in points, that 80 of 100 such runs find (5%, two-sided):"
    )
    yield f"{'':{NAME}}{'error':>10}" + "".join(f"{name:>16}" for name in goals)
    for name, spread in ground.spreads.items():
        seen = [see(spread, plan, goal) for goal in goals.values()]
        cells = "".join(f"{figure(sight.detects):>16}" for sight in seen)
        yield f"  {short(name, NAME - 3):{NAME - 2}}{figure(seen[0].error, 3):>10}{cells}"
    yield from item("One pair: named before the run. All pairs: each against each, Holm's first step.")


def _verdict(detect: float, ground: Ground, plan: Plan) -> Iterator[str]:
    sees = [name for name, spread in ground.spreads.items() if see(spread, plan).detects <= detect]
    if len(sees) == len(ground.spreads):
        yield from wrap(f"It sees a difference of {detect:g} between one pair of models.")
    elif sees:
        yield from wrap(
            f"It sees a difference of {detect:g} between one pair of models in {', '.join(sees)} only."
        )
    else:
        yield from wrap(f"It does not see a difference of {detect:g} between one pair of models.")


def _plans(detect: float, ground: Ground, prices: Prices) -> Iterator[str]:
    """Offer the cheapest plan for each dimension, and the same for all pairs."""
    least, most = LEAST, MOST
    for thing in ground.silent:
        now = {thing: getattr(ground.plan, thing)}
        least, most = replace(least, **now), replace(most, **now)
    yield ""
    title = f"Cheapest plan that sees {detect:g}"
    yield f"{title:{NAME + 14}}{'scenarios':>10}{'repeats':>8}{'jurors':>7}{'USD':>13}"
    for name, spread in ground.spreads.items():
        for kind, goal in _goals(prices.models).items():
            title = f"{short(name, NAME - 3)}, {kind}"
            yield f"  {title:{NAME + 12}}{_offer(buy(spread, detect, prices, goal=goal, most=most, least=least))}"


def _offer(sight: Sight | None) -> str:
    if sight is None:
        return f"none within {MOST.scenarios:,} scenarios"
    plan = sight.plan
    return f"{plan.scenarios:>10,}{plan.repeats:>8}{plan.jurors:>7}{sight.cost or 0.0:>13,.2f}"


def _remarks(ground: Ground) -> Iterator[str]:
    if not ground.votes:
        yield from wrap(
            "Assumed is not measured: make a small run first and give it with --from (a run folder, or a table of "
            "verdicts)."
        )
    if ground.silent:
        yield from wrap(
            f"These verdicts cannot tell what more {' or '.join(sorted(ground.silent))} would bring: no plan with "
            "more of them is offered, and a figure for another number of them is a guess."
        )
    yield from wrap(
        "Jurors are those whose votes count; of one alone nobody can tell how severe it is. Scenarios are about "
        "cases of their own. The answer holds for these jurors: another panel may see models otherwise, and more "
        "scenarios do not help against that."
    )
