"""Slips: what a page sends, held against the sheet before it becomes a mark.

The one idea: a page knows a conversation by its number in one annotator's order, so a slip can name no file, no model
and nothing that is not on that annotator's sheet. The same slip comes from a server's page and from a pack's file.
Nothing here knows how it came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from engine.annotation.marks import Key, Mark, Notebook, Opinion, Subject
from engine.annotation.population import AnnotatedRun
from engine.annotation.sheet import Sheet
from engine.errors import Unusable
from personas.tidy import tidy

LONGEST = 2**17
"""Bytes of a slip: a note, sixteen quotes, and room for characters of four bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """What a page sends."""

    sheet: Annotated[str, Field(max_length=64)]
    annotator: Annotated[str, Field(max_length=64)]
    key: Key
    number: Annotated[int, Field(ge=1, le=1_000_000)]
    """Of the conversation, in the annotator's order."""
    dimension: Annotated[str, Field(max_length=64)]
    opinion: Opinion
    seconds: Annotated[float, Field(ge=0, le=86_400)]
    final: bool = False
    __pydantic_config__ = ConfigDict(extra="forbid")


SLIP = TypeAdapter(Slip)


class BadSlip(Unusable):
    """A slip that is none, or of another sheet, annotator or rubric."""


def read_slip(line: bytes) -> Slip:
    """Read a slip; BadSlip says in a clause what is wrong with it."""
    if len(line) > LONGEST:
        raise BadSlip(f"it has more than {LONGEST:,} bytes.")
    try:
        return SLIP.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = tidy(".".join(map(str, first["loc"]))) or "its beginning"
        raise BadSlip(f"{tidy(first['msg'].partition(' at line ')[0])} at {place}.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where one annotator's slips are taken in."""

    run: AnnotatedRun
    sheet: Sheet
    annotator: str
    notebook: Notebook
    final: bool = False
    """Slips are third judgements on what others disagree about."""

    @property
    def order(self) -> Sequence[str]:
        """Give the conversations by number."""
        return self.sheet.whole(self.annotator) if self.final else self.sheet.ordered(self.annotator)

    def accept(self, slip: Slip) -> Mark | None:
        """Take a slip in and return when it is on the disk; None when it was taken in before.

        Raises BadSlip for one that does not belong here, BadRun when it cannot be written.
        """
        subject = self._check(slip)
        return self.notebook.add(subject, slip.opinion, key=slip.key, seconds=slip.seconds, final=slip.final)

    def _check(self, slip: Slip) -> Subject:
        if slip.sheet != self.sheet.digest:
            raise BadSlip("it is of another run or sample: reload the page.")
        if slip.annotator != self.annotator or slip.final is not self.final:
            raise BadSlip("it is from somebody else's page: reload the page.")
        order = self.order
        if slip.number > len(order):
            raise BadSlip(f"there is no conversation {slip.number}: there are {len(order)}.")
        dimensions = {one.name: one for one in self.run.results.rubric.dimensions}
        if slip.dimension not in dimensions:
            raise BadSlip(f"there is no dimension {tidy(slip.dimension)!r}.")
        _check_opinion(
            slip.opinion,
            caps={cap.key for cap in dimensions[slip.dimension].caps},
            turns=self.run.results.findings.ended[order[slip.number - 1]].turns,
        )
        return order[slip.number - 1], slip.dimension


def _check_opinion(opinion: Opinion, *, caps: set[str], turns: int) -> None:
    if opinion.score is not None and opinion.abstained:
        raise BadSlip("it has a score and a reason why there is none.")
    met = [event.cap for event in opinion.caps]
    if strange := [cap for cap in met if cap not in caps]:
        raise BadSlip(f"there is no cap {tidy(strange[0])!r} on this dimension.")
    if len(set(met)) < len(met):
        raise BadSlip("it names a cap twice.")
    if any(event.turn > turns for event in opinion.caps):
        raise BadSlip(f"it points at a turn beyond the last, which is {turns}.")
