"""The figures of a report: each a picture, its numbers, and two sentences on what it shows and does not.

The one idea: a figure is drawn from rows, a mark for a row, and the rows are written beside it, so that nobody needs
to read a number off a picture. What is simulated says so within the picture: it may be cut out and passed on. Drawing
starts an engine of its own (a second), so it is loaded when something is drawn. Nothing here knows the page.
"""

from __future__ import annotations

from engine.figures.values import Figure, Matter

__all__ = ["Figure", "Matter", "draw"]


def draw(matter: Matter) -> dict[str, Figure]:
    """Draw every figure there are numbers for, by name, in the order in which a report tells its story."""
    from engine.figures.studio import draw_all

    return draw_all(matter)
