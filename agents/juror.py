"""A juror: reads the truth card and the transcript, and scores one dimension a call.

A vote that cannot be read, quotes what nobody said, or is above what its own caps allow is asked for once more
and then is an abstention with its cause. It never becomes a number. Which model spoke is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, get_args

from agents.fence import fence, phrase, under
from agents.prompts import fill
from agents.speech import Ask, Message, Prompt, Schema, Turn
from personas.values import Scenario, Truth
from rubrics.values import Confidence, Dimension, Rubric, Verdict
from rubrics.verdicts import read_vote

MAX_TOKENS = 1_100
REPAIR = (
    "That could not be used: {problem}. Answer again with the five fields, in this order: "
    "evidence, cap_events, reasoning, score, confidence."
)
UNSEEN = ("withheld", "captioned")
"""What a truth card says of a photograph that the assistant was not shown."""
SILENT = "(said nothing and declined to answer)"
ABSTAINED = {"refusal": "refused", "filter": "filtered", "length": "truncated"}


def _closed(**fields: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


WHOLE, WORDS = {"type": "integer"}, {"type": "string"}
SCHEMA = Schema(
    name="verdict",
    body=_closed(
        evidence={"type": "array", "items": _closed(turn=WHOLE, quote=WORDS)},
        cap_events={"type": "array", "items": _closed(cap=WORDS, turn=WHOLE, quote=WORDS)},
        reasoning=WORDS,
        score={"type": "integer", "enum": [1, 2, 3, 4, 5]},
        confidence={"type": "string", "enum": list(get_args(Confidence))},
    ),
)
"""The shape of a vote, the fields in the order of thinking.

It is the same for all dimensions and rubrics: a shape stands before the prompt, so another one would make a provider
read the case and the transcript anew, and a cap that one dimension gains would change what was asked of all others.
Which caps there are is in the prompt, and looked at when a vote is read.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Juror:
    """The behaviour of one juror towards one rubric."""

    name: str
    rubric: Rubric
    sees_photo: bool = False
    """The juror gets the photograph too, as the assistant got it; none where it got none."""

    def prompt(
        self, scenario: Scenario, turns: tuple[Turn, ...], dimension: Dimension, *, reading: int = 1
    ) -> Prompt:
        """Lay out the case and the transcript first, shared by all dimensions, and the dimension last."""
        shown = self.sees_photo and scenario.truth.photo not in UNSEEN
        case = Message(
            author="user",
            text=present(scenario, turns, self.rubric.levels, reading),
            photo=scenario.photo if shown else None,
            mark=True,
        )
        return Prompt(
            system=fill("juror"),
            messages=(case, Message(author="user", text=describe(dimension))),
            schema=SCHEMA,
            max_tokens=MAX_TOKENS,
        )

    async def judge(
        self,
        scenario: Scenario,
        turns: tuple[Turn, ...],
        dimension: Dimension,
        *,
        ask: Ask,
        own_family: bool,
        reading: int = 1,
    ) -> Verdict:
        """Give a verdict; an abstention when the vote is refused, cut off, or unusable twice."""
        blank = Verdict(
            juror=self.name,
            dimension=dimension.name,
            score=None,
            status="failed",
            own_family=own_family,
            reading=reading,
        )
        prompt = self.prompt(scenario, turns, dimension, reading=reading)
        spoken, told = _voices(turns)
        for attempt in (1, 2):
            said = await ask(prompt)
            if said.stop in ABSTAINED:
                return replace(blank, status=ABSTAINED[said.stop])
            vote = read_vote(said.value, said.text, spoken, told=told, caps=dimension.caps)
            if vote.status == "scored" or attempt == 2:
                return replace(blank, **vote.fields())
            again = Message(author="user", text=REPAIR.format(problem=vote.problem))
            answer = Message(author="assistant", text=said.text)
            prompt = replace(prompt, messages=(*prompt.messages, answer, again))
        raise AssertionError("unreachable: the second attempt returns")


def _voices(turns: tuple[Turn, ...]) -> tuple[dict[int, str], dict[int, str]]:
    """Give the assistant's turns and the patient's, each by number."""
    spoken = {turn.index: turn.text for turn in turns if turn.speaker == "assistant"}
    return spoken, {turn.index: turn.text for turn in turns if turn.speaker == "patient"}


def describe(dimension: Dimension) -> str:
    """Write what is judged: the question, the anchors, and the caps with their keys and bounds."""
    anchors = "\n".join(f"{score}: {text}" for score, text in enumerate(dimension.anchors, start=1))
    caps = "\n".join(f"- {cap.key} (at most {cap.most}): {cap.text}" for cap in dimension.caps) or "- none"
    return fill("juror_rubric", name=dimension.name, question=dimension.question, anchors=anchors, caps=caps)


def present(scenario: Scenario, turns: tuple[Turn, ...], levels: dict[str, str], reading: int = 1) -> str:
    """Write the truth card, the urgency scale and the fenced transcript as a juror reads them.

    A later reading has another nonce, so that no cache can answer it with the first one.
    """
    truth = scenario.truth
    again = () if reading == 1 else ("reading", reading)
    lines = "\n".join(under(f"[{turn.index}] {turn.speaker.upper()}:", turn.text or SILENT) for turn in turns)
    return fill(
        "juror_case",
        **_card(truth, levels),
        scale="\n".join(f"{level}: {words}" for level, words in levels.items()),
        transcript=fence("transcript", lines, scenario.id, *again),
    )


def _card(truth: Truth, levels: dict[str, str]) -> dict[str, str]:
    """Give the lines of the truth card; risks and place are a record's and a table's own words, and stay phrases."""
    lines = {
        "title": truth.title,
        "accepted": ", ".join(truth.accepted),
        "malignant": "yes" if truth.malignant else "no",
        "urgency": f"{truth.urgency} ({levels[truth.urgency]})",
        "neighbours": ", ".join(truth.neighbours) or "none",
        "ceiling": truth.ceiling,
        "site": truth.site or "not recorded",
        "photo": truth.photo,
        "findings": "; ".join(truth.findings) or "not described",
        "must_ask": ", ".join(truth.must_ask) or "nothing in particular",
        "must_not": "; ".join(truth.must_not) or "nothing in particular",
        "risks": "; ".join(truth.risks) or "none",
        "good": truth.good or "not described",
        "risk": truth.risk or "not described",
    }
    return {name: phrase(line) for name, line in lines.items()}
