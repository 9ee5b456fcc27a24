"""The sheet: which conversations a run's clinicians score, drawn once and kept.

    annotations/sheet.json   annotations/keys.json   annotations/<annotator>.jsonl

The one idea: everybody is asked about the same conversations, each in an order of their own, so that whoever stops
halfway has scored a random half. What an annotator sees is a number in that order and never a name. The chance that
each had to be drawn is kept, for whoever weighs. Nothing here knows what was scored.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from pydantic import ConfigDict, TypeAdapter, ValidationError

from engine.annotation.population import STRATA, AnnotatedRun, list_candidates
from engine.annotation.sampling import draw_sample
from engine.disk import keep_file
from engine.errors import BadOption, BadRun
from personas.seeds import derive
from personas.tidy import tidy

FOLDER = "annotations"
FORMAT = 1
SAMPLE = 60
"""Conversations, when nobody says: as few as a calibration takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetItem:
    """A conversation on the sheet."""

    conversation: str
    chance: float
    """That it had to be drawn, above 0 to 1; its weight in a mean over the run is one over it."""
    strata: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is to be scored."""

    format: int
    plan: str
    """Digest of the run's plan."""
    rubric: str
    """Digest of the rubric it is scored by."""
    seed: int
    """Drawn by chance: who knows the run's can undo no order, in which the models would stand one after the other."""
    population: int
    """Conversations it was drawn from."""
    items: tuple[SheetItem, ...]
    """In the run's order."""
    double: float | None = None
    """Share that two annotators score; None where all score all."""
    dealt: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Places in `items` by annotator; empty where all score all."""
    __pydantic_config__ = ConfigDict(extra="forbid")

    @property
    def digest(self) -> str:
        """Give the 16 hex digits that say whether two sheets are one."""
        return hashlib.sha256(orjson.dumps(self, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]

    @property
    def shared(self) -> tuple[int, ...]:
        """Give the places that more than one annotator scores."""
        if not self.dealt:
            return tuple(range(len(self.items)))
        all_ = [place for places in self.dealt.values() for place in places]
        return tuple(sorted({place for place in all_ if all_.count(place) > 1}))

    def ordered(self, annotator: str) -> tuple[str, ...]:
        """Give an annotator's conversations in their own order; who was not dealt in gets those that are shared."""
        return self._shuffled(self.dealt.get(annotator, self.shared), annotator)

    def whole(self, annotator: str) -> tuple[str, ...]:
        """Give all conversations in the order of one who adjudicates."""
        return self._shuffled(range(len(self.items)), annotator)

    def _shuffled(self, places: Sequence[int], annotator: str) -> tuple[str, ...]:
        order = derive(self.seed, "annotation", "order", annotator).permutation(len(places))
        return tuple(self.items[places[at]].conversation for at in order)

    @property
    def weights(self) -> dict[str, float]:
        """Give the weight of each conversation, 1 or more."""
        return {item.conversation: 1 / item.chance for item in self.items}


SHEET = TypeAdapter(Sheet)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetWish:
    """What was asked for; what was not is None."""

    sample: int | None = None
    double: float | None = None
    annotators: tuple[str, ...] = ()
    scripts: bool = False
    excluded: bool = False


