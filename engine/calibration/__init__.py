"""A run's jury calibrated to clinicians: from a run and a table of their scores to a page and files.

Everything is worked out anew from the journal and the table, so a run can be calibrated as often as labels come
in; the run's own numbers are not touched. Nothing here knows how a map is learnt.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.calibration.figure import draw_figure
from engine.calibration.files import number_rows, score_rows, whole
from engine.calibration.page import write_page
from engine.calibration.source import JurySource, read_source
from engine.disk import put_files
from engine.grid import write_grid
from personas.seeds import digest
from rubrics.calibration.annotations import Annotations, TitleWish, read_annotations
from rubrics.calibration.beside import match
from rubrics.calibration.calibrate import DimensionReport
from rubrics.calibration.calibrate import calibrate as calibrate_scores
from rubrics.errors import Unusable


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationWish:
    """What was asked on the command line."""

    annotations: Path
    out: Path | None = None
    """None for report/calibration in the run folder."""
    beside: Path | None = None
    """Another run or table of verdicts to hold against the same annotations."""
    columns: TitleWish = field(default_factory=TitleWish)


def calibrate(path: Path, wish: CalibrationWish) -> str:
    """Calibrate a run or a table of verdicts, write the files and give the page.

    Raises BadRun for what is no run, Unusable for tables that cannot be used, and where every dimension is refused.
    """
    if wish.out is None and path.is_file():
        raise Unusable(f"{path.name} is a table: say with --out DIR where the calibration is to go.")
    source = read_source(path)
    votes = source.table.scores.votes
    annotations = read_annotations(
        wish.annotations,
        wish.columns,
        conversations=votes.conversations,
        dimensions=votes.dimensions,
        barred=source.barred,
    )
    reports = calibrate_scores(source.table, annotations, _seed("calibration"))
    if not any(report.found for report in reports):
        raise Unusable(_refusal(wish.annotations, annotations, reports))
    second = read_source(wish.beside) if wish.beside else None
    rows = match(source.table, second.table, annotations, _seed("beside")) if second else []
    page = write_page(
        source,
        annotations,
        reports,
        file=wish.annotations.name,
        beside=(second.name if second else "", rows),
    )
    out = wish.out or path / "report" / "calibration"
    hashes = {"annotations": hashlib.sha256(wish.annotations.read_bytes()).hexdigest()}
    if second:
        hashes |= {f"second {kind}": value for kind, value in second.hashes.items()}
    try:
        out.mkdir(parents=True, exist_ok=True)
        put_files(out, _files(source, annotations, reports, hashes=hashes, rows=rows))
    except OSError as error:
        raise Unusable(f"{out}: cannot be written ({error.strerror}); choose another --out.") from error
    return f"{page}\n\nWritten: {out}/\n  calibration.csv, calibrated_scores.csv, calibration.json, calibration.svg\n"


def _files(
    source: JurySource,
    annotations: Annotations,
    reports: tuple[DimensionReport, ...],
    *,
    hashes: dict[str, str],
    rows: list,
) -> dict[str, bytes]:
    raw = source.table.points[:, 1:]
    return {
        "calibration.csv": write_grid(number_rows(reports, rows), simulated=source.simulated),
        "calibrated_scores.csv": write_grid(
            score_rows(source, annotations, reports), simulated=source.simulated
        ),
        "calibration.json": whole(source, annotations, reports, hashes=hashes, beside=rows),
        "calibration.svg": draw_figure(source.name, reports, raw, annotations.means, source.simulated),
    }


def _refusal(path: Path, annotations: Annotations, reports: tuple[DimensionReport, ...]) -> str:
    """Say why nothing is calibrated."""
    why = "; ".join(f"{report.dimension}: {report.refused}" for report in reports)
    left = "; ".join(f"{one.count:,} {one.cause}" for one in annotations.left_out)
    lost = f" Left out of {annotations.cells:,} cells: {left}." if left else ""
    return f"{path.name}: too few labels to calibrate by. {why}.{lost}"


def _seed(address: str) -> np.random.SeedSequence:
    return np.random.SeedSequence(int.from_bytes(digest(address)[:16], "big"))
