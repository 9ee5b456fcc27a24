"""Campaigns as tests want them: everything a run needs, put together from a sample and a plan."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.campaign import Campaign
from engine.catalog import Catalog
from engine.config import Access
from engine.plan import Plan
from engine.setting import Setting
from engine.simulator.inside import InsideServer
from engine.troupe import Repertoire
from personas.scenarios.sample import Sample
from rubrics.rubric import load_rubric


def staged(
    folder: Path, plan: Plan, sample: Sample, catalog: Catalog, accesses: dict[str, Access] | None = None
) -> Campaign:
    """Give the campaign of a plan that is played from its beginning."""
    models = tuple(catalog.models[name] for name in plan.models if name not in plan.baselines)
    return Campaign(
        folder=folder,
        repertoire=Repertoire(plan=plan, catalog=catalog, rubric=load_rubric(), album=sample.album),
        cells=tuple(Setting(plan=plan, scenarios=sample.scenarios, additions=()).cells({})),
        company=catalog.company(models),
        accesses=accesses or {},
    )


HOST = "http://simulator"
"""Nobody is called there."""
ADDRESSES = {"anthropic": HOST, "openai": f"{HOST}/v1", "bedrock": HOST}
NAMED: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("ANTHROPIC_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "bedrock": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
}


def inside_accesses(catalog: Catalog, inside: InsideServer) -> dict[str, Access]:
    """Give the way into a simulator within this process, for every account."""
    accounts = {model.account: model.provider for model in catalog.models.values()}
    return {
        account: Access(
            base_url=ADDRESSES[provider],
            secrets=dict.fromkeys(NAMED[provider], "simulated"),
            within=inside.post,
        )
        for account, provider in accounts.items()
    }
