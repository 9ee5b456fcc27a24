"""One probe: a picture and a structured answer asked of one model in one role, and what it tells.

A rejected call is made again without the picture, and then without the shape, so that the finding names what was
refused and not only that something was. Nothing here knows how a finding is shown.
"""

from __future__ import annotations

import time
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import anyio
import orjson
from PIL import Image, ImageDraw

from agents import assistant, juror, patient
from agents.speech import Completion, Message, Prompt
from engine.errors import CallError, Dropped, Overloaded, Rejected, Unknown
from engine.models import Model
from engine.providers import Provider, Reply
from engine.rates import Rates
from personas.photos.album import encode
from personas.values import Photo

PATIENCE = 60.0
"""Seconds one call may take."""
SIDE = 256
"""px of the picture."""
GROUND, INK = (24, 32, 84), (250, 214, 40)
SHAPES = {"assistant": juror.SCHEMA, "patient": patient.SCHEMA, "juror": juror.SCHEMA}
LENGTHS = {"assistant": assistant.MAX_TOKENS, "patient": patient.MAX_TOKENS, "juror": juror.MAX_TOKENS}
"""Tokens an answer may have in a run, and so here."""
STOPS = {
    "length": ("cut off", "cut"),
    "refusal": ("declined", "declined"),
    "filter": ("filtered", "filtered"),
}
STEPS = {
    "throttled": "Its limit is used up: wait a minute and check again.",
    "overloaded": "Check again in a while.",
    "dropped": "Check the address and the network, then check again.",
    "rejected": "Check its id, verdict and options in the models file.",
}

Role = Literal["assistant", "patient", "juror"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one probe told."""

    model: Model
    role: Role
    problem: str = ""
    """Why the model cannot play this role, and what to do; empty when it can."""
    cause: str = ""
    """The same in a word or two."""
    seconds: float | None = None
    """None where no call was answered."""
    calls: int = 0
    cost: float = 0.0
    """USD, of all calls made."""
    picture: Literal["", "seen", "yes", "refused"] = ""
    """`seen` when the answer names what is in it."""
    shape: Literal["", "yes", "as text", "no", "refused"] = ""
    """Whether the answer came structured; `as text` when it had to be read out of words."""
    served: str = ""
    rates: Rates | None = None


def draw_picture() -> bytes:
    """Draw what a model is shown: encoded, and nameable in one word."""
    image = Image.new("RGB", (SIDE, SIDE), GROUND)
    third = SIDE // 5
    corners = [(SIDE // 2, third), (SIDE - third, SIDE - third), (third, SIDE - third)]
    ImageDraw.Draw(image).polygon(corners, fill=INK)
    return encode(image, "PNG")


def compose(role: Role, photo: Photo) -> Prompt:
    """Write what a model is asked in a role."""
    schema = SHAPES[role]
    ask = Message(author="user", text=_words()["asks"][schema.name].strip(), photo=photo)
    return Prompt(system=_words()["system"], messages=(ask,), schema=schema, max_tokens=LENGTHS[role])


class Probe:
    """The calls to one model in one role, and what they have told so far."""

    def __init__(self, model: Model, role: Role, provider: Provider) -> None:
        self._provider = provider
        self._finding = Finding(model=model, role=role)

    async def run(self, photo: Photo) -> Finding:
        """Make the call, and where it is rejected the two that tell why."""
        whole = compose(self._finding.role, photo)
        error = await self._call(whole)
        if error is None:
            return self._judged(whole)
        if isinstance(error, Rejected | Unknown) or (
            self._finding.model.endpoint and isinstance(error, Overloaded)
        ):
            blind = replace(whole, messages=tuple(replace(said, photo=None) for said in whole.messages))
            if await self._call(blind) is None:
                self._note(picture="refused")
                return self._judged(blind, error)
            loose = replace(whole, schema=None)
            if await self._call(loose) is None:
                self._note(shape="refused")
                return self._judged(loose, error)
        return self._failed(error)

    async def _call(self, prompt: Prompt) -> CallError | None:
        """Call once and note what came of it; give the error, None for an answer."""
        began, model = time.perf_counter(), self._finding.model
        self._note(calls=self._finding.calls + 1)
        try:
            with anyio.fail_after(PATIENCE):
                reply = await self._provider.ask(prompt, model)
        except TimeoutError:
            return Dropped(f"No whole answer came within {PATIENCE:g} s.")
        except CallError as error:
            self._note(rates=error.rates or self._finding.rates)
            return error
        self._hear(reply, time.perf_counter() - began, prompt)
        return None

    def _hear(self, reply: Reply, seconds: float, prompt: Prompt) -> None:
        said, model = reply.completion, self._finding.model
        self._answer = said
        self._note(
            seconds=seconds,
            cost=self._finding.cost + model.price.cost(said.usage),
            served=said.served,
            rates=reply.rates or self._finding.rates,
        )
        if prompt.messages[0].photo:
            self._note(picture="seen" if _words()["seen"] in said.text.lower() else "yes")
        if prompt.schema:
            self._note(shape=_shaped(said, prompt, model))

    def _judged(self, prompt: Prompt, refusal: CallError | None = None) -> Finding:
        """Say whether a model that has answered can play its role."""
        found, stop = self._finding, self._answer.stop
        if stop in STOPS:
            cause, problem = STOPS[stop]
        elif found.role == "assistant":
            cause, problem = ("no picture", "blind") if found.picture == "refused" else ("", "")
        elif found.shape in ("no", "refused"):
            cause, problem = "no shape", "shapeless" if found.shape == "no" else "rigid"
        else:
            cause, problem = "", ""
        if not problem:
            return found
        said = _words()["problems"][problem]
        return self._unfit(cause, said.format(tokens=prompt.max_tokens, refusal=refusal))

    def _failed(self, error: CallError) -> Finding:
        step = STEPS.get(error.cause, "")
        return self._unfit(error.cause.replace("_", " "), f"{error} {step}".strip())

    def _unfit(self, cause: str, problem: str) -> Finding:
        self._note(cause=cause, problem=problem)
        return self._finding

    def _note(self, **told: Any) -> None:
        self._finding = replace(self._finding, **told)


def _shaped(said: Completion, prompt: Prompt, model: Model) -> Literal["yes", "as text", "no"]:
    """Tell a structured answer from words that hold one, and from any other."""
    required = set(prompt.schema.body["required"]) if prompt.schema else set()
    if said.value is None or not required <= said.value.keys():
        return "no"
    try:
        whole = isinstance(orjson.loads(said.text), dict)
    except orjson.JSONDecodeError:
        whole = False
    return "yes" if whole and model.verdict != "plain" else "as text"


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
