"""Fitting the photographs of a run to its models, before the first call.

The one idea: whatever is not sent as it came is known, kept and told beforehand; a call only looks up what was
made here. CPU work, so it belongs in a thread. Nothing here knows how a picture is made smaller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.errors import Unusable
from engine.events import PhotoFitted
from engine.models import Envelope, Model
from personas.errors import Unreadable
from personas.photos.album import Album
from personas.values import Photo

KINDS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WebP"}


def fit_photos(album: Album, photos: Iterable[Photo], models: Iterable[Model]) -> tuple[PhotoFitted, ...]:
    """Fit every photograph to every model and give what was changed, in the order of the photographs.

    The album keeps what was made, so that the same question during the run costs nothing. Raises Unusable when
    some model can take a photograph in no size.
    """
    groups = _envelopes(models)
    return tuple(fitted for photo in dict.fromkeys(photos) for fitted in _fit(album, photo, groups))


def describe(fitted: Iterable[PhotoFitted], photos: Iterable[Photo], models: Iterable[Model]) -> list[str]:
    """Say what was changed, one sentence per envelope that some photograph did not fit."""
    count, fitted = len(set(photos)), tuple(fitted)
    sentences = []
    for envelope, group in _envelopes(models).items():
        names = {model.name for model in group}
        changed = [one for one in fitted if names & set(one.models)]
        if changed:
            most = max(changed, key=lambda one: one.size)
            one = len(changed) == 1
            sentences.append(
                f"{len(changed):,} of {count:,} photographs {'is' if one else 'are'} larger than "
                f"{_listed([model.title for model in group])} take{'s' if len(group) == 1 else ''} "
                f"({envelope.side:,} px, {megabytes(envelope.bytes)}) and {'is' if one else 'are'} sent smaller "
                f"there{':' if one else ', the largest:'} {measure(most.photo, most.size)} as "
                f"{measure(most.sent, most.sent_size)}. The report lists each."
            )
    return sentences


def measure(photo: Photo, size: int) -> str:
    """Give `4032 x 3024 px PNG of 9.1 MB`."""
    return f"{photo.width} x {photo.height} px {KINDS[photo.media_type]} of {megabytes(size)}"


def megabytes(size: int) -> str:
    """Give a number of bytes in words, below a megabyte in kB."""
    return f"{size / 1e6:.3g} MB" if size >= 999_500 else f"{size / 1e3:.3g} kB"


def _fit(album: Album, photo: Photo, groups: dict[Envelope, list[Model]]) -> Iterator[PhotoFitted]:
    """Fit one photograph; envelopes from which the same bytes result are one change."""
    sent: dict[Photo, list[str]] = {}
    for envelope, models in groups.items():
        try:
            found = album.fit(photo, bytes=envelope.bytes, side=envelope.side)
        except Unreadable as error:
            titles = _listed([model.title for model in models])
            raise Unusable(f"photograph {photo.sha256[:12]} cannot be sent to {titles}: {error}") from error
        if found.sha256 != photo.sha256:
            sent.setdefault(found, []).extend(model.name for model in models)
    for found, names in sent.items():
        yield PhotoFitted(
            photo=photo,
            size=len(album.data(photo)),
            sent=found,
            sent_size=len(album.data(found)),
            models=tuple(names),
        )


def _envelopes(models: Iterable[Model]) -> dict[Envelope, list[Model]]:
    groups: dict[Envelope, list[Model]] = {}
    for model in models:
        groups.setdefault(model.image, []).append(model)
    return groups


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
