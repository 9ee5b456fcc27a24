"""What an arm does is told apart from chance, from the patient's part in it, and from what else was taken away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from rubrics.numbers.effects import EVERY, Effect, affect
from rubrics.numbers.questions import ask
from rubrics.numbers.table import OVERALL, Columns, Table, hear, lay, select
from rubrics.scores import Floats
from tests.numbered import ballots

LOSS = {"full": 0.0, "no-image": -0.9, "frozen-no-image": -0.5, "no-record": -0.2, "neither": -0.9}


def arms(
    loss: dict[str, float] = LOSS,
    *,
    scenarios: int = 60,
    seed: int = 1,
    noise: float = 0.2,
    bad: float = 0.0,
    relevant: float = 0.0,
    **columns: object,
) -> tuple[Table, Floats]:
    """Lay out two models in every arm, three jurors, two scenarios a case; `bad` is what m1 loses beyond it.

    `relevant` is what no-record costs beyond it in every other case. Gives the table, and (S, M, A) mean votes.
    """
    generator = np.random.default_rng(seed)
    hard = generator.normal(3, 0.6, (scenarios, 1, 1, 1))
    named = [*loss]
    lost = np.array([[loss[arm] + bad * m * (arm != "full") for arm in named] for m in range(2)])
    level = (np.arange(scenarios) // 2) % 2
    extra = relevant * level[:, None] * np.array([arm == "no-record" for arm in named])
    centre = hard[..., 0] + lost + extra[:, None] + generator.normal(0, noise, (scenarios, 2, len(named)))
    points = centre[..., None] + np.array([0.4, 0.0, -0.4])
    scenario, model, arm = (axis.ravel() for axis in np.indices(points.shape[:3]))
    table = lay(
        ballots(points.reshape(-1, 1, 3)),
        Columns(
            model=[f"m{m}" for m in model],
            case=[f"c{s // 2}" for s in scenario],
            scenario=[f"s{s}" for s in scenario],
            arm=[named[a] for a in arm],
            strata={"record": [("not relevant", "relevant")[level[s]] for s in scenario]},
            **columns,
        ),
    )
    return table, points.mean(axis=3)


def asked(table: Table, **where: object) -> list[Effect]:
    """Give the overall effects that are so."""
    rows = affect(table, np.random.default_rng(1), draws=1_000)
    where = {"dimension": OVERALL, "stratum": None} | where
    return [row for row in rows if all(getattr(row, key) == value for key, value in where.items())]


def test_an_effect_is_the_mean_difference_within_scenarios_with_an_interval_by_case():
    table, points = arms()
    (row,) = asked(table, arm="no-image", kind="free", model="m0")
    apart = points[:, 0, 1] - points[:, 0, 0]
    assert row.difference.value == pytest.approx(apart.mean())
    by_case = apart.reshape(-1, 2).mean(axis=1)
    same = stats.ttest_1samp(by_case, 0).confidence_interval()
    assert (row.difference.low, row.difference.high) == pytest.approx((same.low, same.high))
    assert (row.difference.basis.n, row.difference.basis.clusters) == (60, 30)
    assert row.p == pytest.approx(1 / 1001)
    assert row.correlation > 0.8


def test_frozen_stands_beside_free_and_their_difference_is_what_the_dialogue_carries():
    table, _ = arms()
    kinds = {row.kind: row for row in asked(table, arm="no-image", model="m0")}
    assert list(kinds) == ["frozen", "free", "carried"]
    total, direct, carried = (kinds[kind].difference for kind in ("free", "frozen", "carried"))
    assert carried.value == pytest.approx(total.value - direct.value)
    assert carried.value == pytest.approx(-0.4, abs=0.15)
    # Paired: far narrower than if the two effects were independent.
    halves = [(one.high - one.low) / 2 for one in (total, direct, carried)]
    assert halves[2] < 0.95 * np.hypot(halves[0], halves[1])


def test_two_losses_that_overlap_show_as_an_interaction():
    table, points = arms()
    (row,) = asked(table, kind="interaction", model="m0")
    full, image, _, record, neither = points[:, 0].mean(axis=0)
    assert row.arm == "neither"
    assert row.difference.value == pytest.approx((image - full) + (record - full) - (neither - full))
    assert row.difference.high < 0
    assert row.correlation is None


def test_all_models_together_weigh_the_same_and_are_a_test_of_their_own():
    table, points = arms(bad=-0.5)
    one, other, every = asked(table, arm="no-image", kind="free")
    assert every.model == EVERY
    assert every.difference.value == pytest.approx((one.difference.value + other.difference.value) / 2)
    assert every.difference.basis.n == 120
    assert every.difference.basis.clusters == 30
    assert every.holm == every.p
    by_case = (points[:, :, 1] - points[:, :, 0]).mean(axis=1).reshape(-1, 2).mean(axis=1)
    same = stats.ttest_1samp(by_case, 0).confidence_interval()
    assert (every.difference.low, every.difference.high) == pytest.approx((same.low, same.high))


def test_holm_is_over_the_models_of_one_arm_and_dimension():
    table, _ = arms({"full": 0.0, "no-image": 0.0}, noise=0.5)
    one, other, _ = asked(table, arm="no-image")
    assert sorted([one.holm, other.holm]) == pytest.approx(
        sorted([min(1, 2 * min(one.p, other.p)), max(2 * min(one.p, other.p), one.p, other.p)])
    )


def test_a_record_that_decides_is_told_apart_from_one_that_does_not():
    table, points = arms(relevant=-0.6)
    level = (np.arange(60) // 2) % 2 == 1
    apart = points[:, 0, 3] - points[:, 0, 0]
    rows = {(row.level, row.against): row for row in asked(table, stratum="record", model="m0")}
    on, off, between = (
        rows[key] for key in [("relevant", None), ("not relevant", None), ("relevant", "not relevant")]
    )
    assert on.difference.value == pytest.approx(apart[level].mean())
    assert off.difference.value == pytest.approx(apart[~level].mean())
    assert between.difference.value == pytest.approx(on.difference.value - off.difference.value)
    by_case = apart.reshape(-1, 2).mean(axis=1)
    same = stats.ttest_ind(by_case[1::2], by_case[::2], equal_var=False)
    ends = same.confidence_interval()
    assert (between.difference.low, between.difference.high) == pytest.approx((ends.low, ends.high))
    assert between.p == pytest.approx(same.pvalue)
    assert {row.arm for row in asked(table, stratum="record")} == {"no-record"}
    assert any(row.model == EVERY for row in asked(table, stratum="record", against="not relevant"))


def test_what_is_missing_in_an_arm_is_missing_and_counted_and_no_zero():
    table, _ = arms()
    gone = (table.arm.index == table.arm.names.index("no-image")) & (table.scenario.index < 8)
    votes = table.scores.votes
    lost = gone[votes.conversation] & (table.model.index[votes.conversation] == 0)
    score = np.where(lost, np.nan, votes.score)
    (row,) = asked(hear(table, replace(votes, score=score)), arm="no-image", kind="free", model="m0")
    assert (row.difference.basis.n, row.difference.basis.missing) == (52, 8)
    assert row.difference.basis.abstained == 24
    assert row.difference.value == pytest.approx(-0.9, abs=0.15)


def test_a_model_that_never_played_an_arm_has_no_row_and_costs_the_others_nothing():
    table, _ = arms()
    keep = ~((table.arm.index == table.arm.names.index("no-image")) & (table.model.index == 1))
    assert [row.model for row in asked(select(table, keep), arm="no-image", kind="free")] == ["m0"]
    assert [row.model for row in asked(select(table, keep), arm="no-record", kind="free")] == [
        "m0",
        "m1",
        EVERY,
    ]


def test_scenarios_an_arm_was_not_played_on_are_not_missing_from_it():
    table, _ = arms()
    keep = (table.arm.index != table.arm.names.index("no-image")) | (table.scenario.index < 20)
    (row,) = asked(select(table, keep), arm="no-image", kind="free", model="m0")
    assert (row.difference.basis.n, row.difference.basis.missing) == (20, 0)


@pytest.mark.parametrize("loss", [{"full": 0.0}, {"no-image": 0.0, "frozen-no-image": 0.0}])
def test_without_the_full_arm_or_another_nothing_is_claimed(loss):
    assert affect(arms(loss)[0], np.random.default_rng(1), draws=10) == ()


def test_the_arms_that_are_there_say_what_can_be_asked():
    frozen = ["full", "frozen-no-image", "frozen-no-record", "frozen-neither", "neither", "frozen-full"]
    asked = [(one.arm, one.kind) for one in ask(frozen)]
    assert asked == [
        ("full", "frozen"),
        ("neither", "frozen"),
        ("neither", "free"),
        ("neither", "carried"),
        ("no-image", "frozen"),
        ("no-record", "frozen"),
        ("neither", "frozen interaction"),
    ]
    assert all(sum(one.weight.values()) == 0 for one in ask(frozen))


def test_arms_alike_have_no_effect_and_no_test():
    table, _ = arms({"full": 0.0, "no-image": 0.0}, noise=0.0)
    row = asked(table, arm="no-image")[0]
    assert row.difference.value == pytest.approx(0)
    assert (row.difference.low, row.holm) == (None, None)
