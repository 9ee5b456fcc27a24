"""Commands that take a recorded run up again: played back, before another jury, before an assistant that sees
something else. Nothing here knows how any of it is done.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine.desk import Flag


def replay(run: Path, *, conversation: str | None = None, speed: float = 1.0) -> int:
    """Play a recorded run back from its trace alone.

    Parameters
    ----------
    run
        The run folder.
    conversation
        One conversation (MODEL/SCENARIO), with its votes; all of them when left out.
    speed
        4 is four times as fast as it was, 0 is at once.
    """
    from engine.replay import replay as play_back

    asyncio.run(play_back(run, conversation=conversation, speed=speed))
    return 0


def rejudge(
    run: Path,
    *,
    out: Path | None = None,
    rubric: Path | None = None,
    jury: str | None = None,
    jury_photo: bool | None = None,
    models_file: Path | None = None,
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
    )
    return asyncio.run(judge_again(wish))


def ablate(
    run: Path,
    *,
    arms: str,
    free: Flag = False,
    models_file: Path | None = None,
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

    wish = AblateWish(run=run, arms=arms, free=free, models_file=models_file, quiet=quiet)
    return asyncio.run(add(wish))
