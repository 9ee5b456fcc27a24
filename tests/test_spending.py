"""Whole runs with little to spend: they stop under the cap, go on with more, and the ledger is the bill."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from engine import retry
from engine.campaign import Watch, run_campaign
from engine.catalog import read_catalog
from engine.cells import ARMS
from engine.closing import conclude
from engine.config import Access
from engine.console.plain import PlainConsole
from engine.errors import BadOption
from engine.findings import Findings, read_findings
from engine.folder import prepare_folder
from engine.means import AMPLE, Means
from engine.models import Price
from engine.plan import Extent, make_plan
from engine.purse import cost_of
from engine.simulator.faults import FaultRule
from engine.simulator.minds import think
from engine.simulator.server import serve
from engine.tally import Tally
from engine.worst import WorstCase
from rubrics.rubric import load_rubric
from tests.conftest import instant
from tests.samples import embedded
from tests.staging import staged

SECRETS = {
    "anthropic": {"ANTHROPIC_API_KEY": "simulated"},
    "openai": {"OPENAI_API_KEY": "simulated"},
    "bedrock": {"AWS_ACCESS_KEY_ID": "simulated", "AWS_SECRET_ACCESS_KEY": "simulated"},
}
CATALOG = read_catalog()
IDS = {model.id: model for model in CATALOG.models.values()}
TOKENS = ("input", "cache_read", "cache_write", "output", "reasoning")


@asynccontextmanager
async def simulating(faults: list[FaultRule] | None = None, **changes: object) -> AsyncIterator[str]:
    """Serve the simulated minds."""
    async with serve(0, 7, think=think, faults=faults, models=instant(**changes)) as port:
        yield f"http://127.0.0.1:{port}"


async def perform(folder: Path, url: str, means: Means = AMPLE, *, again: float = 0.0) -> tuple[bool, Watch]:
    """Run one scenario with a model of each provider, or go on with it."""
    catalog, sample, rubric = CATALOG.within(CATALOG.simulated), embedded(1, 7), load_rubric()
    plan = make_plan(
        sample.scenarios,
        catalog.choose("claude-haiku-4.5,gpt-5.1,nova-2-lite"),
        (ARMS["full"],),
        catalog=catalog,
        rubric=rubric,
        extent=Extent(again=again),
        seed=7,
        simulated=True,
        faults={},
        created="2026-11-20T12:00:00+00:00",
    )
    prepare_folder(folder, plan, sample, rubric, ())
    bases = {"anthropic": url, "openai": f"{url}/v1", "bedrock": url}
    accesses = {name: Access(base_url=base, secrets=SECRETS[name]) for name, base in bases.items()}
    campaign = replace(staged(folder, plan, sample, catalog, accesses), means=means)
    tally, watch = Tally(planned=len(campaign.cells), votes=len(plan.jury) * len(plan.dimensions)), Watch()
    with PlainConsole(tally, title="r", simulated=True, stream=StringIO(), quiet=True) as console:
        return await run_campaign(campaign, console, tally, watch), watch


async def bill_of(url: str) -> dict[str, Any]:
    async with aiohttp.ClientSession() as web, web.get(f"{url}/bill") as reply:
        return (await reply.json())["models"]


def dollars(price: Price, part: dict[str, int]) -> float:
    return (
        (part["input"] - part["cache_read"] - part["cache_write"]) * price.input
        + part["cache_read"] * (price.input if price.cache_read is None else price.cache_read)
        + part["cache_write"] * (price.input if price.cache_write is None else price.cache_write)
        + part["output"] * price.output
    ) / 1e6


def scores(found: Findings) -> dict[Any, Any]:
    return {key: (verdict.score, verdict.status) for key, verdict in found.verdicts.items()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Findings:
    """Give what a run says that nothing stopped."""
    folder = tmp_path_factory.mktemp("undisturbed") / "run"

    async def play() -> bool:
        async with simulating() as url:
            return (await perform(folder, url))[0]

    assert asyncio.run(play())
    return read_findings(folder)


@pytest.mark.parametrize("what", ["dollars", "tokens"])
async def test_half_of_what_a_run_takes_stops_it_under_the_cap_and_more_gives_the_same_scores(
    tmp_path, undisturbed, what, monkeypatch, capsys
):
    counted = []
    learn = WorstCase.learn
    monkeypatch.setattr(WorstCase, "learn", lambda self, *call: (counted.append(call), learn(self, *call)))
    whole = undisturbed.ledger.total
    cost, taken = whole.cost, whole.input + whole.output
    half = Means(dollars=cost / 2) if what == "dollars" else Means(tokens=taken // 2)
    folder = tmp_path / "run"
    async with simulating() as url:
        finished, watch = await perform(folder, url, half)
        assert not finished
        (short,) = watch.stopped
        assert short.option == ("--budget" if what == "dollars" else "--max-tokens-total")
        used = read_findings(folder).ledger.total
        spent = cost_of(used.cost, used.input + used.output)
        assert spent.within(half.cap)
        assert used.cut == 0
        share = used.cost / half.dollars if what == "dollars" else spent.tokens / half.tokens
        assert share > 0.5  # what is set aside comes back
        assert conclude(folder, finished=finished, short=watch.stopped) == 1
        said = " ".join(capsys.readouterr().out.split())
        assert f"python run.py resume {folder} {short.option} MORE goes on where it stopped." in said
        with pytest.raises(BadOption, match=f"used up what it may use.*{short.option}"):
            await perform(folder, url, replace(half, dollars=used.cost / 2, tokens=spent.tokens // 2))
        assert (await perform(folder, url, Means(dollars=10 * cost, tokens=10 * taken)))[0]
        bill = await bill_of(url)
    found = read_findings(folder)
    assert scores(found) == scores(undisturbed)
    assert found.reasons == undisturbed.reasons
    assert sum(part["whole"]["count"] for part in bill.values()) == found.ledger.total.calls == whole.calls
    assert counted
    assert all(usage.input + usage.output <= worst.tokens for worst, usage in counted)


async def test_a_budget_that_nothing_fits_into_makes_no_call(tmp_path):
    async with simulating() as url:
        finished, watch = await perform(tmp_path / "run", url, Means(dollars=0.0001))
        assert not finished
        assert "$0.0001: $0.00 spent; the next call could have taken" in watch.stopped[0].said
        assert await bill_of(url) == {}


async def test_at_a_deadline_what_is_out_comes_home_and_the_run_can_go_on(tmp_path, undisturbed):
    folder = tmp_path / "run"
    async with simulating(latency=0.2) as url:
        finished, watch = await perform(folder, url, Means(seconds=1.0))
        bill = await bill_of(url)
    assert not finished
    assert [short.option for short in watch.stopped] == ["--deadline"]
    total = read_findings(folder).ledger.total
    assert sum(part["whole"]["count"] for part in bill.values()) == total.calls > 0
    assert not any(part["cut"]["count"] or part["abandoned"] for part in bill.values())
    assert (total.cut, total.failed) == (0, 0)
    async with simulating() as url:
        assert (await perform(folder, url))[0]
    assert scores(read_findings(folder)) == scores(undisturbed)


async def test_with_faults_the_ledger_is_the_bill_and_what_was_cut_lies_between_known_and_at_most(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(retry, "FIRST", 0.01)
    faults = [
        FaultRule(kind="503", share=0.15),
        FaultRule(kind="truncate", share=0.1),
        FaultRule(kind="malformed", share=0.1),
        FaultRule(kind="drop", share=0.05),
        FaultRule(kind="429", share=0.03, retry_after=0.01),
    ]
    folder = tmp_path / "run"
    async with simulating(faults) as url:
        await perform(folder, url, Means(dollars=100), again=1.0)
        bill = await bill_of(url)
    ledger = read_findings(folder).ledger
    assert {IDS[id].name for id in bill} == set(ledger.models())
    for id, part in bill.items():
        mine, price = ledger.models()[IDS[id].name], IDS[id].price
        assert mine.calls == part["whole"]["count"]
        assert {name: getattr(mine, name) for name in TOKENS} == {
            name: part["whole"][name] for name in TOKENS
        }
        assert mine.cost == pytest.approx(dollars(price, part["whole"]), abs=1e-9)
        assert mine.cut == part["cut"]["count"]
        assert part["cut"]["input"] + part["cut"]["output"] <= mine.most_tokens
        assert dollars(price, part["cut"]) <= mine.most
        assert mine.attempts == mine.calls + mine.cut + sum(part["refused"].values())
    total = ledger.total
    assert total.cut > 0
    assert sum(account.cost for account in ledger.attempts().values()) == pytest.approx(total.cost)
    assert {"first", "again"} <= ledger.attempts().keys()


async def test_a_model_that_hangs_ends_its_conversation_with_a_cause_and_the_others_finish(tmp_path):
    hanging = FaultRule(kind="hang", models=frozenset({CATALOG.models["gpt-5.1"].id}))
    folder = tmp_path / "run"
    async with simulating([hanging]) as url:
        finished, _ = await perform(folder, url, Means(conversation=3.0))
    assert finished
    found = read_findings(folder)
    assert {name.split("/")[0] for name in found.ended} == {"claude-haiku-4.5", "nova-2-lite"}
    (failed,) = found.failed.values()
    assert (failed.cause, failed.boundary) == ("deadline", "assistant")
    assert "--conversation-deadline" in failed.message
    assert conclude(folder, finished=True) == 1


async def test_a_run_that_heard_no_answer_tells_what_it_may_be_billed_for(tmp_path, capsys):
    folder = tmp_path / "run"
    async with simulating([FaultRule(kind="hang")]) as url:
        await perform(folder, url, Means(conversation=1.0))
    total = read_findings(folder).ledger.total
    assert total.calls == 0 < total.cut
    capsys.readouterr()
    conclude(folder, finished=True)
    page = capsys.readouterr().out
    assert f"0 calls in {total.attempts} attempts" in page
    assert (
        f"{total.cut} answers were cut off on the way or left behind: up to ${total.most:,.2f} more" in page
    )
