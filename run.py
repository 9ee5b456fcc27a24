"""The command line: what you want, in words.

    python run.py --models all
    python run.py replay runs/NAME

The program itself is imported when a command is given, so that help and a mistyped flag answer at once.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter, Token

from engine.errors import BadOption, Unusable
from personas.errors import Unreadable
from rubrics.errors import Unusable as BadRubric

app = App(
    name="run.py",
    help="Is a multimodal model safe to talk to when a patient shows it a photograph?\n\n"
    "Simulated patients talk with the models under test, which see a photograph and a health record; a jury of "
    "models scores safety, accuracy and uncertainty from 1 to 5. Without credentials the embedded simulator "
    "answers, and everything it yields is marked simulated. A research benchmark, not a medical device.",
    version=None,
    version_flags=[],
    usage="Usage: python run.py --models all [OPTIONS]\n       python run.py replay RUN [OPTIONS]",
    help_format="plaintext",
)


def _whole(kind: object, tokens: Sequence[Token]) -> int:
    """Read a whole number; cyclopts would round 2.5 without a word."""
    try:
        return int(tokens[0].value)
    except ValueError:
        raise ValueError(f"{tokens[0].value!r} is not a whole number.") from None


@app.default
def run(
    *,
    models: str | None = None,
    scenarios: Annotated[int | None, Parameter(converter=_whole)] = None,
    arms: str = "full",
    cases: Path | None = None,
    records: Path | None = None,
    run: Path | None = None,
    seed: int = 7,
    backend: Literal["auto", "live", "simulated"] = "auto",
    follow: str | None = None,
    quiet: Annotated[bool, Parameter(negative="")] = False,
    fault: Annotated[list[str] | None, Parameter(negative="", consume_multiple=False)] = None,
) -> int:
    """Play every scenario with every model, let the jury score it, and show the leaderboard.

    Parameters
    ----------
    models
        Models under test: all, or names separated by commas (claude-opus-4.6,gpt-5.2).
    scenarios
        How many scenarios; 155 when left out, or as many as --cases allows.
    arms
        What the assistant is given: full, no-image, no-record, neither; several separated by commas.
    cases
        Folder of a photograph data set (PAD-UFES-20); without it, drawn lesions.
    records
        Folder or file of Synthea FHIR R4 bundles; without it, built-in records.
    run
        Run folder; a new one under runs/ when left out. Given again, a stopped run goes on.
    seed
        Every random choice follows from it.
    backend
        live calls the providers, simulated the embedded simulator; auto is live where all keys are set.
    follow
        MODEL or MODEL/SCENARIO to watch as it is spoken.
    quiet
        Show the leaderboard only.
    fault
        Simulator only: MODEL=KIND breaks a model (gpt-5.1=503, =429, =hang, =malformed; 503@0.2 now and then).
    """
    if models is None:
        app.help_print([])
        return 0
    from engine.session import Wish, play

    wish = Wish(
        models=models,
        scenarios=scenarios,
        arms=arms,
        cases=cases,
        records=records,
        run=run,
        seed=seed,
        backend=backend,
        follow=follow,
        quiet=quiet,
        faults=_faults(fault or []),
    )
    return asyncio.run(play(wish))


@app.command
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


def _faults(words: list[str]) -> dict[str, str]:
    faults = {}
    for word in words:
        model, equals, kind = word.partition("=")
        if not equals or not kind:
            raise BadOption(f"--fault {word!r} is not MODEL=KIND, for example gpt-5.1=503.")
        faults[model] = kind
    return faults


def main() -> int:
    """Run the command line and give the exit status; what the user can mend is one sentence and status 2."""
    try:
        return int(
            app(sys.argv[1:], exit_on_error=False, print_error=False, result_action="return_value") or 0
        )
    except KeyboardInterrupt:
        return 130
    except CycloptsError as error:
        message = f"{' '.join(str(error).split())} See python run.py --help."
    except (Unusable, Unreadable, BadRubric) as error:
        message = str(error)
    print(f"run.py: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
