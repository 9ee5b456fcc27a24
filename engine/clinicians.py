"""In clinicians' words: what a calibration beside a run says of each model, read back for whoever shows its scores.

The one idea: a raw score never stands alone once there is a map to clinicians' scores. A calibration by another
rubric, or of other scenarios, is none. Nothing here knows how a map is learnt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from engine.plan import Plan
from engine.provenance import CALIBRATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """One model's mean in one dimension, in clinicians' words; each with value, low and high, or None."""

    calibrated: Mapping[str, Any]
    """By the map: right if it is the same for every model."""
    corrected: Mapping[str, Any]
    """Prediction-powered: right whatever the jury does."""


def translate(folder: Path, plan: Plan) -> dict[tuple[str, str], Translated]:
    """Give what the calibration of this run says, by the leaderboard's row and dimension; {} where there is none."""
    try:
        found = orjson.loads((folder / CALIBRATION).read_bytes())
        hashes = found["hashes"]
        if (hashes["rubric"], hashes["scenarios"]) != (plan.rubric["digest"], plan.scenarios_digest):
            return {}
        return {
            (mean["model"], one["dimension"]): Translated(
                calibrated=mean["calibrated"], corrected=mean["corrected"]
            )
            for one in found["dimensions"]
            for mean in one.get("models", ())
        }
    except (OSError, orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        return {}
