"""The simulator as a process: how it starts, and that it never outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from engine.errors import BadRun
from engine.simulator.launch import launch

ROOT = Path(__file__).parents[1]
PARENT = """
import asyncio
from engine.simulator.launch import launch

async def main():
    async with launch(7) as endpoint:
        print(endpoint.port, endpoint.pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def gone(pid: int, seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":  # ended; whoever adopted it has not asked yet
            return True
        time.sleep(0.02)
    return False


async def test_a_launched_simulator_answers_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with launch(7) as endpoint:
        async with aiohttp.ClientSession() as web, web.get(f"{endpoint.anthropic}/health") as health:
            assert (await health.json())["status"] == "ok"
        assert endpoint.openai == f"{endpoint.bedrock}/v1"
        assert endpoint.complaints() == ""
    assert gone(endpoint.pid)


async def test_the_process_thinks_with_its_own_minds() -> None:
    async with launch(7) as endpoint, aiohttp.ClientSession(headers={"authorization": "Bearer k"}) as web:
        said = {"model": "gpt-5.2", "messages": [{"role": "user", "content": "I have a rash on my arm."}]}
        async with web.post(f"{endpoint.openai}/chat/completions", json=said) as reply:
            assert (await reply.json())["choices"][0]["message"]["content"]
        assert endpoint.complaints() == ""


async def test_faults_reach_the_process() -> None:
    async with launch(7, {"gpt-5.1": "503"}) as endpoint, aiohttp.ClientSession() as web:
        said = {"model": "gpt-5.1", "messages": [{"role": "user", "content": "x"}]}
        headers = {"authorization": "Bearer k"}
        async with web.post(f"{endpoint.openai}/chat/completions", json=said, headers=headers) as reply:
            assert reply.status == 503


async def test_a_simulator_that_cannot_start_says_why() -> None:
    with pytest.raises(BadRun, match="no fault is called '418'"):
        async with launch(7, {"gpt-5.1": "418"}):
            pass


def test_a_killed_parent_leaves_no_orphan() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline().split()[1])
    os.kill(pid, 0)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(pid)


@pytest.fixture
def process():
    command = [sys.executable, "-m", "engine.simulator", "--seed", "7"]
    child = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert '"port"' in child.stdout.readline()
    yield child
    child.kill()
    child.communicate()


def test_ctrl_c_is_left_to_the_parent(process) -> None:
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0


def test_the_end_of_its_input_is_the_end(process) -> None:
    process.stdin.close()
    assert process.wait(5) == 0
    process.stdin = None


def test_a_closed_input_is_an_end_before_the_beginning() -> None:
    command = [sys.executable, "-m", "engine.simulator"]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    assert done.returncode == 0


def test_starting_imports_no_sdk() -> None:
    code = "import sys, engine.simulator.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=20)
    loaded = set(done.stdout.split())
    assert "engine.simulator.server" in loaded
    assert not loaded & {"anthropic", "openai", "boto3", "agents", "rubrics", "engine.events", "pydantic"}


async def test_a_plan_file_reaches_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plan.toml").write_text('[[fault]]\nkind = "402"\nmodels = ["gpt-5.1"]\n')
    said = {"model": "gpt-5.1", "messages": [{"role": "user", "content": "x"}]}
    headers = {"authorization": "Bearer k"}
    async with (
        launch(7, Path("plan.toml")) as endpoint,
        aiohttp.ClientSession(headers=headers) as web,
        web.post(f"{endpoint.openai}/chat/completions", json=said) as reply,
    ):
        assert reply.status == 402
    with pytest.raises(BadRun, match=r"none\.toml cannot be read"):
        async with launch(7, Path("none.toml")):
            pass
