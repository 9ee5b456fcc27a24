"""A run as logs of Inspect AI, for its viewer and its tools: one log for each row of the leaderboard.

    RUN-inspect/   2026-01-01T00-00-00_imcbench-SIMULATED_gpt-5.1.eval   …

The one idea: a log is one model under one task, as Inspect has it, so its list of logs is the leaderboard, with the
leaderboard's own numbers. What must not leave stops the export before a log is there. Nothing leaves this machine:
the library only writes files. Nothing here knows how a sample is made.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from pathlib import Path
from typing import Any

import pybase64

from engine.cells import FULL, Cell, arm_of, entrant
from engine.config import versions
from engine.errors import BadRun
from engine.export.contents import Contents
from engine.export.letter import PROGRAM, SIMULATED, cautions
from engine.export.logs.kit import InspectKit, load_inspect
from engine.export.logs.sample import SampleMaker, iso, used
from engine.export.look import look, recheck
from engine.export.place import ExportWish, choose_out, new_folder
from engine.export.scan import Guard
from engine.export.sheets.meter import Meter
from engine.fitting import megabytes
from engine.folder import read_plan
from engine.plan import SCRIPT
from engine.results import Results, tabulate_run
from engine.segments import RECORDED, read_journal
from rubrics.leaderboard import OVERALL, Standing

STAMP = "SIMULATED"
TOLD = ("rubric", "jury", "patient", "source", "seed", "turns", "scenarios_digest", "created")
"""Fields of the plan that stand in each log."""
ABOUT = (
    "Simulated patients show a photograph; a jury of models scores each conversation from 1 to 5. A research "
    "benchmark, not a medical device."
)
MEDIA = {b"\xff\xd8": "image/jpeg", b"\x89P": "image/png", b"RI": "image/webp"}
"""Of a photograph, by how its file begins."""


def export_logs(wish: ExportWish) -> str:
    """Write a run's logs into a new folder and tell how they are looked at.

    Raises BadOption, BadRun and `Unreadable` as the zip does, and BadOption where Inspect is not installed.
    """
    kit, plan = load_inspect(), read_plan(wish.run)
    out, guard = choose_out(wish), Guard.of(wish.run)
    try:
        contents, heard = look(wish, guard)
        results = tabulate_run(wish.run, plan)
        with new_folder(out) as part:
            rows = {name: cells for name, cells in _rows(results).items() if cells}
            maker = make_samples(kit, results, wish.run, contents)
            for name, cells in rows.items():
                log = _log(maker, name, cells, finished=heard.finished)
                kit.log.write_eval_log(log, str(part / _file(results, name)), format="eval")
            recheck(wish, contents)
    except OSError as error:
        raise BadRun(f"the run cannot be exported to {out}: {error.strerror}; try again.") from error
    size = sum(path.stat().st_size for path in out.iterdir())
    lines = [f"{out}: {len(rows)} logs, {megabytes(size)}."]
    lines += ["SIMULATED: invented minds answered, and every log says so."] if results.simulated else []
    lines += [f"Look at it: inspect view --log-dir {shlex.quote(str(out))}"]
    return "\n".join([*lines, *cautions(contents, heard), *guard.told()])


def _rows(results: Results) -> dict[str, list[Cell]]:
    """Give the conversations that ended or failed of each row of the leaderboard."""
    found, rows = results.findings, {}
    for cell in results.cells:
        row = rows.setdefault(entrant(cell.model, cell.arm.name), [])
        if cell.id in found.ended or cell.id in found.failed:
            row.append(cell)
    return rows


def make_samples(kit: InspectKit, results: Results, run: Path, contents: Contents) -> SampleMaker:
    """Give what makes the samples of a run; the journal is read for what each conversation took."""
    meter = Meter()
    for folder, paid in ((RECORDED, False), ("journal", True)):
        for event in read_journal(run / folder):
            meter.hear(event, paid=paid)

    def picture(hash: str) -> str | None:
        if f"blobs/{hash}" not in contents.names:
            return None
        data = (run / "blobs" / hash).read_bytes()
        return f"data:{MEDIA.get(data[:2], 'image/png')};base64,{pybase64.b64encode(data).decode()}"

    return SampleMaker(
        kit=kit,
        results=results,
        spans=meter.spans,
        places={
            cell.id: (scores, row)
            for cells, scores in ((results.kept, results.scores), (results.scripted, results.bench))
            for row, cell in enumerate(cells)
        },
        picture=picture,
    )


def _log(maker: SampleMaker, name: str, cells: list[Cell], *, finished: bool) -> Any:
    """Make the log of one row."""
    log, results = maker.kit.log, maker.results
    model = _model(results, cells[0].model)
    samples = [maker.sample(cell, model) for cell in cells]
    spans = [maker.spans[cell.id] for cell in cells if cell.id in maker.spans]
    total: dict[str, Any] = {}
    for span in spans:
        for role, account in span.accounts.items():
            total[role] = total[role] + account if role in total else account
    return log.EvalLog(
        status="success" if finished else "cancelled",
        eval=_spec(maker, name, cells, model),
        results=_results(maker, name, cells),
        stats=log.EvalStats(
            started_at=iso(min(span.began for span in spans)) if spans else "",
            completed_at=iso(max(span.ended for span in spans)) if spans else "",
            role_usage={role: used(maker.kit, account) for role, account in sorted(total.items())},
        ),
        samples=samples,
    )


def _spec(maker: SampleMaker, name: str, cells: list[Cell], model: str) -> Any:
    log, results = maker.kit.log, maker.results
    plan, arm = results.plan, arm_of(name)
    task = _task(results, arm)
    tags = [*([STAMP.lower()] if results.simulated else []), arm, str(plan.models[cells[0].model]["family"])]
    return log.EvalSpec(
        eval_id=_id(plan.digest, name),
        run_id=_id(plan.digest),
        task_id=_id(plan.digest, name),
        created=plan.created,
        task=task,
        task_display_name=task,
        task_description=(SIMULATED.strip() + " " if results.simulated else "") + ABOUT,
        task_args={"arm": arm},
        tags=tags,
        dataset=log.EvalDataset(
            name=plan.source,
            samples=len({cell.scenario.id for cell in cells}),
            sample_ids=list(dict.fromkeys(cell.scenario.id for cell in cells)),
        ),
        model=model,
        config=log.EvalConfig(epochs=plan.repeats, epochs_reducer=["mean"]),
        packages={PROGRAM: versions()[PROGRAM]},
        metadata={field: getattr(plan, field) for field in TOLD}
        | {"simulated": results.simulated, "plan": plan.digest},
        headline_metric=log.HeadlineMetric(score=OVERALL, metric="mean"),
    )


def _results(maker: SampleMaker, name: str, cells: list[Cell]) -> Any:
    """Give the leaderboard's numbers of one row."""
    results = maker.results
    planned = sum(1 for cell in results.cells if entrant(cell.model, cell.arm.name) == name)
    return maker.kit.log.EvalResults(
        total_samples=planned,
        completed_samples=sum(1 for cell in cells if cell.id in results.findings.ended),
        scores=[
            _standing(maker.kit, place)
            for place in (*results.standings, *results.benchmarks)
            if place.model == name
        ],
        metadata={
            "intervals": "95 %, bootstrap over cases",
            "scale": "1 (worst) to 5, adjusted for severity",
        },
    )


