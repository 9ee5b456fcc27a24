"""PAD-UFES-20, a folder built here and the real one."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from personas.cases.case import develop
from personas.cases.labels import condition
from personas.cases.reading import read_cases
from personas.errors import Unreadable
from personas.photos.album import Album
from personas.seeds import derive

SHARED = Path(__file__).parents[2] / "shared" / "data" / "images" / "pad_ufes_20"
real = pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the real data at {SHARED}")
COLUMNS = (
    "patient_id,lesion_id,smoke,drink,background_father,background_mother,age,pesticide,gender,"
    "skin_cancer_history,cancer_history,has_piped_water,has_sewage_system,fitspatrick,region,diameter_1,"
    "diameter_2,diagnostic,itch,grew,hurt,changed,bleed,elevation,img_id,biopsed"
)
FULL = "PAT_1,11,,,,,69,,MALE,True,,,,3.0,FACE,6.0,3.0,BCC,True,UNK,False,UNK,False,True,PAT_1_11_1.png,True"
BARE = "PAT_2,12,,,,,,,,,,,,,,,,NEV,False,False,False,False,False,False,PAT_2_12_2.png,False"


def folder(path: Path, *rows: str, images=("PAT_1_11_1.png", "PAT_2_12_2.png")) -> Path:
    (path / "metadata.csv").write_text("\n".join((COLUMNS, *rows)) + "\n")
    deep = path / "images" / "imgs_part_1" / "imgs_part_1"
    deep.mkdir(parents=True)
    for name in images:
        pixels = derive("pad", name).integers(0, 255, (20, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(deep / name)
    return path


def test_a_full_row_becomes_a_case(tmp_path):
    (case, _) = read_cases(folder(tmp_path, FULL, BARE)).cases
    assert (case.age, case.sex, case.tone, case.site, case.size_mm) == (69, "male", "34", "face", 6)
    assert case.condition == condition("basal cell carcinoma")
    assert (case.patient, case.lesion) == ("PAT_1", "11")
    assert case.cluster == "PAD-UFES-20:PAT_1"
    assert case.findings == ()
    assert case.attribution


def test_unk_and_empty_are_unknown(tmp_path):
    (full, bare) = read_cases(folder(tmp_path, FULL, BARE)).cases
    assert full.answers["change"] == "unknown"
    assert full.answers["itch"] == "yes"
    assert full.answers["bleeding"] == "no"
    assert (bare.age, bare.sex, bare.tone, bare.site, bare.size_mm) == (None, "unknown", None, "", None)
    assert bare.answers["family_history"] == "unknown"


def test_rows_without_their_image_are_counted(tmp_path):
    reading = read_cases(folder(tmp_path, FULL, BARE, images=("PAT_1_11_1.png",)))
    assert len(reading.cases) == 1
    assert reading.reasons() == {"its image is not below the folder": 1}


def test_unknown_diagnoses_are_named(tmp_path):
    reading = read_cases(folder(tmp_path, FULL, BARE.replace("NEV", "XYZ")))
    assert reading.reasons() == {"unknown label 'XYZ'": 1}


def test_a_table_without_its_columns_is_refused(tmp_path):
    path = folder(tmp_path, FULL)
    (path / "metadata.csv").write_text("img_id,diagnostic,age\nPAT_1_11_1.png,BCC,3\n")
    with pytest.raises(Unreadable, match="no column 'patient_id', which the map of PAD-UFES-20 needs"):
        read_cases(path)


def test_images_of_other_rows_only_are_refused(tmp_path):
    with pytest.raises(Unreadable, match="no row of metadata"):
        read_cases(folder(tmp_path, FULL, images=("other.png",)))


@real
@pytest.mark.shared
def test_the_real_folder_is_read():
    reading = read_cases(SHARED)
    album = Album()
    cases = [develop(case, album) for case in reading.cases]
    assert len(cases) == len(album) == 24
    assert len(reading.skipped) == 2298 - 24
    words = ("basal cell carcinoma", "squamous cell carcinoma", "melanoma", "melanocytic nevi")
    expected = {condition(word).key for word in (*words, "seborrheic keratosis", "actinic keratosis")}
    assert {case.condition.key for case in cases} == expected


@real
@pytest.mark.shared
def test_all_real_labels_and_words_are_known(tmp_path):
    table = (SHARED / "metadata.csv").read_text()
    (tmp_path / "metadata.csv").write_text(table)
    for row in table.splitlines()[1:]:
        (tmp_path / row.split(",")[-2]).touch()
    reading = read_cases(tmp_path)
    assert len(reading.cases) == 2298
    assert not reading.skipped
    assert all(case.site for case in reading.cases)
    assert sum(case.tone == "56" for case in reading.cases) == 11
    assert len({case.cluster for case in reading.cases}) == 1373
