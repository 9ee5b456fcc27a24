"""Exact replay: a run made again from its recorded answers is what was written down, or what differs is named."""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

import agents.prompts
import engine.ablation
import engine.rejudging
from agents import interview, juror, patient
from agents.baselines import CAPTIONER, COPIER
from agents.speech import Message, Prompt
from engine.ablation import AblateWish, ablate
from engine.campaign import Campaign, Watch, run_campaign
from engine.catalog import read_catalog
from engine.cells import choose_arms
from engine.commands.encore import replay
from engine.config import Access
from engine.errors import BadOption, BadRun
from engine.events import (
    CallAnswered,
    CallFailed,
    ConversationEnded,
    ConversationFailed,
    Event,
    InterviewGiven,
    TurnSpoken,
    VerdictGiven,
)
from engine.folder import prepare_folder
from engine.plan import Extent, make_plan
from engine.rejudging import RejudgeWish, rejudge
from engine.segments import read_journal, read_run
from engine.simulator.faults import load_plan
from engine.simulator.minds import think
from engine.simulator.server import serve
from engine.tally import Tally
from engine.verifying import Verification, verify
from engine.verifying.page import render
from engine.verifying.witness import Mute
from personas.errors import Unreadable
from personas.values import Photo
from rubrics.rubric import load_rubric
from tests.conftest import instant
from tests.samples import embedded
from tests.staging import staged

ROOT = Path(__file__).parents[1]
SCHEMAS = (patient.SCHEMA, interview.SCHEMA, juror.SCHEMA)
MODELS = "claude-haiku-4.5,gpt-5.1"
SECRETS = {
    "anthropic": {"ANTHROPIC_API_KEY": "k"},
    "openai": {"OPENAI_API_KEY": "k"},
    "bedrock": {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "k"},
}
FAULTS = "\n".join(
    f'[[fault]]\nkind = "{kind}"\nmodels = "all"\nshare = {share}\n'
    for kind, share in {"malformed": 0.15, "leak": 0.04, "refusal": 0.03, "403": 0.02, "503": 0.02}.items()
)


@asynccontextmanager
async def reached(faults: Path | None = None) -> AsyncIterator[dict[str, Access]]:
    """Give the way to every account, with the simulator behind it in this very process."""
    rules = load_plan(faults) if faults else None
    async with serve(0, 7, think=think, faults=rules, models=instant()) as port:
        bases = dict.fromkeys(SECRETS, f"http://127.0.0.1:{port}")
        bases["openai"] += "/v1"
        yield {name: Access(base_url=base, secrets=SECRETS[name]) for name, base in bases.items()}


async def perform(campaign: Campaign, *_: object, **__: object) -> int:
    """Run a campaign before nobody's eyes."""
    votes = len(campaign.plan.jury) * len(campaign.plan.dimensions)
    assert await run_campaign(campaign, Mute(), Tally(planned=len(campaign.cells), votes=votes), Watch())
    return 0


async def play(folder: Path, faults: Path | None = None) -> None:
    """Play two scenarios twice in two arms, with two models and two scripts, some calls of which fail."""
    catalog, sample, rubric = read_catalog(), embedded(2, 7), load_rubric()
    catalog = catalog.within(catalog.simulated)
    plan = make_plan(
        sample.scenarios,
        catalog.choose(MODELS),
        choose_arms("full,no-image"),
        catalog=catalog,
        rubric=rubric,
        extent=Extent(repeats=2, baselines=(COPIER, CAPTIONER), again=0.4),
        seed=7,
        simulated=True,
        faults={},
        created="2026-11-28T12:00:00+00:00",
    )
    prepare_folder(folder, plan, sample, rubric)
    async with reached(faults) as accesses:
        await perform(staged(folder, plan, sample, catalog, accesses))


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> Iterator[Path]:
    """Give a run that was played, given a frozen arm; runs made of it reach the simulator in this process."""
    place = tmp_path_factory.mktemp("runs")
    (place / "faults.toml").write_text(FAULTS)
    with pytest.MonkeyPatch.context() as patch:
        for room in (engine.ablation, engine.rejudging):
            patch.setattr(room, "open_accesses", lambda cast, wish: reached())
            patch.setattr(room, "perform", perform)
        asyncio.run(play(place / "played", place / "faults.toml"))
        asyncio.run(ablate(AblateWish(run=place / "played", arms="no-record")))
        yield place / "played"