def open_sheet(run: AnnotatedRun, wish: SheetWish) -> tuple[Sheet, list[str]]:
    """Read the run's sheet, or draw it at its first use; and say what is to be known of it.

    The caller has claimed the folder. Raises BadRun for a sheet of another run, BadOption where what is asked for is
    another one than is there.
    """
    path = run.folder / FOLDER / "sheet.json"
    if path.exists():
        sheet = read_sheet(run)
        _compare(sheet, wish, path)
        return sheet, []
    sheet, notes = _draw(run, wish)
    try:
        path.parent.mkdir(exist_ok=True)
        keep_file(path, orjson.dumps(sheet, option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise BadRun(
            f"{path} cannot be written ({error.strerror}): free the disk, or make it writable."
        ) from error
    return sheet, notes


def read_sheet(run: AnnotatedRun) -> Sheet:
    """Read the sheet of a run; BadRun where there is none, or it is another run's."""
    path = run.folder / FOLDER / "sheet.json"
    try:
        sheet = SHEET.validate_json(path.read_bytes())
    except FileNotFoundError:
        raise BadRun(
            f"{run.folder} has no sheet yet: begin with python run.py annotate RUN --annotator NAME."
        ) from None
    except OSError as error:
        raise BadRun(f"{path} cannot be read ({error.strerror}): check its rights.") from error
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        why = f"{tidy(first['msg'])} at {tidy('.'.join(map(str, first['loc']))) or 'its beginning'}"
        raise BadRun(f"{path} is no sheet of this version: {why}; restore the file.") from error
    results = run.results
    known = {cell.id for cell in results.cells if cell.id in results.findings.ended}
    if (sheet.format, sheet.plan, sheet.rubric) != (FORMAT, run.base.digest, results.rubric.digest):
        raise BadRun(
            f"{path} is of another run or rubric: move it away, with what was scored, to begin anew."
        )
    if lost := [item.conversation for item in sheet.items if item.conversation not in known]:
        raise BadRun(
            f"{path} names {tidy(lost[0])!r}, which this run does not hold: restore the journal, or the sheet."
        )
    return sheet


def _draw(run: AnnotatedRun, wish: SheetWish) -> tuple[Sheet, list[str]]:
    candidates = list_candidates(run.results, scripts=wish.scripts, excluded=wish.excluded)
    if not candidates:
        raise BadRun(
            "no conversation of this run can be scored: none ended that counts; see report/exclusions.csv."
        )
    size = SAMPLE if wish.sample is None else wish.sample
    if size < 1:
        raise BadOption(f"--sample {size} is not a number of conversations: give 1 or more.")
    levels = [[one.strata[name] for one in candidates] for name in STRATA]
    seed = run.base.seed
    chosen, chances = draw_sample(levels, size, derive(seed, "annotation", "sample"))
    items = tuple(
        SheetItem(
            conversation=candidates[at].cell.id, chance=float(chances[at]), strata=dict(candidates[at].strata)
        )
        for at in chosen
    )
    sheet = Sheet(
        format=FORMAT,
        plan=run.base.digest,
        rubric=run.results.rubric.digest,
        seed=secrets.randbits(63),
        population=len(candidates),
        items=items,
        double=wish.double,
        dealt=_deal(len(items), wish, seed) if wish.double is not None else {},
    )
    return sheet, list(_notes(sheet, size, levels))


def _notes(sheet: Sheet, size: int, levels: Sequence[Sequence[str]]) -> list[str]:
    if size > sheet.population:
        return [
            f"The run has {sheet.population:,} conversations that can be scored: all are taken, not {size:,}."
        ]
    lost = [
        f"{name} {level}"
        for name, found in zip(STRATA, levels, strict=True)
        for level in sorted(set(found) - {item.strata[name] for item in sheet.items})
    ]
    return [f"Too small a sample to hold every kind: without {', '.join(lost)}."] if lost else []


def _deal(many: int, wish: SheetWish, seed: int) -> dict[str, tuple[int, ...]]:
    """Deal places to annotators: a share to two each, every pair as often as any other, and the rest to one."""
    share, names = wish.double, wish.annotators
    if share is None or not 0 <= share <= 1:
        raise BadOption(f"--double {share} is not a share: give 0 (nothing twice) to 1 (everything).")
    if len(names) < 2:
        raise BadOption("--double needs two annotators or more: --annotator anna,ben.")
    order = derive(seed, "annotation", "double").permutation(many)
    twice = round(share * many)
    dealt: dict[str, list[int]] = {name: [] for name in names}
    pairs = [(a, b) for at, a in enumerate(names) for b in names[at + 1 :]]
    for at, place in enumerate(order):
        # Whoever has fewest is next; of pairs, the one that has met least.
        if at < twice:
            for name in pairs[at % len(pairs)]:
                dealt[name].append(int(place))
        else:
            min(dealt.values(), key=len).append(int(place))
    return {name: tuple(sorted(places)) for name, places in dealt.items()}


def _compare(sheet: Sheet, wish: SheetWish, path: Path) -> None:
    """Refuse a wish for another sheet than is there: what was scored is of this one."""
    size = min(wish.sample, sheet.population) if wish.sample is not None else len(sheet.items)
    if size != len(sheet.items):
        raise BadOption(
            f"--sample {wish.sample}: {path} was drawn with {len(sheet.items)} conversations at its first use; leave "
            "--sample out to go on with it."
        )
    if wish.double is not None and wish.double != sheet.double:
        told = "all to all" if sheet.double is None else f"--double {sheet.double:g}"
        raise BadOption(
            f"--double {wish.double:g}: {path} was dealt {told}; leave --double out to go on with it."
        )
