"""Votes and tables laid out from arrays, for whatever computes numbers from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rubrics.numbers.table import Columns, Table, lay
from rubrics.scores import STATUSES, Floats, Votes


def ballots(cells: Floats, *, jurors: Sequence[str] = (), own: Floats | None = None) -> Votes:
    """Give votes from (C, D, J) points, NaN for an abstention; `own` broadcasts to them."""
    conversation, dimension, juror = (axis.ravel() for axis in np.indices(cells.shape))
    score = cells.ravel()
    return Votes(
        conversations=tuple(f"c{index}" for index in range(cells.shape[0])),
        dimensions=tuple(f"d{index}" for index in range(cells.shape[1])),
        jurors=tuple(jurors) or tuple(f"j{index}" for index in range(cells.shape[2])),
        conversation=conversation,
        dimension=dimension,
        juror=juror,
        score=score,
        own=np.broadcast_to(False if own is None else own, cells.shape).ravel(),
        status=np.where(np.isnan(score), STATUSES.index("failed"), STATUSES.index("scored")),
    )


def crossed(
    points: Floats, *, own: Floats | None = None, case: Sequence[str] = (), **columns: object
) -> Table:
    """Lay out (S, M, R, J) points of one dimension: scenario, model, repeat and juror; a case a scenario.

    `own` is (M, J); `case` is a scenario's, and strata are by scenario too, all else by conversation.
    """
    scenarios, models, repeats, jurors = points.shape
    scenario, model, _ = (axis.ravel() for axis in np.indices((scenarios, models, repeats)))
    names = [f"s{index}" for index in range(scenarios)]
    strata = columns.pop("strata", {})
    return lay(
        ballots(points.reshape(-1, 1, jurors), own=None if own is None else own[model][:, None]),
        Columns(
            model=[f"m{index}" for index in model],
            case=[(case or names)[index] for index in scenario],
            scenario=[names[index] for index in scenario],
            strata={name: [levels[index] for index in scenario] for name, levels in strata.items()},
            **columns,
        ),
    )


def weighted(first: np.ndarray, second: np.ndarray) -> float:
    """Give Cohen's quadratic-weighted kappa by its definition: one less the disagreement over that of chance."""
    apart = np.subtract.outer(first, second) ** 2
    return 1 - ((first - second) ** 2).mean() / apart.mean()
