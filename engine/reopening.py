"""Reopening: a run that is there is laid out to be gone on with.

It is gone on with by the prompts, models and prices that it was begun with, or not at all, and what differs is named.
Nothing here knows why it is reopened.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from agents.prompts import digests
from engine.campaign import Campaign
from engine.casting import Cast, CastWish, Part, make_cast
from engine.errors import BadRun
from engine.findings import read_findings
from engine.fitting import fit_photos
from engine.folder import blobs_of, check_photos
from engine.models import Model, Price
from engine.plan import JUDGING, Plan, described
from engine.setting import Setting
from engine.tally import UNJUDGED
from engine.troupe import Repertoire
from rubrics.rubric import load_rubric


def recast(plan: Plan, wish: CastWish, parts: Collection[Part]) -> Cast:
    """Find those who played in a run, at the prices of its plan.

    Raises BadRun when one of the `parts` would be played by somebody else, or by other prompts.
    """
    cast = make_cast(wish, parts)
    then = {**plan.cast, **plan.models}
    for model in cast.company:
        now, was = described(model), then.get(model.name)
        if was is None:
            raise BadRun(
                f"the plan of this run does not say what {model.name} was when it was begun, so nobody can tell "
                "whether it is the same today: go on with the version that began it."
            )
        differ = [key for key in now if key != "price" and now[key] != was.get(key)]
        if differ:
            raise BadRun(
                f"{model.name} is not as it was when this run was begun (it differs in {', '.join(differ)}): "
                "give the --models-file the run was begun with."
            )
    changed = [name for name, digest in digests().items() if plan.prompts.get(name, digest) != digest]
    if set(parts) == {"jury"}:
        changed = [name for name in changed if name.startswith(JUDGING)]
    if changed:
        raise BadRun(
            f"the prompts have changed since this run was begun ({', '.join(changed)}), and what was said by the old "
            "ones must not stand beside what would be said by the new: go on with the version that began it, or play "
            "it anew."
        )
    return _priced(
        cast, {name: Price.model_validate(one["price"]) for name, one in then.items() if "price" in one}
    )


def _priced(cast: Cast, prices: dict[str, Price]) -> Cast:
    """Give the same company at the prices that its run counts by."""

    def priced(model: Model) -> Model:
        return model.model_copy(update={"price": prices[model.name]}) if model.name in prices else model

    models = {name: priced(model) for name, model in cast.catalog.models.items()}
    return replace(
        cast,
        catalog=cast.catalog.model_copy(update={"models": models}),
        models=tuple(map(priced, cast.models)),
        company=tuple(map(priced, cast.company)),
    )


def lay_out(folder: Path, setting: Setting, cast: Cast, arms: Collection[str] | None = None) -> Campaign:
    """Give what a run consists of as far as its journal allows, all but the way to the accounts.

    With `arms`, nothing but these. In a run that judges recorded conversations, those that came to their end; else a
    frozen conversation where there is one to repeat. One of which a damaged journal lost a turn is neither.
    """
    found, album, plan = read_findings(folder), blobs_of(folder), setting.plan
    reasons = {name: reason for name, reason in found.reasons.items() if found.whole(name)}
    played = not plan.rejudges
    judged = {name for name, reason in reasons.items() if reason not in UNJUDGED}
    cells = tuple(
        cell
        for cell in setting.cells(reasons)
        if (played or cell.id in judged) and (arms is None or cell.arm.name in arms)
    )
    repeated = [cell.reference if played else cell.id for cell in cells if not played or cell.arm.frozen]
    jury = tuple(cast.catalog.models[name] for name in plan.jury) if plan.jury_sees_photo else ()
    unseen = () if jury else ("withheld", "caption")
    shown = [cell.shown().photo for cell in cells if cell.arm.picture not in unseen]
    seeing = (*cast.models, *jury)
    if seeing:
        check_photos(folder, shown)
    return Campaign(
        folder=folder,
        repertoire=Repertoire(
            plan=plan,
            catalog=cast.catalog,
            rubric=load_rubric(folder / "rubric.toml"),
            album=album,
            recorded={name: found.recorded(name) for name in repeated},
            played=played,
        ),
        cells=cells,
        company=cast.company,
        accesses={},
        fitted=fit_photos(album, shown, seeing),
    )
