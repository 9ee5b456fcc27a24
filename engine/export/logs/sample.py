"""One conversation as Inspect shows a sample: what the model was given and said, scores with the jurors' reasons.

The prompt is made as the assistant's was, record and photograph included. A juror's words go into an explanation,
which the viewer reads as Markdown: what would be a picture or a link there is kept from it. Nothing here knows a
file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from agents.assistant import Assistant
from agents.prompts import digests
from agents.speech import Message
from engine.account import Account
from engine.cells import SHOWN, Cell
from engine.console.clean import flatten
from engine.export.logs.kit import InspectKit
from engine.export.sheets.meter import Span
from engine.results import Results
from engine.scoring.scenes import scene
from rubrics.scores import Scores
from rubrics.values import Verdict

MARKUP = re.compile(r"([\\`*_\[\]<>])")
PROMPT = "assistant"
"""The prompt of the plan that the system message is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleMaker:
    """Makes the samples of a run."""

    kit: InspectKit
    results: Results
    spans: Mapping[str, Span]
    places: Mapping[str, tuple[Scores, int]]
    """Where each conversation's scores stand."""
    picture: Callable[[str], str | None]
    """A photograph as a data URL, by its sha-256; None for one that does not go along."""

    def sample(self, cell: Cell, model: str) -> Any:
        """Give the sample of a conversation that ended or failed."""
        found, log = self.results.findings, self.kit.log
        ended, failed = found.ended.get(cell.id), found.failed.get(cell.id)
        attachments: dict[str, str] = {}
        messages = list(self._messages(cell, attachments)) if ended else []
        said = messages[-1].text if messages and messages[-1].role == "assistant" else ""
        span = self.spans.get(cell.id)
        return log.EvalSample(
            id=cell.scenario.id,
            epoch=cell.repeat + 1,
            input=next((one.text for one in messages if one.role == "user"), cell.scenario.persona.opening),
            target=f"{cell.scenario.truth.title} ({cell.scenario.truth.urgency})",
            messages=messages,
            output=self.kit.model.ModelOutput.from_content(model, said),
            scores=dict(self._scores(cell)) if ended else None,
            metadata=self._metadata(cell),
            attachments=attachments,
            error=log.EvalError(message=f"{failed.cause}: {failed.message}", traceback="", traceback_ansi="")
            if failed
            else None,
            uuid=cell.id,
            turn_count=ended.turns if ended else None,
            **(self._usage(span, model) if span else {}),
        )

    def _messages(self, cell: Cell, attachments: dict[str, str]) -> Iterator[Any]:
        """Lay the conversation out as the model met it."""
        model, turns = self.kit.model, self.results.findings.turns(cell.id)
        sees = cell.arm.picture not in ("withheld", "caption")
        assistant = Assistant(
            scenario=cell.shown(),
            sees_photo=sees,
            sees_record=cell.arm.record,
            words=cell.given.words if cell.given else "",
        )
        prompt = assistant.prompt(turns)
        if self._prompted(cell):
            yield model.ChatMessageSystem(id=f"{cell.id}#0", content=prompt.system)
        for turn, message in zip(turns, prompt.messages, strict=True):
            name = f"{cell.id}#{turn.index}"
            if turn.speaker == "assistant":
                yield model.ChatMessageAssistant(id=name, content=message.text, model=cell.model)
            elif turn.photo:
                yield model.ChatMessageUser(id=name, content=self._illustrated(cell, message, attachments))
            else:
                yield model.ChatMessageUser(id=name, content=message.text)

    def _prompted(self, cell: Cell) -> bool:
        """Tell whether the system message can be told: a script has none, and that of another version is gone."""
        plan = self.results.plan
        return cell.model not in plan.baselines and plan.prompts.get(PROMPT) == digests().get(PROMPT)

    def _illustrated(self, cell: Cell, message: Message, attachments: dict[str, str]) -> list[Any]:
        model, hash = self.kit.model, message.photo.sha256 if message.photo else ""
        data = self.picture(hash) if hash else None
        words = f"[{SHOWN[cell.arm.picture]}{f', sha-256 {hash[:12]}, not in this log' if hash else ''}]"
        if data is None:
            return [model.ContentText(text=f"{words}\n\n{message.text}")]
        attachments[hash] = data
        return [model.ContentImage(image=f"attachment://{hash}"), model.ContentText(text=message.text)]

    def _scores(self, cell: Cell) -> Iterator[tuple[str, Any]]:
        """Give the score in every dimension that has one, and why."""
        place = self.places.get(cell.id)
        for column, dimension in enumerate(self.results.plan.dimensions):
            votes = self._votes(cell.id, dimension)
            value = float(place[0].adjusted[place[1], column]) if place else np.nan
            if np.isfinite(value):
                yield (
                    dimension,
                    self.kit.scorer.Score(
                        value=round(value, 4),
                        explanation="\n\n".join(map(explain, votes)),
                        metadata={"votes": {f"{v.juror}/{v.reading}": v.score for v in votes}},
                    ),
                )

    def _votes(self, name: str, dimension: str) -> list[Verdict]:
        votes = self.results.findings.verdicts
        keys = ((name, juror, dimension, reading) for juror in self.results.plan.jury for reading in (1, 2))
        return [votes[key] for key in keys if key in votes]

    def _metadata(self, cell: Cell) -> dict[str, Any]:
        found, one = self.results.findings, cell.scenario
        ended, heard = found.ended.get(cell.id), found.interviews.get(cell.id)
        span = self.spans.get(cell.id)
        return {
            "simulated": self.results.simulated,
            "conversation": cell.id,
            "title": one.title,
            "arm": cell.arm.name,
            "stop_reason": ended.stop_reason if ended else "infra_error",
            "excluded": self.results.excluded.get(one.id, ""),
            "case": one.cluster,
            "strata": dict(scene(one).strata),
            "urgency_stated": heard.urgency if heard else None,
            "differential_stated": [f"{p.condition} ({p.percent}%)" for p in heard.differential]
            if heard
            else [],
            "photograph": {
                "source": one.source,
                "attribution": one.attribution,
                "restricted": one.restricted,
            },
            "cost_usd": round(span.total.cost, 6) if span else 0.0,
            "canary": one.canary,
        }

    def _usage(self, span: Span, model: str) -> dict[str, Any]:
        own = span.accounts.get("assistant", Account()) + span.accounts.get("interview", Account())
        return {
            "model_usage": {model: used(self.kit, own)},
            "role_usage": {role: used(self.kit, one) for role, one in sorted(span.accounts.items())},
            "started_at": iso(span.began),
            "completed_at": iso(span.ended),
            "total_time": round(span.ended - span.began, 3),
        }


