"""Cells of a table that a spreadsheet may open: a stranger's words that would be run as a formula, made words again.

The one idea: what begins like a formula gets an apostrophe in front, by which every spreadsheet takes it for text,
and whoever reads the table here takes just that apostrophe away: a name is the same before and after. Numbers stay
as they are, negative ones too. Nothing here knows whose words they are.
"""

from __future__ import annotations

import re

FORMULA = re.compile(r"""['"\s]*[=+\-@＝＋－＠﹦﹢﹣﹫]""")
"""How a formula may begin, blanks and quotation marks before it, and its signs in their wide forms too."""
HARMLESS = re.compile(r"[+-]?\d[\d.]*(?:e[+-]?\d+)?|[-\d ()/.]*", re.IGNORECASE | re.ASCII)
"""A number, or dashes and figures alone, as in a row of votes (`- 4 (3)`): nothing in them can be called."""


def guard(text: str) -> str:
    """Give the text as it may stand in a cell."""
    return f"'{text}" if _begins(text) else text


def unguard(cell: str) -> str:
    """Give the text that `guard` made a cell of; any other cell is itself."""
    return cell[1:] if cell[:1] == "'" and _begins(cell[1:]) else cell


def _begins(text: str) -> bool:
    return FORMULA.match(text) is not None and HARMLESS.fullmatch(text) is None
