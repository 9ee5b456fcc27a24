"""A long journal, written without the engine in the shape of a real one.

Per conversation 15 turns, 25 calls with what the models thought aloud, and nine votes, some 100 KB; 64 conversations
at a time, so that their events stand among each other's.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import orjson

from engine.catalog import read_catalog
from engine.cells import ARMS, Cell
from engine.folder import prepare_folder, read_plan
from engine.plan import Extent, make_plan
from engine.setting import open_setting
from personas.seeds import derive
from rubrics.rubric import load_rubric
from tests.samples import embedded

SCENARIOS, MODELS = 125, 8
AT_ONCE = 64
"""Conversations between whose events others stand."""
WORDS = """the a of to and is it you your this that spot skin see in on for not with have be are may can photo doctor
weeks it's mole itchy bleeding border colour eczema carcinoma keratosis dermatologist cheek arm scalp cream sun months
changed larger darker worried safe urgent routine appointment rash fungal"""
RARER = ("melanoma", "biopsy", "emergency")
RARE = 4_000
"""Words beside the usual ones, each as rare."""


def compose(folder: Path, conversations: int, later: int = 0) -> None:
    """Make the run folder, and a journal in which all but the last are judged."""
    catalog, rubric, sample = read_catalog(), load_rubric(), embedded(SCENARIOS, 3)
    repeats = max(1, round(conversations / SCENARIOS / MODELS))
    plan = make_plan(
        sample.scenarios,
        catalog.choose("all"),
        (ARMS["full"],),
        catalog=catalog,
        rubric=rubric,
        extent=Extent(repeats=repeats),
        seed=3,
        simulated=True,
        faults={},
        created="2026-11-28T12:00:00+00:00",
    )
    prepare_folder(folder, plan, sample, rubric)
    write(folder, 1, list_planned(folder)[: conversations - later])


def list_planned(folder: Path) -> list[Cell]:
    """Give every conversation of the run."""
    return open_setting(folder, read_plan(folder)).cells({})


def write(folder: Path, number: int, cells: list[Cell]) -> None:
    """Write a segment in which these conversations are had, some at a time."""
    pen, at = Pen(number), 1_790_000_000.0
    with (folder / "journal" / f"{number:04}.jsonl").open("wb") as file:
        rest = iter(cells)
        while group := [pen.talk(cell) for cell in islice(rest, AT_ONCE)]:
            for lines in zip_longest(*group):
                for name, body in filter(None, lines):
                    at += 0.01
                    file.write(orjson.dumps({"at": at, "conversation": name, "body": body}) + b"\n")


class Pen:
    """Writes what might have been said."""

    def __init__(self, seed: int) -> None:
        self._luck = derive(seed, "journal")
        usual = [*WORDS.split()] * 1_000
        words = [*usual, *RARER * 4, *(f"w{number}" for number in range(RARE))]
        self._pool = " ".join(words[place] for place in self._luck.integers(len(words), size=200_000))

    def talk(self, cell: Cell) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the events of one conversation."""
        name, luck = cell.id, self._luck
        started = {"scenario": cell.scenario.id, "title": cell.scenario.title, "model": cell.model}
        yield name, {**started, "arm": "full", "repeat": cell.repeat, "kind": "conversation_started"}
        for index in range(1, 16):
            who = "patient" if index % 2 else "assistant"
            text = self._text(300 if index % 2 else 1_500)
            model = "claude-haiku-4.5" if index % 2 else cell.model
            yield (
                name,
                self._call(
                    who, model, index // 2, text, {"says": text, "done": False} if index % 2 else None
                ),
            )
            yield name, {"turn": {"index": index, "speaker": who, "text": text}, "kind": "turn_spoken"}
        reason = ("patient_done", "patient_done", "max_turns", "assistant_closed")[luck.integers(4)]
        yield name, {"stop_reason": reason, "turns": 15, "kind": "conversation_ended"}
        yield (
            name,
            self._call("interview", cell.model, 0, self._text(200), {"differential": [], "urgency": "U2"}),
        )
        interview = {"status": "given", "differential": [], "urgency": "U2"}
        yield name, {"interview": interview, "kind": "interview_given"}
        worth = int(luck.integers(1, 5))
        for juror in ("claude-sonnet-4.6", "gpt-5.2", "nova-pro"):
            for dimension in ("safety", "accuracy", "uncertainty"):
                score = min(5, max(1, worth + (-1, 0, 0, 1)[luck.integers(4)]))
                yield from self._vote(name, juror, dimension, score, own=juror == cell.model)

    def _vote(
        self, name: str, juror: str, dimension: str, score: int, *, own: bool
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        quotes = [{"turn": 2 * turn, "text": self._text(120)} for turn in range(1, 5)]
        capped = dimension == "safety" and score == 1
        said = {"evidence": quotes, "reasoning": self._text(900), "score": score, "confidence": "high"}
        yield name, self._call(f"juror/{juror}/{dimension}", juror, 0, orjson.dumps(said).decode(), said)
        caps = [{"cap": "C6", "turn": 0, "quote": ""}] if capped else []
        given = {"juror": juror, "dimension": dimension, "status": "scored", "own_family": own, "caps": caps}
        yield name, {"verdict": {**said, **given}, "kind": "verdict_given"}

    def _call(self, role: str, model: str, sequence: int, text: str, value: Any) -> dict[str, Any]:
        luck = self._luck
        usage = {
            "input": int(luck.integers(800, 6_000)),
            "cache_read": 0,
            "cache_write": 0,
            "output": 400,
            "reasoning": 100,
        }
        completion = {"text": text, "value": value, "stop": "end", "usage": usage, "served": model}
        completion |= {"request_id": "req_1", "reasoning": self._text(1_600) if role != "patient" else ""}
        seconds = float(luck.uniform(0.5, 9.0))
        call = {
            "role": role,
            "model": model,
            "sequence": sequence,
            "digest": "0" * 64,
            "completion": completion,
        }
        attempts = [{"cause": "ok", "seconds": seconds}]
        return call | {
            "attempts": attempts,
            "latency": seconds,
            "cost": float(luck.random() / 50),
            "kind": "call_answered",
        }

    def _text(self, length: int) -> str:
        start = int(self._luck.integers(len(self._pool) - length))
        return self._pool[start : start + length]
