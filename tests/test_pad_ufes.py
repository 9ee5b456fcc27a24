"""PAD-UFES-20, a folder built here and the real one."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from personas.cases.pad_ufes import read_cases
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
    (case, _) = read_cases(folder(tmp_path, FULL, BARE), Album()).cases
    assert (case.age, case.sex, case.tone, case.site, case.size_mm) == (69, "male", "34", "face", 6)
    assert case.condition.key == "BCC"
    assert case.cluster == "PAD-UFES-20:PAT_1"
    assert case.findings == ()
    assert case.attribution


def test_unk_and_empty_are_unknown(tmp_path):
    (full, bare) = read_cases(folder(tmp_path, FULL, BARE), Album()).cases
    assert full.answers["change"] == "unknown"
    assert full.answers["itch"] == "yes"
    assert full.answers["bleeding"] == "no"
    assert (bare.age, bare.sex, bare.tone, bare.site, bare.size_mm) == (None, "unknown", None, "", None)
    assert bare.answers["family_history"] == "unknown"


def test_rows_without_their_image_are_counted(tmp_path):
    reading = read_cases(folder(tmp_path, FULL, BARE, images=("PAT_1_11_1.png",)), Album())
    assert len(reading.cases) == 1
    assert reading.reasons() == {"its image is not below the folder": 1}


def test_unknown_diagnoses_are_named(tmp_path):
    reading = read_cases(folder(tmp_path, FULL, BARE.replace("NEV", "XYZ")), Album())
    assert reading.reasons() == {"unknown diagnosis 'XYZ'": 1}


def test_a_broken_photograph_stops_the_run_by_name(tmp_path):
    path = folder(tmp_path, FULL, BARE)
    (file,) = path.rglob("PAT_1_11_1.png")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Unreadable, match=r"PAT_1_11_1\.png: is cut off"):
        read_cases(path, Album())
    Image.new("RGB", (9, 9)).save(file, "JPEG")
    with pytest.raises(Unreadable, match="holds JPEG"):
        read_cases(path, Album())


def test_folders_that_are_no_data_set_are_refused(tmp_path):
    with pytest.raises(Unreadable, match="is not a folder"):
        read_cases(tmp_path / "none", Album())
    with pytest.raises(Unreadable, match=r"holds no metadata\.csv"):
        read_cases(tmp_path, Album())
    (tmp_path / "metadata.csv").write_text(COLUMNS + "\n" + FULL)
    with pytest.raises(Unreadable, match="no images"):
        read_cases(tmp_path, Album())


def test_a_table_without_its_columns_is_refused(tmp_path):
    path = folder(tmp_path, FULL)
    (path / "metadata.csv").write_text("img_id,age\nPAT_1_11_1.png,3\n")
    with pytest.raises(Unreadable, match="no column 'patient_id'"):
        read_cases(path, Album())


def test_images_of_other_rows_only_are_refused(tmp_path):
    with pytest.raises(Unreadable, match="no row"):
        read_cases(folder(tmp_path, FULL, images=("other.png",)), Album())


@real
@pytest.mark.shared
def test_the_real_folder_is_read():
    album = Album()
    reading = read_cases(SHARED, album)
    assert len(reading.cases) == len(album) == 24
    assert len(reading.skipped) == 2298 - 24
    assert {case.condition.key for case in reading.cases} == {"BCC", "SCC", "MEL", "NEV", "SEK", "ACK"}