@pytest.fixture
def run(played, tmp_path) -> Path:
    """Give the run to change as one likes."""
    return Path(shutil.copytree(played, tmp_path / "run"))


def held(folder: Path, conversation: str | None = None) -> Verification:
    return asyncio.run(verify(folder, conversation=conversation))


def listing(folder: Path) -> dict[str, str]:
    """Give every file with its digest."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def altered(folder: Path, change: Callable[[dict], object | None], place: str = "journal") -> None:
    """Go through a journal line by line: `change` mends an event, or gives what shall stand in its place."""
    for segment in sorted((folder / place).glob("*.jsonl")):
        lines = []
        for line in segment.read_bytes().splitlines():
            event = orjson.loads(line)
            other = change(event)
            lines.append(other if isinstance(other, bytes) else orjson.dumps(event))
        segment.write_bytes(b"\n".join(line for line in lines if line) + b"\n")


def once(wanted: Callable[[dict], bool], change: Callable[[dict], object | None]) -> Callable[[dict], object]:
    """Change the first event that is wanted."""
    left = [change]
    return lambda event: left.pop()(event) if left and wanted(event) else None


def call(role: str, sequence: int = 0) -> Callable[[dict], bool]:
    """Want an answered call of a conversation of the full arm."""

    def wanted(event: dict) -> bool:
        body = event["body"]
        found = (body["kind"], body.get("role"), body.get("sequence")) == ("call_answered", role, sequence)
        return found and "/full/" in event["conversation"]

    return wanted


def place(event: Event) -> tuple[object, ...]:
    """Give what two events have in common of which the later one stands in the earlier one's place."""
    body = event.body
    if isinstance(body, CallAnswered | CallFailed):
        return event.conversation, body.role, body.sequence
    if isinstance(body, VerdictGiven):
        vote = body.verdict
        return event.conversation, vote.juror, vote.dimension, vote.reading
    return event.conversation, body.turn.index if isinstance(body, TurnSpoken) else 0


def test_a_run_with_faults_arms_repeats_and_scripts_is_made_again_to_the_last_vote(played):
    before = listing(played)
    found = held(played)
    assert found.exact, render(found)
    events = list(read_run(played))
    bodies = [event.body for event in events]
    calls = [event for event in events if isinstance(event.body, CallAnswered | CallFailed)]
    # What failed and was had again in the next sitting is one prompt, and one vote.
    assert sum(found.prompts.values()) == len({place(event) for event in calls})
    for kind in (TurnSpoken, ConversationEnded, ConversationFailed, InterviewGiven, VerdictGiven):
        assert (
            found.alike[kind] == len({place(event) for event in events if isinstance(event.body, kind)}) > 0
        )
    assert {"patient_fault"} < {body.stop_reason for body in bodies if isinstance(body, ConversationEnded)}
    assert any(isinstance(body, VerdictGiven) and body.verdict.reading == 2 for body in bodies)
    assert "identical, made again from its recorded answers" in render(found)
    assert listing(played) == before


def test_a_run_judged_again_by_another_rubric_and_jury_is_made_again_with_what_it_took_over(played, tmp_path):
    rubric = tmp_path / "mine.toml"
    words = (ROOT / "rubrics" / "imcbench.toml").read_text()
    words = words.replace("Does the confidence the assistant shows", "Does the certainty it shows")
    rubric.write_text(words.replace('U0 = "self-care', 'U0 = "care for oneself'))
    again = tmp_path / "again"
    wish = RejudgeWish(run=played, out=again, rubric=rubric, jury="gpt-5.2,gpt-5.1,llama-4-maverick")
    assert asyncio.run(rejudge(wish)) == 0
    found = held(again)
    assert found.exact, render(found)
    own = [event.body for event in read_journal(again / "journal")]
    assert found.alike[VerdictGiven] == sum(isinstance(body, VerdictGiven) for body in own)
    assert found.prompts["patient"] == held(played).prompts["patient"] - _failing(played)


