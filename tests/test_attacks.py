"""What once broke the engine when it was attacked, and must not again."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import shutil
import subprocess
import sys
from contextlib import asynccontextmanager
from io import StringIO
from pathlib import Path

import orjson
import pytest
from rich.console import Console

from agents.patient import Patient
from agents.speech import Completion, Message, Prompt, Turn, Usage
from engine import retry
from engine.catalog import Limits, read_catalog
from engine.cells import ARMS, Cell
from engine.config import Access
from engine.console.board import Board, leaderboard_table
from engine.conversation import Conversation
from engine.errors import CallError, Diverged, Overloaded, Throttled, Unusable
from engine.events import EVENT
from engine.journal import open_journal
from engine.limiter import Limiter
from engine.providers import open_provider
from engine.providers.dialect import failure
from engine.providers.headers import seconds
from engine.segments import read_journal
from personas.errors import Unreadable
from personas.photos.album import Album
from personas.records.reading import read_records
from rubrics.leaderboard import Standing
from tests.samples import embedded

ROOT = Path(__file__).parents[1]
CATALOG = read_catalog()
MODEL = {"anthropic": "claude-haiku-4.5", "openai": "gpt-5.1", "bedrock": "nova-2-lite"}
PROMPT = Prompt(system="Be kind.", messages=(Message(author="user", text="Hello"),), max_tokens=100)
GOOD = {
    "anthropic": {
        "id": "m", "type": "message", "role": "assistant", "model": "c", "stop_reason": "end_turn",
        "stop_sequence": None, "content": [{"type": "text", "text": "hello"}],
        "usage": {"input_tokens": 5, "output_tokens": 5},
    },
    "openai": {
        "id": "c", "object": "chat.completion", "created": 1, "model": "g",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 5},
    },
    "bedrock": {
        "output": {"message": {"role": "assistant", "content": [{"text": "hello"}]}}, "stopReason": "end_turn",
        "usage": {"inputTokens": 5, "outputTokens": 5, "totalTokens": 10}, "metrics": {"latencyMs": 1},
    },
}  # fmt: skip


def command(*words: str, **surroundings: str) -> subprocess.CompletedProcess[str]:
    keys = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID")
    env = {key: value for key, value in os.environ.items() if key not in keys} | surroundings
    return subprocess.run(
        [sys.executable, "run.py", *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
    )


@asynccontextmanager
async def answering(reply: bytes, *, drip: bool = False):
    """Serve the same raw bytes to whoever posts; with `drip`, a blank every 0.2 s after them, for ever."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = [
                    line.split(":")[1] for line in head.split("\r\n") if line.startswith("content-length")
                ]
                await reader.readexactly(int(length[0]) if length else 0)
                writer.write(reply)
                await writer.drain()
                while drip:
                    await asyncio.sleep(0.2)
                    writer.write(b" ")
                    await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def http(body: bytes, *, status: str = "200 OK", kind: str = "application/json") -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


async def ask(url: str, provider: str, *, seconds: float = 180.0) -> Completion:
    secrets = {
        "anthropic": {"ANTHROPIC_API_KEY": "planted"},
        "openai": {"OPENAI_API_KEY": "planted"},
        "bedrock": {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "planted"},
    }[provider]
    async with open_provider(provider, Access(base_url=url, secrets=secrets), Album(), 4) as door:
        model = CATALOG.models[MODEL[provider]].model_copy(update={"seconds": seconds})
        return (await door.ask(PROMPT, model)).completion


