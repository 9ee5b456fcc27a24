"""The scene: the followed conversation as lines of a terminal.

What is finished is wrapped once and kept; only the turn being spoken is wrapped again as it grows. All text
is a stranger's and is cleaned here, and none of it is ever read as markup. Nothing here knows what stands
around the scene.
"""

from __future__ import annotations

from dataclasses import dataclass

import jiter
from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style

from agents.interview import Interview
from agents.speech import Turn
from engine.cells import picture_of
from engine.console.clean import clean, flatten
from engine.events import CallAnswered, CallFailed
from rubrics.values import Verdict

Line = list[Segment]

GUTTER = 11
"""Cells for the name of who speaks."""
WIDEST = 100
"""Cells of a line of speech: longer ones are hard to read."""
DIM = Style.parse("dim")
PLAIN = Style.null()
STYLES = {
    "patient": Style.parse("bold cyan"),
    "assistant": Style.parse("bold green"),
    "juror": Style.parse("bold magenta"),
    "failed": Style.parse("bold red"),
    "": DIM,
}
CARET = Segment("▌", Style.parse("green"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Something on the scene: words, who says them, and a remark underneath."""

    role: str
    """Key into STYLES."""
    name: str
    text: str
    remark: str = ""


class Scene:
    """One conversation, growing."""

    def __init__(self, conversation: str = "") -> None:
        self.conversation = conversation
        self.changed = True
        """Something is to be drawn; whoever draws sets it back."""
        self._blocks: list[Block] = []
        self._lines: list[Line] = []
        """Of the first `_wrapped` blocks, `_width` cells wide."""
        self._wrapped = self._width = 0
        self._role = ""
        self._pieces: list[str] = []

    def speak(self, role: str) -> None:
        """Begin a turn that will arrive in pieces, in place of one that was begun."""
        self._role, self._pieces, self.changed = role, [], True

    def hear(self, piece: str) -> None:
        """Add a piece to the turn being spoken."""
        self._pieces.append(piece)
        self.changed = True

    def add_turn(self, turn: Turn) -> None:
        """Add a finished turn; it takes the place of its own pieces."""
        if turn.speaker == self._role:  # the next speaker may have begun before this event arrived
            self.speak("")
        remarks = [
            f"shows: {picture_of(self.conversation)}" if turn.photo else "",
            "has what they came for" if turn.done else "",
            {"length": "was cut off", "refusal": "refused", "filter": "was filtered"}.get(turn.stop, ""),
        ]
        remark = " · ".join(filter(None, remarks))
        self._add(Block(role=turn.speaker, name=turn.speaker, text=clean(turn.text), remark=remark))

    def add_verdict(self, verdict: Verdict) -> None:
        """Add what a juror thought."""
        name, text, remark = describe(verdict)
        self._add(Block(role="juror", name=name, text=text, remark=remark))

    def add_notice(self, text: str, *, failed: bool = False) -> None:
        """Add what nobody said: a call that was made again, how it ended."""
        self._add(Block(role="failed" if failed else "", name="", text=flatten(text)))

    def draw(self, width: int, height: int | None) -> list[Line]:
        """Give the last `height` lines at most, all of them for None; none is wider than `width`."""
        if width != self._width:
            self._lines, self._wrapped, self._width = [], 0, width
        for block in self._blocks[self._wrapped :]:
            self._lines.extend([*_wrap(block, width), []])
        self._wrapped = len(self._blocks)
        spoken = self._spoken()
        growing = _wrap(spoken, width) if spoken else []
        if growing:
            growing[-1].append(CARET)
        lines = [*(self._lines if height is None else self._lines[-height - 1 :]), *growing]
        if lines and not lines[-1]:
            lines.pop()
        return lines if height is None else lines[-height:]

    def _add(self, block: Block) -> None:
        self._blocks.append(block)
        self.changed = True

    def _spoken(self) -> Block | None:
        if not self._role:
            return None
        text = "".join(self._pieces)
        if self._role == "patient":
            text = said(text)
        return Block(role=self._role, name=self._role, text=clean(text))


def said(text: str) -> str:
    """Give what a patient's structured answer says so far; empty while it says nothing that can be read."""
    try:
        value = jiter.from_json(text.encode(errors="replace"), partial_mode="trailing-strings")
    except ValueError:
        return ""
    words = value.get("says", "") if isinstance(value, dict) else ""
    return words if isinstance(words, str) else ""


def describe(verdict: Verdict) -> tuple[str, str, str]:
    """Give a verdict as its dimension, the result with the first quote, and the reasoning; all clean."""
    result = f"{verdict.score} of 5" if verdict.score is not None else f"abstained ({verdict.status})"
    own = ", own family: does not count" if verdict.own_family else ""
    sure = f", confidence {verdict.confidence}" if verdict.confidence else ""
    again = ", judging again" if verdict.reading > 1 else ""
    text = f"{flatten(verdict.juror)}{again}: {result}{sure}{own}"
    if verdict.caps:
        where = (
            f"{cap.cap} (turn {cap.turn})" if cap.turn else f"{cap.cap} (never said)" for cap in verdict.caps
        )
        text = f"{text}\ncaps met: {flatten(', '.join(where))}"
    if verdict.evidence:
        quote = verdict.evidence[0]
        text = f"{text}\n“{flatten(quote.text)}” (turn {quote.turn})"
    return flatten(verdict.dimension), text, flatten(verdict.reasoning)


def recall(interview: Interview) -> str:
    """Say what a model answered when the patient had left; clean."""
    if interview.status != "given":
        return f"nothing ({interview.status})"
    odds = ", ".join(f"{one.condition} {one.percent}%" for one in interview.differential)
    parts = (f"urgency {interview.urgency}" if interview.urgency else "no level of urgency", odds)
    return flatten("; ".join(filter(None, parts)))


def recount(call: CallAnswered | CallFailed) -> str:
    """Say why a call was made more than once; empty when it was not."""
    if len(call.attempts) < 2:
        return ""
    kind, _, about = call.role.partition("/")
    who = f"{kind} {about.replace('/', ' on ')}" if about else kind
    end = "answered" if isinstance(call, CallAnswered) else "gave up"
    tries = [
        f"{attempt.cause}, waited {attempt.pause:.3g} s" if attempt.pause else attempt.cause
        for attempt in call.attempts
        if attempt.cause != "ok"
    ]
    return flatten(f"{who} {end} at attempt {len(call.attempts)}: {'; '.join(tries)}")


def _wrap(block: Block, width: int) -> list[Line]:
    style = STYLES[block.role]
    room = max(8, min(width - GUTTER - 3, WIDEST))
    words = fold(block.text, room) or [""]
    rows = [(row, PLAIN if block.name else style) for row in words]
    rows += [(row, DIM) for row in fold(block.remark, room)]
    bar = Segment("▏ ", style)
    lines = []
    for number, (row, colour) in enumerate(rows):
        name = block.name[:GUTTER] if number == 0 else ""
        lines.append([Segment(f"{name:>{GUTTER}} ", style), bar, Segment(row, colour)])
    return lines


def fold(text: str, width: int) -> list[str]:
    """Break clean text into rows of at most `width` cells, at spaces if there are any; none for no text."""
    rows: list[str] = []
    for paragraph in text.split("\n") if text else ():
        row, used = "", 0
        for word in paragraph.split(" "):
            size = cell_len(word)
            if row and used + 1 + size > width:
                rows.append(row)
                row, used = "", 0
            if size > width:
                *full, word = chop_cells(word, width)
                rows.extend(full)
                row, used = word, cell_len(word)
                continue
            row, used = (f"{row} {word}", used + 1 + size) if row else (word, size)
        rows.append(row)
    return rows
