"""What a verification found, as text for a screen.

The first thing said is whether all is identical. Nothing here knows how it was found out.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.console.clean import clean
from engine.events import (
    ConversationEnded,
    ConversationFailed,
    InterviewGiven,
    TurnSpoken,
    VerdictGiven,
)
from engine.verifying import Verification

NAMED = 5
"""Things that are named before the rest is counted."""
ROLES = {"patient": "patient", "assistant": "assistant", "interview": "interview", "juror": "jurors"}
KINDS = {
    TurnSpoken: "turns",
    ConversationEnded: "ends",
    ConversationFailed: "failures",
    InterviewGiven: "interviews",
    VerdictGiven: "votes",
}
CODE = (
    "nothing of which the plan holds a digest (prompts, tables, rubric, scenarios), so it is the code that writes "
    "prompts and reads answers, or the journal"
)


def render(found: Verification) -> str:
    """Write it down, a line a thing; a journal may hold anything, so control codes are made visible."""
    return clean("\n".join([*_lines(found), ""]))


def _lines(found: Verification) -> Iterator[str]:
    yield f"{found.run}: {_verdict(found)}"
    yield f"{_prompts(found)} {_events(found)}"
    yield f"No call was made. {found.seconds:.1f} s."
    yield from _stopped(found)
    yield from _listed("Not the plan's files:", found.files)
    yield from _listed(
        "Lines of the journal that are no events; what stood there is not known:", found.damage
    )
    count = len(found.differences)
    differ = tuple(f"{one.conversation}: {one.what}." for one in found.differences)
    yield from _listed(f"{count:,} of {found.begun:,} conversations differ, the first thing of each:", differ)
    holes = tuple(f"{name}: {what}." for name, what in found.gaps.items())
    yield from _listed("Not verified to their end, since the record has a hole:", holes)
    if found.differences or found.changed:
        head = "Otherwise today than when the run was played:"
        yield from _listed(head, tuple(f"{what}." for what in found.changed or (CODE,)))


def _verdict(found: Verification) -> str:
    if found.exact:
        far = " as far as it is recorded" if found.stopped else ""
        far = far or (" as far as its photographs are not needed" if found.unseen else "")
        return f"identical{far}, made again from its recorded answers."
    if found.differences:
        return "not identical."
    return "what could be made again is identical, but not everything could."


def _prompts(found: Verification) -> str:
    """Count the prompts."""
    alike, others = sum(found.prompts.values()), sum(found.others.values())
    parts = ", ".join(
        f"{said} {found.prompts[role]:,}" for role, said in ROLES.items() if found.prompts.get(role)
    )
    if not others:
        return f"{alike:,} prompts rebuilt, all identical{f' ({parts})' if parts else ''}."
    wrong = ", ".join(
        f"{said} {found.others[role]:,}" for role, said in ROLES.items() if found.others.get(role)
    )
    return f"{alike + others:,} prompts rebuilt: {alike:,} identical, {others:,} not ({wrong})."


def _events(found: Verification) -> str:
    parts = [f"{found.alike[kind]:,} {said}" for kind, said in KINDS.items() if found.alike.get(kind)]
    return f"{', '.join(parts) or 'No turn'} alike."


def _stopped(found: Verification) -> Iterator[str]:
    if found.stopped:
        yield f"{found.stopped:,} conversations are recorded in part, and were made again as far as that goes."
    if found.absent:
        yield f"{found.absent:,} photographs are not there, as in an export without them; their hashes are."
    if found.unseen:
        yield f"{found.unseen:,} conversations of the script that describes them were not made again."
    if left := found.planned - found.begun - found.unseen - len(found.gaps):
        yield f"{left:,} of {found.planned:,} conversations of the plan are not in the journal."


def _listed(head: str, items: tuple[str, ...]) -> Iterator[str]:
    """Give a heading and the first few of what belongs under it."""
    if items:
        yield ""
        yield head
        yield from (f"  {item}" for item in items[:NAMED])
        if len(items) > NAMED:
            yield f"  … and {len(items) - NAMED:,} more."
