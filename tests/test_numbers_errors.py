"""Every interval is as wide as leaving out each case in turn, and fitting all anew, says it should be."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from scipy import stats

from rubrics.numbers.favour import favour
from rubrics.numbers.gaps import reweigh
from rubrics.numbers.means import Means, group
from rubrics.numbers.pairs import compare
from rubrics.numbers.ranks import rank
from rubrics.numbers.strata import stratify
from rubrics.numbers.style import confound
from rubrics.numbers.table import OVERALL, Columns, Table, lay, select
from rubrics.numbers.values import Estimate
from tests.numbered import ballots

CASES = 40


@pytest.fixture(scope="module")
def run() -> Table:
    """Give two scenarios a case, one of each level, with three models, holes, and a juror barred from two."""
    generator = np.random.default_rng(3)
    case, scenario, model = (axis.ravel() for axis in np.indices((CASES, 2, 3)))
    hard = generator.normal(3, 0.5, (CASES, 2))[case, scenario] + generator.normal(0, 0.4, CASES)[case]
    tokens = generator.lognormal(6, 0.4, len(case)) * (1 + 3 * model)
    cells = hard[:, None] + 0.2 * np.log2(tokens / 400)[:, None] + generator.normal(0, 0.7, (len(case), 3))
    own = model[:, None] == np.array([0, 1, 9])
    # The third juror, who links the other two, is often absent, so that severities are far from certain.
    cells[generator.random(len(case)) < 0.6, 2] = np.nan
    return lay(
        ballots(cells[:, None], own=own[:, None]),
        Columns(
            model=[f"m{m}" for m in model],
            case=[f"c{c}" for c in case],
            scenario=[f"s{c}-{s}" for c, s in zip(case, scenario, strict=True)],
            strata={"side": ["left" if s else "right" for s in scenario]},
            covariates={"tokens": tokens},
        ),
    )


def estimates(table: Table) -> Iterator[tuple[str, Estimate]]:
    """Give every overall estimate there is, by name."""
    for row in compare(table, np.random.default_rng(1), draws=1):
        yield f"{row.model} less {row.against} in {row.dimension}", row.difference
    for row in favour(table):
        yield f"{row.juror} favours in {row.dimension}", row.preference
        if row.at_length:
            yield f"{row.juror} favours in {row.dimension} at a length", row.at_length
    for row in stratify(table).contrasts:
        yield f"side {row.level} in {row.model}, {row.interaction}, {row.dimension}", row.difference
    style = confound(table)
    for row in style.confounds:
        yield f"slope of {row.covariate} in {row.dimension}", row.slope
        yield f"correlation of {row.covariate} in {row.dimension}", row.correlation
    for row in style.means:
        yield f"{row.model} at average length in {row.dimension}", row.mean
    for row in reweigh(table):
        yield f"{row.model} reweighted in {row.dimension}", row.mean


def test_every_error_is_the_one_that_leaving_out_each_case_shows(run):
    left = [dict(estimates(select(run, run.case.index != case))) for case in range(CASES)]
    for name, found in estimates(run):
        if OVERALL not in name or found.low is None:
            continue
        values = np.array([rest[name].value for rest in left])
        spread = np.sqrt((CASES - 1) / CASES * ((values - values.mean()) ** 2).sum())
        half = (found.high - found.low) / 2
        reach = half / spread / stats.t.ppf(0.975, CASES - 1)
        # Self-preference is linear in the votes, so its error is nearly exact, and a part left out would show.
        exact = "favours" in name and "length" not in name
        assert reach == pytest.approx(1, abs=0.008 if exact else 0.06), name


@pytest.mark.parametrize(("models", "cases"), [(2, 12), (5, 12), (5, 200), (9, 60)])
def test_for_models_alike_in_spread_the_ranks_are_tukeys(models, cases):
    axes = np.linalg.qr(np.random.default_rng(1).normal(size=(cases, models)))[0]
    reach = stats.studentized_range.ppf(0.95, models, cases - 1)  # in standard errors of one mean

    def ends(gap: float) -> tuple[int, int]:
        value = np.zeros((models, 1))
        value[0] = gap
        count = np.full((models, 1), cases)
        means = Means(
            value=value,
            influence=axes[:, :, None],
            n=count,
            clusters=count,
            missing=0 * count,
            abstained=0 * count,
        )
        names = [f"m{m}" for m in range(models)]
        rows = rank(means, models=names, dimensions=["d"], generator=np.random.default_rng(2), draws=40_000)
        return next((row.low, row.high) for row in rows if row.model == "m0")

    assert ends(1.04 * reach) == (1, 1)
    assert ends(0.96 * reach) == (1, models)


def test_the_names_of_models_do_not_matter(run):
    means = group(run, run.model.index, 3)
    turned = group(run, 2 - run.model.index, 3)
    np.testing.assert_allclose(means.value, turned.value[::-1])
    np.testing.assert_allclose(means.error, turned.error[::-1])
