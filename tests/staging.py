"""Campaigns as tests want them: everything a run needs, put together from a sample and a plan."""

from __future__ import annotations

from pathlib import Path

from engine.campaign import Campaign
from engine.catalog import Catalog
from engine.config import Access
from engine.plan import Plan
from engine.setting import Setting
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
