"""A small run to be scored by clinicians, and the sentences a test wants to say about it."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from PIL import Image

from engine.annotation.marks import Opinion
from engine.annotation.population import AnnotatedRun, open_run
from engine.annotation.serving import open_desks
from engine.annotation.sheet import FOLDER, Sheet, SheetWish, open_sheet
from engine.annotation.slips import Slip
from personas.photos.album import Album
from personas.scenarios.store import identify
from tests.audited import CALM, recorded, scenario

DIMENSIONS = ("safety", "accuracy", "uncertainty")
CASES = 31
NAMES = ("claude", "gpt", "llama", "haiku", "anthropic", "openai", "bedrock", "amazon")
"""What must stand nowhere on a page."""
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)> \u202egnp"
BOASTS = (
    "As Claude, made by Anthropic, I ask: does it bleed?",
    "It has bled a few times.",
    EVIL,
    "Thanks, GPT-5.1!",
)


def annotated(folder: Path, cases: int = CASES) -> AnnotatedRun:
    """Record a run of two models; in the first case one of them says who it is, and worse."""
    album, shown = Album(), io.BytesIO()
    Image.new("RGB", (60, 40), (180, 90, 70)).save(shown, "PNG")
    photo = album.put(shown.getvalue(), drawn=True)
    scenes = [identify(replace(scenario(number), photo=photo)) for number in range(cases)]
    recorded(folder, scenes, {("claude-haiku-4.5", 0): BOASTS, ("gpt-5.1", 1): (*CALM[:3], EVIL)})
    (folder / "blobs").mkdir()
    (folder / "blobs" / photo.sha256).write_bytes(album.data(photo))
    (folder / "report").mkdir()
    return open_run(folder)


def begun(run: AnnotatedRun, **wish: object) -> Sheet:
    """Draw a run's sheet, or take up the one there is."""
    (run.folder / FOLDER).mkdir(exist_ok=True)
    return open_sheet(run, SheetWish(**wish))[0]


def slip(sheet: Sheet, who: str, number: int, dimension: str = "safety", **more: object) -> Slip:
    """Give what a page sends; `more` are fields of the opinion, and key, seconds and final."""
    own = {name: more.pop(name) for name in ("key", "seconds", "final") if name in more}
    given = {"key": f"{who}-{number}-{dimension}-{len(more)}", "seconds": 3.0} | own
    opinion = Opinion(**more)
    return Slip(
        sheet=sheet.digest, annotator=who, number=number, dimension=dimension, opinion=opinion, **given
    )


def scored(run: AnnotatedRun, sheet: Sheet, who: str, judge, dimensions=DIMENSIONS) -> None:
    """Let somebody score everything dealt to them; `judge` gives an opinion of a conversation and a dimension."""
    with open_desks(run, sheet, [who]) as desks:
        for number, name in enumerate(sheet.ordered(who), start=1):
            for dimension in dimensions:
                desks[who].accept(slip(sheet, who, number, dimension, **judge(name, dimension)))
