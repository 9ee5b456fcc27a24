"""Verifying: a recorded run is made again by today's code, and held against what was written down.

The engine's own actors play and judge it, from the plan, the scenarios and the recorded answers alone: no provider
is opened and nothing written. What is alike is every prompt, by its digest, and every event that follows from the
answers. How a provider is told of a prompt, times and prices are not made again. Nothing here knows how a run is
played.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from agents.baselines import CAPTIONER
from agents.speech import Prompt
from engine.cells import Cell
from engine.collector import seldom_collected
from engine.errors import BadRun
from engine.folder import RUBRIC, blobs_of, read_plan
from engine.jury import FIRST
from engine.person import HUMAN
from engine.plan import Plan
from engine.replay import resolve
from engine.segments import RECORDED
from engine.setting import open_setting
from engine.tally import CANARY
from engine.tape import Key
from engine.troupe import Repertoire, Troupe
from engine.verifying.memory import Memory, recall
from engine.verifying.surroundings import Blobs, check_blobs, check_files, compare_today, remember_models
from engine.verifying.witness import Difference, Mute, SealedGate, Witness
from rubrics.numbers.questions import FROZEN
from rubrics.rubric import load_rubric
from rubrics.values import Rubric


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was found."""

    run: Path
    planned: int
    """Conversations there should be."""
    begun: int
    """Of them, those that were made again."""
    stopped: int
    """Of these, those whose record ends before they do."""
    prompts: dict[str, int]
    """Those that are the recorded ones, by role."""
    others: dict[str, int]
    """Those that are not."""
    alike: dict[type, int]
    """Events that are as recorded, by kind."""
    differences: tuple[Difference, ...]
    """The first of each conversation, in the plan's order."""
    gaps: dict[str, str]
    """What of a conversation cannot be made again, a clause each."""
    absent: int
    """Photographs that are not there; what was sent is known by their hash."""
    unseen: int
    """Conversations that begin with one of them and could not be made again; neither a gap nor a difference."""
    files: tuple[str, ...]
    """A sentence for each file that is not what the plan names."""
    damage: tuple[str, ...]
    """A sentence for each line of the journal that is not an event."""
    changed: tuple[str, ...]
    """What is otherwise today, a clause each, whether or not it made a difference."""
    seconds: float

    @property
    def exact(self) -> bool:
        """Tell whether all that is recorded was made again, identical."""
        return not (self.differences or self.gaps or self.files or self.damage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What is made again."""

    cells: tuple[tuple[int, Cell], ...]
    """Conversations with their place in the plan."""
    names: dict[str, int]
    """All conversations whose record is looked through, with their place."""
    whole: bool
    """Not one conversation only."""
    unseen: int
    """Conversations that are left aside, since their photographs are not there."""


async def verify(folder: Path, *, conversation: str | None = None) -> Verification:
    """Make a run again, or one conversation of it, and hold it against its record.

    Raises BadRun, BadOption and what reading the run's files raises, in one sentence.
    """
    began = time.perf_counter()
    base = read_plan(folder)
    setting, rubric = open_setting(folder, base), load_rubric(folder / RUBRIC)
    with seldom_collected():
        memory = recall(folder)
        if not memory.told:
            raise BadRun(f"{folder} holds no recorded conversation: name another run, or run this one first.")
        witness = Witness(memory)
        blobs = check_blobs(folder, setting, memory.sent)
        planned = setting.cells(memory.reasons)
        script = _choose(planned, memory, witness, blobs=blobs, conversation=conversation)
        troupe = assemble(folder, setting.plan, rubric, script, witness)
        await troupe.perform(list(script.cells))
        witness.conclude(script.names.keys())
    found = sorted(witness.differences, key=lambda name: script.names.get(name, len(planned)))
    return Verification(
        run=folder,
        planned=len(planned) if script.whole else 1,
        begun=len(script.cells),
        stopped=len([name for name in witness.stopped if not _canary(name)]),
        prompts=dict(witness.prompts),
        others=dict(witness.others),
        alike=dict(witness.alike),
        differences=tuple(witness.differences[name][0] for name in found),
        gaps=witness.gaps,
        absent=len(blobs.absent),
        unseen=script.unseen,
        files=(*check_files(setting, rubric), *blobs.damaged.values()),
        damage=tuple(memory.damage),
        changed=tuple(compare_today(base)),
        seconds=time.perf_counter() - began,
    )


def _choose(
    planned: list[Cell],
    memory: Memory,
    witness: Witness,
    *,
    blobs: Blobs,
    conversation: str | None,
) -> Script:
    """Choose what has been begun and can be made again; the witness hears of what cannot."""
    names, begun = {cell.id: at for at, cell in enumerate(planned)}, memory.conversations
    if conversation:
        chosen = resolve(conversation, [name for name in names if name in begun])
        names = {chosen: names[chosen]}
    else:
        names |= dict.fromkeys(filter(_canary, begun), FIRST)
        _miss(begun - names.keys(), witness)
    cells, unseen = [], set()
    for at, cell in enumerate(planned):
        described = cell.shown().photo.sha256 if cell.model == CAPTIONER else ""
        if cell.id not in names or cell.id not in begun:
            continue
        if cell.arm.frozen and not memory.whole(cell.reference):
            witness.gaps[cell.id] = f"{cell.reference}, which it repeats, is not whole in the journal"
        elif described in blobs.damaged:
            witness.gaps[cell.id] = "its photograph, which the script describes, is not what it was"
        elif described in blobs.absent and conversation:
            witness.gaps[cell.id] = "its photograph, which the script describes, is not there"
        elif described in blobs.absent:
            unseen.add(cell.id)
        else:
            cells.append((at, cell))
    names = {name: at for name, at in names.items() if name not in witness.gaps.keys() | unseen}
    return Script(cells=tuple(cells), names=names, whole=not conversation, unseen=len(unseen))


def _miss(strange: Iterable[str], witness: Witness) -> None:
    """Hear of recorded conversations that there should not be."""
    for name in strange:
        if FROZEN in name:
            witness.gaps[name] = "what it repeats is not recorded to its end"
        else:
            witness.differ(name, "is not in the plan")


def _canary(name: str) -> bool:
    return name.startswith(CANARY)


def assemble(
    folder: Path,
    plan: Plan,
    rubric: Rubric,
    script: Script,
    witness: Witness,
    *,
    overhear: Callable[[Key, Prompt], object] | None = None,
) -> Troupe:
    """Bring the actors together, with gates behind which nobody is; `overhear` is told every prompt."""
    catalog = remember_models(plan)
    asked = folder / RECORDED / RUBRIC
    frozen = {cell.reference for _, cell in script.cells if cell.arm.frozen}
    repertoire = Repertoire(
        plan=plan,
        catalog=catalog,
        rubric=rubric,
        levels=load_rubric(asked).levels if asked.is_file() else None,
        album=blobs_of(folder),
        recorded={name: witness.memory.recorded(name) for name in frozen},
        tried=frozenset(() if script.whole else plan.jury),
    )
    gates = {
        name: SealedGate(model=name, witness=witness, overhear=overhear) for name in (*catalog.models, HUMAN)
    }
    return Troupe(repertoire, gates, witness, Mute())
