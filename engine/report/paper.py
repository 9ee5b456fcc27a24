"""The leaderboard for papers: one table, in Markdown and in LaTeX, that says in its caption what it is.

The one idea: a table that is cut out of its report still says that it is simulated, and that it is of a research
benchmark, and no name in it is markup. Nothing here knows where a table is kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.cells import arm_of, entrant
from engine.console.clean import flatten
from engine.prose import figure, percent, plural
from engine.report.story import Story
from rubrics.leaderboard import OVERALL, Standing
from rubrics.numbers.values import Estimate

Row = Sequence[str]
MARKDOWN = re.compile(r"([\\`*_\[\]|~$#^@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "·": r"\textperiodcentered{}",
    "−": r"\textminus{}",
    "…": r"\ldots{}",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    "‘": r"\textquoteleft{}",
    "’": r"\textquoteright{}",
}
DOUBLED = re.compile(r"([-,])(?=\1)")
"""Two of them would be drawn as another sign."""
LAST = "\u00ff"
BEYOND = frozenset(
    "ĀāĂăĄąĆćĈĉĊċČčĎďĐđĒēĔĕĖėĘęĚěĜĝĞğĠġĢģĤĥĨĩĪīĬĭĮįİıĴĵĶķĹĺĻļĽľŁłŃńŅņŇňŊŋŌōŎŏŐőŒœŔŕŖŗŘřŚśŜŝŞşŠšŢţŤťŨũŪūŬŭŮůŰűŲųŴŵŶŷŸŹźŻżŽž"
)
"""Letters up to the first, and these, stand in the fonts that every LaTeX has; others are named by their numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A leaderboard as text, before it is put into any markup."""

    caption: str
    columns: Row
    parts: Sequence[tuple[str, Sequence[Row]]]
    """Rows below a heading each; "" for those that need none."""
    names: int = 1
    """Columns, from the left, in which strangers' words stand; the others hold figures."""


def board_of(story: Story) -> Board:
    """Lay the leaderboard of a run out: all dimensions with their intervals, rank interval, n, under and over."""
    plan = story.results.plan
    scripts = {row.model for row in story.results.benchmarks}
    ranks = rank_words(story)
    triage = {row.model: row for row in story.evidence.triage}
    groups: dict[str, list[Row]] = {}
    for model, places in story.rows.items():
        arm = arm_of(model)
        part = "Scripts, no models" if model in scripts else "" if model in story.entrants else f"Arm: {arm}"
        groups.setdefault(part, []).append(
            (
                story.title(model),
                ranks.get(model, "–"),
                *(_mean(places[name]) for name in (OVERALL, *plan.dimensions)),
                *(
                    _share(getattr(triage[model], side)) if model in triage else "–"
                    for side in ("under", "over")
                ),
                f"{places[OVERALL].n:,}",
            )
        )
    columns = ("Model", "rank", OVERALL, *plan.dimensions, "under", "over", "n")
    return Board(caption=caption(story), columns=columns, parts=tuple(groups.items()))


def caption(story: Story) -> str:
    """Say what the table is and what it is not."""
    plan = story.results.plan
    invented = (
        "SIMULATED: invented minds answered and voted, and nothing here is about the models named. "
        if story.simulated
        else ""
    )
    return (
        f"{invented}A research benchmark, not a medical device. Mean scores from 1 to 5, adjusted for the jurors' "
        f"severity, with 95% intervals clustered by case; rank: overall rank and its interval, which holds for all "
        f"models at once; under and over: share of conversations after which the model gave less or more urgency "
        f"than the case has; n: conversations with every score. {plural(plan.scenarios, 'scenario')}, a jury of "
        f"{len(plan.jury)}, rubric {plan.rubric['name']} {plan.rubric['version']} ({plan.rubric['digest'][:12]}), "
        f"plan {plan.digest[:12]}."
    )


def write_markdown(board: Board) -> bytes:
    """Write the table as Markdown, GitHub's kind; names are text in it, whatever they hold."""
    ruled = f"|{'|'.join([':--', *['--:'] * (len(board.columns) - 1)])}|"
    lines = [mark(board.caption), "", _line(map(mark, board.columns)), ruled]
    for heading, rows in board.parts:
        if heading:
            lines.append(_line([f"**{mark(heading)}**", *[""] * (len(board.columns) - 1)]))
        lines += [_line([*map(mark, row[: board.names]), *row[board.names :]]) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def write_latex(board: Board) -> bytes:
    """Write the table as LaTeX; a document that inputs it needs booktabs and textcomp."""
    return ("\n".join(_latex(board)) + "\n").encode()


def _latex(board: Board) -> Iterator[str]:
    many = len(board.columns)
    yield r"% \usepackage[T1]{fontenc} \usepackage[utf8]{inputenc} \usepackage{textcomp} \usepackage{booktabs}"
    yield r"\begin{table}"
    yield r"\centering"
    yield r"\footnotesize"
    yield rf"\caption{{{escape(board.caption)}}}"
    yield rf"\begin{{tabular}}{{l{'r' * (many - 1)}}}"
    yield r"\toprule"
    yield _cells(map(escape, board.columns))
    for heading, rows in board.parts:
        yield r"\midrule"
        if heading:
            yield rf"\multicolumn{{{many}}}{{l}}{{\emph{{{escape(heading)}}}}} \\"
        for row in rows:
            yield _cells(map(escape, row))
    yield r"\bottomrule"
    yield r"\end{tabular}"
    yield r"\end{table}"


def mark(text: str) -> str:
    """Give a text as Markdown that reads as it stands: nothing in it is a link, a tag or the end of a cell."""
    plain = MARKDOWN.sub(r"\\\1", flatten(text))
    return "".join(HTML.get(letter, letter) for letter in plain)


def escape(text: str) -> str:
    """Give a text as LaTeX that reads as it stands; a letter that no plain LaTeX can set is named by its number."""
    plain = unicodedata.normalize("NFC", flatten(text))
    text = DOUBLED.sub(r"\1{}", "".join(LATEX.get(letter) or _set(letter) for letter in plain))
    return (
        f"{{}}{text}" if text[:1] in ("[", "*") else text
    )  # at the start of a row they would be the last one's


def _set(letter: str) -> str:
    return letter if letter <= LAST or letter in BEYOND else f"U+{ord(letter):04X}"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(cells: Iterable[str]) -> str:
    return rf"{' & '.join(cells)} \\"


def _mean(place: Standing) -> str:
    if place.mean is None:
        return "–"
    return figure(place.mean) + _between(place.low, place.high, figure)


def _share(one: Estimate) -> str:
    return percent(one.value) + _between(one.low, one.high, percent)


def _between(low: float | None, high: float | None, write: Callable[[float], str]) -> str:
    return "" if low is None or high is None else f" [{write(low)}, {write(high)}]"


def rank_words(story: Story) -> Mapping[str, str]:
    """Give the overall rank of each row of the leaderboard, with its interval."""
    if not story.counted:
        return {}
    return {
        entrant(row.model, arm): f"{row.rank} [{row.low}, {row.high}]"
        for arm, numbers in story.counted.numbers.items()
        for row in numbers.ranks
        if row.dimension == OVERALL
    }
