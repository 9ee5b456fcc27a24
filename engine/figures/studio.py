"""The studio: every figure in the order of the story, drawn where there are numbers for it.

Words and thresholds are in `figures.toml`. Nothing here knows what a figure is about.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from engine.figures.arms import sketch_arm_models, sketch_arms
from engine.figures.interviews import sketch_caps, sketch_confidence, sketch_reliability, sketch_triage
from engine.figures.jury import (
    sketch_agreement,
    sketch_canaries,
    sketch_favour,
    sketch_missing,
    sketch_retests,
    sketch_severity,
)
from engine.figures.meeting import sketch_safety
from engine.figures.naming import plain
from engine.figures.patients import sketch_quarantine, sketch_realism
from engine.figures.shares import sketch_distribution, sketch_stops
from engine.figures.spending import sketch_cost, sketch_latency, sketch_limits, sketch_pace, sketch_tokens
from engine.figures.standing import sketch_dimensions, sketch_leaderboard, sketch_ranks
from engine.figures.strata import sketch_interactions, sketch_strata, sketch_urgency
from engine.figures.svg import render
from engine.figures.theme import dressed
from engine.figures.translation import sketch_calibration
from engine.figures.values import Figure, Matter, Sketch

FILE = Path(__file__).with_name("figures.toml")
SKETCHES: Mapping[str, Callable[[Matter], Sketch | None]] = {
    "leaderboard": sketch_leaderboard,
    "dimensions": sketch_dimensions,
    "ranks": sketch_ranks,
    "safety_accuracy": sketch_safety,
    "distribution": sketch_distribution,
    "stops": sketch_stops,
    "strata": sketch_strata,
    "interactions": sketch_interactions,
    "urgency": sketch_urgency,
    "arms": sketch_arms,
    "arm_models": sketch_arm_models,
    "triage": sketch_triage,
    "reliability": sketch_reliability,
    "confidence": sketch_confidence,
    "caps": sketch_caps,
    "agreement": sketch_agreement,
    "severity": sketch_severity,
    "favour": sketch_favour,
    "canaries": sketch_canaries,
    "missing": sketch_missing,
    "retests": sketch_retests,
    "calibration": sketch_calibration,
    "realism": sketch_realism,
    "quarantine": sketch_quarantine,
    "cost": sketch_cost,
    "tokens": sketch_tokens,
    "latency": sketch_latency,
    "pace": sketch_pace,
    "limits": sketch_limits,
}


def draw_all(matter: Matter) -> dict[str, Figure]:
    """Draw what there is."""
    found = {}
    for name, make in SKETCHES.items():
        sketch = make(matter)
        if sketch is not None and sketch.rows:
            found[name] = draw_one(name, sketch, simulated=matter.results.simulated)
    return found


def draw_one(name: str, sketch: Sketch, *, simulated: bool) -> Figure:
    """Draw one figure; what is simulated says so first."""
    words = _words()[name]
    lines = [_words()["simulated"]["line"], sketch.note] if simulated else [sketch.note]
    chart = dressed(sketch.chart, words["title"], lines)
    about = " ".join((*lines, words["shows"], words["hides"]))
    return Figure(
        name=name,
        title=words["title"],
        shows=words["shows"],
        hides=words["hides"],
        rows=sketch.rows,
        svg=render(chart, f"figure-{name}", words["title"], plain(about), warned=simulated),
    )


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
