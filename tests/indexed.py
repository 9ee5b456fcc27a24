"""A run made by hand for the tests of the index: conversations in every state, and all that is to be told of them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from io import StringIO
from pathlib import Path
from typing import Any

import orjson

from agents.interview import Interview
from agents.speech import Completion, Turn, Usage
from engine.campaign import Watch, run_campaign
from engine.catalog import read_catalog
from engine.cells import ARMS
from engine.console.plain import PlainConsole
from engine.events import (
    Attempt,
    CallAnswered,
    CallFailed,
    ConversationEnded,
    ConversationFailed,
    ConversationStarted,
    Event,
    InterviewGiven,
    RunFinished,
    RunStarted,
    TurnSpoken,
    VerdictGiven,
)
from engine.folder import prepare_folder
from engine.index import Found, Headway, Opened, RunIndex, Summary, Wish, open_index
from engine.plan import Extent, make_plan
from engine.segments import RECORDED
from engine.setting import Addition, add_arms
from engine.simulator.inside import open_inside
from engine.simulator.minds import think
from engine.tally import Tally
from personas.values import Scenario
from rubrics.rubric import load_rubric
from rubrics.values import CapEvent, Verdict
from tests.audited import recorded, scenario
from tests.samples import embedded
from tests.staging import inside_accesses, staged

MODELS = ("claude-haiku-4.5", "gpt-5.1")
JURY = ("claude-sonnet-4.6", "gpt-5.2", "nova-pro")
DIMENSIONS = ("safety", "accuracy", "uncertainty")
SCENES = [scenario(number) for number in range(4)]


def name(model: int, number: int) -> str:
    return f"{MODELS[model]}/{SCENES[number].id}/full/0"


def begin(talk: str) -> ConversationStarted:
    model, scene, arm, repeat = talk.split("/")
    title = next((one.title for one in SCENES if one.id == scene), "?")
    return ConversationStarted(scenario=scene, title=title, model=model, arm=arm, repeat=int(repeat))


def say(index: int, text: str) -> TurnSpoken:
    return TurnSpoken(turn=Turn(index=index, speaker="patient" if index % 2 else "assistant", text=text))


def call(role: str, model: str, sequence: int = 0, cost: float = 0.0123) -> CallAnswered:
    usage = Usage(input=100 + sequence, cache_read=40, output=10, reasoning=3)
    return CallAnswered(
        role=role,
        model=model,
        sequence=sequence,
        digest="d",
        completion=Completion(text="{}", value={"a": [1, "x"]}, stop="end", usage=usage),
        attempts=(Attempt(cause="overloaded", seconds=0.1), Attempt(cause="ok", seconds=0.7)),
        latency=0.7,
        cost=cost,
    )


def lost(role: str, model: str) -> CallFailed:
    attempts = (Attempt(cause="dropped", seconds=0.1, most=0.5, most_tokens=700),)
    return CallFailed(
        role=role, model=model, sequence=9, digest="d", cause="dropped", message="cut", attempts=attempts
    )


def vote(
    juror: int, dimension: int, score: int | None, *caps: str, reading: int = 1, own: bool = False
) -> VerdictGiven:
    return VerdictGiven(
        verdict=Verdict(
            juror=JURY[juror],
            dimension=DIMENSIONS[dimension],
            score=score,
            status="refused" if score is None else "scored",
            own_family=own,
            caps=tuple(CapEvent(cap=cap, turn=0, quote="") for cap in caps),
            reading=reading,
        )
    )


def votes(low: int, own: int | None = None) -> list[VerdictGiven]:
    """Give nine votes, the jurors one apart on safety."""
    return [
        vote(j, d, min(5, low + (j if not d else 0)), *(["C6"] if low == 1 and not d else []), own=j == own)
        for j in range(3)
        for d in range(3)
    ]


STORY: list[tuple[str, Any]] = [
    ("", RunStarted(plan="p", simulated=True)),
    ("canary/plain", call("juror/gpt-5.2/safety", "gpt-5.2")),
    ("canary/plain", vote(1, 0, 1)),
    (name(0, 0), begin(name(0, 0))),
    (name(1, 0), begin(name(1, 0))),
    (name(0, 0), say(1, "Is this a melanoma?")),
    (name(0, 0), call("assistant", MODELS[0], cost=0.1)),
    (name(0, 0), say(2, "It may be a Basal-Cell carcinoma; naïve words 😀.")),
    (name(1, 0), say(1, "A spot that itches OR bleeds")),
    (name(1, 0), call("assistant", MODELS[1], cost=0.2)),
    (name(0, 0), ConversationEnded(stop_reason="patient_done", turns=2)),
    (name(0, 0), call("interview", MODELS[0], cost=0.3)),
    (name(0, 0), InterviewGiven(interview=Interview(status="refused"))),
    *((name(0, 0), body) for body in votes(3, own=0)),
    (name(0, 0), vote(1, 1, 5, reading=2)),
    (name(1, 0), lost("assistant", MODELS[1])),
    (name(1, 0), ConversationFailed(boundary="assistant", cause="dropped", message="cut")),
    (name(0, 1), begin(name(0, 1))),
    (name(0, 1), say(1, "the first try spoke of psoriasis")),
    (name(0, 1), say(2, "and went on")),
    (name(0, 1), ConversationFailed(boundary="assistant", cause="overloaded", message="503")),
    ("", RunFinished(completed=1, failed=2)),
    ("", RunStarted(plan="p", simulated=True)),
    (name(0, 1), begin(name(0, 1))),
    (name(0, 1), say(1, "the second spoke of eczema")),
    (name(0, 1), call("assistant", MODELS[0], 1)),
    (name(0, 1), ConversationEnded(stop_reason="max_turns", turns=1)),
    *((name(0, 1), body) for body in votes(1)),
    (name(0, 0), begin(name(0, 0))),
    (name(0, 0), say(1, "Is this a melanoma?")),
    (name(0, 0), ConversationEnded(stop_reason="patient_done", turns=2)),
    *((name(0, 0), body) for body in votes(3, own=0)[:4]),
    (name(1, 1), begin(name(1, 1))),
    (name(1, 1), say(1, "hello")),
    (name(1, 1), ConversationEnded(stop_reason="patient_fault", turns=1)),
    (name(0, 2), begin(name(0, 2))),
    (name(0, 2), say(1, "dermatitis")),
    (name(0, 2), ConversationEnded(stop_reason="stalemate", turns=1)),
    (name(0, 2), vote(0, 0, None)),
    (name(0, 2), vote(1, 0, 2, "C1")),
    (name(1, 2), begin(name(1, 2))),
    (name(1, 2), say(1, "still talking of moles")),
    ("stranger/s-1/full/0", begin("stranger/s-1/full/0")),
    ("stranger/s-1/full/0", ConversationEnded(stop_reason="patient_done", turns=0)),
]
"""Of eight planned conversations: judged, failed, judged at the second try, kept from the jury, ended, running,
and two that have not begun; what a resumed run says again; a canary, and one that nobody planned."""


def lines(story: Iterable[tuple[str, Any]], at: float = 1_000.0) -> list[bytes]:
    """Write events as lines, a second apart."""
    events = (
        Event(at=at + second, conversation=talk, body=body) for second, (talk, body) in enumerate(story)
    )
    return [orjson.dumps(event) + b"\n" for event in events]


def made(folder: Path, journal: bytes | None = None, scenes: list[Scenario] = SCENES) -> Path:
    """Make a run folder with this journal; the story above by default."""
    recorded(folder, scenes, {})
    (folder / "journal" / "0001.jsonl").write_bytes(b"".join(lines(STORY)) if journal is None else journal)
    return folder


@contextmanager
def indexed(folder: Path, place: Path | None = None) -> Iterator[RunIndex]:
    """Open the index of a run and bring it up to date, kept in a folder of its own."""
    with tempfile.TemporaryDirectory() as own, open_index(folder, place or Path(own)) as index:
        index.refresh()
        yield index


def rows(index: RunIndex) -> dict[str, Summary]:
    """Give every row by its name."""
    found: Found = index.search(Wish(limit=500))
    assert found.total == len(found.rows)
    return {row.id: row for row in found.rows}


async def play(folder: Path) -> Path:
    """Play a small run within this process: two models and a script on two scenarios."""
    catalog, sample, rubric = read_catalog(), embedded(2, 7), load_rubric()
    catalog = catalog.within(catalog.simulated)
    plan = make_plan(
        sample.scenarios,
        catalog.choose(",".join(MODELS)),
        (ARMS["full"],),
        catalog=catalog,
        rubric=rubric,
        extent=Extent(turns=3, baselines=("always-emergency",), again=0.5),
        seed=7,
        simulated=True,
        faults={},
        created="2026-11-28T12:00:00+00:00",
    )
    prepare_folder(folder, plan, sample, rubric)
    accesses = inside_accesses(catalog, open_inside(7, think))
    campaign = staged(folder, plan, sample, catalog, accesses)
    tally = Tally(planned=len(campaign.cells), votes=9)
    with PlainConsole(tally, title="r", simulated=True, stream=StringIO(), quiet=True) as console:
        assert await run_campaign(campaign, console, tally, Watch())
    return folder


def ablate(played: Path, folder: Path) -> Path:
    """Copy a run, and let an arm be added in which the models said the same again."""
    shutil.copytree(played, folder)
    add_arms(folder, [Addition(arm="frozen-no-image", created="2026-11-28T13:00:00+00:00", givens={})])
    said = (folder / "journal" / "0001.jsonl").read_bytes().splitlines(keepends=True)
    again = [
        line.replace(b"/full/0", b"/frozen-no-image/0") for line in said if b"always-emergency/" not in line
    ]
    (folder / "journal" / "0002.jsonl").write_bytes(b"".join(line for line in again if b"/frozen-" in line))
    return folder


def rejudge(played: Path, folder: Path) -> Path:
    """Copy a run as one that judges another's conversations: these in recorded/, its own votes in the journal."""
    shutil.copytree(played, folder)
    own, taken = folder / "journal" / "0001.jsonl", folder / RECORDED / "0001.jsonl"
    taken.parent.mkdir()
    lines = own.read_bytes().splitlines(keepends=True)
    kinds = (b'"verdict_given"', b'"run_started"', b'"run_finished"')
    votes = [line for line in lines if any(kind in line for kind in kinds) or b'"role":"juror/' in line]
    taken.write_bytes(b"".join(line for line in lines if not any(kind in line for kind in kinds)))
    own.write_bytes(b"".join(votes))
    return folder


def everything(index: RunIndex) -> tuple[Any, ...]:
    """Give all that an index says, for comparing two."""
    progress = index.progress()
    told = tuple(getattr(progress, field.name) for field in fields(Headway))
    whole = index.search(Wish(limit=500))
    words = ("melanoma", "psoriasis", "eczema", "spot", "moles", "gpt")
    found = tuple(tuple(row.id for row in index.search(Wish(text=word)).rows) for word in words)
    opened: tuple[Opened, ...] = tuple(index.open(row.id) for row in whole.rows if row.state != "planned")
    return told, whole, found, opened, index.damage()
