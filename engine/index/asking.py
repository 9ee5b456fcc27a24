"""A wish as SQL: every condition a clause with its values bound, the same for the page and for the facets.

The one idea: a facet counts what meets all conditions but its own, so that what could be chosen beside it is seen.
No word of a wish becomes part of a statement, nor an operator of the word index. Nothing here knows what was said.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from engine.errors import BadOption
from engine.events import StopReason
from engine.index.values import LONGEST_TEXT, MOST_ROWS, OVERALL, SORTS, State, Wish
from rubrics.nearest import nearest, short

TERMS = re.compile(r'"([^"]*)"?|([^\s"]+)')
HIDDEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
ORDERS = {name: f"NULLIF({name}, '')" if name in ("reason", "title") else name for name in SORTS} | {
    "seconds": "over - began"
}
"""What each sort goes by, as SQL of ours."""
FARTHEST = 1 << 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One condition."""

    facet: str = ""
    """Whose it is; empty for one that no facet shows."""
    sql: str
    values: tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What can be asked for in this run."""

    models: tuple[str, ...]
    arms: tuple[str, ...]
    caps: tuple[str, ...]
    dimensions: tuple[str, ...]
    strata: Mapping[str, tuple[str, ...]]
    """Levels by title."""


def check(wish: Wish, known: Vocabulary) -> None:
    """Raise BadOption, in a sentence, for what this run does not have."""
    reasons, scored = get_args(StopReason), (OVERALL, *known.dimensions)
    _each("model", wish.models, known.models)
    _each("arm", wish.arms, known.arms)
    _each("state", wish.states, get_args(State))
    _each("stop reason", wish.reasons, reasons)
    _each("cap", wish.caps, known.caps)
    _each("stratum", wish.strata, known.strata)
    for title, levels in wish.strata.items():
        _each(f"level of {title}", levels, known.strata[title])
    _each("dimension", wish.scores, scored)
    _each("order", (wish.sort,), (*SORTS, *known.dimensions))
    for name, (least, most) in wish.scores.items():
        if not (math.isfinite(least) and math.isfinite(most) and least <= most):
            raise BadOption(
                f"{name} from {least} to {most} is no range of scores: give the lower one first, as 1 to 3."
            )
    if not 0 <= wish.disagreement <= 4:
        raise BadOption(f"a disagreement of {wish.disagreement} points is none: give 0 to 4.")
    if not 1 <= wish.limit <= MOST_ROWS or not 0 <= wish.offset <= FARTHEST:
        raise BadOption(
            f"{wish.limit} rows from {wish.offset} on are no page: give 1 to {MOST_ROWS} from 0 on."
        )
    if len(wish.text) > LONGEST_TEXT:
        raise BadOption(
            f"a search of {len(wish.text):,} characters is too long: give {LONGEST_TEXT} at most."
        )


def _each(kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    known = tuple(known)
    for name in names:
        if name not in known:
            raise BadOption(f"this run has no {kind} {short(name)!r}: {nearest(name, known, cutoff=0.3)}")


def clauses(wish: Wish, hits: str = "[]") -> Iterator[Clause]:
    """Give the conditions of a wish; `hits` are the rows in which its words are, as JSON."""
    plain = {"model": wish.models, "arm": wish.arms, "state": wish.states, "reason": wish.reasons}
    for facet, values in plain.items():
        if values:
            yield Clause(facet=facet, sql=f"{facet} IN ({_marks(values)})", values=tuple(values))
    if wish.caps:
        sql = f"id IN (SELECT talk FROM cap WHERE cap IN ({_marks(wish.caps)}))"
        yield Clause(facet="cap", sql=sql, values=tuple(wish.caps))
    for title, levels in wish.strata.items():
        if levels:
            sql = (
                f"scenario IN (SELECT scenario FROM stratum WHERE title = ? AND level IN ({_marks(levels)}))"
            )
            yield Clause(facet=title, sql=sql, values=(title, *levels))
    for name, (least, most) in wish.scores.items():
        if name == OVERALL:
            yield Clause(sql="overall BETWEEN ? AND ?", values=(least, most))
        else:
            sql = "id IN (SELECT talk FROM score WHERE dimension = ? AND mean BETWEEN ? AND ?)"
            yield Clause(sql=sql, values=(name, least, most))
    if wish.disagreement:
        yield Clause(sql="disagreement >= ?", values=(wish.disagreement,))
    if wish.text.strip():
        yield Clause(sql="id IN (SELECT value FROM json_each(?))", values=(hits,))


def phrases(text: str) -> list[str]:
    """Give what each word of a search is to the index of words: quoted, so that it is one whatever it looks like."""
    terms = [pair[0] or pair[1] for pair in TERMS.findall(HIDDEN.sub(" ", text))]
    return [f'"{term}" *' for term in dict.fromkeys(terms) if any(sign.isalnum() for sign in term)]


def page(wish: Wish, found: Iterable[Clause]) -> tuple[str, tuple[object, ...]]:
    """Give the rest of a statement that selects the rows of a page, and its values."""
    wanted = tuple(found)
    order, by = ORDERS.get(wish.sort), ()
    if order is None:
        order = "(SELECT mean FROM score WHERE score.talk = talk.id AND dimension = ?)"
        by = (wish.sort, wish.sort)
    way = "DESC" if wish.down else "ASC"
    keys = f"{order} IS NULL, {order} {way}, place" if order != "place" else f"place {way}"
    rest = f"{_all(wanted)} ORDER BY {keys} LIMIT ? OFFSET ?"
    return rest, (*_values(wanted), *by, wish.limit, wish.offset)


def facets(found: Iterable[Clause]) -> tuple[str, tuple[object, ...]]:
    """Give a statement for (facet, level, conversations), the first row being ("", "", all that is found)."""
    wanted = tuple(found)
    hidden = [clause for clause in wanted if not clause.facet]
    shown = [clause for clause in wanted if clause.facet]
    own = {clause.facet for clause in shown}
    parts: list[tuple[str, tuple[object, ...]]] = []

    def part(head: str, but: str, tail: str, *values: object) -> None:
        rest = [clause for clause in shown if clause.facet != but]
        parts.append((f"{head} WHERE 1 {_all(rest)} {tail}", (*_values(rest), *values)))

    part("SELECT '', '', count(*) FROM hit", "", "")
    for facet in ("model", "arm", "state", "reason"):
        part(f"SELECT '{facet}', {facet}, count(*) FROM hit", facet, f"AND {facet} <> '' GROUP BY {facet}")
    part("SELECT 'cap', cap, count(*) FROM hit JOIN cap ON cap.talk = hit.id", "cap", "GROUP BY cap")
    head = "SELECT title, level, sum(many) FROM (SELECT scenario, count(*) AS many FROM hit"
    strata = own - {"model", "arm", "state", "reason", "cap"}
    tail = "GROUP BY scenario) JOIN stratum USING (scenario) WHERE title {} GROUP BY title, level"
    part(head, "", tail.format(f"NOT IN ({_marks(strata)})"), *strata)
    for title in strata:
        part(head, title, tail.format("= ?"), title)
    first = f"SELECT id, scenario, model, arm, state, reason FROM talk WHERE place IS NOT NULL {_all(hidden)}"
    union = " UNION ALL ".join(sql for sql, _ in parts)
    return (
        f"WITH hit AS MATERIALIZED ({first}) {union}",
        (*_values(hidden), *(value for _, values in parts for value in values)),
    )


def _all(found: Iterable[Clause]) -> str:
    return " ".join(f"AND {clause.sql}" for clause in found)


def _values(found: Iterable[Clause]) -> tuple[object, ...]:
    return tuple(value for clause in found for value in clause.values)


def _marks(values: Iterable[str]) -> str:
    return ", ".join("?" for _ in values)
