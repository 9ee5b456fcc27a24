"""The leaderboards of several runs as one table for papers: a row says which run it is of, and nothing is pooled.

Nothing here knows what may be compared.
"""

from __future__ import annotations

from engine.report.abreast.values import Abreast, Told
from engine.report.paper import Board, Row, board_of
from rubrics.leaderboard import OVERALL


def boards_of(abreast: Abreast) -> Board:
    """Lay the leaderboards out below each other."""
    columns = ("Run", "Model", "rank", OVERALL, *abreast.dimensions, "under", "over", "n")
    return Board(
        caption=_caption(abreast),
        columns=columns,
        parts=tuple(
            (f"{told.side.letter}: {told.side.name}{heading}", tuple(rows))
            for told in abreast.runs
            for heading, rows in _parts(told, columns)
        ),
        names=2,
    )


def _parts(told: Told, columns: Row) -> list[tuple[str, list[Row]]]:
    """Give the parts of a run's own leaderboard in the columns of all."""
    board = board_of(told.story)
    parts = []
    for heading, rows in board.parts:
        laid = [dict(zip(board.columns, row, strict=True)) | {"Run": told.side.letter} for row in rows]
        parts.append(
            (f", {heading}" if heading else "", [[row.get(name, "–") for name in columns] for row in laid])
        )
    return parts


def _caption(abreast: Abreast) -> str:
    invented = [told.side.letter for told in abreast.runs if told.story.simulated]
    whose = "every run" if abreast.simulated else f"run {', '.join(invented)}"
    warning = f"SIMULATED: in {whose} invented minds answered and voted. " if invented else ""
    return (
        f"{warning}A research benchmark, not a medical device. The leaderboards of {len(abreast.runs)} runs, each by "
        "itself: mean scores from 1 to 5, adjusted for the jurors' severity, with 95% intervals clustered by case; "
        "rank: overall rank and its interval within the run; under and over: share of conversations after which the "
        "model gave less or more urgency than the case has. Rows of two runs are not pooled, and what of them may be "
        "compared stands on the page beside this table."
    )
