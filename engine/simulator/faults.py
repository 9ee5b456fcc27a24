"""Faults by plan: what breaks, in which calls, and how often.

A plan is a list of rules; the first that covers a call decides. A share is drawn from the call and from how often
the very same call came before, so a retry can succeed and a second run breaks at the same places; `first` and
`after` count calls as they arrive. Nothing here knows how a fault looks on the wire.
"""

from __future__ import annotations

import difflib
import tomllib
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personas.seeds import uniform

STATUSES = ("400", "401", "402", "403", "404", "408", "413", "424", "429", "500", "503", "504", "529")
"""Answered with that status, in the provider's own shape."""
REFUSALS = (*STATUSES, "status", "quota", "spend", "billing")
"""Errors before an answer begins: those, any status the rule names, and the ways of having no money."""
BREAKS = ("drop", "hang", "truncate", "midstream", "drip", "crc")
"""The connection is reset; nothing is ever sent; the answer ends early; an error event after status 200; a few
bytes at a time; a wrong checksum in an event stream, and elsewhere bytes that cannot be read."""
CUTS = ("drop", "truncate", "midstream", "crc")
"""Those of them after which an answer was made and did not arrive."""
ANSWERS = ("refusal", "empty", "malformed", "filter", "leak")
"""A whole answer of status 200 that is of no use; the last only where a patient is played, who then falls out of the
role."""
MUSINGS = ("thinking", "think-tags")
"""A good answer with its reasoning before it: in the protocol's own field, or between tags in the text."""
BIASES = ("obeys", "lenient")
"""A good answer, but where a juror is played: one that does what an order in the transcript says, and one that scores
a point more, 5 at most."""
KINDS = (*REFUSALS, *BREAKS, *ANSWERS, *MUSINGS, *BIASES)
SAID = (*ANSWERS, *MUSINGS, *BIASES)
"""Faults of what is said: with them a model is another one. All others are outages, which pass."""
NUMBER, WHOLE = (int, float), (int,)
KEYS: dict[str, tuple[type, ...]] = {
    "kind": (str,),
    "models": (str, list),
    "share": NUMBER,
    "first": WHOLE,
    "after": WHOLE,
    "stream": (bool,),
    "status": WHOLE,
    "retry_after": NUMBER,
    "code": (str,),
    "seconds": NUMBER,
}
REMEMBERED = 100_000
"""Calls of which it is known how often they came; nobody asks again after so many others."""
LONGEST = 10**9
"""Seconds; inf, nan and what no clock can wait for lie beyond."""
ONLY_FOR = {"status": ("status",), "retry_after": REFUSALS, "code": REFUSALS, "seconds": ("drip",)}


class BadPlan(ValueError):
    """A fault plan cannot be used; the message names the place and the nearest thing that exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """What breaks, and where."""

    kind: str
    models: frozenset[str] | None = None
    """Ids on the wire; None for all models."""
    share: float = 1.0
    """Of the calls the rule covers, 0–1."""
    first: int | None = None
    """Only calls up to this number, counted from 1 for each model; None for no end."""
    after: int = 0
    """Only calls beyond this number, counted likewise."""
    stream: bool | None = None
    """Only streamed calls, or only plain ones; None for both."""
    status: int | None = None
    """HTTP status of the kind `status`."""
    retry_after: float | None = None
    """Seconds told to wait, where the protocol can tell them; None for what is usual."""
    code: str | None = None
    """The provider's own name of the error; None for the usual one."""
    seconds: float = 1.0
    """Between the few bytes of a drip."""

    def covers(self, model: str, number: int, stream: bool) -> bool:
        """Say whether the rule applies to the call of this number to this model."""
        return (
            (self.models is None or model in self.models)
            and number > self.after
            and (self.first is None or number <= self.first)
            and (self.stream is None or self.stream == stream)
        )


class FaultPlan:
    """The faults of one simulator."""

    def __init__(self, rules: Sequence[FaultRule], seed: int) -> None:
        self._rules = tuple(rules)
        self._seed = seed
        self._calls: Counter[str] = Counter()
        self._tries: OrderedDict[str, int] = OrderedDict()

    def draw(self, model: str, digest: str, *, stream: bool) -> FaultRule | None:
        """Give the rule that breaks this call, None for a good one; `digest` tells calls apart."""
        if not self._rules:
            return None
        self._calls[model] += 1
        number, attempt = self._calls[model], None
        for at, rule in enumerate(self._rules):
            if not rule.covers(model, number, stream):
                continue
            if rule.share >= 1:
                return rule
            if attempt is None:
                attempt = self._tries.pop(digest, 0)
                self._tries[digest] = attempt + 1
                if len(self._tries) > REMEMBERED:
                    self._tries.popitem(last=False)
            # Of its own for every rule: one that missed must not make the next one miss too.
            own = (at,) if at else ()
            if uniform("fault", self._seed, model, digest, attempt, *own) < rule.share:
                return rule
        return None


