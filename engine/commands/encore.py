"""Commands that take a recorded run up again: played back, before another jury, before an assistant that sees
something else.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

from engine.commands import Flag, Told
from engine.commands.spending import UNLIMITED, Spending
from engine.errors import BadOption

Format = Literal["zip", "csv", "jsonl", "parquet", "inspect"]


def replay(
    run: Path, *, conversation: str | None = None, speed: float | None = None, verify: Flag = False
) -> int | Told:
    """Play a recorded run back from its trace alone, or prove that it follows from its answers.

    Parameters
    ----------
    run
        The run folder.
    conversation
        One conversation (MODEL/SCENARIO), with its votes; all of them when left out.
    speed
        4 is four times as fast as it was, 0 is at once; 1 when left out.
    verify
        Play nothing back: make every prompt and vote anew from the recorded answers, and compare; no call is made.
    """
    if verify:
        if speed is not None:
            raise BadOption("--verify plays nothing back and has no --speed: leave one of them out.")
        from engine.verifying import verify as hold
        from engine.verifying.page import render

        found = asyncio.run(hold(run, conversation=conversation))
        return Told(pieces=(render(found),), good=found.exact)
    from engine.replay import replay as play_back

    asyncio.run(play_back(run, conversation=conversation, speed=1.0 if speed is None else speed))
    return 0


def rejudge(
    run: Path,
    *,
    out: Path | None = None,
    rubric: Path | None = None,
    jury: str | None = None,
    jury_photo: bool | None = None,
    models_file: Path | None = None,
    spending: Spending = UNLIMITED,
    quiet: Flag = False,
) -> int:
    """Judge a run's recorded conversations again, without one dialogue call, into a run folder of its own.

    What is asked as it was asked before is answered from the record: the same rubric and jury cost nothing, a changed
    dimension only its own calls.

    Parameters
    ----------
    run
        The run folder.
    out
        Folder of the new run, named after the old one when left out; given again, it goes on.
    rubric
        Rubric, a TOML file like rubrics/imcbench.toml; the run's own when left out.
    jury
        Jurors, models parted by commas; the run's own when left out.
    jury_photo
        Show the jury the photograph too; as in the run when left out.
    models_file
        The models file of the run, or one with other jurors.
    quiet
        Show the leaderboard only.
    """
    from engine.rejudging import RejudgeWish
    from engine.rejudging import rejudge as judge_again

    wish = RejudgeWish(
        run=run,
        out=out,
        rubric=rubric,
        jury=jury,
        jury_photo=jury_photo,
        models_file=models_file,
        quiet=quiet,
        means=spending.means(),
    )
    return asyncio.run(judge_again(wish))


def ablate(
    run: Path,
    *,
    arms: str,
    free: Flag = False,
    models_file: Path | None = None,
    spending: Spending = UNLIMITED,
    quiet: Flag = False,
) -> int:
    """Add arms to a run: the same patients before assistants that are given something else.

    The recorded patient's turns are replayed word for word, without one call to a patient: the direct effect.

    Parameters
    ----------
    run
        The run folder.
    arms
        What the assistant is given: no-image, no-record, neither, degraded, swapped-image, caption; with commas.
    free
        Let the patient answer anew instead: the total effect.
    models_file
        The models file of the run.
    quiet
        Show the leaderboard only.
    """
    from engine.ablation import AblateWish
    from engine.ablation import ablate as add

    means = spending.means()
    wish = AblateWish(run=run, arms=arms, free=free, models_file=models_file, quiet=quiet, means=means)
    return asyncio.run(add(wish))


def export(run: Path, *, out: Path | None = None, format: Format = "zip", with_images: Flag = False) -> Told:
    """Give a run to others: all they need to doubt a number, no key, no path of this machine.

    Parameters
    ----------
    run
        The run folder.
    out
        The file or folder, new; beside the run and named after it when left out.
    format
        zip is one file, a run folder again when unpacked; csv, jsonl and parquet are a folder of tables; inspect is a
        folder of logs for Inspect's own viewer.
    with_images
        Take the photographs along, those whose licence allows it.
    """
    from engine.export import ExportWish
    from engine.export import export as give

    wish = ExportWish(run=run, out=out, images=with_images, format=format)
    return Told(pieces=(give(wish), "\n"))
