"""The pack: an annotator's page as a folder that works from disk, without a server.

The one idea: what leaves the house holds numbers and no names: the page, and photographs called 1, 2, 3. A photograph
whose licence forbids passing it on goes along only where somebody says that it may. Nothing here knows a browser, or
what comes back (`taking`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.annotation.paper import SCRIPT, STYLE, asset, lay_paper, render_paper
from engine.annotation.slips import Desk
from engine.disk import put_files
from engine.errors import BadOption, BadRun
from engine.folder import blobs_of, check_photos
from engine.pages import seal

PHOTOS = "photographs"
ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
SOURCE = "'self' file:"
"""Where a page from disk finds its photographs: for some browsers a file's own folder is not `self`."""
NOTICE = "notice.txt"


def write_pack(desk: Desk, folder: Path, *, restricted: bool = False) -> list[str]:
    """Write an annotator's pack into a new folder, and say what is to be known of it.

    Raises BadOption for a folder that is not empty, BadRun where a photograph is missing or nothing can be written.
    """
    paper, album = lay_paper(desk), blobs_of(desk.run.folder)
    photos = {one.photo.sha256: one.photo for one in paper.exhibits}
    bound = {one.photo.sha256 for one in paper.exhibits if one.restricted}
    taken = {key: photo for key, photo in photos.items() if restricted or key not in bound}
    check_photos(desk.run.folder, taken.values())
    names = {
        key: f"{number}.{ENDINGS[photo.media_type]}"
        for number, (key, photo) in enumerate(taken.items(), start=1)
    }
    sealed = seal(styles=(asset(STYLE),), scripts=(asset(SCRIPT),), images=SOURCE, blind=True)
    page = render_paper(
        paper, {key: f"{PHOTOS}/{names[key]}" if key in names else "" for key in photos}, sealed
    )
    files = {"index.html": page.encode()}
    if bound & taken.keys():
        files["NOTICE.txt"] = asset(NOTICE).encode()
    try:
        if folder.exists() and any(folder.iterdir()):
            raise BadOption(f"--pack {folder}: there is something already; name a new folder.")
        (folder / PHOTOS).mkdir(parents=True, exist_ok=True)
        put_files(folder / PHOTOS, {names[key]: album.data(photo) for key, photo in taken.items()})
        put_files(folder, files)
    except OSError as error:
        raise BadRun(
            f"--pack {folder}: cannot be written ({error.strerror}); choose another folder."
        ) from error
    return list(
        _told(
            desk, folder, len(paper.exhibits), left=len(photos) - len(taken), bound=len(bound & taken.keys())
        )
    )


def _told(desk: Desk, folder: Path, many: int, *, left: int, bound: int) -> Iterator[str]:
    yield f"{folder}: {many} conversations for {desk.annotator}; open index.html there, no server needed."
    if left:
        yield (
            f"Left out: {left} photographs whose licence forbids passing them on; with leave to do so, "
            "--with-restricted takes them along."
        )
    if bound:
        yield f"It holds {bound} photographs whose licence forbids passing them on: see its NOTICE.txt."
