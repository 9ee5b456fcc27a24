"""What is true before the first word: photographs, records, personas, truth, and the scenario they make.

Values only: frozen, equal when equal, readable as JSON. How they are read from data sets, drawn or generated is
in the modules beside this one; how they are spoken about is the agents' business.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

Sex = Literal["female", "male", "unknown"]
Tone = Literal["12", "34", "56"]
Urgency = Literal["U0", "U1", "U2", "U3", "U4", "U5"]
Gate = Literal["volunteered", "if_asked", "if_asked_twice", "if_trusted"]
Answer = Literal["yes", "no", "unknown", "value"]
Modality = Literal["photograph", "dermoscopy", "radiograph", "fundus"]
Speaker = Literal["self", "parent_of_child", "carer", "partner", "adult_child_of_elder", "nurse", "gp"]
Ceiling = Literal["high", "medium", "low"]
Given = Literal["clear", "degraded", "withheld", "swapped", "captioned"]
"""What there was to look at: the photograph, a poor one, none, another patient's, or a description in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A photograph as it will be sent, without its bytes."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the encoded bytes, which carry no metadata; also the key into the album and the name of the blob."""
    media_type: Literal["image/jpeg", "image/png", "image/webp"]
    width: int
    """px"""
    height: int
    """px"""
    drawn: bool
    """True for a drawing by our own generator, which is never to pass for a photograph of a person."""
    modality: Modality = "photograph"
    degraded: str = ""
    """What was done to it, e.g. "blur 3.0"; empty for the photograph as it came."""
    overlay: str = ""
    """Words written into the picture to mislead whoever reads it; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a health record."""

    text: str
    code: str = ""
    """Code in the source's own system (SNOMED CT, RxNorm, LOINC); empty when it had none."""
    since: str = ""
    """ISO date, possibly partial (2009, 2009-04); empty when not recorded."""
    active: bool = True
    value: str = ""
    """Measured value with its unit, for observations; else empty."""
    placed: bool = False
    """True when it was put in on purpose, as a risk or as a wrong entry; never shown to anybody who talks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A health record as the assistant under test will read it."""

    id: str
    name: str
    age: int
    """Years, at `as_of`."""
    sex: Sex
    race: str = ""
    """As recorded; empty when not recorded."""
    ethnicity: str = ""
    """As recorded; empty when not recorded."""
    language: str = ""
    as_of: str
    """ISO date of the last encounter: the "today" of every conversation about this record."""
    problems: tuple[Entry, ...] = ()
    medicines: tuple[Entry, ...] = ()
    allergies: tuple[Entry, ...] | None = None
    """None when the source records nothing about allergies, which is not "no known allergies" (an empty tuple)."""
    observations: tuple[Entry, ...] = ()
    source: Literal["built-in", "fhir", "ndjson", "csv"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing the patient knows, and when they will say it."""

    slot: str
    """Key into `slots.toml`: what question this answers (onset, change, bleeding, …)."""
    says: str
    """The fact in the patient's own plain words, a whole sentence in the first person."""
    gate: Gate
    trust: int = 0
    """0-3: how far the patient must trust the assistant before saying it, for the gate `if_trusted`."""
    answer: Answer = "value"
    """What kind of answer `says` puts into words; what a contradiction is measured against."""
    value: str = ""
    """The bare value behind `says` ("eight months", "6"); empty for yes, no and unknown."""
    discriminating: bool
    """True when a good clinician must have asked this (a "must-ask" slot)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Who is speaking, and how."""

    id: str
    name: str
    age: int
    """Years."""
    sex: Sex
    speaker: Speaker = "self"
    """Who writes; name, age and sex stay the patient's."""
    languages: tuple[str, ...] = ("English",)
    """What the speaker speaks at home, the first best."""
    traits: dict[str, str] = field(default_factory=dict)
    """Independent three-level traits (health_literacy: low | mid | high, …), see `traits.toml`."""
    belief: str = ""
    """What the patient already thinks it is, in their words; empty for no belief."""
    belief_source: Literal["", "own", "friend", "web", "prior_clinician"] = ""
    belief_strength: float = 0.0
    """0-1: how firmly they hold it; above 0.6 it takes a reason to give it up. 0 for no belief."""
    worry: str
    """What they want out of the conversation, in their words."""
    hidden: str = ""
    """What they want and do not say at first (a sick note, a fear), in their words; empty for nothing."""
    must_not_know: tuple[str, ...] = ()
    """Lower-case words and phrases that no turn of theirs may contain before the assistant has said them."""
    opening: str
    """Their first message, word for word."""
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The truth card: what the jury knows and nobody in the conversation does."""

    label: str
    """Key of the condition, as in the files of `personas/conditions`."""
    title: str
    """The label in words."""
    group: str = ""
    """Diagnosis group, key into `groups` of `groups.toml`."""
    accepted: tuple[str, ...]
    """Lower-case names that count as naming it, the clinically equivalent group included."""
    malignant: bool
    """The data set's own flag where it has one, else ours."""
    urgency: Urgency
    neighbours: tuple[Urgency, ...] = ()
    """Levels a jury should also accept."""
    ceiling: Ceiling
    """How much a photograph can settle: high (pathognomonic), medium, low (needs histology)."""
    site: str
    """Where on the body, in plain words; empty when unknown."""
    findings: tuple[str, ...]
    """What can be seen in the photograph, in plain words; empty when nobody described it."""
    must_ask: tuple[str, ...]
    """Slots a safe conversation asks about or has been told."""
    must_not: tuple[str, ...]
    """Advice that would be harmful here, in plain words."""
    risks: tuple[str, ...]
    """Decision-relevant entries of this patient's record, each in the record's own words."""
    photo: Given
    """What the assistant was given to look at."""
    good: str = ""
    """What a good conversation about this task does, in plain words; empty where the task is not known."""
    risk: str = ""
    """What the task is there to measure: the main thing that goes wrong."""
    watch: str = ""
    """For an adversarial scenario: what a good assistant does about it, in plain words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One thing that was checked about a scenario before it was frozen, and can be checked again."""

    check: str
    """Name of the check: age, sex, tone, site, leak, speaker, risk, …"""
    holds: bool
    says: str
    """The values that were compared, in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the data set says of the person in a photograph."""

    age: int | None = None
    """Years; None when not recorded, and for a drawing, whose person is whoever the condition befalls."""
    sex: Sex = "unknown"
    tone: Tone | None = None
    """Skin tone group; None when not recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything that is fixed before a conversation begins."""

    id: str
    """`s-` and 12 hex digits of the content's hash (every field but this one)."""
    task: str
    """Key into `tasks.toml` (T1, T2, …)."""
    title: str
    """A short name for people, which gives nothing away ("woman of 63, spot on the left cheek")."""
    photo: Photo
    record: Record
    persona: Persona
    truth: Truth
    cluster: str
    """What intervals are clustered by: the source case, which a degraded twin shares with its clean sibling."""
    twin_of: str = ""
    """Id of the clean sibling, for a degraded twin; else empty."""
    source: str
    """The data set the photograph is from, e.g. "drawn" or "PAD-UFES-20"."""
    attribution: str = ""
    """Credit the data set's licence asks for; empty for drawings."""
    restricted: bool = False
    """True where the data set's licence forbids passing the photograph on."""
    seen: Seen = field(default_factory=Seen)
    proof: tuple[Proof, ...] = ()
    variant: str = ""
    """Key into `adversarial.toml`; empty for an ordinary scenario."""
    release: str = ""
    """Release of the adversarial pack, e.g. "2026Q4"; empty for an ordinary scenario."""
    canary: str = ""
    """The string by which training data that contains exported scenarios can be found out."""
