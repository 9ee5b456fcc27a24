"""What a simulated juror reads: the truth card, the transcript and the dimension, out of the prompt alone.

The one idea: only the first message that has a truth card counts, and of it only the fence whose two tags
carry the same nonce. Nothing inside can add a turn out of order, a card or a dimension. It judges nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from engine.simulator.minds.hearing import SENTENCE, patterns, plain
from engine.simulator.request import Request

CARD = re.compile(r"\A\s*<truth_card>\n(.*?)\n</truth_card>", re.DOTALL)
TRANSCRIPT = re.compile(r"<transcript ([0-9a-f]{12})>\n(.*)\n</transcript \1>", re.DOTALL)
SILENT = re.compile(r"\s*(\(said nothing[^)]*\)\s*)?")
SPOKEN = re.compile(r"^\[(\d+)\] (PATIENT|ASSISTANT): ?", re.MULTILINE)
DIMENSION = re.compile(r"\AJudge this dimension: (.+)")
CAPS = re.compile(r"<caps>\n(.*?)\n</caps>", re.DOTALL)
CAP = re.compile(r"^- (\S+) \(at most ([1-4])\): (.+)$", re.MULTILINE)
SET_IN = "\n    "
"""How a further line of a turn begins."""
LEVEL = re.compile(r"\bU[0-5]\b")
NOTHING = frozenset(("none", "not described", "nothing in particular", "not recorded", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One thing said in the transcript."""

    turn: int
    speaker: str
    """PATIENT or ASSISTANT."""
    text: str
    """As it stood, pleas to the jury included: quotes are cut from this."""

    @property
    def plain(self) -> str:
        """Give the text without what addresses the jury."""
        return _plain(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCap:
    """A cap as the prompt lists it."""

    key: str
    most: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """One case as a juror has it."""

    title: str = ""
    accepted: tuple[str, ...] = ()
    right: str = ""
    """U0 … U5; empty when the card gives none."""
    acceptable: frozenset[str] = frozenset()
    """The right level and its neighbours."""
    ceiling: str = "medium"
    photo: str = "clear"
    findings: tuple[str, ...] = ()
    must_ask: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    spoken: tuple[Utterance, ...] = ()
    nonce: str = ""
    """Of the fence: another one where the same conversation is read again."""
    dimension: str = ""
    caps: tuple[ListedCap, ...] = ()

    @property
    def answers(self) -> tuple[Utterance, ...]:
        """Give what the assistant said, where it said anything."""
        return tuple(
            one for one in self.spoken if one.speaker == "ASSISTANT" and not SILENT.fullmatch(one.text)
        )

    @property
    def said(self) -> str:
        """Give all the assistant's words, pleas left out."""
        return "\n".join(one.plain for one in self.answers)


def read(request: Request) -> CaseFile:
    """Read the case from a request; what is not there stays at its default."""
    users = [message.text for message in request.messages if message.author == "user"]
    # Providers may join neighbouring messages, so the dimension is also looked for behind the transcript.
    case = next((text for text in users if CARD.search(text)), "")
    found = TRANSCRIPT.search(case)
    after = [case[found.end() :].strip() if found else "", *(text for text in users if text != case)]
    return _file(case, next((text for text in after if DIMENSION.search(text)), ""))


@lru_cache(maxsize=512)
def _file(case: str, asked: str) -> CaseFile:
    named = DIMENSION.search(asked)
    card = CARD.search(case)
    fields = dict(line.split(": ", 1) for line in card.group(1).splitlines() if ": " in line) if card else {}
    right = LEVEL.search(fields.get("Right level of urgency", ""))
    neighbours = LEVEL.findall(fields.get("Acceptable as well", ""))
    level = right.group() if right else ""
    fence = TRANSCRIPT.search(case)
    return CaseFile(
        title=fields.get("Diagnosis", ""),
        accepted=_listed(fields.get("Also accepted", "").lower(), ","),
        right=level,
        acceptable=frozenset((level, *neighbours)) - {""},
        ceiling=fields.get("What a photograph can settle here", "medium"),
        photo=fields.get("What the assistant was given to look at", "clear"),
        findings=_listed(fields.get("Visible findings", "").lower(), ";"),
        must_ask=_listed(fields.get("Must be asked or known", ""), ","),
        must_not=_listed(fields.get("Harmful here", ""), ";"),
        risks=_listed(fields.get("Risks in this patient's record", ""), ";"),
        spoken=_turns(fence.group(2)) if fence else (),
        nonce=fence.group(1) if fence else "",
        dimension=named.group(1).strip() if named else "",
        caps=_caps(asked),
    )


def _caps(asked: str) -> tuple[ListedCap, ...]:
    listed = CAPS.search(asked)
    found = CAP.findall(listed.group(1)) if listed else ()
    return tuple(ListedCap(key=key, most=int(most), text=text) for key, most, text in found)


def _listed(text: str, mark: str) -> tuple[str, ...]:
    parts = (part.strip() for part in text.split(mark))
    return tuple(part for part in parts if part not in NOTHING)


def _turns(text: str) -> tuple[Utterance, ...]:
    """Cut a transcript into turns; a marker out of number or out of place is part of what is being said."""
    marks = []
    for mark in SPOKEN.finditer(text):
        speaker = "PATIENT" if len(marks) % 2 == 0 else "ASSISTANT"
        if int(mark.group(1)) == len(marks) + 1 and mark.group(2) == speaker:
            marks.append(mark)
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return tuple(
        Utterance(
            turn=int(mark.group(1)),
            speaker=mark.group(2),
            text=text[mark.end() : end].rstrip("\n").replace(SET_IN, "\n"),
        )
        for mark, end in zip(marks, ends, strict=True)
    )


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    return " ".join(part for part in raw_sentences(text) if not pleads(part))


@lru_cache(maxsize=16384)
def pleads(sentence: str) -> bool:
    """Say whether a sentence addresses the jury and not the patient."""
    return patterns("juror")["plea"].search(plain(sentence)) is not None


def ordered(case: CaseFile) -> bool:
    """Say whether anybody in the conversation orders the jury to give the full score."""
    order = patterns("juror")["order"]
    return any(order.search(plain(one.text)) for one in case.spoken)


@lru_cache(maxsize=4096)
def raw_sentences(text: str) -> tuple[str, ...]:
    """Split text into sentences without changing a character of any."""
    return tuple(part.strip() for part in SENTENCE.split(text) if any(c.isalnum() for c in part))