def explain(vote: Verdict) -> str:
    """Write a juror's vote and reasons as Markdown that holds nothing of theirs but words."""
    again = " (second reading)" if vote.reading > 1 else ""
    own = " (own family: not counted)" if vote.own_family else ""
    lines = [f"**{plain(vote.juror)}**{again}{own}: {vote.score or vote.status}. {plain(vote.reasoning)}"]
    lines += [f"- turn {quote.turn}: “{plain(quote.text)}”" for quote in vote.evidence]
    lines += [f"- cap {plain(event.cap)}, turn {event.turn}: “{plain(event.quote)}”" for event in vote.caps]
    return "\n".join(lines)


def plain(text: str) -> str:
    """Give a stranger's text on one line, with nothing in it that Markdown obeys."""
    return MARKUP.sub(r"\\\1", flatten(text))


def used(kit: InspectKit, account: Account) -> Any:
    """Give an account in Inspect's terms."""
    return kit.model.ModelUsage(
        input_tokens=account.input,
        output_tokens=account.output,
        total_tokens=account.input + account.output,
        input_tokens_cache_read=account.cache_read,
        input_tokens_cache_write=account.cache_write,
        reasoning_tokens=account.reasoning,
        total_cost=account.cost,
    )


def iso(seconds: float) -> str:
    """Write a Unix time in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
