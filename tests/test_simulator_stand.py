"""The simulator standing by itself, within the process that asks for it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from engine.errors import BadOption
from engine.simulator.stand import stand

ROOT = Path(__file__).parents[1]
ALONE = """
import asyncio, sys
from engine.simulator.stand import stand
asyncio.run(stand(0, 7, None, lambda port: print(port, flush=True)))
print("ended", flush=True)
"""


async def test_it_serves_until_it_is_cancelled() -> None:
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        standing = group.create_task(stand(0, 7, None, port.set_result))
        url = f"http://127.0.0.1:{await port}"
        async with aiohttp.ClientSession() as web, web.get(f"{url}/health") as health:
            assert health.status == 200
        standing.cancel()
    with pytest.raises(OSError, match="Connect"):
        async with aiohttp.ClientSession() as web:
            await web.get(f"{url}/health")


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_in_peace(ending: signal.Signals) -> None:
    child = subprocess.Popen([sys.executable, "-c", ALONE], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert int(child.stdout.readline()) > 0
    os.kill(child.pid, ending)
    assert child.communicate(timeout=10)[0] == "ended\n"
    assert child.returncode == 0


async def test_a_plan_breaks_its_calls(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('[[fault]]\nkind = "quota"\nmodels = "all"\n')
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    said = {"model": "gpt-5.1", "messages": [{"role": "user", "content": "x"}]}
    headers = {"authorization": "Bearer k"}
    async with asyncio.TaskGroup() as group:
        standing = group.create_task(stand(0, 7, plan, port.set_result))
        url = f"http://127.0.0.1:{await port}/v1/chat/completions"
        async with aiohttp.ClientSession(headers=headers) as web, web.post(url, json=said) as reply:
            assert (await reply.json())["error"]["code"] == "insufficient_quota"
        standing.cancel()


async def test_a_bad_plan_and_a_port_in_use_are_told_in_a_sentence(tmp_path: Path, simulator: str) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('[[fault]]\nkind = "dorp"\nmodels = "all"\n')
    with pytest.raises(BadOption, match=r"plan\.toml, fault 1: no fault is called 'dorp'"):
        await stand(0, 7, plan, print)
    taken = int(simulator.rpartition(":")[2])
    with pytest.raises(BadOption, match=f"port {taken} .* cannot be listened on"):
        await stand(taken, 7, None, print)
