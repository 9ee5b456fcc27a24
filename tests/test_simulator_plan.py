"""Fault plans: what a file may say, and which calls it hits."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from engine.simulator.faults import BadPlan, FaultPlan, FaultRule, load_plan

KEYS = {"authorization": "Bearer k"}


def written(folder: Path, *tables: str) -> Path:
    path = folder / "plan.toml"
    path.write_text("".join(f"[[fault]]\n{table}\n" for table in tables))
    return path


def drawn(rule: FaultRule, calls: int, *, stream: bool = False) -> list[int]:
    plan = FaultPlan([rule], seed=7)
    return [call for call in range(1, calls + 1) if plan.draw("m", str(call), stream=stream)]


def test_a_plan_is_a_list_of_rules(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        'kind = "drip"\nmodels = "all"\nseconds = 0.5\nstream = true',
        'kind = "status"\nstatus = 502\nmodels = ["a", "b"]\nshare = 0.1\nretry_after = 3\ncode = "tired"',
    )
    assert load_plan(path) == (
        FaultRule(kind="drip", seconds=0.5, stream=True),
        FaultRule(
            kind="status",
            status=502,
            models=frozenset({"a", "b"}),
            share=0.1,
            retry_after=3,
            code="tired",
        ),
    )


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (
            'kind = "dorp"\nmodels = "all"',
            r"plan\.toml, fault 1: no fault is called 'dorp'; did you mean 'drop'",
        ),
        ('kind = "drop"\nmodels = "all"\nshar = 1', r"unknown key 'shar'; did you mean 'share'"),
        ('models = "all"', "'kind' is missing"),
        ('kind = "drop"', "'models' is missing"),
        ('kind = "drop"\nmodels = "gpt"', "must be a list of model ids"),
        ('kind = "drop"\nmodels = []', "must be a list of model ids"),
        ('kind = "drop"\nmodels = "all"\nshare = 2', "between 0 and 1"),
        ('kind = "drop"\nmodels = "all"\nshare = "often"', "is not a whole number or a number"),
        ('kind = "drop"\nmodels = "all"\nfirst = true', "is not a whole number"),
        ('kind = "drop"\nmodels = "all"\nfirst = 3\nafter = 3', "both after 3 and among the first 3"),
        ('kind = "drop"\nmodels = "all"\nretry_after = 3', "'retry_after' means nothing to the kind 'drop'"),
        ('kind = "503"\nmodels = "all"\nstatus = 500', "'status' means nothing to the kind '503'"),
        ('kind = "status"\nmodels = "all"', "needs a status between 400 and 599"),
        ('kind = "drip"\nmodels = "all"\nseconds = -1', "cannot be negative"),
    ],
)
def test_what_is_wrong_in_a_plan_is_named_with_its_place(tmp_path: Path, table: str, says: str) -> None:
    with pytest.raises(BadPlan, match=says):
        load_plan(written(tmp_path, table))


@pytest.mark.parametrize("text", ["fault = 3", "[fault]\nkind = 'drop'", "[[faults]]", "[[fault]", "\udcff"])
def test_what_is_no_plan_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(BadPlan, match=r"plan\.toml"):
        load_plan(path)
    with pytest.raises(BadPlan, match=r"none\.toml cannot be read"):
        load_plan(tmp_path / "none.toml")


def test_the_first_calls_and_the_later_ones_are_counted_for_each_model() -> None:
    assert drawn(FaultRule(kind="drop", first=2), 5) == [1, 2]
    assert drawn(FaultRule(kind="drop", after=3), 5) == [4, 5]
    assert drawn(FaultRule(kind="drop", after=1, first=3), 5) == [2, 3]
    plan = FaultPlan([FaultRule(kind="drop", first=1)], seed=7)
    assert [plan.draw(model, "1", stream=False) is not None for model in ("m", "n", "m")] == [
        True,
        True,
        False,
    ]


def test_a_rule_may_be_for_streams_alone_or_for_plain_calls() -> None:
    assert drawn(FaultRule(kind="drop", stream=True), 2) == []
    assert drawn(FaultRule(kind="drop", stream=True), 2, stream=True) == [1, 2]
    assert drawn(FaultRule(kind="drop", stream=False), 2, stream=True) == []


def test_the_first_rule_that_covers_a_call_decides_and_each_draws_for_itself() -> None:
    rules = [FaultRule(kind="drop", share=0.3), FaultRule(kind="503", share=0.3)]
    plan = FaultPlan(rules, seed=7)
    kinds = [rule.kind for call in range(1000) if (rule := plan.draw("m", str(call), stream=False))]
    assert 250 < kinds.count("drop") < 350
    assert 160 < kinds.count("503") < 260  # three in ten of the seven in ten that are left


async def status(web: aiohttp.ClientSession, url: str, **changes: object) -> int:
    body = {"model": "gpt-5.1", "messages": [{"role": "user", "content": "Hello"}]} | changes
    async with web.post(f"{url}/v1/chat/completions", json=body) as reply:
        await reply.read()
        return reply.status


async def test_a_plan_reaches_the_wire(simulate, tmp_path: Path) -> None:
    rules = load_plan(written(tmp_path, 'kind = "503"\nmodels = ["gpt-5.1"]\nfirst = 2\nstream = false'))
    async with simulate(rules) as url, aiohttp.ClientSession(headers=KEYS) as web:
        assert [await status(web, url) for _ in range(3)] == [503, 503, 200]
        assert await status(web, url, model="gpt-5.2") == 200


async def test_a_model_that_is_not_served_is_named_with_the_nearest(simulate, tmp_path: Path) -> None:
    rules = load_plan(written(tmp_path, 'kind = "503"\nmodels = ["claude-opus-4.6"]'))
    with pytest.raises(BadPlan, match=r"'claude-opus-4\.6'; did you mean 'claude-opus-4-6'"):
        async with simulate(rules):
            pass


def test_a_call_that_comes_again_after_very_many_others_is_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.simulator.faults.REMEMBERED", 3)
    plan = FaultPlan([FaultRule(kind="drop", share=0.5)], seed=7)

    def breaks(call: str) -> bool:
        return plan.draw("m", call, stream=False) is not None

    first = [breaks("call") for _ in range(8)]
    assert len(set(first)) == 2
    breaks("one")
    assert breaks("call") == drawn_again(8)
    for other in ("one", "two", "three"):
        breaks(other)
    assert [breaks("call") for _ in range(8)] == first


def drawn_again(attempt: int) -> bool:
    """Say whether the call named "call" breaks at this attempt."""
    plan = FaultPlan([FaultRule(kind="drop", share=0.5)], seed=7)
    return [plan.draw("m", "call", stream=False) for _ in range(attempt + 1)][attempt] is not None
