"""Fences around text that may not be trusted.

What a model, a record or a table said is shown to another model so that nothing in it can pass for anything else:
long text between tags that carry a nonce, several turns each set in under its own heading, a phrase on one line
and without angle brackets. The nonce is derived, not random: the same conversation gives the same prompt, and
nobody can know it before they have spoken, since it depends on what they say. What a text asks for is not known
here.
"""

from __future__ import annotations

from personas.seeds import digest

INDENT = "    "
"""What every further line of a turn begins with; quotes are found all the same, since blanks count as one."""
BRACKETS = str.maketrans("<>", "‹›")


def fence(tag: str, text: str, *address: object) -> str:
    """Wrap text in `<tag nonce>` … `</tag nonce>`, the nonce being 12 hex digits derived from text and address."""
    nonce = digest("fence", tag, text, *address).hex()[:12]
    return f"<{tag} {nonce}>\n{text}\n</{tag} {nonce}>"


def under(heading: str, text: str) -> str:
    """Write text behind its heading, further lines set in, so that none of them can begin like a heading."""
    return f"{heading} {f'{chr(10)}{INDENT}'.join(text.splitlines())}"


def phrase(text: str) -> str:
    """Give a stranger's words as they may stand between tags without a nonce: on one line, with no angle bracket."""
    return " ".join(text.translate(BRACKETS).split())
