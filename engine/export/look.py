"""The look at a run before it leaves, whatever it leaves as; and once more, should it have gone on meanwhile.

Nothing here knows what is made of it.
"""

from __future__ import annotations

from engine.export.contents import Contents, list_contents
from engine.export.origins import read_origins, sort_photos
from engine.export.place import ExportWish
from engine.export.scan import Guard, Heard
from engine.segments import RECORDED, list_segments
from engine.setting import read_additions


def look(wish: ExportWish, guard: Guard) -> tuple[Contents, Heard]:
    """Look at everything there is, and settle which photographs go."""
    heard = Heard()
    contents = list_contents(wish.run, guard, heard)
    origins = read_origins(wish.run / "scenarios.jsonl")
    photos = sort_photos(origins, read_additions(wish.run), heard.fitted)
    return contents.illustrated(wish.run / "blobs", photos, asked=wish.images, origins=origins), heard


def recheck(wish: ExportWish, contents: Contents) -> None:
    """Look once more at a run that went on while its rows were read: BadRun when a key came in."""
    held = {part.path: part.scanned for part in contents.parts if part.path}
    journals = [path for folder in ("journal", RECORDED) for path in list_segments(wish.run / folder)]
    if any(path not in held or path.stat().st_size > held[path].size + held[path].torn for path in journals):
        list_contents(wish.run, Guard.of(wish.run), Heard())
