"""What can be wrong with a rubric."""

from __future__ import annotations


class Unusable(Exception):
    """A rubric file cannot be used; the message names the file, the place in it and the next step."""
