"""Accounts: they add up, and what they add up to is what the server billed."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from io import StringIO

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from agents.speech import Completion, Usage
from engine.account import Account, Ledger
from engine.campaign import Watch, run_campaign
from engine.catalog import read_catalog
from engine.cells import ARMS
from engine.config import Access
from engine.console.plain import PlainConsole
from engine.events import Attempt, CallAnswered, CallFailed, Event, PhotoFitted
from engine.fitting import fit_photos
from engine.folder import prepare_folder, read_plan
from engine.journal import open_journal
from engine.plan import make_plan
from engine.report import summarise, write_report
from engine.results import tabulate_run
from engine.tally import Tally
from rubrics.rubric import load_rubric
from tests.samples import embedded
from tests.staging import staged

TOKENS = ("input", "cache_read", "cache_write", "output", "reasoning")
SECRETS = {
    "anthropic": {"ANTHROPIC_API_KEY": "simulated"},
    "openai": {"OPENAI_API_KEY": "simulated"},
    "bedrock": {"AWS_ACCESS_KEY_ID": "simulated", "AWS_SECRET_ACCESS_KEY": "simulated"},
}
PHOTO = re.compile(rb'(?:base64,|"data": ?"|"bytes": ?")([A-Za-z0-9+/=]{1000,})"')
OK, LOST = Attempt(cause="ok", seconds=1.0), Attempt(cause="dropped", seconds=1.0, pause=0.5)


def answered(role: str, model: str, usage: Usage, *, sequence: int = 0, tries=(OK,)) -> Event:
    body = CallAnswered(
        role=role,
        model=model,
        sequence=sequence,
        digest="d",
        completion=Completion(text="", stop="end", usage=usage),
        attempts=tries,
        latency=1.0,
        cost=0.5,
    )
    return Event(at=1.0, conversation="c", body=body)


def test_accounts_add_up_field_by_field():
    one = Account(calls=1, attempts=3, failed=1, input=100, cache_read=40, cache_write=20, output=9, cost=0.5)
    both = one + Account(calls=1, attempts=1, input=100, reasoning=5, cost=0.25)
    assert both == Account(
        calls=2,
        attempts=4,
        failed=1,
        input=200,
        cache_read=40,
        cache_write=20,
        output=9,
        reasoning=5,
        cost=0.75,
    )
    assert both.cached == 0.2
    assert Account().cached is None


def test_a_model_has_one_account_for_all_its_roles_and_a_role_one_for_all_its_models():
    ledger = Ledger()
    usage = Usage(input=100, cache_read=50, output=10)
    for role, model in (
        ("assistant", "gpt-5.2"),
        ("juror/gpt-5.2/safety", "gpt-5.2"),
        ("patient", "nova-pro"),
    ):
        assert ledger.hear(answered(role, model, usage))
    assert {role: account.calls for role, account in ledger.roles().items()} == {
        "assistant": 1,
        "juror": 1,
        "patient": 1,
    }
    assert ledger.models()["gpt-5.2"] == Account(
        calls=2, attempts=2, input=200, cache_read=100, output=20, cost=1.0
    )
    assert ledger.total == sum(ledger.models().values(), Account()) == sum(ledger.roles().values(), Account())


def test_a_call_that_was_given_up_has_attempts_and_no_cost_as_often_as_it_was():
    ledger = Ledger()
    body = CallFailed(
        role="patient", model="m", sequence=0, digest="d", cause="dropped", message="", attempts=(LOST, LOST)
    )
    failed = Event(at=1.0, conversation="c", body=body)
    assert ledger.hear(failed)
    assert ledger.hear(failed)  # a resumed run gave up the same call again
    assert ledger.hear(answered("patient", "m", Usage(input=7), tries=(LOST, OK)))
    assert ledger.total == Account(calls=1, attempts=6, failed=2, input=7, cost=0.5)


class Counter:
    """Stands before the simulator, passes everything on, and adds up the usage that comes back."""

    def __init__(self, upstream: str, refusals: int) -> None:
        self.billed: dict[str, Account] = {}
        """By the model's id."""
        self.photos: dict[str, set[str]] = {}
        """sha-256 of the photographs that came, by the model's id."""
        self.refused = refusals
        self._left = refusals
        self._upstream = upstream

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self._left and "chat" in request.path:
            self._left -= 1
            return web.json_response({"error": {"message": "busy", "type": "server_error"}}, status=503)
        url = URL(self._upstream + request.raw_path, encoded=True)
        headers = {k: v for k, v in request.headers.items() if k.lower() not in ("host", "content-length")}
        async with aiohttp.request("POST", url, data=body, headers=headers) as reply:
            said = await reply.read()
            model = orjson.loads(body).get("model") or request.path.split("/")[2]
            found = {sha256(b64decode(text)).hexdigest() for text in PHOTO.findall(body)}
            self.photos.setdefault(model, set()).update(found)
            self._note(model, orjson.loads(said))
            return web.Response(body=said, status=reply.status, content_type=reply.content_type)

    def _note(self, model: str, said: dict) -> None:
        used = said["usage"]
        if "prompt_tokens" in used:
            bill = Account(
                calls=1,
                input=used["prompt_tokens"],
                cache_read=used["prompt_tokens_details"]["cached_tokens"],
                output=used["completion_tokens"],
            )
        else:
            plain, read, write, output = (
                (used.get(one) or used.get(other) or 0)
                for one, other in (
                    ("input_tokens", "inputTokens"),
                    ("cache_read_input_tokens", "cacheReadInputTokens"),
                    ("cache_creation_input_tokens", "cacheWriteInputTokens"),
                    ("output_tokens", "outputTokens"),
                )
            )
            bill = Account(
                calls=1, input=plain + read + write, cache_read=read, cache_write=write, output=output
            )
        self.billed[model] = self.billed.get(model, Account()) + bill


