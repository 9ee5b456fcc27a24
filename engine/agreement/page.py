"""The report on a table of ratings as text, 80 columns wide.

First how the file was read and what was left out, then the answer in a sentence, then every coefficient with what
it rests on, then the pairs, raters and values that explain why coefficients differ. Nothing here knows where the
table came from.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from engine.console.clean import flatten
from rubrics.agreement.alpha import NAME as ALPHA
from rubrics.agreement.alpha import Level
from rubrics.agreement.kappa import NAME as COHEN
from rubrics.agreement.ratings import Coefficient
from rubrics.agreement.reading import RatingReading
from rubrics.agreement.survey import AgreementSurvey

WIDTH = 80
MOST_ROWS = 12
"""Pairs and raters that are listed one by one."""
WIDEST_TABLE = 11
"""Values up to which the pairs of ratings are shown."""
FEW_UNITS = 40
SKEWED = 0.8
"""Share of one value from which on kappa and AC part."""
Row = TypeVar("Row")
METHODS = {"normal": "by its large-sample error", "F": "by F"}
FORMS = {
    "(1,1)": "(1,1) single, any raters",
    "(2,1)": "(2,1) single, agreement",
    "(3,1)": "(3,1) single, consistency",
    "(1,k)": "(1,k) mean, any raters",
    "(2,k)": "(2,k) mean, agreement",
    "(3,k)": "(3,k) mean, consistency",
}


def write_page(name: str, reading: RatingReading, found: AgreementSurvey) -> str:
    """Write the report on the file of this name."""
    return "\n".join(line.rstrip() for line in _lines(name, reading, found))


def _lines(name: str, reading: RatingReading, found: AgreementSurvey) -> Iterator[str]:
    yield f"Agreement in {flatten(name)}"
    yield ""
    yield from _account(reading)
    yield from _omissions(reading)
    if found.missing:
        yield from ("", *_wrap(f"No agreement can be computed: {found.missing}."))
    else:
        yield from ("", *_headline(found.coefficients[0], reading.level), "")
        yield from _coefficients(found.coefficients)
        yield from _pairs(found)
    yield from _raters(found)
    yield from _values(found)
    yield from _crossings(reading, found)
    yield from _remarks(reading, found)


def _account(reading: RatingReading) -> Iterator[str]:
    """Say how the file was read, and how much is in it."""
    table = reading.table
    given = table.patterns.given[table.patterns.of]
    guess = " (guessed)" if reading.guessed_layout else ""
    level = " (guessed from the values)" if reading.guessed_level else ""
    scale = ", ".join(map(flatten, reading.labels[:12])) + (" …" if len(reading.labels) > 12 else "")
    source = "" if reading.given_scale else " (those seen)"
    raters = f"{len(table.raters):,} raters" if table.raters else "raters not known"
    yield from _entry("read as", reading.layout + guess)
    yield from _entry("level", reading.level + level)
    yield from _entry("values", f"{len(reading.labels):,}: {scale}{source}")
    yield from _entry(
        "ratings",
        f"{int(given.sum()):,} of {reading.cells:,} cells: {len(table.units):,} units, {raters}; "
        f"{int((given >= 2).sum()):,} units have two ratings or more",
    )
    for note in reading.notes:
        yield from _entry("note", note)


def _omissions(reading: RatingReading) -> Iterator[str]:
    if not reading.left_out:
        yield from _entry("left out", "nothing")
        return
    yield ""
    yield f"Left out: {sum(left.count for left in reading.left_out):,}"
    for left in reading.left_out:
        yield from _wrap(left.cause, f"  {left.count:>7,}  ", 11)
        if left.examples:
            yield from _wrap(" · ".join(left.examples), " " * 11, 11)


def _headline(first: Coefficient, level: Level) -> Iterator[str]:
    if first.value is None:
        yield from _wrap(f"{ALPHA} ({level}) is undefined: {first.why}.")
        return
    ends = f", 95% interval {_span(first)}" if first.low is not None else ""
    yield from _wrap(f"{ALPHA} ({level}) is {first.value:.3f}{ends}.")
    yield from _wrap(
        "1 is perfect agreement, 0 is what chance gives. Krippendorff asks for 0.800, and for 0.667 where tentative "
        "conclusions will do."
    )


def _coefficients(coefficients: Sequence[Coefficient]) -> Iterator[str]:
    """List them under their names; what is missing is explained below by number."""
    reasons: dict[str, int] = {}
    title = ""
    yield f"{'':30}{'value':>7}  {'95% interval':16}{'units':>9}{'raters':>7}{'values':>9}"
    for one in coefficients:
        if one.name != title:
            title = one.name
            yield f"{title}, mean over pairs of raters" if title == COHEN and one.raters > 2 else title
        mark = f"[{reasons.setdefault(one.why, len(reasons) + 1)}]" if one.why else ""
        value = _figure(one.value) if one.value is not None else f"– {mark}"
        ends = _span(one) or f"– {mark}"
        ends = ends if one.value is not None else ""
        basis = f"{one.units:>9}{one.raters if one.raters or not one.units else '?':>7}{one.values:>9}"
        yield f"  {FORMS.get(one.form, one.form):28}{value:>7}  {ends:16}{basis}"
    for reason, number in reasons.items():
        yield from _wrap(reason, f"[{number}] ", 4)


def _span(one: Coefficient) -> str:
    """Give the interval; empty without one."""
    return "" if one.low is None or one.high is None else f"{_figure(one.low)} to {_figure(one.high)}"


def _figure(value: float) -> str:
    """Give three digits; an ICC of means can fall far below -1, where they say nothing."""
    return f"{value:.3f}" if value > -10 else f"{value:.0f}"


def _pairs(found: AgreementSurvey) -> Iterator[str]:
    if not found.pairs:
        return
    pairs = sorted(found.pairs, key=lambda pair: np.inf if pair.kappa.value is None else pair.kappa.value)
    yield ""
    yield f"{'Pairs of raters, lowest kappa first':48}{'units':>9}{'alike':>8}{'kappa':>8}"
    for pair in _ends(pairs):
        if pair is None:
            yield "  …"
            continue
        names = f"{_short(pair.first, 22)} · {_short(pair.second, 22)}"
        share, kappa = _number(pair.percent.value, 2), _number(pair.kappa.value, 3)
        yield f"  {names:46}{pair.kappa.units:>9}{share:>8}{kappa:>8}"
    yield from _wrap(f"alike: share of units rated the same. kappa: Cohen's, {pairs[0].kappa.form}.", "  ", 2)


def _raters(found: AgreementSurvey) -> Iterator[str]:
    if not found.raters:
        return
    yield ""
    yield f"{'Raters':48}{'ratings':>9}{'mean':>8}{'spread':>8}"
    ranked = sorted(found.raters, key=lambda use: (use.mean is None, use.mean or 0.0))
    for use in _ends(ranked):
        if use is None:
            yield "  …"
            continue
        yield f"  {_short(use.rater, 46):46}{use.ratings:>9}{_number(use.mean, 2):>8}{_number(use.spread, 2):>8}"


def _values(found: AgreementSurvey) -> Iterator[str]:
    if not found.values:
        return
    yield ""
    yield f"{'Values':40}{'ratings':>9}{'share':>8}{'again':>8}{'kappa':>8}"
    for use in found.values:
        share, again = f"{100 * use.share:.1f}%", _number(use.specific, 2)
        yield f"  {_short(use.label, 38):38}{use.ratings:>9}{share:>8}{again:>8}{_number(use.kappa, 3):>8}"
    if not found.missing:
        z = f" For all values together z = {found.z:.2f} against chance alone." if found.z is not None else ""
        yield from _wrap(
            "again: when one rater gives it, how often another does. kappa: Fleiss', this value against all "
            f"others.{z}",
            "  ",
            2,
        )


def _crossings(reading: RatingReading, found: AgreementSurvey) -> Iterator[str]:
    """Show the pairs of values behind the coefficients, as long as they fit the page."""
    if found.table is None or len(found.table) > WIDEST_TABLE:
        return
    raters = reading.table.raters
    if len(raters) == 2:
        title = f"Units by the value of {_short(raters[0], 20)} (rows) and {_short(raters[1], 20)} (columns)"
    else:
        title = "Pairs of ratings of a unit by their two values, each pair both ways round"
    labels = [_short(label, 6) for label in reading.labels]
    width = 1 + max(5, *map(len, labels), *(len(f"{count:.0f}") for count in found.table.ravel()))
    if width * len(labels) > WIDTH - 8:
        return
    yield from ("", title)
    yield " " * 8 + "".join(f"{label:>{width}}" for label in labels)
    for label, row in zip(labels, found.table, strict=True):
        yield f"  {label:6}" + "".join(f"{count:>{width}.0f}" for count in row)


def _remarks(reading: RatingReading, found: AgreementSurvey) -> Iterator[str]:
    """Say how the numbers came about, and when to distrust them."""
    if found.missing:
        return
    remarks = []
    methods = {one.name: one.method for one in found.coefficients if one.method}
    if methods:
        ways = [f"{name} {METHODS.get(method, method)}" for name, method in methods.items() if method != "t"]
        ways += ["all others by t"] if "t" in methods.values() else []
        remarks.append(f"Intervals: {'; '.join(ways)}.")
    if "ICC" in methods:
        remarks.append(
            "ICC: how good a single rating is, and the mean of all raters. Any raters: others for each unit. "
            "Agreement: the same numbers. Consistency: the same order will do. The last two take only units that "
            "every rater rated."
        )
    units = found.coefficients[0].units
    if units < FEW_UNITS:
        remarks.append(f"With {units} units distrust the intervals: so few make them too narrow.")
    share = max((use.share for use in found.values), default=0.0)
    if share >= SKEWED:
        remarks.append(
            f"{100 * share:.0f}% of the ratings are one value. Alpha and the kappas of Cohen and Fleiss fall then "
            "even where raters agree; Gwet's AC does not. Read both."
        )
    if remarks:
        yield ""
    for remark in remarks:
        yield from _wrap(remark)


def _ends(rows: Sequence[Row]) -> Iterable[Row | None]:
    """Give all rows, or the first and the last with None between them when they are many."""
    half = MOST_ROWS // 2
    return rows if len(rows) <= MOST_ROWS else (*rows[:half], None, *rows[-half:])


def _entry(title: str, text: str) -> Iterator[str]:
    return _wrap(text, f"  {title:9}", 11)


def _wrap(text: str, start: str = "", indent: int = 0) -> Iterator[str]:
    yield from textwrap.wrap(
        flatten(text), WIDTH, initial_indent=start, subsequent_indent=" " * indent, break_on_hyphens=False
    )


def _short(text: str, width: int) -> str:
    plain = flatten(text)
    if len(plain) <= width:
        return plain
    start = width // 2  # names of raters often differ at their end only
    return f"{plain[:start]}…{plain[start + 1 - width :]}"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
