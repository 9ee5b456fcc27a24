"""The audit of a run's patients as the user asks for it: from a run folder to tables and a page of text.

Everything is worked out anew from the journal, so a run can be audited as often as one likes, and against other
dialogues. `report/audit.json` and `report/audit.csv` are written, and the report anew, so that its page has them.
Nothing here knows how a flag is spelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from engine.audit.conduct import Conduct, add_up
from engine.audit.contrast import Contrast, contrast, glance
from engine.audit.corpora import read_corpora
from engine.audit.examine import RULES
from engine.audit.exclude import limits, say
from engine.audit.style import FEATURES
from engine.audit.traits import Recovery, recover
from engine.cells import entrant
from engine.console.clean import clean
from engine.folder import read_plan
from engine.grid import write_grid
from engine.report import keep, write_report
from engine.results import Results, tabulate_run

SIMULATED = (
    "SIMULATED: an invented mind spoke for the patients. This says nothing about a real model in that part."
)
LIMITS = (
    "Found by cues, offline: about 9 in 10 contradictions, names of the answer and inventions that were planted, and",
    "about 1 in 8 turns of an eloquent patient who keeps to the facts is taken for an invention. Only what is said",
    "in so many words takes a scenario out; what was invented takes none out. See engine/audit/examine.py.",
)
PERSONS = (
    "a person played the patient. The gates that hold a model's patient do not hold a person, so what they said is "
    "audited by nothing here, counts as no machine's, and takes no scenario out."
)
DRIFT = (
    "What was told too soon is left out: the patients were planned by other tables than today's ({}). "
    "Audit the run with the version that played it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What the audit found."""

    run: Path
    results: Results
    conduct: tuple[Conduct, ...]
    """By row of the leaderboard, all of them last."""
    traits: tuple[Recovery, ...]
    """Empty with too few scenarios to hold some out."""
    contrast: Contrast


def audit(run: Path, dialogues: Path | None) -> AuditReport:
    """Audit the patients of a run; write `report/audit.json` and `report/audit.csv`, and the report with them.

    Raises BadRun for what is no run, `Unreadable` for dialogues or scenarios that cannot be read.
    """
    plan = read_plan(run)
    corpora = read_corpora(dialogues) if dialogues else {}
    results = tabulate_run(run, plan)
    spoken = results.dialogues()
    rows = {cell.id: entrant(cell.model, cell.arm.name) for cell in results.cells}
    personas = {cell.id: cell.scenario.persona.traits for cell in results.cells}
    report = AuditReport(
        run=run,
        results=results,
        conduct=add_up(results.examined, rows),
        traits=recover(spoken, [personas[one.id] for one in spoken], plan.seed, "audit"),
        contrast=contrast(spoken, corpora, plan.seed, "audit") if corpora and spoken else glance(spoken),
    )
    keep(
        run,
        {
            "audit.json": written(report),
            "audit.csv": write_grid(_rows(report), simulated=results.simulated, columns=COLUMNS),
        },
    )
    write_report(results, run)
    return report


def written(report: AuditReport) -> bytes:
    """Give the audit as JSON: what stands in `report/audit.json`."""
    results = report.results
    return (
        orjson.dumps(
            {
                "simulated": results.simulated,
                "plan": results.plan.digest,
                "planner_changed": results.drift,
                "conduct": [asdict(one) for one in report.conduct],
                "limits": limits(),
                "excluded": results.excluded,
                "because": [asdict(one) for one in results.exclusions],
                "traits": [asdict(one) for one in report.traits],
                "beside": asdict(report.contrast),
                "conversations": {name: asdict(one) for name, one in results.examined.items()},
            },
            option=orjson.OPT_INDENT_2,
        )
        + b"\n"
    )


COLUMNS = (
    *(
        "conversation",
        "scenario",
        "model",
        "arm",
        "stop_reason",
        "turns",
        "words",
        "told",
        "asked",
        "answered",
    ),
    *RULES,
    "excluded",
)


