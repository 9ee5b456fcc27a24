"""The data sets that are known: what of them lies beside the project."""

import csv

import pytest
from test_readers import DDI, SHARED, real, table

from personas.cases.case import develop
from personas.cases.reading import read_cases
from personas.errors import Unreadable
from personas.photos.album import Album


@real
@pytest.mark.shared
def test_all_labels_of_ddi_are_known_and_their_flags_are_ours(tmp_path):
    reference = SHARED.parent / "reference" / "ddi_labels.csv"
    labels = [line.split(",")[:2] for line in reference.read_text().splitlines()[1:]]
    rows = [f"{n},{n},{n:06}.png,34,{flag == 'malignant'},{name}" for n, (name, flag) in enumerate(labels)]
    table(tmp_path / "ddi_metadata.csv", DDI, *rows)
    for number in range(len(labels)):
        (tmp_path / f"{number:06}.png").touch()
    reading = read_cases(tmp_path)
    assert len(reading.cases) == 78
    assert (reading.skipped, reading.differences) == ((), ())


@real
@pytest.mark.shared
def test_the_real_scin_tables_are_read_and_every_case_counted(tmp_path):
    for name in ("scin_cases.csv", "scin_labels.csv"):
        (tmp_path / name).write_bytes((SHARED / "scin" / name).read_bytes())
    with (tmp_path / "scin_cases.csv").open(newline="") as file:
        paths = [row["image_1_path"] for row in csv.DictReader(file)]
    (tmp_path / "images").mkdir()
    for path in paths:
        (tmp_path / "images" / path.rsplit("/", 1)[-1]).touch()
    reading = read_cases(tmp_path)
    assert len(reading.cases) + len(reading.skipped) == 5033
    assert len(reading.cases) > 1700
    reasons = reading.reasons()
    assert reasons["dermatologists found its images too poor for a diagnosis"] == 1862
    assert reasons["its image is another row's too, which is used"] >= 1


@real
@pytest.mark.shared
def test_the_real_radiograph_becomes_a_photograph_of_its_kind():
    reading = read_cases(SHARED / "nih_chestxray14")
    album = Album()
    photos = [develop(case, album).photo for case in reading.cases]
    assert {photo.modality for photo in photos} == {"radiograph"}
    assert reading.skipped


@real
@pytest.mark.shared
def test_fundus_photographs_of_the_segmentation_set_are_not_joined_to_grades():
    with pytest.raises(Unreadable, match="516 rows: its image is not below the folder"):
        read_cases(SHARED / "idrid")


@real
@pytest.mark.shared
def test_a_folder_of_several_data_sets_is_refused_by_their_names():
    with pytest.raises(
        Unreadable, match=r"IDRiD, ISIC 2017, NIH ChestX-ray14, PAD-UFES-20, SCIN fit equally"
    ):
        read_cases(SHARED)