ODD = {
    "a page of HTML": http(b"<html>gateway</html>", kind="text/html"),
    "HTML that says it is JSON": http(b"<html>gateway</html>"),
    "null": http(b"null"),
    "a list": http(b"[]"),
    "an empty object": http(b"{}"),
    "no HTTP at all": b"\x00\x01garbage\r\n\r\n",
    "bytes that are not UTF-8": http(
        b'{"usage": {}, "choices": "h\xe9", "output": "h\xe9", "content": "h\xe9"}'
    ),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("provider", MODEL)
async def test_an_odd_answer_fails_one_call_and_not_the_whole_run(provider, odd):
    async with answering(ODD[odd]) as url:
        with pytest.raises(CallError):
            await ask(url, provider)


@pytest.mark.parametrize("provider", MODEL)
async def test_an_answer_whose_usage_is_null_fails_or_counts_nothing(provider):
    body = GOOD[provider] | {"usage": dict.fromkeys(GOOD[provider]["usage"])}
    async with answering(http(orjson.dumps(body))) as url:
        try:
            said = await ask(url, provider)
        except CallError:
            return
    assert isinstance(said.usage.input, int)
    assert isinstance(said.usage.output, int)


@pytest.mark.parametrize("provider", MODEL)
async def test_half_an_emoji_in_an_answer_can_be_journalled(provider):
    body = json.dumps(GOOD[provider]).replace("hello", "half \\ud83d an emoji").encode()
    async with answering(http(body)) as url:
        try:
            said = await ask(url, provider)
        except CallError:
            return
    orjson.dumps(said)


@pytest.mark.parametrize("provider", MODEL)
async def test_an_attempt_takes_no_longer_than_it_may_however_the_answer_drips(provider):
    endless = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n"
    async with answering(endless, drip=True) as url, asyncio.timeout(5):
        with pytest.raises(CallError, match=r"no whole answer within 0\.5 s"):
            await ask(url, provider, seconds=0.5)


def test_no_secret_comes_through_the_code_of_an_error(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-secret")
    assert "sk-planted-secret" not in str(failure("openai", 401, code="bad key sk-planted-secret"))


async def test_time_spent_waiting_for_a_limit_does_not_use_up_the_patience_for_retries(monkeypatch):
    monkeypatch.setattr(retry, "PATIENCE", 0.5)
    limiter = Limiter(Limits(requests=10**6, input_tokens=10**6, output_tokens=10**6, in_flight=8))
    limiter.pause(0.8)
    calls = 0

    async def provider(prompt: Prompt) -> Completion:
        nonlocal calls
        async with limiter.hold(Usage()):
            calls += 1
            if calls == 1:
                raise Overloaded("once")
            return Completion(text="fine", stop="end")

    said = await retry.retried(provider, retry.Tries(), limiter, model="m")(PROMPT)
    assert said.text == "fine"


async def test_an_endless_retry_after_is_not_obeyed_for_ever(monkeypatch):
    monkeypatch.setattr(retry, "PATIENCE", 0.5)
    limiter = Limiter(Limits(requests=10**6, input_tokens=10**6, output_tokens=10**6, in_flight=8))

    async def provider(prompt: Prompt) -> Completion:
        async with limiter.hold(Usage()):
            raise Throttled("wait", retry_after=seconds("inf"))

    with pytest.raises(Throttled):
        await asyncio.wait_for(retry.retried(provider, retry.Tries(), limiter, model="m")(PROMPT), 5)
    assert limiter.statistics().paused < 3600


UNSPOKEN = {
    "half a JSON object": Completion(text='{"says": "It started about four mon', stop="end"),
    "a refusal with words": Completion(text="I'm sorry, I can't help with that request.", stop="refusal"),
    "a filtered piece": Completion(text='{"says": "It', stop="filter"),
    "an answer cut at the token limit": Completion(text='{"says": "It is itching and', stop="length"),
}


@pytest.mark.parametrize("case", UNSPOKEN)
async def test_what_the_patients_model_did_not_say_as_a_patient_is_never_spoken(case, tmp_path):
    scenario = embedded(1, 7).scenarios[0]

    async def patient(prompt: Prompt) -> Completion:
        return UNSPOKEN[case]

    async def assistant(prompt: Prompt) -> Completion:
        return Completion(text=f"Thank you. How long have you had it? ({len(prompt.messages)})", stop="end")

    class Doctor:
        async def reply(self, heard, ask):
            said = await ask(PROMPT)
            return Turn(index=len(heard) + 1, speaker="assistant", text=said.text)

    async with open_journal(tmp_path) as journal:
        cell = Cell(scenario=scenario, model="m", arm=ARMS["full"])
        trace = await Conversation(cell, 0, journal).play(
            (Patient(scenario=scenario), patient), (Doctor(), assistant)
        )
    assert trace is None, [turn.text for turn in trace.turns if turn.speaker == "patient"][1:2]


def standing(model: str, dimension: str) -> Standing:
    return Standing(
        model=model, dimension=dimension, mean=4.32, low=3.31, high=4.98, raw=4.3, n=155, clusters=130,
        abstained=0, missing=0, linked=True,
    )  # fmt: skip


@pytest.mark.parametrize("width", [60, 80, 96])
def test_the_board_on_a_narrow_terminal_still_has_every_interval_n_and_failed(width):
    rows = [standing("claude-opus-4.6", d) for d in ("overall", "safety", "accuracy", "uncertainty")]
    page = StringIO()
    failures = {"claude-opus-4.6": 77}
    titles = {"claude-opus-4.6": "Claude Opus 4.6"}
    board = leaderboard_table(Board(standings=rows, titles=titles, failures=failures, simulated=False), gap=1)
    # as show_board prints it
    Console(file=page, width=width, force_terminal=True, color_system=None, soft_wrap=True).print(board)
    assert "…" not in page.getvalue()
    assert "155" in page.getvalue()
    assert "77" in page.getvalue()


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("found") / "run"
    done = command(
        "--models", "gpt-5.1", "--no-baselines", "--scenarios", "2", "--run", str(folder), "--quiet"
    )
    assert done.returncode == 0, done.stderr
    return folder


def copied(played: Path, place: Path) -> tuple[Path, list[str]]:
    shutil.copytree(played, place)
    return place / "journal" / "0001.jsonl", (place / "journal" / "0001.jsonl").read_text().splitlines(True)


def again(place: Path) -> subprocess.CompletedProcess[str]:
    return command(
        "--models", "gpt-5.1", "--no-baselines", "--scenarios", "2", "--run", str(place), "--quiet"
    )


def test_a_damaged_line_of_a_beginning_does_not_cost_the_report(played, tmp_path):
    journal, lines = copied(played, tmp_path / "run")
    place = next(i for i, line in enumerate(lines) if '"conversation_started"' in line)
    journal.write_text("".join(["GARBAGE\n" if i == place else line for i, line in enumerate(lines)]))
    done = again(tmp_path / "run")
    assert "Traceback" not in done.stderr
    with (tmp_path / "run" / "report" / "scores.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 6


def test_a_vote_on_what_is_not_in_the_plan_is_damage_and_no_traceback(played, tmp_path):
    journal, lines = copied(played, tmp_path / "run")
    vote = next(line for line in lines if '"verdict_given"' in line)
    strange = "".join(lines) + next(line for line in lines if '"conversation_ended"' in line).replace(
        "gpt-5.1/", "gpt-9/"
    )
    journal.write_text(strange + vote.replace("gpt-5.1/", "gpt-9/", 1))
    done = again(tmp_path / "run")
    assert "Traceback" not in done.stderr


def test_a_score_of_nine_in_a_journal_is_not_believed():
    verdict = {
        "juror": "j", "dimension": "safety", "score": 9, "status": "scored", "own_family": False,
        "evidence": [], "reasoning": "r",
    }  # fmt: skip
    with pytest.raises(ValueError, match="score"):
        EVENT.validate_python(
            {"at": 1.0, "conversation": "c", "body": {"kind": "verdict_given", "verdict": verdict}}
        )


def test_a_journal_that_cannot_be_continued_is_told_in_a_sentence(played, tmp_path):
    journal, lines = copied(played, tmp_path / "run")
    lines = [line for line in lines if '"conversation_ended"' not in line]
    place = next(i for i, line in enumerate(lines) if '"role":"patient"' in line)
    lines[place] = lines[place].replace('"value":{"says":"', '"value":{"says":"EDITED ')
    journal.write_text("".join(lines))
    done = again(tmp_path / "run")
    assert issubclass(Diverged, Unusable) or "Traceback" not in done.stderr
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_what_a_killed_start_left_behind_does_not_block_the_next(tmp_path):
    (tmp_path / ".run.part" / "journal").mkdir(parents=True)
    done = again(tmp_path / "run")
    assert done.returncode == 0, done.stderr


def test_a_juror_who_never_voted_is_something_that_failed(tmp_path):
    done = command(
        "--models", "llama-4-maverick", "--no-baselines", "--scenarios", "1", "--fault", "gpt-5.2=401",
        "--run", str(tmp_path / "r"), "--quiet",
    )  # fmt: skip
    votes = [
        e.body.verdict for e in read_journal(tmp_path / "r" / "journal") if e.body.kind == "verdict_given"
    ]
    assert any(vote.status == "failed" for vote in votes)
    assert done.returncode == 1


@pytest.mark.parametrize("birth", ["1970-13-45", "1970-02-30", "0000"])
def test_a_birth_date_that_is_no_date_leaves_the_record_out(birth, tmp_path):
    patient = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": birth,
               "name": [{"family": "Doe", "given": ["Jane"]}]}  # fmt: skip
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"fullUrl": "urn:uuid:p", "resource": patient},
            {
                "fullUrl": "urn:uuid:v",
                "resource": {
                    "resourceType": "Encounter",
                    "subject": {"reference": "urn:uuid:p"},
                    "period": {"start": "2020-01-01"},
                },
            },
        ],
    }
    (tmp_path / "p.json").write_text(json.dumps(bundle))
    with pytest.raises(Unreadable, match=r"p\.json"):
        read_records(tmp_path / "p.json")


