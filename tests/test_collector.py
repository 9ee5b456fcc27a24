"""The collector is left as it was found."""

from __future__ import annotations

import gc

import pytest

from engine.collector import THRESHOLDS, seldom_collected


def test_it_searches_seldom_and_then_as_before_also_after_an_error():
    before = gc.get_threshold()
    with pytest.raises(RuntimeError), seldom_collected():
        assert gc.get_threshold() == THRESHOLDS
        assert gc.get_freeze_count() > 0
        raise RuntimeError
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
