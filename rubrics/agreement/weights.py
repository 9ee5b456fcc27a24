"""How much two different ratings agree: weights from 0 to 1, 1 on the diagonal.

Weights go by the values themselves, not by their places: on a scale that lacks its 5, a 4 and a 6 are two points
apart all the same. Nothing here knows a coefficient.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from rubrics.agreement.ratings import Floats

Weighting = Literal["unweighted", "linear", "quadratic", "ordinal"]


def weigh(scale: Floats, weighting: Weighting) -> Floats:
    """Give the weights (Q, Q) of a scale.

    Linear `1 - |a-b| / range` and quadratic `1 - (a-b)² / range²` (Cicchetti and Allison 1971; Fleiss and Cohen
    1973); ordinal `1 - C(m, 2) / C(Q, 2)`, m the categories from one to the other, both included (Gwet 2014),
    which is not the metric of Krippendorff's ordinal alpha.
    """
    size = len(scale)
    if weighting == "unweighted" or size < 2:
        return np.eye(size)
    if weighting == "ordinal":
        place = np.arange(size)
        between = np.abs(place[:, None] - place) + 1.0
        return 1 - between * (between - 1) / (size * (size - 1))
    apart = np.abs(scale[:, None] - scale) / (scale[-1] - scale[0])
    return 1 - apart if weighting == "linear" else 1 - apart**2
