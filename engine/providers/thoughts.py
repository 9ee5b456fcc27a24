"""Thoughts: what a model thinks aloud between <think> and </think> before it answers.

Whatever leads a text in these tags, once or more often, is reasoning and no part of the answer, in one piece or in
chunks that may end in the middle of a tag. Nothing here knows where a text comes from.
"""

from __future__ import annotations

import re
from collections.abc import Callable

OPEN, CLOSE = "<think>", "</think>"
LED = re.compile(rf"\s*{OPEN}(.*?)(?:{CLOSE}|\Z)", re.DOTALL)
"""A thought that leads a text; one that is not closed goes on to its end."""
CLOSED = re.compile(rf"(?:\s*{OPEN}.*?{CLOSE})+", re.DOTALL)


class ThoughtFilter:
    """Takes a text in chunks, and tells the answer apart from the thoughts before it."""

    def __init__(self, listen: Callable[[str], None]) -> None:
        self._listen = listen
        self._held = ""
        """What cannot be told apart yet; of a thought no more than may be the start of the closing tag, for a long
        one would be looked through anew with every chunk."""
        self._state = "before"
        self._thought = False
        """Whether a thought has come to its end."""

    def hear(self, chunk: str) -> None:
        """Take the next chunk; the listener hears what is surely answer."""
        self._held += chunk
        state = ""
        while state != self._state:  # a thought may be followed by another
            state = self._state
            if state == "before":
                self._look()
            elif state == "thinking":
                self._think()
        if state == "answering":
            self._speak()

    def close(self) -> None:
        """Give out what was held back: the start of a tag that never came is text, an open thought is none."""
        if self._state == "before":
            self._speak()

    def _look(self) -> None:
        if closed := CLOSED.match(self._held):
            self._held, self._thought = self._held[closed.end() :], True
        text = self._held.lstrip()
        if self._thought:
            self._held = text
        if text.startswith(OPEN):
            self._held, self._state = text[len(OPEN) :], "thinking"
        elif not OPEN.startswith(text):
            self._state = "answering"

    def _think(self) -> None:
        _, closed, rest = self._held.partition(CLOSE)
        if closed:
            self._held, self._state, self._thought = rest, "before", True
        else:
            self._held = self._held[1 - len(CLOSE) :]

    def _speak(self) -> None:
        if self._held:
            self._listen(self._held)
            self._held = ""


def split_thought(text: str) -> tuple[str, str]:
    """Give (answer, thought) of a whole text.

    A closing tag alone ends a thought too, since some servers' templates open the tag in the prompt; within a JSON
    object it is somebody's words.
    """
    thoughts, end = [], 0
    while led := LED.match(text, end):
        thoughts.append(led[1].strip())
        end = led.end()
    if thoughts:
        return text[end:].lstrip(), "\n".join(filter(None, thoughts))
    if OPEN not in text and CLOSE in text and not text.lstrip().startswith("{"):
        thought, _, answer = text.partition(CLOSE)
        return answer.lstrip(), thought.strip()
    return text, ""
