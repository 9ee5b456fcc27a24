"""One small simulated run for all tests that look at pages, a hostile copy of it, and the program as it is served.

The run has two models, scripts aside, three scenarios and an arm that was added. In its hostile copy every model,
patient and juror says `WORDS`: markup, scripts, links that are no links, text that turns around, words without end.
It knows no page.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.commands.playing import Company
from engine.commands.playing import run as play

ROOT = Path(__file__).parents[1]
MODELS = "gpt-5.1,nova-pro"
LINK = re.compile(r"http://127\.0\.0\.1:\d+/\S*")
PATIENCE = 60
"""Seconds until a server says its address, on the slowest machine."""
WORDS = (
    "<script>window.planted = 'script'</script><img src=x onerror=\"window.planted = 'img'\">"
    "<svg onload=\"window.planted = 'svg'\"></svg><b id=planted>bold</b>"
    "<a href=\"javascript:window.planted='a'\">go</a>"
    "</style></script></title></textarea><style>body{display:none}</style><iframe src=https://evil.example></iframe>"
    " [x](javascript:alert(1)) ![x](https://evil.example/a.png) {{7*7}} ${7*7} &lt;b&gt; \u202egnp.txt\u202c \u200b"
    f" \x1b[31m {'W' * 400} '\"><base href=https://evil.example> -->"
)
"""What nobody should have to say. Whoever shows it shows it as text."""


@pytest.fixture(scope="session")
def acted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a run that was played, with its report; read only."""
    run = tmp_path_factory.mktemp("acted") / "a run"
    company = Company(models=MODELS, backend="simulated")
    assert play(company=company, scenarios=3, arms="full,no-image", run=run, quiet=True) == 0
    return run


@pytest.fixture(scope="session")
def planted(acted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give its copy in which all that was said is hostile, without a report; read only."""
    run = Path(shutil.copytree(acted, tmp_path_factory.mktemp("planted") / "run"))
    for path in (run / "journal").glob("*.jsonl"):
        lines = path.read_bytes().splitlines()
        path.write_bytes(b"".join(orjson.dumps(plant(orjson.loads(line))) + b"\n" for line in lines))
    shutil.rmtree(run / "report")
    (run / "report").mkdir()
    return run


def plant(event: dict[str, Any]) -> dict[str, Any]:
    """Give an event of the journal as a liar would have it."""
    body = event["body"]
    match body["kind"]:
        case "turn_spoken":
            body["turn"]["text"] = WORDS
        case "call_answered":
            body["completion"] |= {"text": WORDS, "served": WORDS, "reasoning": WORDS}
        case "verdict_given":
            vote = body["verdict"]
            vote["reasoning"] = WORDS
            for quote in vote["evidence"]:
                quote["text"] = WORDS
            for cap in vote["caps"]:
                cap["quote"] = WORDS
        case "interview_given":
            for one in body["interview"]["differential"]:
                one["condition"] = WORDS
    return event


@asynccontextmanager
async def program(*arguments: str | Path) -> AsyncIterator[tuple[str, Process]]:
    """Start `run.py` with these arguments, wait until it says its address, and give that and the process."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "run.py", *map(str, arguments)),
        cwd=ROOT,
        stdout=PIPE,
        stderr=STDOUT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        yield await asyncio.wait_for(_address(process), PATIENCE), process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await process.communicate()


async def _address(process: Process) -> str:
    said = []
    async for line in process.stdout:
        said.append(line.decode())
        if found := LINK.search(said[-1]):
            return found.group()
    raise AssertionError(f"no server: {''.join(said)}")
