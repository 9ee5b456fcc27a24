"""Means: what the user lets a run have of money, tokens and time, read from words and checked against the prices.

They are no part of the plan: a run may be given more when it goes on. Nothing here knows how they are kept to.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from engine.errors import BadOption
from engine.models import Model, Price
from engine.purse import NOTHING, Cost, cost_of

AMOUNT = re.compile(r"\$?((?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?(?:[eE][+-]?\d{1,2})?)", re.ASCII)
"""Dollars; a comma parts thousands only, since 1,5 is 1.5 to some and 15 to a machine."""
SPAN = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)", re.ASCII)
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
LONGEST = 365 * 86_400
"""Seconds."""
MOST = 10**9
"""USD."""
MOST_TOKENS = 10**15
CONVERSATION = 1_800.0
"""Seconds that a conversation may spend with its providers, where nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a run may have."""

    dollars: float = math.inf
    """USD for the whole run, earlier sittings included."""
    tokens: float = math.inf
    """In both directions together, likewise."""
    seconds: float = math.inf
    """Of this sitting."""
    conversation: float = CONVERSATION
    """Seconds in calls and pauses that one conversation, or one vote, may take."""

    @property
    def cap(self) -> Cost:
        """Give what calls may take together."""
        return cost_of(self.dollars, self.tokens)


AMPLE = Means()


class Short(NamedTuple):
    """One of the means of which there was too little."""

    option: str
    said: str
    """A sentence."""


def read_dollars(word: str | None) -> float:
    """Read --budget, in USD, a leading $ allowed; inf for none."""
    if word is None:
        return math.inf
    found = AMOUNT.fullmatch(word.strip())
    amount = float(found[1].replace(",", "")) if found else math.nan
    if not 0 < amount <= MOST:
        raise BadOption(f"--budget {word!r} is no amount of dollars: give one such as 50 or 2.50.")
    return amount


def read_tokens(number: int | None) -> float:
    """Check --max-tokens-total; inf for none."""
    if number is None:
        return math.inf
    if not 0 < number <= MOST_TOKENS:
        raise BadOption(f"--max-tokens-total {number} is not possible: give a number such as 5000000.")
    return number


def read_span(word: str | None, option: str, default: float) -> float:
    """Read a length of time, in seconds, from 90s, 45m, 2h or 1d; `default` for none."""
    if word is None:
        return default
    found = SPAN.fullmatch(word.strip())
    seconds = float(found[1]) * SECONDS[found[2]] if found else 0.0
    if not 0 < seconds <= LONGEST:
        raise BadOption(f"{option} {word!r} is no length of time: give one such as 90s, 45m, 2h or 1d.")
    return seconds


def check_prices(means: Means, company: Iterable[Model]) -> tuple[str, ...]:
    """Refuse a budget that cannot hold, and name whose calls count as nothing in one that can.

    Somebody who is paid must have a price; a server of one's own may be free.
    """
    company = tuple(company)
    if math.isinf(means.dollars):
        return ()
    free = [model for model in company if model.price == Price()]
    if unpriced := [model.name for model in free if not model.endpoint]:
        raise BadOption(
            f"--budget cannot hold for {', '.join(unpriced)}, of which the models file gives no price: add "
            "price = { input = …, output = … }, in USD per million tokens."
        )
    if len(free) == len(company):
        raise BadOption(
            "--budget has nothing to count: no model of this run has a price in the models file. Add prices, or "
            "give --max-tokens-total."
        )
    if not free:
        return ()
    names = ", ".join(model.name for model in free)
    return (f"The models file gives no price for {names}: these calls count as nothing in --budget.",)


def shortage(means: Means, known: Cost, doubtful: Cost, wanted: Cost | None) -> Iterator[Short]:
    """Say what there is too little of: what is used of it, and what the next call could have taken, if one waited."""
    used = known + doubtful
    next_one = used + (wanted or NOTHING)
    if used.picos >= means.cap.picos or next_one.picos > means.cap.picos:
        amounts = (_usd(each.dollars) if each else "" for each in (doubtful, wanted))
        what = f"--budget {_usd(means.dollars)}"
        yield Short(option="--budget", said=_say(what, f"{_usd(known.dollars)} spent", *amounts))
    if used.tokens >= means.tokens or next_one.tokens > means.tokens:
        amounts = (f"{each.tokens:,}" if each else "" for each in (doubtful, wanted))
        what = f"--max-tokens-total {means.tokens:,}"
        yield Short(option="--max-tokens-total", said=_say(what, f"{known.tokens:,} used", *amounts))


def _say(what: str, gone: str, doubtful: str, wanted: str) -> str:
    beside = f" and up to {doubtful} more for answers that were cut off" if doubtful else ""
    beyond = f"; the next call could have taken {wanted} more" if wanted else ""
    return f"{what}: {gone}{beside}{beyond}."


def _usd(amount: float) -> str:
    """Write dollars to the cent, and the cents of small amounts finer where there are such."""
    if 0 < amount < 0.0001:
        return f"${amount:.12f}".rstrip("0")
    fine = f"${amount:,.4f}"
    return fine[:-2] if fine.endswith("00") or amount >= 10 else fine