def _rows(report: AuditReport) -> Iterator[dict[str, Any]]:
    """Give a row a conversation, in the plan's order."""
    excluded = report.results.excluded
    for cell in report.results.cells:
        if one := report.results.examined.get(cell.id):
            yield {
                "conversation": cell.id,
                "scenario": cell.scenario.id,
                "model": cell.model,
                "arm": cell.arm.name,
                **{name: getattr(one, name) for name in COLUMNS[4:10]},
                **{rule: one.counts[rule] for rule in RULES},
                "excluded": excluded.get(cell.scenario.id, ""),
            }


def render(report: AuditReport) -> str:
    """Give the audit as text for a screen; what a model said may hold control codes, which are made visible."""
    results = report.results
    if results.plan.person == "patient":
        return clean("\n".join([*results.findings.damage, f"{report.run}: {PERSONS}", ""]))
    parts = [SIMULATED] if results.simulated else []
    parts += results.findings.damage
    if not report.conduct:
        return "\n".join([*parts, f"{report.run} has no finished conversation to audit.", ""])
    parts += ["", *_aligned(_conduct_rows(report)), "", *LIMITS]
    if results.drift:
        parts += [DRIFT.format(", ".join(results.drift))]
    said = list(say(results.exclusions, results.plan.scenarios))
    parts += ["", *(said or ["No scenario is excluded."])]
    if report.traits:
        parts += ["", "How well a classifier reads each trait from the turns of scenarios it was not shown:"]
        parts += _aligned(_trait_rows(report.traits))
    parts += ["", f"Beside real patients ({report.contrast.source}):", *report.contrast.sentences]
    if any(gap.apart for gap in report.contrast.gaps):
        parts += ["", *_aligned(_gap_rows(report.contrast))]
    return clean("\n".join([*parts, "", f"Written: {report.run / 'report' / 'audit.json'}, audit.csv", ""]))


def _conduct_rows(report: AuditReport) -> Iterator[list[str]]:
    yield [
        "with",
        "conversations",
        "words a turn",
        "answered",
        "too soon",
        *(r.replace("_", " ") for r in RULES[:4]),
    ]
    for one in report.conduct:
        shares = (one.cooperation, one.unsolicited)
        yield [
            report.results.titles.get(one.model, one.model),
            f"{one.conversations:,}",
            f"{one.pace:.1f}",
            *("–" if share is None else f"{share:.0%}" for share in shares),
            *(f"{one.breaches[rule]:,}" for rule in RULES[:4]),
        ]


def _trait_rows(traits: tuple[Recovery, ...]) -> Iterator[list[str]]:
    yield ["trait", "accuracy", "95% interval", "chance", "p", "bits", "of"]
    for one in traits:
        yield [
            one.trait,
            f"{one.accuracy:.2f}",
            f"[{one.low:.2f}, {one.high:.2f}]",
            f"{one.chance:.2f}",
            f"{one.p:.2f}",
            f"{one.information:.2f}",
            f"{one.entropy:.2f}",
        ]


def _gap_rows(found: Contrast) -> Iterator[list[str]]:
    yield ["feature", "corpus", "simulated", "real", "KS", "95% interval", "Wasserstein", "95% interval"]
    for gap in found.gaps:
        if gap.apart:
            ks, moved = gap.apart.ks, gap.apart.wasserstein
            yield [
                FEATURES[gap.feature],
                gap.corpus,
                f"{gap.simulated:.2f}",
                f"{gap.real:.2f}",
                f"{ks.value:.2f}",
                f"[{ks.low:.2f}, {ks.high:.2f}]",
                f"{moved.value:.2f}",
                f"[{moved.low:.2f}, {moved.high:.2f}]",
            ]


def _aligned(rows: Iterator[list[str]]) -> list[str]:
    """Align columns, the first to the left."""
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
        )
        for row in table
    ]
