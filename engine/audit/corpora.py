"""Real dialogues, read for the patient's side of them.

    ACI-Bench   aci_bench/*.csv         `dialogue` of "[doctor] …" and "[patient] …" lines
    MTS-Dialog  mts_dialog/*.csv        `dialogue` of "Doctor: …" and "Patient: …" lines
    PriMock57   primock57/*.jsonl       `utterances` of a `speaker` and a `text`
    your own    *.jsonl                 {"turns": [{"speaker": "patient", "text": "…"}, …]} a line, or one turn a line
                *.csv                   columns dialogue, speaker, text: one turn a row

Everything turns on the speaker: "patient" is whose turns are kept, whoever else speaks is the other side. These
are role-played or crowd-written conversations, not recordings of the sick. Nothing here knows what is compared.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import orjson

from engine.audit.style import Dialogue, merge
from personas.errors import Unreadable

Turns = list[tuple[bool, str]]
BRACKETED = re.compile(r"^\[(\w+)\]\s*(.*)$")
TITLED = re.compile(r"^([A-Za-z_]+\d?)\s*:\s*(.*)$")
MARKUP = re.compile(r"</?UNSURE>|<\w+/>")
CAPTIONS = {"aci_bench": "ACI-Bench", "mts_dialog": "MTS-Dialog", "primock57": "PriMock57"}


def read_corpora(path: Path) -> dict[str, tuple[Dialogue, ...]]:
    """Read every corpus at a path, by its name; `Unreadable` where there is none, naming what would be one."""
    if path.is_file():
        readers = {".jsonl": _own_lines, ".csv": _own_table}
        if path.suffix not in readers:
            raise Unreadable(
                f"{path}: dialogues are read from a folder, a .jsonl or a .csv file; rename it, or name another."
            )
        return {path.stem: _checked(path, readers[path.suffix](path))}
    if not path.is_dir():
        raise Unreadable(f"{path}: there is no such file or folder of dialogues; check the path.")
    known: dict[str, Callable[[Path], Iterator[Dialogue]]] = {
        "aci_bench": _aci_bench,
        "mts_dialog": _mts_dialog,
        "primock57": _primock57,
    }
    found = {}
    for name, reader in known.items():
        folder = path if path.name == name else path / name
        if folder.is_dir():
            found[CAPTIONS[name]] = _checked(folder, reader(folder))
    if found:
        return found
    for file in sorted([*path.glob("*.jsonl"), *path.glob("*.csv")]):
        found |= read_corpora(file)
    if not found:
        names = ", ".join(known)
        raise Unreadable(
            f"{path} holds no dialogues: put {names}, a .jsonl or a .csv file into it, or name another."
        )
    return found


def _checked(place: Path, dialogues: Iterable[Dialogue]) -> tuple[Dialogue, ...]:
    """Refuse a corpus in which no patient speaks, and ask nothing of questions where no question mark stands."""
    kept = tuple(dialogue for dialogue in dialogues if dialogue.turns)
    if not kept:
        raise Unreadable(
            f"{place}: no turn is by a speaker called patient; name the speakers patient and doctor."
        )
    if not any("?" in turn for dialogue in kept for turn in dialogue.turns):
        return tuple(replace(dialogue, asks=False) for dialogue in kept)
    return kept


def _aci_bench(folder: Path) -> Iterator[Dialogue]:
    """Read the CSV files that have dialogues; the subset `aci` was transcribed without question marks."""
    for row in _rows(folder, "dialogue"):
        turns = _lines(row["dialogue"], BRACKETED)
        if missing := [column for column in ("dataset", "encounter_id") if row.get(column) is None]:
            raise Unreadable(f"{folder}: a table has no column {missing[0]!r}; restore it.")
        yield _dialogue(f"{row['dataset']}/{row['encounter_id']}", turns, asks=row["dataset"] != "aci")


def _mts_dialog(folder: Path) -> Iterator[Dialogue]:
    for number, row in enumerate(_rows(folder, "dialogue")):
        yield _dialogue(f"{number}", _lines(row["dialogue"], TITLED))


def _primock57(folder: Path) -> Iterator[Dialogue]:
    for file in sorted(folder.glob("*.jsonl")):
        for _, line in _json_lines(file):
            try:
                turns = [(u["speaker"] == "patient", MARKUP.sub("", u["text"])) for u in line["utterances"]]
                name = str(line["consultation"])
            except (KeyError, TypeError) as error:
                raise Unreadable(f"{file}: a line has no {error}; restore the file.") from None
            yield _dialogue(name, turns)


def _own_lines(path: Path) -> Iterator[Dialogue]:
    """Read a dialogue a line, or a turn a line with the name of its dialogue."""
    loose: dict[str, Turns] = {}
    for number, line in _json_lines(path):
        try:
            if "turns" in line:
                turns = [(_patient(turn["speaker"]), str(turn["text"])) for turn in line["turns"]]
                yield _dialogue(str(line.get("id", number)), turns)
            else:
                turn = (_patient(line["speaker"]), str(line["text"]))
                loose.setdefault(str(line["dialogue"]), []).append(turn)
        except (KeyError, TypeError, AttributeError):
            raise Unreadable(
                f"{path}, line {number}: neither a dialogue (turns: speaker and text) nor a turn "
                "(dialogue, speaker, text); mend the line."
            ) from None
    for name, turns in loose.items():
        yield _dialogue(name, turns)


def _own_table(path: Path) -> Iterator[Dialogue]:
    loose: dict[str, Turns] = {}
    for row in _table(path):
        if missing := [name for name in ("dialogue", "speaker", "text") if row.get(name) is None]:
            raise Unreadable(
                f"{path} has no column {missing[0]!r}; name the columns dialogue, speaker, text."
            )
        loose.setdefault(row["dialogue"], []).append((_patient(row["speaker"]), row["text"]))
    for name, turns in loose.items():
        yield _dialogue(name, turns)


def _dialogue(name: str, turns: Turns, *, asks: bool = True) -> Dialogue:
    return Dialogue(
        id=name,
        cluster=name,
        turns=merge([(patient, text) for patient, text in turns if text.strip()]),
        asks=asks,
    )


def _patient(speaker: str) -> bool:
    return speaker.strip().lower() == "patient"


def _lines(text: str, shape: re.Pattern[str]) -> Turns:
    """Read one turn a line; a line without a speaker goes on with the turn before it."""
    turns: Turns = []
    for line in text.splitlines():
        if match := shape.match(line.strip()):
            turns.append((_patient(match[1]), match[2]))
        elif turns:
            turns[-1] = (turns[-1][0], f"{turns[-1][1]} {line.strip()}")
    return turns


def _rows(folder: Path, column: str) -> Iterator[dict[str, str]]:
    """Give the rows of those tables of a folder that have a column."""
    for file in sorted(folder.glob("*.csv")):
        yield from (row for row in _table(file) if row.get(column) is not None)


def _table(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(
            f"{path} cannot be read as a table in UTF-8 ({error}); save it as CSV again."
        ) from None


def _json_lines(path: Path) -> Iterator[tuple[int, dict]]:
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise Unreadable(f"{path} cannot be read ({error.strerror}); check the file.") from None
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield number, orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise Unreadable(
                    f"{path}, line {number}: not JSON ({error}); mend or remove the line."
                ) from None
