"""Fences around text that may not be trusted.

What a model said is shown to another model between tags that carry a nonce, so that nothing said inside can
close the fence and pass for an instruction. The nonce is derived, not random: the same conversation gives the
same prompt, and a model cannot know it before it has spoken.
"""

from __future__ import annotations

from personas.seeds import digest


def fence(tag: str, text: str, *address: object) -> str:
    """Wrap text in `<tag nonce>` … `</tag nonce>`, the nonce being 12 hex digits derived from text and address."""
    nonce = digest("fence", tag, text, *address).hex()[:12]
    return f"<{tag} {nonce}>\n{text}\n</{tag} {nonce}>"
