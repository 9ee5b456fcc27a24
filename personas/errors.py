"""What can be wrong with the data a scenario is made of."""

from __future__ import annotations


class Unreadable(Exception):
    """A file or folder cannot be used; the message names it, the reason and the next step."""