def _failing(folder: Path) -> int:
    """Count the patients' calls in conversations that never came to their end, which nobody judges again."""
    events = list(read_run(folder))
    ended = {event.conversation for event in events if isinstance(event.body, InterviewGiven)}
    ended |= {event.conversation for event in events if _faulty(event.body)}
    calls = [event for event in events if isinstance(event.body, CallAnswered | CallFailed)]
    return sum(event.body.role == "patient" and event.conversation not in ended for event in calls)


def _faulty(body: object) -> bool:
    return isinstance(body, ConversationEnded) and body.stop_reason == "patient_fault"


def test_a_run_whose_failures_were_made_good_is_made_again_as_it_stands_now(run):
    before = held(run)
    asyncio.run(play(run))
    found = held(run)
    assert found.exact, render(found)
    assert found.alike.get(ConversationFailed, 0) < before.alike[ConversationFailed]
    assert found.alike[ConversationEnded] > before.alike[ConversationEnded]


def test_a_juror_that_is_called_otherwise_votes_anew(played, tmp_path):
    file, again = tmp_path / "mine.toml", tmp_path / "again"
    file.write_text(
        '[models."gpt-5.2"]\nprovider = "openai"\nid = "gpt-5.2"\nverdict = "schema"\n'
        'options = { verbosity = "low" }\nlimits = { requests = 6000, tokens = 9_000_000, in_flight = 8 }\n'
    )
    assert asyncio.run(rejudge(RejudgeWish(run=played, out=again, models_file=file))) == 0
    asked = keyed(again, CallAnswered)
    assert {key for key in asked if "/gpt-5.2/" not in key[1]} <= keyed(played, CallFailed)
    own = [e.body.verdict for e in read_journal(again / "journal") if isinstance(e.body, VerdictGiven)]
    anew = {key[:2] for key in asked if "/gpt-5.2/" in key[1]}
    assert len(anew) == sum(verdict.juror == "gpt-5.2" for verdict in own)
    assert held(again).exact


def keyed(folder: Path, kind: type) -> set[tuple[str, ...]]:
    """Give the keys of a run's own calls of a kind."""
    events = (event for event in read_journal(folder / "journal") if isinstance(event.body, kind))
    return {(event.conversation, event.body.role, event.body.sequence) for event in events}


@pytest.mark.parametrize("share", [0.05, 0.4, 0.8])
def test_a_stopped_run_is_made_again_as_far_as_it_goes(run, share):
    segment = run / "journal" / "0001.jsonl"
    for later in (run / "journal").glob("000[2-9].jsonl"):
        later.unlink()
    data = segment.read_bytes()
    segment.write_bytes(data[: int(len(data) * share)])
    found = held(run)
    assert found.exact, render(found)
    assert found.stopped
    assert sum(found.prompts.values()) > 0
    assert "identical as far as it is recorded" in render(found)


def test_a_prompt_that_changed_is_named_with_every_conversation_it_changes(played, tmp_path, monkeypatch):
    changed = Path(shutil.copytree(agents.prompts.HERE, tmp_path / "prompts"))
    (changed / "assistant.md").write_text((changed / "assistant.md").read_text() + "\nBe brief.\n")
    monkeypatch.setattr(agents.prompts, "HERE", changed)
    forget = (agents.prompts._read.cache_clear, agents.prompts.fill.cache_clear)
    for clear in forget:
        clear()
    try:
        told = replay(played, verify=True)
        found = held(played)
    finally:
        monkeypatch.undo()
        for clear in forget:
            clear()
    page = "".join(told.pieces)
    models = {e.conversation for e in read_run(played) if getattr(e.body, "role", "") == "assistant"}
    assert {one.conversation for one in found.differences} == models
    assert not told.good
    assert "call 0 of the assistant has another prompt (" in page
    assert "prompts and what words them: assistant." in page
    assert found.others.keys() == {"assistant", "interview"}
    assert f"{len(models)} of {found.begun} conversations differ" in page


def speak(event: dict) -> None:
    event["body"]["completion"]["text"] = "Please see your doctor."


