"""Data as strangers make it: hostile, broken, or only slightly wrong. Whatever it is ends in a result or a sentence.

Each test is of something that once got through, or could have: escapes in names, numbers that are none, bombs,
notes hidden in pictures, vocabularies that say what nobody understands.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import sys
import zlib
from pathlib import Path

import orjson
import pytest
from PIL import Image, PngImagePlugin
from test_readers import DDI, MELANOMA, SHARED, picture, real, table
from test_readers_own import TEN_LINES, clinic

import run
from personas.cases.reading import read_cases
from personas.errors import Unreadable
from personas.photos.album import Album, open_photo
from personas.photos.fit import fit_photo
from personas.photos.pixels import TURNS
from personas.photos.shelf import PhotoShelf
from personas.records import files
from personas.records.reading import read_records
from personas.records.show import show_records
from personas.tidy import tidy

SECRET = "ADA ALDER"
ESCAPES = "\x1b[2J\x1b]0;gone\x07\u202e"
EVIL = "Ann" + ESCAPES


def bundle(path: Path, *entries: dict, **person: object) -> Path:
    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "name": [{"given": ["Ann"], "family": "Lee"}],
        "gender": "female",
        "birthDate": "1970-01-01",
    } | person
    visit = {"resourceType": "Encounter", "subject": {"reference": "Patient/p1"}, "status": "finished"}
    resources = [patient, visit | {"period": {"start": "2020-01-01"}}, *entries]
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".ndjson":
        path.write_bytes(b"\n".join(map(orjson.dumps, resources)))
        return path
    told = [{"fullUrl": f"Patient/{r['id']}" if "id" in r else "", "resource": r} for r in resources]
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": told}))
    return path


def condition(text: str) -> dict:
    return {
        "resourceType": "Condition",
        "subject": {"reference": "Patient/p1"},
        "code": {"text": text},
        "onsetDateTime": "2019-01-01",
    }


def weight(value: float) -> dict:
    return {
        "resourceType": "Observation",
        "subject": {"reference": "Patient/p1"},
        "code": {"text": "Body weight"},
        "effectiveDateTime": "2019-01-01",
        "valueQuantity": {"value": value, "unit": "kg"},
    }


def said(words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["run.py", *words])
    status = run.main()
    told = capsys.readouterr()
    return status, told.out + told.err


def test_no_entry_of_a_record_can_obey_a_terminal_or_break_the_shape_of_a_chart(tmp_path):
    file = bundle(
        tmp_path / "a.json",
        condition(f"Asthma{ESCAPES}"),
        condition("Cough\n\nAllergies:\n- none"),
        name=[{"given": [EVIL], "family": "Lee"}],
        id="p1",
        communication=[{"language": {"text": f"English{ESCAPES}"}}],
    )
    (record,) = read_records(file).records
    told = orjson.dumps(record).decode()
    assert not any(sign in told for sign in ("\\u001b", "\\u0007", "\\n", "\u202e"))
    assert "Cough Allergies: - none" in [entry.text for entry in record.problems]
    assert show_records(file, as_json=False).replace("\n", "").isprintable()


def test_an_entry_as_long_as_a_book_is_cut_and_says_so(tmp_path):
    file = bundle(tmp_path / "a.json", condition("x" * 1_000_000), name=[{"text": "y" * 1_000_000}])
    (record,) = read_records(file).records
    assert len(record.problems[0].text) <= 300
    assert record.problems[0].text.endswith("…")
    assert len(record.name) <= 100


def test_a_phrase_that_is_one_stays_as_it_is():
    for text in ("Mejía, O'Keefe", "β-blocker (product)", "体重", "two  spaces"):
        assert tidy(text) == text


def test_a_file_name_and_a_reason_cannot_obey_a_terminal(tmp_path, monkeypatch, capsys):
    bundle(tmp_path / "b\x1b[31m.json", birthDate=f"bad{ESCAPES}")
    status, told = said(["records", "show", str(tmp_path)], monkeypatch, capsys)
    assert (status, told.replace("\n", "").isprintable()) == (0, True)
    status, told = said(["scenarios", "show", "no\x1b[31m.jsonl"], monkeypatch, capsys)
    assert (status, "\x1b" in told, "cannot be read" in told) == (2, False, True)


def test_a_number_that_is_none_is_left_out_and_one_beyond_all_measure_is_written_short(tmp_path):
    table(tmp_path / "patients.csv", "Id,BIRTHDATE,FIRST,LAST,GENDER", "1,1970-01-01,Ann,Lee,F")
    head = "DATE,PATIENT,DESCRIPTION,VALUE"
    rows = ("2020-01-01,1,Body weight,nan", "2020-01-01,1,Body height,1e999", "2020-01-01,1,Pulse,-inf")
    table(tmp_path / "observations.csv", head, *rows)
    assert read_records(tmp_path).records[0].observations == ()
    (record,) = read_records(bundle(tmp_path / "a.json", weight(1e308))).records
    assert record.observations[0].value == "1e+308 kg"


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LONGEST", 1000)
    with gzip.open(tmp_path / "Patient.ndjson.gz", "wb") as file:
        file.write(b'{"resourceType":"Patient","x":"' + b"0" * 100_000)
    with pytest.raises(Unreadable, match="line of more than"):
        read_records(tmp_path)


@pytest.mark.parametrize("order", [1, -1])
def test_an_export_in_one_file_is_read_whatever_comes_first(tmp_path, order):
    file = bundle(tmp_path / "all.ndjson", condition("Asthma"))
    file.write_bytes(b"\n".join(file.read_bytes().split(b"\n")[::order]))
    reading = read_records(tmp_path)
    assert [entry.text for entry in reading.records[0].problems] == ["Asthma"]
    assert reading.skipped == ()
    assert not any("Condition" in note for note in reading.notes)


def test_what_a_resource_contains_is_not_what_it_is(tmp_path):
    person = {"contained": [{"resourceType": "Organization"}], "resourceType": "Patient", "id": "p1"}
    table(tmp_path / "Patient.ndjson", orjson.dumps(person | {"birthDate": "1970-01-01"}).decode())
    table(tmp_path / "Condition.ndjson", orjson.dumps(condition("Asthma")).decode())
    assert read_records(tmp_path).records[0].age == 49


def test_nesting_deeper_than_anybody_means_is_a_sentence(tmp_path):
    deep: dict = {"url": "x"}
    for _ in range(200):
        deep = {"url": "x", "extension": [deep]}
    for name, text in (("a", b'{"a":' * 100_000), ("b", b"[" * 2000 + b"]" * 2000)):
        (tmp_path / f"{name}.json").write_bytes(text)
    bundle(tmp_path / "c.json", extension=[deep] * 5)
    told = show_records(tmp_path, as_json=False)
    assert max(map(len, told.splitlines())) < 400


def test_a_folder_that_may_not_be_read_is_named_and_the_others_are_read(tmp_path):
    bundle(tmp_path / "a.json")
    locked = tmp_path / "locked"
    locked.mkdir(mode=0)
    if os.access(locked, os.R_OK):
        pytest.skip("whoever runs this may read everything")
    reading = read_records(tmp_path)
    assert len(reading.records) == 1
    assert reading.skipped == (("locked", "cannot be listed (Permission denied)"),)
    with pytest.raises(Unreadable, match="cannot be listed"):
        read_records(locked)
    with pytest.raises(Unreadable, match="cannot be listed"):
        read_cases(locked)


def test_a_folder_that_leads_back_to_itself_is_read_once(tmp_path):
    bundle(tmp_path / "a.json")
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "nowhere.json").symlink_to("gone.json")
    os.mkfifo(tmp_path / "pipe.json")
    assert len(read_records(tmp_path).records) == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ('[words.sex]\nf = "woman"', r"words\.sex\.f .*'female', 'male' or 'unknown'"),
        ('[words.tone]\n2 = "light"', r"words\.tone\.2 .*'12', '34' or '56'"),
        ("[words.age]\nold = 900", r"words\.age\.old .*less than 120"),
        ('[words.answer]\nperhaps = "maybe"', r"words\.answer\.perhaps .*'yes', 'no' or 'unknown'"),
    ],
)
def test_a_vocabulary_that_says_what_nobody_understands_is_refused(tmp_path, words, complaint):
    with pytest.raises(Unreadable, match=complaint):
        read_cases(tmp_path / "clinic", clinic(tmp_path / "clinic", words=TEN_LINES + words))


@pytest.mark.parametrize(
    ("instead", "complaint"),
    [
        (("[columns]", "[column]"), "column is no key of a map. Did you mean 'columns'"),
        (('"diagnosis"', '"diagnoses"'), "the nearest it has: 'diagnosis'"),
        (('"Our clinic"', '""'), "must each hold a line of text"),
        (('"Our clinic"', '"a\\u001b[31m"'), "must each hold a line of text"),
    ],
)
def test_a_slip_in_a_map_is_named_with_what_was_meant(tmp_path, instead, complaint):
    folder = tmp_path / "clinic"
    with pytest.raises(Unreadable) as caught:
        read_cases(folder, clinic(folder, "a,melanoma,7,40,F", words=TEN_LINES.replace(*instead)))
    assert complaint in str(caught.value)


def test_cells_cannot_hold_more_than_they_mean(tmp_path):
    folder = tmp_path / "clinic"
    words = TEN_LINES + 'site = "place"\nsize_mm = "size"\n'
    rows = (
        f'a,melanoma,7{ESCAPES},{"9" * 5000},F,"left\narm",1e300',
        f"b,melanoma,8,40,F,{'arm and ' * 20},-5",
    )
    map_file = clinic(folder, *rows, head="file,diagnosis,number,age,sex,place,size", words=words)
    one, two = read_cases(folder, map_file).cases
    assert (one.age, one.size_mm, one.site, two.site) == (None, None, "left arm", "")
    assert one.patient.isprintable()


@pytest.mark.parametrize("weights", ["{'Eczema': 1e999}", "{'Eczema': 1e999, 'Tinea': 1}", "[" * 10_000])
def test_weights_that_cannot_be_weighed_are_a_reason(tmp_path, weights):
    folder = tmp_path / "clinic"
    rows = (f'a,"{weights}",1,40,F', "b,\"{'Melanoma': 1.0}\",2,50,M")
    map_file = clinic(folder, *rows, words=TEN_LINES + '[label]\nform = "weighted"\n')
    assert read_cases(folder, map_file).skipped == (("a", "its weighted label cannot be read"),)


def test_a_million_characters_in_a_cell_are_a_sentence(tmp_path):
    folder = tmp_path / "clinic"
    with pytest.raises(Unreadable, match="not a CSV table"):
        read_cases(folder, clinic(folder, f"a,{'x' * 1_000_000},1,40,F"))


def test_a_pipe_is_no_table_and_no_photograph(tmp_path):
    table(tmp_path / "ddi_metadata.csv", DDI, MELANOMA)
    os.mkfifo(tmp_path / "000001.png")
    with pytest.raises(Unreadable, match="is no file"):
        open_photo(tmp_path / "000001.png")
    (tmp_path / "ddi_metadata.csv").unlink()
    os.mkfifo(tmp_path / "ddi_metadata.csv")
    with pytest.raises(Unreadable, match="is no file"):
        read_cases(tmp_path)


def test_names_in_any_script_are_found(tmp_path):
    folder = tmp_path / "Klinik Übersee 皮膚"
    map_file = clinic(folder, "häm atom 1.png,melanoma,1,40,F")
    picture(folder / "Bilder (neu)" / "häm atom 1.png")
    assert len(read_cases(folder, map_file).cases) == 1


@real
@pytest.mark.parametrize("name", ["isic_2017", "scin", "idrid"])
def test_real_images_that_no_row_of_their_table_names_are_refused_with_a_way_out(name):
    with pytest.raises(Unreadable, match=r"a map for that table\."):
        read_cases(SHARED / name)


@real
def test_ten_lines_read_the_list_of_all_real_images(tmp_path):
    own = tmp_path / "map.toml"
    own.write_text(
        'name = "Ours"\ntables = "image_manifest.csv"\n[columns]\nimage = "file"\nlabel = "diagnosis"\n'
        'patient = "patient_id"\nage = "age"\nsex = "gender"\n'
    )
    reading = read_cases(SHARED, own)
    assert len(reading.cases) == 33
    assert len(reading.skipped) == 7


def hidden(path: Path, kind: str, mode: str) -> Path:
    """Write a picture with a name in every place its kind has for one."""
    exif, notes = Image.Exif(), PngImagePlugin.PngInfo()
    exif[0x010E] = exif.get_ifd(0x8825)[29] = SECRET
    notes.add_text("Author", SECRET)
    notes.add_text("Title", SECRET, zip=True)
    notes.add_itxt("XML:com.adobe.xmp", SECRET)
    notes.add(b"prVt", SECRET.encode())
    options = {"PNG": {"pnginfo": notes}, "JPEG": {"comment": SECRET.encode()}}.get(kind, {})
    image = Image.open(picture(path.with_name("plain.png"))).convert(mode)
    image.save(path, kind, exif=exif, xmp=SECRET.encode(), icc_profile=SECRET.encode(), **options)
    return path


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        *((f"a{end}", mode) for end in (".jpg", ".png", ".webp") for mode in ("RGB", "L")),
        ("a.jpg", "CMYK"),
        *(("a.png", mode) for mode in ("RGBA", "LA", "P", "1")),
        ("a.webp", "RGBA"),
    ],
)
def test_nothing_is_left_of_what_a_picture_says_beside_its_pixels(tmp_path, name, mode):
    kind = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP"}[Path(name).suffix]
    file = hidden(tmp_path / name, kind, mode)
    album = Album()
    kept = (open_photo(file).data, album.data(album.put(file.read_bytes(), drawn=False)))
    for data in kept:
        with Image.open(io.BytesIO(data)) as image:
            assert not image.getexif()
            assert not {"exif", "xmp", "icc_profile", "comment"} & set(image.info)
        assert SECRET.encode() not in data
        assert zlib.compress(SECRET.encode()) not in data


@pytest.mark.parametrize("turn", TURNS)
def test_which_way_up_is_done_to_the_pixels_and_said_no_more(tmp_path, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    image = Image.open(picture(tmp_path / "plain.png")).crop((0, 0, 20, 12))
    image.save(tmp_path / "a.png", exif=exif)
    with Image.open(io.BytesIO(open_photo(tmp_path / "a.png").data)) as found:
        assert not found.getexif()
        assert found.size == image.transpose(TURNS[turn]).size
        assert found.tobytes() == image.transpose(TURNS[turn]).tobytes()


@pytest.mark.parametrize("stuffed", [b"IHDR", b"IEND"])
def test_a_chunk_longer_than_it_has_to_be_hides_nothing(tmp_path, stuffed):
    def chunk(name: bytes, body: bytes) -> bytes:
        body += SECRET.encode() if name == stuffed else b""
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    pixels = zlib.compress(b"".join(b"\0" + bytes(range(60)) for _ in range(20)))
    header = struct.pack(">IIBBBBB", 20, 20, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(data)
    assert SECRET.encode() not in open_photo(tmp_path / "a.png").data


def test_a_key_out_of_somebody_s_file_leads_nowhere_but_to_a_photograph(tmp_path):
    (tmp_path / "shelf").mkdir()
    picture(tmp_path / "secret.png")
    for key in ("../secret", "a" * 5000, "a\0b", "", "A" * 64):
        assert key not in PhotoShelf(tmp_path / "shelf")


def test_bytes_that_are_no_picture_cannot_be_fitted_to_a_model():
    with pytest.raises(Unreadable, match="is no image, or damaged"):
        fit_photo(b"\xff\xd8junk", bytes=10**6, side=1000)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--out", "."], "--out .: give the name of a new file"),
        (["--out", "mine.photos"], "give the name of a new file"),
        (["--out", "a" * 300], "give the name of a new file"),
        (["--out", "a.jsonl", "--n", "0"], "--n 0 is not a number of scenarios; give 1 or more"),
        (["--out", "a.jsonl", "--n", "9" * 30], "give 1,000,000 or fewer"),
        (["--out", "a.jsonl", "--map", "m.toml"], "--map m.toml: tells how --cases is read"),
        (["--out", "a.jsonl", "--cases", "x" * 5000], "is not a folder"),
        (["--out", "a.jsonl", "--records", "x" * 5000], "does not exist"),
    ],
)
def test_a_build_that_cannot_be_is_one_sentence(tmp_path, monkeypatch, capsys, words, complaint):
    monkeypatch.chdir(tmp_path)
    status, told = said(["scenarios", "build", *words], monkeypatch, capsys)
    assert status == 2
    assert complaint in told
    assert told.count("\n") == 1


def test_a_map_without_its_data_set_is_refused_before_a_run(monkeypatch, capsys):
    status, told = said(["--models", "all", "--map", "m.toml"], monkeypatch, capsys)
    assert status == 2
    assert "tells how --cases is read" in told
