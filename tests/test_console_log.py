"""The log: told in words, not too often, and only while a run is on."""

from __future__ import annotations

import structlog

from engine.console.log import speaking


def test_what_is_logged_is_said_in_one_line():
    said = []
    with speaking(said.append):
        structlog.get_logger().warning("asking again", model="gpt-5.1", cause="throttled", pause="7 s")
    assert said == ["asking again: model gpt-5.1, cause throttled, pause 7 s"]


def test_the_same_trouble_is_not_told_again_at_once_but_another_is():
    said = []
    with speaking(said.append):
        for cause in ("throttled", "throttled", "dropped", "throttled"):
            structlog.get_logger().warning("asking again", model="gpt-5.1", cause=cause)
    assert len(said) == 2


def test_after_the_run_nothing_is_said(capsys):
    said = []
    with speaking(said.append):
        pass
    structlog.get_logger().warning("asking again", model="gpt-5.1")
    assert not said
    assert capsys.readouterr() == ("", "")
