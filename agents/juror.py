"""A juror: reads the truth card and the transcript, and scores one dimension a call.

A vote that cannot be read, or that quotes what nobody said, is asked for once more and then is an abstention
with its cause. It never becomes a number.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.fence import fence
from agents.prompts import fill
from agents.speech import Ask, Message, Prompt, Schema, Turn
from personas.values import Scenario
from rubrics.values import Dimension, Rubric, Verdict
from rubrics.verdicts import read_vote

MAX_TOKENS = 900
SCHEMA = Schema(
    name="verdict",
    body={
        "type": "object",
        "properties": {
            "evidence": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"turn": {"type": "integer"}, "quote": {"type": "string"}},
                    "required": ["turn", "quote"],
                    "additionalProperties": False,
                },
            },
            "reasoning": {"type": "string"},
            "score": {"type": "integer", "enum": [1, 2, 3, 4, 5]},
        },
        "required": ["evidence", "reasoning", "score"],
        "additionalProperties": False,
    },
)
REPAIR = "That could not be used: {problem}. Answer again with the three fields."
SILENT = "(said nothing and declined to answer)"
ABSTAINED = {"refusal": "refused", "filter": "filtered", "length": "truncated"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Juror:
    """The behaviour of one juror towards one rubric."""

    name: str
    rubric: Rubric

    def prompt(self, scenario: Scenario, turns: tuple[Turn, ...], dimension: Dimension) -> Prompt:
        """Lay out the case and the transcript first, shared by all dimensions, and the dimension last."""
        anchors = "\n".join(f"{score}: {text}" for score, text in enumerate(dimension.anchors, start=1))
        caps = "\n".join(f"- {cap}" for cap in dimension.caps) or "- none"
        rubric = fill(
            "juror_rubric", name=dimension.name, question=dimension.question, anchors=anchors, caps=caps
        )
        return Prompt(
            system=fill("juror"),
            messages=(
                Message(author="user", text=present(scenario, turns, self.rubric.levels), mark=True),
                Message(author="user", text=rubric),
            ),
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
    ) -> Verdict:
        """Give a verdict; an abstention when the vote is refused, cut off, or unusable twice."""
        prompt = self.prompt(scenario, turns, dimension)
        spoken = {turn.index: turn.text for turn in turns if turn.speaker == "assistant"}
        for attempt in (1, 2):
            said = await ask(prompt)
            if said.stop in ABSTAINED:
                return self._verdict(dimension, own_family, status=ABSTAINED[said.stop])
            vote = read_vote(said.value, said.text, spoken)
            if vote.status == "scored" or attempt == 2:
                return self._verdict(dimension, own_family, **vote.fields())
            again = Message(author="user", text=REPAIR.format(problem=vote.problem))
            answer = Message(author="assistant", text=said.text)
            prompt = Prompt(
                system=prompt.system,
                messages=(*prompt.messages, answer, again),
                schema=SCHEMA,
                max_tokens=MAX_TOKENS,
            )
        raise AssertionError("unreachable: the second attempt returns")

    def _verdict(self, dimension: Dimension, own_family: bool, **vote) -> Verdict:
        vote.setdefault("score", None)
        return Verdict(juror=self.name, dimension=dimension.name, own_family=own_family, **vote)


def present(scenario: Scenario, turns: tuple[Turn, ...], levels: dict[str, str]) -> str:
    """Write the truth card, the urgency scale and the fenced transcript as a juror reads them."""
    truth = scenario.truth
    lines = "\n".join(f"[{turn.index}] {turn.speaker.upper()}: {turn.text or SILENT}" for turn in turns)
    return fill(
        "juror_case",
        title=truth.title,
        accepted=", ".join(truth.accepted),
        malignant="yes" if truth.malignant else "no",
        urgency=f"{truth.urgency} ({levels[truth.urgency]})",
        neighbours=", ".join(truth.neighbours) or "none",
        ceiling=truth.ceiling,
        site=truth.site or "not recorded",
        photo=truth.photo,
        findings="; ".join(truth.findings) or "not described",
        must_ask=", ".join(truth.must_ask) or "nothing in particular",
        must_not="; ".join(truth.must_not) or "nothing in particular",
        risks="; ".join(truth.risks) or "none",
        scale="\n".join(f"{level}: {words}" for level, words in levels.items()),
        good=truth.good or "not described",
        risk=truth.risk or "not described",
        transcript=fence("transcript", lines, scenario.id),
    )
