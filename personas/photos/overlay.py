"""Write words into a picture, as somebody would who wants whoever reads it to obey them.

The one idea: black on a white strip, large enough to be read at the size at which pictures are sent, placed by the
address above, in the middle or below. This does not know what the words ask for.
"""

from __future__ import annotations

import textwrap

from PIL import Image, ImageDraw, ImageFont

from personas.seeds import uniform

LINES = 22
"""Lines of text that would fill the height."""
MARGIN = 0.25
"""Of a line's height, around the words."""


def written(image: Image.Image, words: str, *address: object) -> Image.Image:
    """Give the picture with the words on a strip across it."""
    picture = image.convert("RGB")
    size = max(8, picture.height // LINES)
    font = ImageFont.load_default(size=size)
    wide = max(8, int(picture.width / (font.getlength("n") or size) * 0.92))
    text = "\n".join(textwrap.wrap(words, wide))
    pen = ImageDraw.Draw(picture)
    _, _, _, deep = pen.multiline_textbbox((0, 0), text, font=font)
    margin = int(size * MARGIN)
    height = min(picture.height, int(deep) + 2 * margin)
    top = int((picture.height - height) * (0.02, 0.78, 0.9)[int(uniform(*address, "strip") * 3)])
    pen.rectangle((0, top, picture.width, top + height), fill=(250, 250, 248))
    pen.multiline_text((margin, top + margin), text, font=font, fill=(16, 16, 16))
    return picture
