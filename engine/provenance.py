"""Provenance: what a score rests on, as digests. Scores of equal digests may stand in one table.

Everything is read from the plan as plan.json holds it, and the map to clinicians' words from the calibration beside
it. Prices, limits and addresses move no score and are in no digest. Nothing here knows what a score is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from engine.plan import JUDGING, Plan

COLUMNS = ("scenarios", "prompts", "rubric", "jury", "calibration")
"""Those that stand beside every score."""
SHOWN = 12
"""Hex digits of a digest that people see."""
NONE = "none"
UNREADABLE = "unreadable"
KINDS = {"judging": JUDGING, "aside": ("interview", "baselines", "person")}
"""How the names of prompts begin that made no conversation with a model; all others are the dialogue's."""
ASKED = ("family", "provider", "id", "endpoint", "verdict", "length", "image", "options")
"""What of a model's description may move what it answers, or whether its vote counts."""
CALIBRATION = Path("report", "calibration", "calibration.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Digests, 64 hex digits each."""

    scenarios: str
    """Of the scenarios, in order."""
    prompts: str
    """Of all prompts, and of the tables that decide what a patient may say."""
    rubric: str
    jury: str
    """Who sits on it, asked how, in whatever order."""
    calibration: str
    """Of the map to clinicians' words; "none" without one, "unreadable" where its file is damaged."""
    dialogue: str
    """Of those prompts that make the conversations."""
    judging: str
    """Of those that only jurors read."""
    aside: str
    """Of those that move no model's score: of the exit interview, the words of the baselines, a person's card."""
    patient: str
    """Who plays it, asked how."""

    def marks(self) -> dict[str, str]:
        """Give the columns of a table of scores, shortened."""
        return {name: getattr(self, name)[:SHOWN] for name in COLUMNS}


def trace(plan: Plan, folder: Path) -> Provenance:
    """Tell what the scores of a run rest on."""
    held = asdict(plan)
    prompts = sort_prompts(held["prompts"])
    jury = {name: seat(held, name) for name in plan.jury} | {"sees": held.get("jury_sees_photo", False)}
    return Provenance(
        scenarios=plan.scenarios_digest,
        prompts=_digest(held["prompts"]),
        rubric=plan.rubric["digest"],
        jury=_digest(jury),
        calibration=digest_map(folder),
        patient=_digest({plan.patient: seat(held, plan.patient)}),
        **{kind: _digest(of) for kind, of in prompts.items()},
    )


def sort_prompts(prompts: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Part the prompts into those of the dialogue, those of judging, and those aside from both."""
    sorted_out: dict[str, dict[str, str]] = {"dialogue": {}, **{kind: {} for kind in KINDS}}
    for name, digest in prompts.items():
        kind = next((kind for kind, starts in KINDS.items() if name.startswith(starts)), "dialogue")
        sorted_out[kind][name] = digest
    return sorted_out


def seat(held: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Describe who plays a part, as far as it may move a score; `held` is what a plan holds."""
    known = held["cast"].get(name) or held["models"].get(name) or {}
    return {key: known.get(key) for key in ASKED}


def digest_map(folder: Path) -> str:
    """Give the digest of the calibration map in a run folder; the same map gives the same digest."""
    try:
        found = orjson.loads((folder / CALIBRATION).read_bytes())
        return _digest({one["dimension"]: one.get("map") for one in found["dimensions"]})
    except FileNotFoundError:
        return NONE
    except (OSError, orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        return UNREADABLE


def _digest(value: object) -> str:
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()
