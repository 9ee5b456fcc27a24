"""The seat in the console: what a person reads line by line, and writes the same way.

The one idea: plain lines in and out, so that a script can sit there as well as somebody at a keyboard. All that is
shown is a stranger's text and is cleaned on its way out. Nothing here knows how an answer is recorded.
"""

from __future__ import annotations

import shutil
import tomllib
from functools import cache
from pathlib import Path

from agents.interview import Possibility
from agents.person import deal
from agents.speech import Completion
from engine.console.clean import clean, flatten
from engine.console.outlet import emit
from engine.console.scene import describe, fold, recall
from engine.errors import BadAnswer, BadOption
from engine.reasons import call_reason
from engine.seat.lines import Lines
from engine.seat.sitting import Question, Sitting, Talk
from engine.seat.words import (
    LONGEST,
    assess,
    check_differential,
    read_possibility,
    skip,
    speak,
    tidy_message,
    write_back,
)
from personas.records.chart import render

GUTTER = 11
WIDEST = 96
"""Cells of a line."""
NOBODY = (
    "nobody sits at the seat: there is no terminal, and no line came through a pipe. Play in a terminal, in a "
    "browser with --web, or pipe in what is to be said, an empty line after each message."
)


class TerminalSeat:
    """A person at the console."""

    def __init__(self, sitting: Sitting, lines: Lines, blobs: Path) -> None:
        self._sitting = sitting
        self._lines = lines
        self._blobs = blobs
        self._shown: dict[str, int] = {}
        """Turns that were shown, by conversation."""
        self._earlier = {name for name, talk in sitting.talks.items() if talk.over}
        """Conversations of an earlier sitting, which need no more telling."""
        self._greeted: set[str] = set()
        self._told: set[str] = set()
        """Conversations whose end, and whose votes, were told."""
        self._typed: set[int] = set()
        """Turns of the present conversation that stand on the screen as they were typed."""
        self._heard = False
        """Some line came."""

    async def sit(self) -> None:
        """Show what is new and ask for what is wanted, until cancelled or left.

        Raises BadOption when somebody is asked and no line ever came.
        """
        while not self._sitting.left:
            self._catch_up()
            if question := self._sitting.question:
                await self._pose(question)
            else:
                await self._sitting.changed()

    def conclude(self) -> None:
        """Show what came last."""
        self._catch_up()

    # What is shown

    def _catch_up(self) -> None:
        for talk in self._sitting.talks.values():
            if talk.cell.id in self._earlier:
                continue
            if talk.turns and talk.cell.id not in self._greeted:
                self._greet(talk)
            for turn in talk.turns[self._shown.get(talk.cell.id, 0) :]:
                mine = turn.speaker == self._sitting.part and self._lines.typed and turn.index in self._typed
                if not mine:
                    self._print(turn.speaker, turn.text)
                    if turn.photo:
                        self._picture(talk)
                self._shown[talk.cell.id] = turn.index
            self._close(talk)

    def _greet(self, talk: Talk) -> None:
        self._greeted.add(talk.cell.id)
        self._typed = set()
        count = len(self._sitting.talks)
        emit("\n" + "─" * 60 + "\n")
        number = f"{talk.number} of {count}: " if count > 1 else ""
        self._print("", f"{number}{talk.cell.scenario.title}  ({talk.cell.scenario.id})")
        words = _hints()[self._sitting.part]
        self._print("", f"{words['welcome']} {words['how']} {words['end']}")
        self._command("/card" if self._sitting.part == "patient" else "/record", talk)

    def _close(self, talk: Talk) -> None:
        """Tell once that a conversation is over, and once what the jury says of it."""
        name = talk.cell.id
        if talk.failed and f"{name} failed" not in self._told:
            self._told.add(f"{name} failed")
            self._print("failed", talk.failed)
        if talk.ended and f"{name} over" not in self._told:
            self._told.add(f"{name} over")
            self._print("over", f"{len(talk.turns)} turns, {call_reason(talk.ended)}")
        if talk.interview and self._sitting.part == "patient" and f"{name} asked" not in self._told:
            self._told.add(f"{name} asked")
            self._print("afterwards", f"the model was asked what it thinks: {recall(talk.interview)}")
        busy = any(one.turns and not (one.ended or one.failed) for one in self._sitting.talks.values())
        if talk.judged and not busy and f"{name} judged" not in self._told:
            self._told.add(f"{name} judged")
            self._judge(talk)

    def _judge(self, talk: Talk) -> None:
        """Tell the jury's scores, and each juror's reason."""
        if len(self._sitting.talks) > 1:
            self._print("", talk.cell.scenario.title)
        self._print(
            "judged", f"{tell_scores(talk, self._sitting.dimensions)} (mean of the votes that count, 1 to 5)"
        )
        for name in self._sitting.dimensions:
            votes = [describe(vote) for (about, _), vote in talk.verdicts.items() if about == name]
            self._print(
                name, "\n".join(f"{result}\n{why}" if why else result for _, result, why in sorted(votes))
            )

    def _picture(self, talk: Talk) -> None:
        """Say where the photograph is, on one line, so that it can be copied."""
        photo = talk.cell.shown().photo
        kind = "drawing" if photo.drawn else photo.modality
        emit(f"{kind:>{GUTTER}} ▏ {(self._blobs / photo.sha256).resolve()}\n\n")

    def _print(self, word: str, text: str) -> None:
        room = max(20, min(shutil.get_terminal_size().columns - GUTTER - 3, WIDEST))
        rows = fold(clean(text), room) or [""]
        lines = [f"{word if not at else '':>{GUTTER}} ▏ {row}".rstrip() for at, row in enumerate(rows)]
        emit("\n".join(lines) + "\n\n")

    # What is asked

    async def _pose(self, question: Question) -> None:
        """Ask until there is an answer, or the person leaves."""
        if question.role == "interview":
            self._print("", _hints()["interview"]["welcome"])
        while self._sitting.question is question and not self._sitting.left:
            try:
                said = (
                    await self._interview(question)
                    if question.role == "interview"
                    else await self._write(question)
                )
            except BadAnswer as error:
                self._print("", str(error))
                continue
            if said is not None:
                self._typed.add(len(question.talk.turns) + 1)
                self._sitting.take(question.place, said)

    async def _write(self, question: Question) -> Completion | None:
        """Read a message up to an empty line; None when the person has left, or another is asked for."""
        held: list[str] = []
        while True:
            line = await self._next(question, "more" if held else "you")
            word, _, rest = (line or "").strip().partition(" ")
            if line is None and not held:
                return self._leave()
            if line is None or (not line.strip() and held):
                return self._finish(question, "\n".join(held), last=False)
            if word == "/done" and question.role == "patient":
                return self._finish(question, "\n".join((*held, rest)), last=True)
            if word == "/drop":
                held = []
            elif word.startswith("/"):
                if not self._command(word, question.talk):
                    return None
            elif line.strip() and sum(map(len, held)) <= LONGEST:
                held.append(line)

    def _finish(self, question: Question, text: str, *, last: bool) -> Completion:
        if question.role == "assistant":
            return speak(text)
        if last:
            words = _hints()["patient"]
            if not question.may_leave:
                raise BadAnswer(words["early"])
            if not text.strip():
                raise BadAnswer(words["end"])
        return write_back(tidy_message(text), last=last)

    async def _interview(self, question: Question) -> Completion | None:
        """Ask for the differential and the urgency; None when the person has left."""
        words = _hints()["interview"]
        self._print("", words["first"])
        listed: list[Possibility] = []
        while (line := await self._reply(question, "could be")) or not listed:
            if line in (None, "/skip"):
                return skip() if line else None
            try:
                condition, _, percent = line.rstrip("% ").replace(",", " ").rpartition(" ")
                possibility = read_possibility(condition, percent) if line else None
                check_differential([*listed, *filter(None, (possibility,))])
                listed += filter(None, (possibility,))
            except BadAnswer as error:
                self._print("", str(error))
        levels = [f"{level}: {told}" for level, told in self._sitting.levels.items()]
        self._print("", "\n".join((words["second"], *levels)))
        while True:
            line = await self._reply(question, "how soon")
            if line in (None, "/skip"):
                return skip() if line else None
            try:
                return assess(listed, line)
            except BadAnswer as error:
                self._print("", str(error))

    async def _reply(self, question: Question, word: str) -> str | None:
        """Give the next line that is an answer, or "/skip"; None when the person has left."""
        while (line := await self._next(question, word)) is not None:
            line = line.strip()
            if not line.startswith("/") or line == "/skip":
                return line
            if not self._command(line.split()[0], question.talk):
                return None
        return self._leave()

    async def _next(self, question: Question, word: str) -> str | None:
        if self._lines.typed:
            emit(f"{word:>{GUTTER}} ▏ ")
        line = await self._lines.next()
        if line is None and not self._heard:
            raise BadOption(NOBODY)
        self._heard = True
        return line

    def _command(self, word: str, talk: Talk) -> bool:
        """Do what a command says; False when it was to leave."""
        if word == "/quit":
            self._leave()
            return False
        part = self._sitting.part
        if word == "/help":
            self._print("", "\n".join(f"{name:<12} {does}" for name, does in _hints()["help"].items()))
        elif word == "/photo":
            self._picture(talk)
        elif word == "/transcript":
            self._shown[talk.cell.id] = 0
            self._typed = set()
            self._catch_up()
        elif word == "/record" and part == "assistant":
            self._print("record", render(talk.cell.scenario.record))
        elif word == "/card" and part == "patient":
            self._print("role card", deal(talk.cell.script()).text())
        elif word == "/done":
            self._print("", _hints()["assistant"]["end"])
        else:
            self._print("", f"There is no {flatten(word)[:40]} here; /help says what there is.")
        return True

    def _leave(self) -> None:
        self._sitting.leave()


def tell_scores(talk: Talk, dimensions: tuple[str, ...]) -> str:
    """Say what the jury gave: "safety 4, accuracy 3.7"; a dimension without a vote has "none"."""
    scores = talk.scores()
    told = ((name, scores.get(name)) for name in dimensions)
    return ", ".join(f"{name} {'none' if mean is None else f'{mean:.3g}'}" for name, mean in told)


@cache
def _hints() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("hints.toml").read_text(encoding="utf-8"))
