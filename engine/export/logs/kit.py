"""Inspect's own library, where it is installed: its values are made and its writer writes them.

It is an extra, and large; it is imported when a log is written and not before. Nothing here knows a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

from engine.errors import BadOption


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectKit:
    """The parts of Inspect that a log is made of."""

    log: ModuleType
    model: ModuleType
    scorer: ModuleType


def load_inspect() -> InspectKit:
    """Give Inspect's library; BadOption where it is not installed."""
    try:
        import inspect_ai.log
        import inspect_ai.model
        import inspect_ai.scorer
    except ImportError as error:
        raise BadOption(
            "--format inspect needs Inspect AI. Install the extra: pip install -e '.[inspect]'."
        ) from error
    return InspectKit(log=inspect_ai.log, model=inspect_ai.model, scorer=inspect_ai.scorer)
