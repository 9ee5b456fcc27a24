"""Fitting a run's photographs: nothing is shrunk silently, and nothing that fits is touched."""

from __future__ import annotations

import numpy as np
import orjson
import pytest
from PIL import Image

from engine.catalog import read_catalog
from engine.errors import Unusable
from engine.events import EVENT, Event, PhotoFitted
from engine.fitting import describe, fit_photos
from engine.models import Envelope, Model
from personas.photos.album import Album
from personas.photos.pixels import encode
from personas.seeds import derive

MODELS = read_catalog().models


def model(name: str, *, bytes: int = 10**8, side: int = 8_000) -> Model:
    return MODELS[name].model_copy(update={"image": Envelope(bytes=bytes, side=side)})


def noise(width: int, height: int) -> bytes:
    pixels = derive("fitting", width, height).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return encode(Image.fromarray(pixels), "PNG")


ALBUM = Album()
LARGE = ALBUM.put(noise(900, 600), drawn=False)
SMALL = ALBUM.put(noise(300, 200), drawn=False)


def test_what_fits_every_model_is_no_news():
    assert fit_photos(ALBUM, [LARGE, SMALL], [model("gpt-5.1"), model("nova-pro")]) == ()
    assert describe((), [LARGE, SMALL], [model("gpt-5.1")]) == []


def test_each_change_names_the_photograph_before_and_after_and_the_models():
    models = [model("gpt-5.1"), model("nova-pro", side=600), model("nova-2-lite", side=600)]
    (change,) = fit_photos(ALBUM, [LARGE, SMALL, LARGE], models)
    assert (change.photo, change.models) == (LARGE, ("nova-pro", "nova-2-lite"))
    assert (change.sent.width, change.sent.height, change.sent.media_type) == (600, 400, "image/png")
    assert change.size == len(ALBUM.data(LARGE))
    assert change.sent_size == len(ALBUM.data(change.sent))
    assert ALBUM.fit(LARGE, bytes=10**8, side=600) == change.sent


def test_two_envelopes_from_which_the_same_bytes_result_are_one_change():
    models = [model("gpt-5.1", side=600), model("nova-pro", side=600, bytes=10**7)]
    (change,) = fit_photos(ALBUM, [LARGE], models)
    assert change.models == ("gpt-5.1", "nova-pro")


def test_the_user_is_told_in_one_sentence_per_envelope():
    models = [
        model("gpt-5.1"),
        model("nova-pro", side=600),
        model("nova-2-lite", side=600),
        model("llama-4-maverick", bytes=100_000),
    ]
    sentences = describe(fit_photos(ALBUM, [LARGE, SMALL], models), [LARGE, SMALL], models)
    assert len(sentences) == 2
    assert sentences[0].startswith(
        "1 of 2 photographs is larger than Nova Pro and Nova 2 Lite take (600 px, 100 MB) and is sent smaller there: "
        "900 x 600 px PNG of 1.62 MB as 600 x 400 px PNG of"
    )
    assert sentences[1].startswith(
        "2 of 2 photographs are larger than Llama 4 Maverick takes (8,000 px, 100 kB) and are sent smaller there, "
        "the largest: 900 x 600 px PNG of 1.62 MB as"
    )


def test_the_journal_holds_a_change_and_gives_it_back():
    (change,) = fit_photos(ALBUM, [LARGE], [model("nova-pro", side=600)])
    event = Event(at=1.0, body=change)
    assert EVENT.validate_json(orjson.dumps(event)) == event
    assert isinstance(hash(change), int)  # the replay tells each once
    assert PhotoFitted.__dataclass_fields__["kind"].default == "photo_fitted"


def test_a_photograph_that_some_model_takes_in_no_size_is_refused_by_name():
    with pytest.raises(
        Unusable, match=f"photograph {LARGE.sha256[:12]} cannot be sent to Nova Pro: .* 0.0002 MB"
    ):
        fit_photos(ALBUM, [LARGE], [model("nova-pro", bytes=200)])
