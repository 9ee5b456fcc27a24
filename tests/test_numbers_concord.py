"""Jurors who agree on the whole and not on one kind of patient are found out."""

from __future__ import annotations

import numpy as np
import pytest

from rubrics.agreement.alpha import alpha
from rubrics.agreement.ratings import RatingTable
from rubrics.numbers.concord import Concord, agree
from rubrics.numbers.table import Columns, Table, lay
from rubrics.scores import Floats
from tests.numbered import ballots, weighted


def votes(many: int = 120, *, bias: float = 0.0, seed: int = 1) -> tuple[Table, Floats]:
    """Give three jurors who agree, but that the first stands `bias` off on dark skin; two conversations a case."""
    generator = np.random.default_rng(seed)
    dark = ((np.arange(many) // 2) % 4 == 0).astype(int)
    latent = generator.normal(3, 1, many)[:, None] + generator.normal(0, 0.5, (many, 3))
    latent[:, 0] += bias * dark * generator.choice([-1.0, 1.0], many)
    cells = np.clip(np.rint(latent), 1, 5)
    cells[::9, 2] = np.nan
    return lay(
        ballots(cells[:, None]),
        Columns(
            model=["m"] * many,
            case=[f"c{c // 2}" for c in range(many)],
            scenario=[f"s{c}" for c in range(many)],
            strata={
                "skin": [("light", "dark")[x] for x in dark],
                "side": ["left" if (c // 8) % 2 else "right" for c in range(many)],
                "always": ["same"] * many,
            },
        ),
    ), cells


def found(table: Table) -> dict[str | None, Concord]:
    return {row.level: row for row in agree(table, np.random.default_rng(1), draws=600)}


def known(cells: Floats, level: str) -> float:
    """Give alpha as `agreement` does, which is held against published examples."""
    return alpha(RatingTable.of(cells), level, np.random.default_rng(1)).value


def test_alpha_is_krippendorffs_and_kappa_the_mean_over_pairs():
    table, cells = votes()
    row = found(table)[None]
    oracle = known(cells, "ordinal")
    assert row.alpha.value == pytest.approx(oracle)
    assert row.alpha.low < oracle < row.alpha.high
    both = ~np.isnan(cells[:, 2])
    kappas = [
        weighted(cells[rows, a], cells[rows, b])
        for a, b, rows in ((0, 1, slice(None)), (0, 2, both), (1, 2, both))
    ]
    assert row.kappa.value == pytest.approx(np.mean(kappas))
    assert (row.alpha.basis.n, row.alpha.basis.clusters, row.alpha.basis.abstained) == (120, 60, 14)


def test_a_level_is_looked_at_by_itself():
    table, cells = votes()
    dark = (np.arange(120) // 2) % 4 == 0
    row = found(table)["dark"]
    assert row.alpha.value == pytest.approx(known(cells[dark], "ordinal"))
    assert row.alpha.basis.n == 30
    assert "same" not in found(table)


def test_a_juror_who_is_off_on_one_kind_of_patient_is_found_though_the_whole_looks_fine():
    rows = found(votes(240, bias=2.0)[0])
    assert rows[None].alpha.value > 0.5
    assert rows["dark"].flagged
    assert rows["dark"].near.high < rows["light"].near.low
    assert not any(rows[level].flagged for level in (None, "light", "left", "right"))


def test_where_nobody_is_off_nothing_is_flagged():
    runs = [any(row.flagged for row in found(votes(seed=seed)[0]).values()) for seed in range(24)]
    assert np.mean(runs) <= 0.1


def test_one_juror_agrees_with_nobody_and_no_votes_with_nothing():
    table, _ = votes()
    alone = lay(
        ballots(np.full((4, 1, 1), 3.0)),
        Columns(model=["m"] * 4, case=list("abcd"), scenario=list("abcd")),
    )
    assert agree(alone, np.random.default_rng(1), draws=10) == ()
    assert table.strata["skin"].names == ("dark", "light")


def test_votes_on_a_line_are_taken_as_numbers():
    generator = np.random.default_rng(2)
    cells = np.clip(generator.normal(3, 1, (60, 1, 1)) + generator.normal(0, 0.3, (60, 1, 3)), 1, 5)
    names = [f"{c}" for c in range(60)]
    table = lay(ballots(cells), Columns(model=["m"] * 60, case=names, scenario=names))
    row = agree(table, np.random.default_rng(1), draws=200)[0]
    assert row.alpha.value == pytest.approx(known(cells[:, 0], "interval"))
    assert row.kappa.value is None
