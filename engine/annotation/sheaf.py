"""The sheaf: all annotators' marks of a run together, as a table and in a line or two.

The one idea: independent scores stay independent. The column `score` is each annotator's own word, by which agreement
is measured and a jury calibrated; the third judgement of who adjudicated stands beside it in `final`, for whoever
wants that instead. Nothing here knows a page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.annotation.marks import Mark, Opinion, Subject, latest, list_files, read_marks
from engine.annotation.population import AnnotatedRun
from engine.annotation.sheet import FOLDER, Sheet
from personas.seeds import derive
from rubrics.agreement.alpha import alpha
from rubrics.agreement.ratings import RatingTable

ABSTAINED = "cannot judge"
SCALE = (1, 2, 3, 4, 5)
COLUMNS = (
    *("conversation", "dimension", "annotator", "score", "caps", "above_cap", "reason", "note"),
    *("seconds", "revisions", "card", "weight", "adjudicated", "final"),
)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheaf:
    """What was scored of a sheet."""

    sheet: Sheet
    dimensions: tuple[str, ...]
    caps: dict[tuple[str, str], int]
    """The most that a dimension can score where a cap was met, by dimension and cap."""
    marks: dict[str, list[Mark]]
    """All of them, by annotator."""
    damage: tuple[str, ...]

    @property
    def held(self) -> dict[str, dict[Subject, Mark]]:
        """Give the annotators' own marks that hold, of conversations on the sheet."""
        return {who: self._known(latest(marks)) for who, marks in self.marks.items()}

    @property
    def finals(self) -> dict[Subject, Mark]:
        """Give the final judgements that hold; of several who adjudicated, the latest one's."""
        every = sorted((mark for marks in self.marks.values() for mark in marks), key=lambda mark: mark.at)
        found = self._known(latest(every, final=True))
        return {subject: mark for subject, mark in found.items() if mark.opinion.settled}

    def _known(self, marks: dict[Subject, Mark]) -> dict[Subject, Mark]:
        names = self.sheet.weights
        return {s: mark for s, mark in marks.items() if s[0] in names and s[1] in self.dimensions}

    def rows(self) -> Iterator[Row]:
        """Give a row for each settled mark that holds: annotators by name, each in the sheet's order."""
        finals, weights = self.finals, self.sheet.weights
        for who, held in self.held.items():
            spent = Counter()
            for mark in self.marks[who]:
                spent[mark.subject] += 0 if mark.final else mark.seconds
            for conversation in weights:
                for dimension in self.dimensions:
                    mark = held.get((conversation, dimension))
                    if mark and mark.opinion.settled:
                        yield self._row(who, mark, finals.get(mark.subject)) | {
                            "seconds": round(spent[mark.subject], 1),
                            "weight": weights[conversation],
                        }

    def _row(self, who: str, mark: Mark, final: Mark | None) -> Row:
        opinion = mark.opinion
        caps = " ".join(f"{event.cap}@{event.turn}" for event in opinion.caps)
        return {
            "conversation": mark.conversation,
            "dimension": mark.dimension,
            "annotator": who,
            "score": _told(opinion),
            "caps": caps,
            "above_cap": self.above(mark),
            "reason": opinion.abstained,
            "note": opinion.note,
            "revisions": mark.revision,
            "card": opinion.card,
            "adjudicated": final is not None,
            "final": _told(final.opinion if final else opinion),
        }

    def above(self, mark: Mark) -> bool:
        """Tell whether a score is above what a cap named beside it allows; it is kept as it was given."""
        opinion = mark.opinion
        bounds = [self.caps.get((mark.dimension, event.cap), max(SCALE)) for event in opinion.caps]
        return opinion.score is not None and opinion.score > min(bounds, default=max(SCALE))


def _told(opinion: Opinion) -> int | str:
    return ABSTAINED if opinion.score is None else opinion.score


def gather_sheaf(run: AnnotatedRun, sheet: Sheet) -> Sheaf:
    """Read what all annotators of a run have scored so far."""
    marks, damage = {}, []
    for who, path in list_files(run.folder / FOLDER).items():
        marks[who], told = read_marks(path)
        damage += told
    dimensions = run.results.rubric.dimensions
    return Sheaf(
        sheet=sheet,
        dimensions=tuple(one.name for one in dimensions),
        caps={(one.name, cap.key): cap.most for one in dimensions for cap in one.caps},
        marks=marks,
        damage=tuple(damage),
    )


def tell_agreement(sheaf: Sheaf) -> list[str]:
    """Say in a line a dimension how far annotators agree so far, on the conversations that two or more scored."""
    held, lines = sheaf.held, []
    for dimension in sheaf.dimensions:
        values = np.full((len(sheaf.sheet.items), max(1, len(held))), np.nan)
        for row, item in enumerate(sheaf.sheet.items):
            for column, marks in enumerate(held.values()):
                mark = marks.get((item.conversation, dimension))
                if mark and mark.opinion.score is not None:
                    values[row, column] = mark.opinion.score
        both = values[(~np.isnan(values)).sum(axis=1) >= 2]
        if not len(both):
            lines.append(f"{dimension}: nobody's scores can be compared yet.")
            continue
        gaps = np.nanmax(both, axis=1) - np.nanmin(both, axis=1)
        found = alpha(
            RatingTable.of(both, scale=SCALE), "ordinal", derive(sheaf.sheet.seed, "annotation", dimension)
        )
        told = "cannot be told yet" if found.value is None else f"{found.value:.2f}"
        if found.low is not None and found.high is not None:
            told += f" [{found.low:.2f}, {found.high:.2f}]"
        lines.append(
            f"{dimension}: {len(both)} scored by two or more; the same {np.mean(gaps == 0):.0%}, within a point "
            f"{np.mean(gaps <= 1):.0%}; Krippendorff's alpha {told}."
        )
    return lines


def count_done(sheaf: Sheaf, who: str) -> tuple[int, int, float]:
    """Give how many of an annotator's conversations are scored whole, of how many, and the seconds spent."""
    order, held = sheaf.sheet.ordered(who), sheaf.held.get(who, {})
    settled = {subject for subject, mark in held.items() if mark.opinion.settled}
    done = sum(all((name, one) in settled for one in sheaf.dimensions) for name in order)
    return done, len(order), sum(mark.seconds for mark in sheaf.marks.get(who, ()) if not mark.final)


def out_of(run: AnnotatedRun) -> Path:
    """Give where the table goes when nobody says."""
    return run.folder / FOLDER / "annotations.csv"