def vote(event: dict) -> None:
    event["body"]["verdict"]["score"] = event["body"]["verdict"]["score"] % 5 + 1


def scored(event: dict) -> bool:
    return event["body"]["kind"] == "verdict_given" and event["body"]["verdict"]["status"] == "scored"


def ended(event: dict) -> bool:
    full = event["conversation"].startswith("gpt-5.1") and "/no-image/" in event["conversation"]
    return full and event["body"]["kind"] == "conversation_ended"


def turned(event: dict) -> bool:
    return event["body"]["kind"] == "turn_spoken" and event["body"]["turn"]["index"] == 3


def put(**fields: object) -> Callable[[dict], None]:
    return lambda event: event["body"].update(fields)


def twin(**fields: object) -> Callable[[dict], bytes]:
    """Put beside an event one like it, with other fields."""
    return lambda event: b"\n".join(
        (orjson.dumps(event), orjson.dumps(event | {"body": event["body"] | fields}))
    )


ALTERED = {
    "answer": (call("assistant"), speak, r"turn 2: text '.* then, 'Please see your doctor\.' now"),
    "digest": (
        call("patient"),
        put(digest="0" * 64),
        r"call 0 of the patient has another prompt \(0{12} then, \w{12} now\)",
    ),
    "model": (
        call("assistant"),
        put(model="nova-pro"),
        r"call 0 of the assistant goes to \S+ now, and went to nova-pro",
    ),
    "score": (scored, vote, r"juror/\S+: score \d then, \d now"),
    "turn": (turned, lambda event: event["body"]["turn"].update(tokens=1), r"turn 3: tokens 1 then, \d+ now"),
    "sequence": (
        call("assistant", 1),
        put(sequence=7),
        r"call 1 of the assistant is not in the journal, and there is more after it",
    ),
    "call": (
        call("assistant"),
        twin(sequence=9),
        r"call 9 of the assistant is recorded and would not be made",
    ),
    "vote": (
        scored,
        lambda event: twin(verdict=event["body"]["verdict"] | {"juror": "nova-2-lite"})(event),
        r"its juror/nova-2-lite/\w+ is recorded and does not follow",
    ),
    "end": (ended, put(stop_reason="stalemate"), r"end: stop_reason 'stalemate' then, '\w+' now"),
}


@pytest.mark.parametrize("kind", ALTERED)
def test_what_was_changed_in_the_journal_is_found_in_its_conversation(run, kind):
    (wanted, change, sentence), conversations = ALTERED[kind], []

    def noted(event: dict) -> object | None:
        conversations.append(event["conversation"])
        return change(event)

    altered(run, once(wanted, noted))
    found = held(run)
    first = found.gaps | {one.conversation: one.what for one in found.differences}
    # What a frozen conversation repeats is part of it.
    assert {name.replace("frozen-no-record", "full") for name in first} == set(conversations)
    assert re.search(sentence, first[conversations[0]]), first
    assert not found.exact


@pytest.mark.parametrize("left", [b"", b'{"at": never'])
def test_a_hole_in_the_journal_is_told_and_the_rest_verified(run, left):
    whole = held(run)
    altered(run, once(call("assistant", 1), lambda event: left))
    found = held(run)
    (hole,) = {name for name in found.gaps if "/full/" in name}
    assert found.gaps[hole] == "call 1 of the assistant is not in the journal, and there is more after it"
    assert not found.differences
    assert len(found.damage) == bool(left)
    assert "what could be made again is identical, but not everything could" in render(found)
    assert sum(found.prompts.values()) > 0.8 * sum(whole.prompts.values())


def test_a_vote_that_is_missing_where_all_was_tried_is_told(run):
    altered(run, once(scored, lambda event: b""))
    found = held(run)
    (hole,) = found.gaps.values()
    assert re.fullmatch(r"its juror/\S+ is not in the journal, though it follows", hole)


def test_a_rubric_that_is_not_the_plans_is_named(run):
    rubric = run / "rubric.toml"
    rubric.write_text(rubric.read_text().replace("Does the confidence", "Does the certainty"))
    found = held(run)
    assert re.match(r"rubric.toml is not the plan's \(\w{12} there, \w{12} now\)", found.files[0])
    assert found.others.keys() == {"juror"}