MISTAKES = {
    "a seed beyond 64 bits": ("--seed", "99999999999999999999999"),
    "a folder name that is too long": ("--run", "a" * 300),
    "a number of scenarios that is not whole": ("--scenarios", "2.5"),
    "a scenario to follow that is not played": ("--follow", "gpt-5.1/nothing-like-it"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence(mistake, tmp_path):
    words = {"--models": "gpt-5.1", "--scenarios": "1", "--run": str(tmp_path / "r")}
    flag, value = MISTAKES[mistake]
    words[flag] = value
    done = command(*[part for pair in words.items() for part in pair], "--quiet")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr[-300:]


def test_the_run_folder_may_be_the_empty_one_one_stands_in(tmp_path):
    done = subprocess.run(
        [
            sys.executable, str(ROOT / "run.py"), "--models", "gpt-5.1", "--no-baselines", "--scenarios", "1",
            "--run", ".", "--quiet",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stderr


def test_a_stdout_that_knows_few_letters_gets_the_board_all_the_same(tmp_path):
    done = command(
        "--models", "gpt-5.2", "--no-baselines", "--scenarios", "1", "--fault", "gpt-5.2=401",
        "--run", str(tmp_path / "r"), "--quiet",
        PYTHONIOENCODING="ascii",
    )  # fmt: skip
    assert "Traceback" not in done.stderr


def test_a_full_stdout_does_not_stop_a_run(tmp_path):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [
                sys.executable, "run.py", "--models", "gpt-5.1", "--no-baselines", "--scenarios", "1",
                "--run", str(tmp_path / "r"),
            ],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert any(e.body.kind == "run_finished" for e in read_journal(tmp_path / "r" / "journal"))


def test_a_model_that_refuses_without_a_word_is_judged_like_one_that_refuses_in_words(tmp_path):
    done = command(
        "--models", "claude-opus-4.6", "--no-baselines", "--scenarios", "2", "--fault", "claude-opus-4.6=refusal",
        "--run", str(tmp_path / "r"), "--quiet",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    with (tmp_path / "r" / "report" / "scores.csv").open() as file:
        assert all(float(row["raw"]) <= 2 for row in csv.DictReader(file))


@pytest.mark.looptime
async def test_a_throttle_without_a_pause_loses_no_call():
    limiter = Limiter(Limits(requests=10**6, input_tokens=10**6, output_tokens=10**6, in_flight=8))
    began = asyncio.get_running_loop().time()

    async def provider(prompt: Prompt) -> Completion:
        async with limiter.hold(Usage()):
            if asyncio.get_running_loop().time() - began < 30:
                raise Throttled("slow down")
            return Completion(text="fine", stop="end")

    async with asyncio.TaskGroup() as group:
        calls = [
            group.create_task(retry.retried(provider, retry.Tries(), limiter, model="m")(PROMPT))
            for _ in range(40)
        ]
    assert all(call.result().text == "fine" for call in calls)