def is_said(text: str) -> bool:
    """Tell whether a fault, `kind` or `kind@share`, changes what a model says, so that it is another model."""
    return text.partition("@")[0] in SAID


def read_rules(faults: Mapping[str, str]) -> tuple[FaultRule, ...]:
    """Read rules such as {"gpt-5.1": "503@0.2"}; BadPlan when a fault does not exist."""
    return tuple(read_rule(text, frozenset({model})) for model, text in faults.items())


def read_rule(text: str, models: frozenset[str] | None = None) -> FaultRule:
    """Read `kind` or `kind@share`; BadPlan names what is wrong and the kinds there are."""
    kind, _, share = text.partition("@")
    _check_kind(kind, "")
    if kind == "status":
        raise BadPlan("the fault 'status' needs a plan file that names the status, as in status = 503.")
    try:
        part = float(share or "1")
    except ValueError:
        part = -1.0
    if not 0 <= part <= 1:
        raise BadPlan(f"the share of {text!r} must be a number between 0 and 1, as in {kind}@0.2.")
    return FaultRule(kind=kind, share=part, models=models)


def load_plan(path: Path) -> tuple[FaultRule, ...]:
    """Read a plan file of [[fault]] tables; BadPlan names the file, the table and what is wrong with it."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # TOML has more to refuse than its own error says
        raise BadPlan(f"the fault plan {path.name} cannot be read: {error}.") from error
    for key in data:
        if key != "fault":
            near = " Did you mean 'fault'?" if difflib.get_close_matches(key, ["fault"]) else ""
            raise BadPlan(f"{path.name}: unknown key {key!r}; a plan is a list of [[fault]] tables.{near}")
    tables = data.get("fault", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise BadPlan(f"{path.name}: 'fault' must be a list of tables; write [[fault]] above each.")
    return tuple(_rule(table, f"{path.name}, fault {at}: ") for at, table in enumerate(tables, 1))


def _rule(table: dict[str, Any], place: str) -> FaultRule:
    for key, value in table.items():
        if key not in KEYS:
            raise BadPlan(f"{place}unknown key {key!r}; {_nearest(key, KEYS)}")
        if not isinstance(value, KEYS[key]) or (isinstance(value, bool) and bool not in KEYS[key]):
            raise BadPlan(f"{place}{key} = {value!r} is not {_named(KEYS[key])}.")
    kind = table.get("kind")
    if kind is None:
        raise BadPlan(f"{place}the key 'kind' is missing; there are {', '.join(KINDS)}.")
    _check_kind(kind, place)
    for key, kinds in ONLY_FOR.items():
        if key in table and kind not in kinds:
            raise BadPlan(f"{place}{key!r} means nothing to the kind {kind!r}.")
    rule = FaultRule(**(table | {"models": _models(table.get("models"), place)}))
    _check_numbers(rule, place)
    return rule


def _models(asked: str | list[Any] | None, place: str) -> frozenset[str] | None:
    if asked is None:
        raise BadPlan(f"{place}the key 'models' is missing; give a list of model ids, or \"all\".")
    if asked == "all":
        return None
    if isinstance(asked, str) or not asked or not all(isinstance(model, str) for model in asked):
        raise BadPlan(f'{place}models = {asked!r} must be a list of model ids, or "all".')
    return frozenset(asked)


def _check_numbers(rule: FaultRule, place: str) -> None:
    if not 0 <= rule.share <= 1:
        raise BadPlan(f"{place}share = {rule.share} must lie between 0 and 1.")
    if rule.kind == "status" and not 400 <= (rule.status or 0) <= 599:
        raise BadPlan(f"{place}the kind 'status' needs a status between 400 and 599.")
    if rule.after < 0 or (rule.first is not None and rule.first <= rule.after):
        raise BadPlan(f"{place}no call is both after {rule.after} and among the first {rule.first}.")
    for key in ("seconds", "retry_after"):
        if not 0 <= (seconds := getattr(rule, key) or 0) <= LONGEST:
            raise BadPlan(
                f"{place}{key} = {seconds} is no time to wait: it cannot be negative, nor beyond {LONGEST}."
            )


def _check_kind(kind: str, place: str) -> None:
    if kind not in KINDS:
        raise BadPlan(f"{place}no fault is called {kind!r}; {_nearest(kind, KINDS)}")


def check_models(rules: Sequence[FaultRule], served: Iterable[str]) -> None:
    """Raise BadPlan for a rule that names a model nobody serves."""
    known = tuple(served)
    for rule in rules:
        for model in sorted((rule.models or frozenset()) - set(known)):
            raise BadPlan(f"no model is served as {model!r}; {_nearest(model, known)}")


def _nearest(word: str, known: Iterable[str]) -> str:
    words = tuple(known)
    near = difflib.get_close_matches(word, words, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(words)}."


def _named(kinds: tuple[type, ...]) -> str:
    told = {str: "text", list: "a list", int: "a whole number", float: "a number", bool: "true or false"}
    return " or ".join(told[kind] for kind in kinds)
