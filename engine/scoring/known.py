"""What a table of verdicts says of each conversation beside its votes: scenario, case, family, strata, covariates.

What differs between votes on one conversation is not known of it, and is told. Nothing here knows a score.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.catalog import read_catalog
from engine.scoring.cells import Coded, Meeting, settled, steps
from engine.scoring.columns import YES
from engine.scoring.sieve import VerdictTable, parse
from rubrics.agreement.layout import few
from rubrics.errors import Unusable
from rubrics.scores import Flags

COVARIATES = ("tokens", "hedges", "questions")
URGENCIES = {str(level): float(level) for level in range(6)} | {
    f"u{level}": float(level) for level in range(6)
}


def scenarios(
    table: VerdictTable, meeting: Meeting, first: Mapping[str, list[str]]
) -> tuple[list[str], bool]:
    """Give each conversation's scenario, and whether models can meet in one."""
    if "scenario" in first:
        return first["scenario"], True
    if meeting.several:
        name = table.choice.by["conversation"]
        table.notes.append(f"{name!r} is the same for several models, so it is taken for the scenario.")
        return first["conversation"], True
    if "case" in first:
        name = table.choice.by["case"]
        table.notes.append(f"No column says the scenario: {name!r} is taken for it, and models meet there.")
        return first["case"], True
    table.notes.append(
        "No column says which scenario a conversation is about: models cannot be compared scenario by scenario."
    )
    return meeting.names, False


def cases(
    table: VerdictTable, meeting: Meeting, first: Mapping[str, list[str]], scenario: list[str]
) -> list[str]:
    if "case" not in first:
        return scenario
    if not settled(table.columns["case"].index, meeting.index):
        name = table.choice.by["case"]
        raise Unusable(
            f"{table.sheet.name}: {name!r} is taken for the case, yet votes on one conversation differ in it; say "
            "--column case=COLUMN, or --column case= for none."
        )
    return first["case"]


def families(table: VerdictTable) -> tuple[dict[str, str], Flags]:
    """Give the families of models and jurors, and which votes are on the juror's own."""
    model, many = table.columns["model"], len(table.lines)
    juror = table.columns.get("juror") or Coded(names=["the jury"], index=np.zeros(many, dtype=np.int64))
    known = {name: one.family for name, one in read_catalog().models.items()}
    family = {name: known[name] for name in (*model.names, *juror.names) if name in known}
    for kind, column in (("model_family", model), ("juror_family", juror)):
        if kind in table.columns and settled(table.columns[kind].index, column.index):
            _, row = np.unique(column.index, return_index=True)
            family |= zip(column.at(row), table.columns[kind].at(row), strict=True)
    if "own" in table.columns:
        own = table.columns["own"]
        return family, np.array([name.casefold() in YES for name in own.names], dtype=bool)[own.index]
    meets = np.array(
        [[a == b or family.get(a, 1) == family.get(b, 2) for b in juror.names] for a in model.names],
        dtype=bool,
    )
    own = meets[model.index, juror.index]
    if own.any():
        table.notes.append(
            f"{int(own.sum()):,} votes are on the juror's own family, by the names: left out of every mean."
        )
    return family, own


def strata(table: VerdictTable, meeting: Meeting, scenario: list[str]) -> dict[str, list[str | None]]:
    """Give the columns that part the scenarios: those named, else those that could be."""
    used = {*table.choice.by.values(), *table.choice.strata}
    strata = {}
    place = Coded.of(scenario).index
    for name in table.choice.strata or [name for name in table.sheet.columns if name not in used]:
        column = table.spare(name)
        if table.choice.strata and not settled(column.index, meeting.index):
            raise Unusable(
                f"{table.sheet.name}: votes on one conversation differ in {name!r}, so it is no stratum."
            )
        if table.choice.strata or steps(column, meeting, place):
            empty = column.blank()[meeting.first]
            texts = column.at(meeting.first)
            strata[name] = [None if none else text for text, none in zip(texts, empty, strict=True)]
    return strata


def covariates(table: VerdictTable, meeting: Meeting) -> dict[str, list[float]]:
    found = {}
    for kind in COVARIATES:
        if kind not in table.columns:
            continue
        if not settled(table.columns[kind].index, meeting.index):
            name = table.choice.by[kind]
            table.notes.append(
                f"{name!r} differs between votes on one conversation, so it is not its {kind}."
            )
            continue
        found[kind] = [parse(text, table.sheet.commas) for text in table.columns[kind].at(meeting.first)]
    return found


def urgencies(table: VerdictTable, meeting: Meeting, kind: str) -> list[float]:
    if kind not in table.columns:
        return []
    texts = table.columns[kind].at(meeting.first)
    values = [URGENCIES.get(text.casefold(), np.nan) for text in texts]
    strange = sorted({text for text, value in zip(texts, values, strict=True) if text and np.isnan(value)})
    if strange:
        table.notes.append(f"Urgency {few(strange)} is none of U0 to U5; not known there.")
    return values