def test_scenarios_that_are_not_the_plans_are_named(run):
    file = run / "scenarios.jsonl"
    first, second = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(second)
    found = held(run)
    assert found.files[0].startswith("scenarios.jsonl is not the plan's")
    assert {one.what for one in found.differences if orjson.loads(first)["id"] in one.conversation} == {
        "is not in the plan"
    }
    file.write_bytes(first.replace(b"Hi", b"Ho", 1) + second)
    with pytest.raises(Unreadable, match="scenarios, line 1: the content is not what"):
        held(run)


def test_photographs_are_held_against_their_names(run):
    one, _ = sorted((run / "blobs").iterdir())
    one.write_bytes(one.read_bytes() + b"0")
    found = held(run)
    assert found.files == (
        f"blobs/{one.name} is not the photograph of that name: its sha-256 is "
        f"{hashlib.sha256(one.read_bytes()).hexdigest()[:12]}….",
    )
    assert {name.split("/")[0] for name in found.gaps} == {CAPTIONER}
    assert not found.differences


def test_a_run_without_its_photographs_is_made_again_but_for_the_script_that_describes_them(run):
    whole = held(run)
    shutil.rmtree(run / "blobs")
    found = held(run)
    assert found.exact
    assert (found.absent, found.unseen, found.gaps) == (2, 2, {})
    assert found.begun == whole.begun - 2
    assert found.prompts.keys() == whole.prompts.keys()
    assert found.prompts["assistant"] == whole.prompts["assistant"]
    said = render(found)
    assert said.startswith(f"{run}: identical as far as its photographs are not needed, made again")
    assert "2 photographs are not there" in said
    assert "2 conversations of the script that describes them were not made again" in said
    assert "of the plan are not in the journal" not in said


def test_a_conversation_that_is_asked_for_and_describes_a_photograph_that_is_not_there_is_a_gap(run):
    shutil.rmtree(run / "blobs")
    name = next(event.conversation for event in read_run(run) if event.conversation.startswith(CAPTIONER))
    found = held(run, name)
    assert found.gaps == {name: "its photograph, which the script describes, is not there"}
    assert not found.exact


def test_one_conversation_can_be_chosen(played):
    name = next(event.conversation for event in read_run(played) if isinstance(event.body, InterviewGiven))
    found = held(played, name)
    assert found.exact
    assert (found.begun, found.alike[ConversationEnded]) == (1, 1)


def test_what_cannot_be_verified_is_refused_in_a_sentence(played, tmp_path):
    with pytest.raises(BadOption, match="--verify plays nothing back and has no --speed"):
        replay(played, verify=True, speed=2.0)
    with pytest.raises(BadRun, match="is not a run folder"):
        held(tmp_path)
    empty = Path(shutil.copytree(played, tmp_path / "empty"))
    shutil.rmtree(empty / "journal")
    with pytest.raises(BadRun, match="holds no recorded conversation"):
        held(empty)


def test_the_digest_of_a_prompt_tells_all_that_goes_to_a_provider_beside_the_model():
    photo = Photo(sha256="0" * 64, media_type="image/png", width=8, height=8, drawn=True)
    message = Message(author="user", text="Hello.", photo=photo)
    prompt = Prompt(system="S", messages=(message,), schema=SCHEMAS[0], max_tokens=9)
    others = [
        *(replace(prompt, system="T"), replace(prompt, max_tokens=8), replace(prompt, schema=SCHEMAS[1])),
        *(
            replace(prompt, messages=(replace(message, **change),))
            for change in (
                {"author": "assistant"},
                {"text": "Hello"},
                {"mark": True},
                {"photo": None},
                {"photo": replace(photo, sha256="1" * 64)},
            )
        ),
    ]
    assert len({one.digest for one in (prompt, *others)}) == 1 + len(others)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_the_order_of_a_schemas_fields_is_in_its_list_since_a_digest_sorts_keys(schema):
    def look(body: object) -> None:
        if isinstance(body, dict):
            if "properties" in body:
                assert list(body["properties"]) == body["required"]
            for part in body.values():
                look(part)

    look(schema.body)
