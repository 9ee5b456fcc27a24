"""The frame: what stands around the followed conversation, drawn as lines of a terminal.

Every function gives lines from values alone. They are put together by hand, since rich lays a table out anew
each time, many times a second. Nothing here knows when it is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

from engine.console.clean import flatten
from engine.console.scene import DIM, PLAIN, Line
from engine.console.spotlight import dollars, remaining, span
from engine.limiter import LimiterStatistics
from engine.tally import TallyStatistics

BOLD = Style.parse("bold")
BADGES = {
    True: (" SIMULATED ", Style.parse("bold black on yellow")),
    False: (" LIVE ", Style.parse("bold white on dark_green")),
}
WARNING = "invented minds: no number here is about a real model"
YELLOW = Style.parse("yellow")
GREEN = Style.parse("green")
RED = Style.parse("red")
LIMITS = 49
"""Cells of a column of the table of limits."""
LOAD = 8
"""Cells of a bar in it."""
WHOLE = 0.995
"""Share of a configured rate that is shown as all of it."""
LOUD = {"failed": RED, "done": GREEN}
News = tuple[str, str, str, str]
"""Model, title, who and what; a remark to the user has only the last."""


def header(title: str, folder: str, simulated: bool, width: int) -> list[Line]:
    """Give the line that says whose numbers these are."""
    badge, style = BADGES[simulated]
    words = f"  {title}"
    warning = f"  {WARNING}" if simulated else ""
    room = width - len(badge) - cell_len(words) - cell_len(warning) - 1
    place = f"  {folder}" if folder and folder != title else ""
    place = place if cell_len(place) <= room else ""
    gap = " " * max(0, room - cell_len(place))
    return [
        [
            Segment(badge, style),
            Segment(words, BOLD),
            Segment(warning, YELLOW),
            Segment(gap + place, DIM),
        ]
    ]


def boxed(lines: list[Line], *, title: str, name: str, colour: Style, width: int, height: int) -> list[Line]:
    """Give lines in a box with a title on its left and a name on its right; the lines stand at its top."""
    model = f" {name} " if name else ""
    words = f" {crop(title, max(0, width - cell_len(model) - 8))} " if title else ""
    rule = "─" * max(0, width - 4 - cell_len(words) - cell_len(model))
    top = [Segment("╭─", colour), Segment(words, BOLD), Segment(rule, colour), Segment(model, GREEN)]
    side = Segment("│", colour)
    body = [
        [side, *Segment.adjust_line_length(line, width - 2), side]
        for line in [*lines, *([[]] * (height - 2))][: height - 2]
    ]
    return [[*top, Segment("─╮", colour)], *body, [Segment(f"╰{'─' * (width - 2)}╯", colour)]]


def progress(state: TallyStatistics, simulated: bool, width: int) -> list[Line]:
    """Give the bar and the two lines of numbers under it."""
    failed = sum(state.failed.values())
    whole = max(1, state.planned)
    share = min(1.0, (state.judged + failed) / whole)
    said = f"  {state.judged:,}/{state.planned:,} judged  {share:4.0%}"
    room = max(1, width - 1 - cell_len(said))
    green, red = round(room * state.judged / whole), round(room * failed / whole)
    bar = [
        Segment(" " + "━" * green, GREEN),
        Segment("━" * red, RED),
        Segment("━" * max(0, room - green - red), DIM),
        Segment(said, BOLD),
    ]
    used = state.total
    pace = [
        remaining(state.eta),
        f"{state.calls_per_second:,.1f} calls/s",
        f"{state.tokens_per_second:,.0f} tokens/s",
        f"{used.calls:,} calls",
        dollars(used.cost, simulated),
    ]
    causes = flatten(", ".join(f"{cause} {count}" for cause, count in sorted(state.failed.items())))
    rest = [
        f"{sum(state.retries.values()):,} retries" if state.retries else "",
        f"{sum(state.abstained.values()):,} abstentions" if state.abstained else "",
    ]
    return [
        bar,
        [Segment(" " + crop(join(pace), width - 1), PLAIN)],
        [
            Segment(f" {state.under_way} under way · ", DIM),
            Segment(f"{failed:,} failed ({causes})" if failed else "none failed", RED if failed else DIM),
            Segment("".join(f" · {part}" for part in rest if part), DIM),
        ],
    ]


def ticker(news: Iterable[News], width: int) -> list[Line]:
    """Give a line for each piece of news."""
    return [_news(item, width) for item in news]


def _news(item: News, width: int) -> Line:
    model, title, who, words = (flatten(part) for part in item)
    if not who:
        return [Segment(f" {crop(words, width - 1)}", YELLOW)]
    room = min(38, max(12, width // 3))
    place = f"{crop(title, room):<{room}}  "
    words = crop(words, max(0, width - 31 - cell_len(place)))
    loud = LOUD.get(who, DIM)
    return [
        Segment(f" {crop(model, 18):<18}  ", DIM),
        Segment(f"{who:<10}", loud),
        Segment(place, DIM),
        Segment(words, loud if who == "failed" else PLAIN),
    ]


def limits(table: Mapping[str, LimiterStatistics], *, width: int, height: int) -> list[Line]:
    """Give the table of limits in columns side by side; where it is too high, idle models are left out."""
    columns = max(1, width // LIMITS)
    room = columns * max(1, height - 1)
    shown = list(table.items())
    if len(shown) > room:
        shown = sorted(shown, key=lambda item: -(item[1].in_flight + item[1].waiting))[:room]
    if not shown:
        return []
    columns = min(columns, len(shown))
    rows = -(-len(shown) // columns)
    head = f" {'limits':<18}  {'flight':>6} {'queue':>6}  {'load':<{LOAD + 5}}"
    lines: list[Line] = [[Segment(head, DIM)] * columns]
    for row in range(rows):
        cells = [_limit(*item) for item in shown[row::rows]]
        lines.append([part for cell in cells for part in Segment.adjust_line_length(cell, LIMITS)])
    return lines


def _limit(name: str, stand: LimiterStatistics) -> Line:
    full = round(LOAD * min(1.0, stand.load))
    colour = YELLOW if stand.load > 0.9 else GREEN
    words = f" {set_cell_size(crop(flatten(name), 18), 18)}  {stand.in_flight:>6} {stand.waiting:>6}  "
    if stand.paused:
        return [Segment(words, PLAIN), Segment(f"paused {span(stand.paused)}", RED)]
    if stand.share < WHOLE:
        return [Segment(words, PLAIN), Segment(f"cut to {stand.share:.0%}", YELLOW)]
    return [
        Segment(words, PLAIN if stand.in_flight or stand.waiting else DIM),
        Segment("▬" * full, colour),
        Segment("▬" * (LOAD - full), DIM),
        Segment(f"{stand.load:5.0%}", DIM),
    ]


def crop(text: str, width: int) -> str:
    """Give at most `width` cells of a text, with … where it was cut."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - 1)).rstrip() + "…" if width > 0 else ""


def join(parts: Iterable[str]) -> str:
    """Give the parts that say something, with dots between."""
    return " · ".join(part for part in parts if part)
