"""A case: a photograph, what it shows, and what is known of the person it belongs to.

The one idea: drawn and real photographs come to the same value here, so everything after is the same for
both; a real one stays in its file until it is developed, so that choosing among ten thousand opens none. This
knows no health record and no conversation.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from personas.conditions.book import Condition
from personas.photos.album import Album, open_photo
from personas.photos.lesions import draw, jpeg
from personas.seeds import derive
from personas.values import Modality, Photo, Sex, Tone

Known = Literal["yes", "no", "unknown"]
ADULT = 18
"""Years"""
LARGE_MM = 12
"""A flat red area of this width is called a patch and not a spot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoCase:
    """One photograph with its diagnosis and what goes with it."""

    id: str
    condition: Condition
    photo: Photo | None = None
    """None until developed."""
    file: Path | None = None
    """Where the photograph lies; None for a drawing."""
    modality: Modality = "photograph"
    malignant: bool | None = None
    """The data set's own flag, which wins over the condition's; None when it has none for this case."""
    age: int | None
    """Years; None when not recorded."""
    sex: Sex
    tone: Tone | None
    """None when not recorded."""
    site: str
    """In plain words; empty when not recorded."""
    answers: dict[str, Known] = field(default_factory=dict)
    """What the patient knows, by slot."""
    onset: str = ""
    """How long it has been there, in words that stand before "ago"; empty when not recorded."""
    size_mm: int | None = None
    findings: tuple[str, ...] = ()
    shape: Literal["spot", "raised", "patch", "plain"]
    """How a layman would class it; `plain` when that is not known."""
    patient: str = ""
    """Key of the person within the data set; empty when it gives none."""
    lesion: str = ""
    """Key of the lesion within the data set; empty when it gives none."""
    likeness: int | None = None
    """Hash of how the photograph looks; None until developed, and for drawings."""
    cluster: str
    source: str
    attribution: str = ""
    restricted: bool = False
    """True where the data set's licence forbids passing the photograph on."""


def develop(case: PhotoCase, album: Album) -> PhotoCase:
    """Open a case's photograph and keep it in the album; a case that has its photograph is given back.

    Raises `Unreadable` when the file is missing, cut off, mislabelled or no image. This takes milliseconds to
    seconds of CPU, by the size of the picture.
    """
    if case.photo is not None or case.file is None:
        return case
    opened = open_photo(case.file)
    photo = album.put(opened.data, drawn=False, modality=case.modality)
    return replace(case, photo=photo, likeness=opened.likeness)


def drawn(condition: Condition, tone: Tone, *address: object, album: Album) -> PhotoCase:
    """Draw a photograph of a condition, and a person it befalls."""
    rng = derive("case", condition.key, *address)
    drawing = draw(condition.look, condition.key, *address, tone=tone)
    answers: dict[str, Known] = {
        slot: "yes" if rng.random() < chance else "no" for slot, chance in condition.symptoms.items()
    }
    age = int(rng.integers(condition.ages[0], condition.ages[1] + 1))
    shape = _shape(condition, drawing.size_mm)
    if shape == "raised":
        answers["raised"] = "yes"
    # A child has had it for the shortest time there is, lest it be older than the child.
    onsets = condition.onset[:1] if age < ADULT else condition.onset
    name = "-".join(("drawn", condition.key, tone, *map(str, address)))
    return PhotoCase(
        id=name,
        condition=condition,
        photo=album.put(jpeg(drawing.image), drawn=True),
        age=age,
        sex=condition.sexes[int(rng.integers(len(condition.sexes)))],
        tone=tone,
        site=condition.sites[int(rng.integers(len(condition.sites)))],
        answers=answers,
        onset=onsets[int(rng.integers(len(onsets)))],
        size_mm=drawing.size_mm,
        findings=drawing.findings,
        shape=shape,
        cluster=name,
        source="drawn",
    )


def _shape(condition: Condition, size_mm: int) -> Literal["spot", "raised", "patch"]:
    if condition.look.elevation > 0.6 and size_mm < LARGE_MM:
        return "raised"
    red = condition.look.colours[0] in ("red", "pink")
    return "patch" if red and size_mm >= LARGE_MM else "spot"
