"""From a run to the rows of its tables: what was planned, said, voted and paid.

Numbers are those of the report, from the same fold. The journal is read once more for the calls, which the fold
forgets. Nothing here knows how a row is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from engine.account import Account
from engine.cells import PARTED, Cell, arm_of
from engine.events import CallAnswered, CallFailed
from engine.export.sheets.meter import Meter
from engine.export.sheets.scenes import scenario_rows, stratum_rows
from engine.export.sheets.writers import Row
from engine.plan import Plan
from engine.results import Results
from engine.segments import RECORDED, read_journal
from rubrics.leaderboard import Standing
from rubrics.scores import Scores

UNUSED = Account()


def table_rows(results: Results, folder: Path) -> Iterator[tuple[str, Iterator[Row]]]:
    """Give every table by its name, in the order in which they must be read: calls first, since all times and sums
    are heard with them.
    """
    meter = Meter()
    yield "calls", call_rows(folder, meter)
    yield "conversations", conversation_rows(results, meter)
    yield "turns", turn_rows(results, meter)
    yield "scores", score_rows(results)
    yield "verdicts", verdict_rows(results, meter)
    yield "quotes", quote_rows(results)
    yield "interviews", interview_rows(results)
    yield "scenarios", scenario_rows(folder)
    yield "strata", stratum_rows(folder)
    yield "models", model_rows(results.plan)
    yield "leaderboard", leaderboard_rows(results)


def call_rows(folder: Path, meter: Meter) -> Iterator[Row]:
    """Give every call as it was recorded; one that was made twice was paid twice, and stands twice."""
    for part, taken in ((RECORDED, True), ("journal", False)):
        for event in read_journal(folder / part):
            meter.hear(event, paid=not taken)
            body = event.body
            if not isinstance(body, CallAnswered | CallFailed):
                continue
            row: Row = {
                "conversation": event.conversation,
                "role": body.role,
                "model": body.model,
                "sequence": body.sequence,
                "answered": isinstance(body, CallAnswered),
                "at": event.at,
                "digest": body.digest,
                "attempts": len(body.attempts),
                "taken_over": taken,
            }
            yield row | (_answered(body) if isinstance(body, CallAnswered) else _given_up(body))


def _answered(body: CallAnswered) -> Row:
    said = body.completion
    used = {f"{name}_tokens": count for name, count in asdict(said.usage).items()}
    return used | {
        "text": said.text,
        "reasoning": said.reasoning or None,
        "stop": said.stop,
        "served": said.served or None,
        "request_id": said.request_id or None,
        "seconds": body.latency,
        "cost": body.cost,
    }


def _given_up(body: CallFailed) -> Row:
    return {"cause": body.cause, "message": body.message}


def conversation_rows(results: Results, meter: Meter) -> Iterator[Row]:
    """Give every planned conversation."""
    found, excluded = results.findings, results.excluded
    for cell in results.cells:
        ended, failed = found.ended.get(cell.id), found.failed.get(cell.id)
        span = meter.spans.get(cell.id)
        total = span.total if span else UNUSED
        yield {
            "conversation": cell.id,
            "scenario": cell.scenario.id,
            "model": cell.model,
            "arm": cell.arm.name,
            "repeat": cell.repeat,
            "script": cell.model in results.plan.baselines,
            "state": "ended" if ended else "failed" if failed else "unfinished",
            "stop_reason": ended.stop_reason if ended else failed.stop_reason if failed else None,
            "failure": failed.cause if failed else None,
            "excluded": excluded.get(cell.scenario.id),
            "turns": ended.turns if ended else None,
            "began": span.began if span else None,
            "ended": span.ended if span else None,
            "calls": total.calls,
            "input_tokens": total.input,
            "output_tokens": total.output,
            "cost": total.cost,
            "cost_jury": span.jury if span else 0.0,
        }


def turn_rows(results: Results, meter: Meter) -> Iterator[Row]:
    """Give every turn of every conversation that ended."""
    for cell in _ended(results):
        for turn in results.findings.turns(cell.id):
            yield asdict(turn) | {
                "conversation": cell.id,
                "photo": turn.photo or None,
                "fault": turn.fault or None,
                "said": meter.turns.get((cell.id, turn.index)),
            }


def score_rows(results: Results) -> Iterator[Row]:
    """Give what the votes on every conversation that ended come to."""
    counted: dict[str, tuple[Scores, int]] = {
        cell.id: (scores, row)
        for cells, scores in ((results.kept, results.scores), (results.scripted, results.bench))
        for row, cell in enumerate(cells)
    }
    whole = {cell.id: (results.unfiltered, row) for row, cell in enumerate(results.tried)}
    jurors = results.plan.jury
    for cell in _ended(results):
        for column, dimension in enumerate(results.plan.dimensions):
            votes = (results.findings.verdicts.get((cell.id, juror, dimension, 1)) for juror in jurors)
            yield {
                "conversation": cell.id,
                "dimension": dimension,
                "score": _worth(counted.get(cell.id), column, "adjusted"),
                "raw": _worth(whole.get(cell.id) or counted.get(cell.id), column, "raw"),
                "votes": sum(1 for vote in votes if vote and vote.score is not None and not vote.own_family),
            }


def verdict_rows(results: Results, meter: Meter) -> Iterator[Row]:
    """Give every vote."""
    for key, vote in sorted(results.findings.verdicts.items()):
        yield {
            "conversation": key[0],
            "juror": vote.juror,
            "dimension": vote.dimension,
            "reading": vote.reading,
            "score": vote.score,
            "status": vote.status,
            "own_family": vote.own_family,
            "confidence": vote.confidence,
            "reasoning": vote.reasoning or None,
            "caps": " ".join(event.cap for event in vote.caps) or None,
            "given": meter.votes.get(key),
        }


def quote_rows(results: Results) -> Iterator[Row]:
    """Give every passage that a juror pointed at."""
    for (name, juror, dimension, reading), vote in sorted(results.findings.verdicts.items()):
        where: Row = {"conversation": name, "juror": juror, "dimension": dimension, "reading": reading}
        for quote in vote.evidence:
            yield where | {"turn": quote.turn, "text": quote.text}
        for event in vote.caps:
            yield where | {"cap": event.cap, "turn": event.turn, "text": event.quote or None}


def interview_rows(results: Results) -> Iterator[Row]:
    """Give every exit interview, a possibility a row."""
    for cell in _ended(results):
        heard = results.findings.interviews.get(cell.id)
        if heard is None:
            continue
        said: Row = {"conversation": cell.id, "status": heard.status, "urgency": heard.urgency}
        for rank, one in enumerate(heard.differential, start=1):
            yield said | {"rank": rank, "condition": one.condition, "percent": one.percent}
        if not heard.differential:
            yield said


def model_rows(plan: Plan) -> Iterator[Row]:
    """Give every model that had a part."""
    for name, one in {**plan.cast, **plan.models}.items():
        yield {
            "model": name,
            **{key: str(one[key]) for key in ("title", "family", "provider", "id") if key in one},
            "tested": name in plan.models,
            "juror": name in plan.jury,
            "patient": name == plan.patient,
            "script": name in plan.baselines,
        }


def leaderboard_rows(results: Results) -> Iterator[Row]:
    """Give where everybody stands."""
    places: Iterable[Standing] = (*results.standings, *results.benchmarks)
    for place in places:
        model = place.model.partition(PARTED)[0]
        yield {
            "model": model,
            "arm": arm_of(place.model),
            "dimension": place.dimension,
            "script": model in results.plan.baselines,
            "mean": place.mean,
            "low": place.low,
            "high": place.high,
            "raw": place.raw,
            "n": place.n,
            "cases": place.clusters,
            "missing": place.missing,
            "abstained": place.abstained,
        }


def _ended(results: Results) -> Iterator[Cell]:
    return (cell for cell in results.cells if cell.id in results.findings.ended)


def _worth(place: tuple[Scores, int] | None, column: int, kind: str) -> float | None:
    if place is None:
        return None
    scores, row = place
    value = float(getattr(scores, kind)[row, column])
    return None if np.isnan(value) else value
