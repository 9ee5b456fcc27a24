"""Thoughts: what a model thinks aloud between <think> and </think> before it answers.

Whatever leads a text in these tags, once or more often, is reasoning and no part of the answer, in one piece or in
chunks that may end in the middle of a tag. Nothing here knows where a text comes from.
"""

from __future__ import annotations

from collections.abc import Callable

OPEN, CLOSE = "<think>", "</think>"


class ThoughtFilter:
    """Takes a text in chunks, and tells the answer apart from the thoughts before it."""

    def __init__(self, listen: Callable[[str], None]) -> None:
        self._listen = listen
        self._held = ""
        """What cannot be told apart yet."""
        self._state = "before"
        self._thoughts = 0
        self.thought = ""
        self.answer = ""

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
        if self._state == "thinking":
            self._keep(self._held)
            self._held = ""
        elif self._state == "before":
            self._speak()

    def _look(self) -> None:
        text = self._held.lstrip()
        if self._thoughts:
            self._held = text
        if text.startswith(OPEN):
            self._held, self._state = text[len(OPEN) :], "thinking"
        elif not OPEN.startswith(text):
            self._state = "answering"

    def _think(self) -> None:
        thought, closed, rest = self._held.partition(CLOSE)
        if closed:
            self._keep(thought)
            self._held, self._state = rest, "before"

    def _keep(self, thought: str) -> None:
        self._thoughts += 1
        self.thought = f"{self.thought}\n{thought}" if self.thought else thought

    def _speak(self) -> None:
        if self._held:
            self.answer += self._held
            self._listen(self._held)
            self._held = ""


def split_thought(text: str) -> tuple[str, str]:
    """Give (answer, thought) of a whole text.

    A closing tag alone ends a thought too, since some servers' templates open the tag in the prompt; within a JSON
    object it is somebody's words.
    """
    told, thoughts = text.lstrip(), []
    while told.startswith(OPEN):
        thought, _, answer = told[len(OPEN) :].partition(CLOSE)
        thoughts.append(thought.strip())
        told = answer.lstrip()
    if thoughts:
        return told, "\n".join(filter(None, thoughts))
    if OPEN not in text and CLOSE in text and not told.startswith("{"):
        thought, _, answer = text.partition(CLOSE)
        return answer.lstrip(), thought.strip()
    return text, ""