@asynccontextmanager
async def counting(upstream: str, refusals: int) -> AsyncIterator[tuple[str, Counter]]:
    counter = Counter(upstream, refusals)
    app = web.Application(client_max_size=2**25)
    app.router.add_post("/{path:.*}", counter.handle)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/"), counter


async def perform(folder, url: str) -> tuple[Tally, tuple[PhotoFitted, ...]]:
    """Run one scenario with a model of each provider, the last one of which takes small photographs only."""
    catalog, sample, rubric = read_catalog(), embedded(1, 7), load_rubric()
    catalog = catalog.within(catalog.simulated)
    models = catalog.choose("claude-haiku-4.5,gpt-5.1,nova-2-lite")
    small = models[-1].model_copy(update={"image": models[-1].image.model_copy(update={"side": 300})})
    models, arms = (*models[:2], small), (ARMS["full"],)
    catalog = catalog.model_copy(update={"models": catalog.models | {small.name: small}})
    plan = make_plan(
        sample.scenarios,
        models,
        arms,
        catalog=catalog,
        rubric=rubric,
        seed=7,
        simulated=True,
        faults={},
        created="2026-11-20T12:00:00+00:00",
    )
    fitted = fit_photos(sample.album, (scenario.photo for scenario in sample.scenarios), models)
    assert [one.models for one in fitted] == [("nova-2-lite",)]
    prepare_folder(folder, plan, sample, rubric, fitted)
    bases = {"anthropic": url, "openai": f"{url}/v1", "bedrock": url}
    accesses = {name: Access(base_url=base, secrets=SECRETS[name]) for name, base in bases.items()}
    campaign = staged(folder, plan, sample, catalog, accesses)
    tally = Tally(planned=len(campaign.cells), votes=len(plan.jury) * len(plan.dimensions))
    with PlainConsole(tally, title="r", simulated=True, stream=StringIO(), quiet=True) as console:
        assert await run_campaign(campaign, console, tally, Watch())
    return tally, fitted


async def test_the_ledger_of_a_run_is_what_the_simulator_billed(tmp_path, simulator):
    async with counting(simulator, refusals=2) as (url, counter):
        tally, _ = await perform(tmp_path / "run", url)
    results = tabulate_run(tmp_path / "run", read_plan(tmp_path / "run"))
    ledger, ids = results.findings.ledger, {m.name: m.id for m in read_catalog().models.values()}
    assert ledger.models().keys() == {name for name, id in ids.items() if id in counter.billed}
    for name, account in ledger.models().items():
        billed = counter.billed[ids[name]]
        assert account.calls == billed.calls
        assert {f: getattr(account, f) for f in TOKENS} == {f: getattr(billed, f) for f in TOKENS}, name
    assert ledger.total.cache_read > 0
    assert ledger.total.attempts == ledger.total.calls + counter.refused
    price = {name: model.price for name, model in read_catalog().models.items()}
    for name, account in ledger.models().items():
        usage = Usage(**{f: getattr(account, f) for f in TOKENS})
        assert account.cost == pytest.approx(price[name].cost(usage), rel=1e-5)
    state = tally.statistics()
    assert (state.roles, state.models) == (ledger.roles(), ledger.models())
    calls = summarise(results)["calls"]
    assert calls["total"]["input"] == sum(part["input"] for part in calls["roles"].values())
    page = write_report(results, tmp_path / "run").read_text()
    assert "no provider says what it" in " ".join(page.split())
    assert f"{ledger.total.input:,}" in page


async def test_the_photograph_that_is_sent_is_the_one_that_is_recorded_kept_and_reported(tmp_path, simulator):
    folder = tmp_path / "run"
    async with counting(simulator, refusals=0) as (url, counter):
        _, (fitted,) = await perform(folder, url)
    models = read_catalog().models
    assert counter.photos[models["nova-2-lite"].id] == {fitted.sent.sha256}
    for name in ("claude-haiku-4.5", "gpt-5.1"):
        assert counter.photos[models[name].id] == {fitted.photo.sha256}
    async with open_journal(folder / "journal") as journal:
        for _ in range(2):  # each process of a run notes it
            journal.note(fitted)
    results = tabulate_run(folder, read_plan(folder))
    (told,) = summarise(results)["photographs_made_smaller"]
    assert (told["sent"]["sha256"], told["sent_size"]) == (fitted.sent.sha256, fitted.sent_size)
    assert (folder / "blobs" / fitted.sent.sha256).stat().st_size == fitted.sent_size
    page = write_report(results, folder).read_text()
    assert page.count(fitted.sent.sha256[:12]) == 1
    assert f"{fitted.sent.width} x {fitted.sent.height} px" in page