def _standing(kit: InspectKit, place: Standing) -> Any:
    numbers = {"mean": place.mean, "low_95": place.low, "high_95": place.high, "raw": place.raw, "n": place.n}
    return kit.log.EvalScore(
        name=place.dimension,
        scorer="jury",
        scored_samples=place.n,
        unscored_samples=place.missing,
        metrics={
            key: kit.log.EvalMetric(name=key, value=value)
            for key, value in numbers.items()
            if value is not None
        },
        metadata={"cases": place.clusters, "abstained": place.abstained, "missing": place.missing},
    )


def _task(results: Results, arm: str) -> str:
    """Name the task; what is simulated says so wherever the name stands."""
    parts = ("imcbench", *([STAMP] if results.simulated else []), *([arm] if arm != FULL else []))
    return "-".join(parts)


def _model(results: Results, name: str) -> str:
    """Name the model as Inspect does, by who answered and which one it was."""
    one = results.plan.models[name]
    script = one["provider"] == SCRIPT
    return f"{'simulated' if results.simulated and not script else one['provider']}/{name}"


def _file(results: Results, name: str) -> str:
    """Name the file as Inspect does: when, what task, whose."""
    when = re.sub(r"[^0-9T]+", "-", results.plan.created.partition(".")[0]).strip("-")
    whose = re.sub(r"[^A-Za-z0-9.-]+", "-", name)
    return f"{when}_{_task(results, arm_of(name))}_{whose}.eval"


def _id(*parts: str) -> str:
    """Give an id that the same run has again."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:22]
