"""The check: one real call per role and model, before anybody pays for a run.

All calls are made at once, each bounded in time, so that a check takes as long as its slowest model. Nothing here is
written down: a check leaves a table on the screen and an exit status.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack

from engine.casting import Cast, CastWish, make_cast, open_accesses
from engine.check.probe import PATIENCE, Finding, Probe, Role, draw_picture
from engine.check.table import show_findings, show_opening
from engine.config import Access
from engine.models import Model
from engine.providers import open_provider
from engine.stage import open_stage
from personas.photos.album import Album


async def check(wish: CastWish) -> int:
    """Call everyone in every role they play, show what came of it, and give 0 when all can play, else 1.

    Raises `Unusable` before any call is made.
    """
    cast = make_cast(wish)
    parts = list(_parts(cast))
    simulated = cast.backend == "simulated"
    show_opening(cast.remarks, calls=len(parts), patience=PATIENCE, simulated=simulated)
    async with open_accesses(cast, wish) as accesses:
        findings = await probe_all(parts, accesses)
    show_findings(findings, simulated=simulated)
    return 1 if any(finding.problem for finding in findings) else 0


async def probe_all(parts: list[tuple[Role, Model]], accesses: dict[str, Access]) -> list[Finding]:
    """Probe every part at the same time, and give the findings in the order of the parts."""
    album = Album()
    photo = album.put(draw_picture(), drawn=True)
    found: dict[int, Finding] = {}

    async def probe(place: int, probe: Probe) -> None:
        found[place] = await probe.run(photo)

    async with AsyncExitStack() as stack:
        providers = {}
        for account, provider in {model.account: model.provider for _, model in parts}.items():
            opening = open_provider(provider, accesses[account], album, len(parts))
            providers[account] = await stack.enter_async_context(opening)
        async with open_stage() as stage:
            for place, (role, model) in enumerate(parts):
                one = Probe(model, role, providers[model.account])
                stage.enter(probe, place, one, name=f"check {model.name} as {role}")
    return [found[place] for place in range(len(parts))]


def _parts(cast: Cast) -> Iterator[tuple[Role, Model]]:
    """Give who plays what: the models under test, the patient, the jury."""
    models = cast.catalog.models
    yield from (("assistant", model) for model in cast.models)
    yield "patient", models[cast.catalog.patient]
    yield from (("juror", models[name]) for name in cast.catalog.jury)
