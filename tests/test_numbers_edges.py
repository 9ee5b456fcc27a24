"""Whatever is missing: every table is made, nothing warns, and what is not known is None and never NaN."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from rubrics.numbers.components import sum_up
from rubrics.numbers.everything import number
from rubrics.numbers.table import Columns, Table, lay
from tests.numbered import ballots


def ragged(seed: int) -> Table:
    """Give a table with few conversations, models or jurors, or none, and holes everywhere."""
    generator = np.random.default_rng(seed)
    many, dimensions, jurors = (int(generator.integers(*ends)) for ends in ((0, 14), (1, 4), (0, 4)))
    cells = generator.integers(1, 6, (many, dimensions, jurors)).astype(float)
    cells[generator.random(cells.shape) < generator.choice([0.0, 0.3, 0.7, 1.0])] = np.nan
    own = generator.random((many, 1, jurors)) < generator.choice([0.0, 0.3, 1.0])
    scenario = generator.integers(generator.integers(1, 7), size=many)
    levels = generator.integers(4, size=many)
    urgency = generator.integers(8, size=(2, many))
    truth, given = np.where(urgency < 6, urgency, np.nan).tolist()
    return lay(
        ballots(cells, own=own),
        Columns(
            model=[f"m{m}" for m in generator.integers(generator.integers(1, 5), size=many)],
            case=[f"c{s // 2}" for s in scenario],
            scenario=[f"s{s}" for s in scenario],
            family={"j0": "A", "j1": "A", "j2": "B", "m0": "A"},
            strata={"some": ["abc"[x] if x < 3 else None for x in levels], "never": [None] * many},
            covariates={"tokens": generator.poisson(2, many).astype(float), "flat": np.ones(many)},
            truth=truth,
            given=given,
        ),
    )


@pytest.mark.parametrize("seed", range(30))
def test_a_ragged_run_gives_every_table_and_no_nan(seed):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = number(ragged(seed), np.random.SeedSequence(seed), draws=50)
    assert "nan" not in repr(found)
    assert "inf" not in repr(found)
    for component in found.components:
        assert sum_up(found.components, component.dimension).residual >= 0


def test_a_run_without_conversations_gives_empty_tables():
    nothing = lay(ballots(np.empty((0, 2, 3))), Columns(model=[], case=[], scenario=[]))
    found = number(nothing, np.random.SeedSequence(1), draws=10)
    assert (found.standings, found.pairs, found.ranks, found.strata.means) == ((), (), (), ())
