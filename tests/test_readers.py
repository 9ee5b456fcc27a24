"""The data sets that are known, in folders built here as their downloads unpack, and the real ones."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from personas.cases.labels import condition
from personas.cases.maps import known_maps
from personas.cases.reading import read_cases
from personas.errors import Unreadable
from personas.seeds import derive

SHARED = Path(__file__).parents[2] / "shared" / "data" / "images"
real = pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the real data at {SHARED}")
DDI = ",DDI_ID,DDI_file,skin_tone,malignant,disease"
MELANOMA = "0,1,000001.png,56,TRUE,melanoma-in-situ"
MOLE = "1,2,000002.png,12,FALSE,melanocytic-nevi"
SCIN_CASES = (
    "case_id,age_group,sex_at_birth,fitzpatrick_skin_type,image_1_path,image_2_path,image_3_path,condition_duration,"
    "condition_symptoms_itching,condition_symptoms_pain,condition_symptoms_burning,condition_symptoms_bleeding,"
    "condition_symptoms_increasing_size,condition_symptoms_darkening,other_symptoms_fever,other_symptoms_chills,"
    "textures_raised_or_bumpy,body_parts_head_or_neck,body_parts_arm,body_parts_palm,body_parts_back_of_hand,"
    "body_parts_torso_front,body_parts_torso_back,body_parts_genitalia_or_groin,body_parts_buttocks,body_parts_leg,"
    "body_parts_foot_top_or_side,body_parts_foot_sole"
)
SCIN_LABELS = (
    "case_id,dermatologist_gradable_for_skin_condition_1,dermatologist_gradable_for_skin_condition_2,"
    "dermatologist_gradable_for_skin_condition_3,weighted_skin_condition_label,"
    "dermatologist_fitzpatrick_skin_type_label_1"
)
GRADED = "DEFAULT_YES_IMAGE_QUALITY_SUFFICIENT"


def table(path: Path, *lines: str, end: str = "\n", start: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((start + end.join(lines) + end).encode())
    return path


def picture(path: Path, kind: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = derive("picture", path.name).integers(0, 255, (20, 20, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path, kind)
    return path


def scin(
    folder: Path, label: str, *, gradable: str = GRADED, images: str = "dataset/images/-12.png,,"
) -> Path:
    given = f"-99,AGE_40_TO_49,FEMALE,NONE_IDENTIFIED,{images},ONE_TO_FOUR_WEEKS,YES,,,,,,,,YES,,YES,,,,,,,,,"
    table(folder / "dataset/scin_cases.csv", SCIN_CASES, given)
    table(folder / "dataset/scin_labels.csv", SCIN_LABELS, f'-99,{gradable},,,"{label}",FST5')
    picture(folder / "dataset/images/-12.png")
    return folder


@pytest.mark.parametrize(
    ("sheet", "images"),
    [
        ("ddidiversedermatologyimages/ddi_metadata.csv", "ddidiversedermatologyimages"),
        ("ddi_metadata.csv", "DDI/images"),
        ("DDI/ddi_metadata.csv", "DDI/DDI/images"),
    ],
)
def test_ddi_is_read_in_every_layout_it_is_used_in(tmp_path, sheet, images):
    table(tmp_path / sheet, DDI, MELANOMA, MOLE, end="\r\n", start="\ufeff")
    for name in ("000001.png", "000002.png"):
        picture(tmp_path / images / name)
    reading = read_cases(tmp_path)
    (first, second) = reading.cases
    assert (reading.source, reading.restricted, first.restricted) == ("DDI", True, True)
    assert reading.notes[-1].endswith("The photographs of DDI must not be passed on.")
    assert (first.tone, first.malignant, second.tone, second.malignant) == ("56", True, "12", False)
    assert first.condition == condition("melanoma in situ")


def test_an_older_ddi_flag_column_is_understood(tmp_path):
    older = DDI.replace(",malignant,", ",malignancy(malig=1),")
    table(tmp_path / "ddi_metadata.csv", older, MELANOMA.replace("TRUE", "1"), MOLE.replace("FALSE", "0"))
    for name in ("000001.png", "000002.png"):
        picture(tmp_path / name)
    assert [case.malignant for case in read_cases(tmp_path).cases] == [True, False]


def test_the_data_sets_flag_wins_and_every_difference_is_a_sentence(tmp_path):
    table(tmp_path / "ddi_metadata.csv", DDI, MELANOMA, MOLE.replace("FALSE", "TRUE"))
    for name in ("000001.png", "000002.png"):
        picture(tmp_path / name)
    reading = read_cases(tmp_path)
    assert reading.cases[1].malignant
    assert not reading.cases[1].condition.malignant
    (sentence,) = reading.differences
    assert sentence.startswith("DDI calls 1 of 1 photographs of ")
    assert "000002.png" in sentence
    assert "malignant" in sentence


def test_a_misspelt_label_is_named_with_the_nearest_that_is_known(tmp_path):
    table(
        tmp_path / "ddi_metadata.csv", DDI, MELANOMA, MOLE.replace("melanocytic-nevi", "melanocytic-nevus-x")
    )
    for name in ("000001.png", "000002.png"):
        picture(tmp_path / name)
    ((name, reason),) = read_cases(tmp_path).skipped
    assert name == "000002.png"
    assert "unknown label 'melanocytic-nevus-x' (the nearest that is known:" in reason


@pytest.mark.parametrize("name", ["HAM10000_metadata", "HAM10000_metadata.csv"])
def test_ham10000_is_read_from_its_parts_with_and_without_suffixes(tmp_path, name):
    table(
        tmp_path / name,
        "lesion_id,image_id,dx,dx_type,age,sex,localization,dataset",
        "HAM_1,ISIC_0027419,mel,histo,80.0,male,scalp,rosendahl",
        "HAM_1,ISIC_0025030.jpg,mel,histo,,unknown,upper extremity,rosendahl",
        "HAM_2,ISIC_0000001,nv,follow_up,0.0,female,unknown,rosendahl",
    )
    picture(tmp_path / "HAM10000_images_part_1/ISIC_0027419.jpg")
    picture(tmp_path / "HAM10000_images_part_2/HAM10000_images_part_2/ISIC_0025030.jpg")
    picture(tmp_path / "HAM10000_images_part_2/ISIC_0000001.jpg")
    one, two, three = read_cases(tmp_path).cases
    assert [case.age for case in (one, two, three)] == [None, None, 80]
    assert [case.sex for case in (one, two, three)] == ["female", "unknown", "male"]
    assert [case.site for case in (one, two, three)] == ["", "arm", "scalp"]
    assert two.cluster == three.cluster == "HAM10000:HAM_1"
    assert one.modality == "dermoscopy"


def test_isic_2017_has_three_tables_one_hot_and_a_nevus_is_neither(tmp_path):
    head = "image_id,melanoma,seborrheic_keratosis"
    table(tmp_path / "ISIC-2017_Training_Part3_GroundTruth.csv", head, "ISIC_1,0.0,0.0", "ISIC_2,1.0,0.0")
    table(tmp_path / "ISIC-2017_Validation_Part3_GroundTruth.csv", head, "ISIC_3,0.0,1.0", "ISIC_4,1.0,1.0")
    meta = "image_id,age_approximate,sex"
    table(tmp_path / "ISIC-2017_Training_Data/ISIC-2017_Training_Data_metadata.csv", meta, "ISIC_2,65,female")
    for number in range(1, 5):
        picture(tmp_path / f"ISIC-2017_Training_Data/ISIC_{number}.jpg")
    reading = read_cases(tmp_path)
    keys = [case.condition.key for case in reading.cases]
    wanted = ("melanocytic nevi", "melanoma", "seborrheic keratosis")
    assert keys == [condition(word).key for word in wanted]
    assert [(case.age, case.sex) for case in reading.cases][1] == (65, "female")
    assert reading.skipped == (("ISIC_4", "it has several labels"),)


def test_fitzpatrick17k_images_are_found_by_hash_or_by_address(tmp_path):
    table(
        tmp_path / "fitzpatrick17k.csv",
        "md5hash,fitzpatrick_scale,fitzpatrick_centaur,label,nine_partition_label,three_partition_label,qc,url,"
        "url_alphanum",
        "aa11,6,5,melanoma,malignant melanoma,malignant,,https://example.org/a.jpg,httpsexampleorgajpg.jpg",
        "bb22,-1,-1,melanoma,malignant melanoma,malignant,,https://example.org/b.jpg,httpsexampleorgbjpg.jpg",
        "cc33,1,1,melanoma,malignant melanoma,malignant,3 Wrongly labelled,https://example.org/c.jpg,c.jpg",
    )
    for name in ("images/aa11.jpg", "images/httpsexampleorgbjpg.jpg", "images/cc33.jpg"):
        picture(tmp_path / name)
    reading = read_cases(tmp_path)
    assert [(case.id, case.tone, case.malignant) for case in reading.cases] == [
        ("aa11", "56", True),
        ("bb22", None, True),
    ]
    assert reading.reasons() == {"its makers found it wrongly labelled": 1}


def test_a_scin_case_keeps_its_signed_id_and_a_file_name_that_begins_with_a_dash(tmp_path):
    (case,) = read_cases(scin(tmp_path, "{'Melanoma': 0.7, 'Eczema': 0.3}")).cases
    assert (case.patient, case.id, case.file.name) == ("-99", "dataset/images/-12.png", "-12.png")
    assert (case.age, case.sex, case.tone, case.site, case.onset) == (45, "female", "56", "arm", "two weeks")
    assert case.condition == condition("melanoma")


def test_an_empty_box_is_a_no_only_where_another_of_its_group_is_ticked(tmp_path):
    (case,) = read_cases(scin(tmp_path, "{'Melanoma': 1.0}")).cases
    assert (case.answers["itch"], case.answers["pain"], case.answers["bleeding"]) == ("yes", "no", "no")
    assert (case.answers["fever"], case.answers["raised"]) == ("unknown", "yes")


def test_the_next_image_of_a_scin_case_serves_where_the_first_is_missing(tmp_path):
    (case,) = read_cases(
        scin(tmp_path, "{'Melanoma': 1.0}", images="dataset/images/77.png,dataset/-12.png,")
    ).cases
    assert case.file.name == "-12.png"


@pytest.mark.parametrize(
    ("label", "gradable", "reason"),
    [
        ("{'Eczema': 0.5, 'Melanoma': 0.5}", GRADED, "uncertain: no diagnosis outweighs"),
        ("{'Eczema': 0.4, 'Melanoma': 0.3, 'Acne': 0.3}", GRADED, "uncertain"),
        ("{}", GRADED, "it has no label"),
        ("__import__('os')", GRADED, "cannot be read"),
        ("{'Melanoma'", GRADED, "cannot be read"),
        ("{'Remove from labeling tool': 1.0}", GRADED, "unknown label 'Remove from labeling tool'"),
        ("{}", "NO_IMAGE_QUALITY_INSUFFICIENT", "too poor for a diagnosis"),
        ("{}", "YES_IMAGE_QUALITY_SUFFICIENT_NO_DISCERNIBLE_PATHOLOGY", "found nothing wrong"),
    ],
)
def test_a_scin_case_without_one_clear_diagnosis_is_left_out_by_name(tmp_path, label, gradable, reason):
    with pytest.raises(Unreadable, match=reason):
        read_cases(scin(tmp_path, label, gradable=gradable))


def test_the_bracketed_header_of_chestxray14_splits_as_its_values_do(tmp_path):
    table(
        tmp_path / "Data_Entry_2017_v2020.csv",
        "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
        "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],",
        "00000001_000.png,Cardiomegaly,0,1,058Y,M,PA,2682,2749,0.143,0.143,",
        "00000001_001.png,Cardiomegaly|Emphysema,1,1,58,M,PA,2894,2729,0.143,0.143,",
        "00000002_000.png,Pneumonia,0,2,413,F,PA,2500,2048,0.171,0.171,",
    )
    for name in ("00000001_000.png", "00000001_001.png", "00000002_000.png"):
        picture(tmp_path / "images_001/images" / name)
    reading = read_cases(tmp_path)
    assert reading.skipped == (("00000001_001.png", "it has several labels"),)
    assert [(case.age, case.sex, case.patient) for case in reading.cases] == [
        (58, "male", "1"),
        (None, "female", "2"),
    ]
    assert reading.cases[0].modality == "radiograph"


def test_idrid_is_keyed_by_split_since_both_number_from_one(tmp_path):
    base = tmp_path / "B. Disease Grading"
    sheets = base / "2. Groundtruths"
    head = "Image name,Retinopathy grade,Risk of macular edema"
    training = (head + ",,,,,,,,,", "IDRiD_001,3,2,,,,,,,,,")
    table(sheets / "a. IDRiD_Disease Grading_Training Labels.csv", *training, end="\r\n")
    table(sheets / "b. IDRiD_Disease Grading_Testing Labels.csv", head, "IDRiD_001,4,0", end="\r\n")
    picture(base / "1. Original Images/a. Training Set/IDRiD_001.jpg")
    picture(base / "1. Original Images/b. Testing Set/IDRiD_001.jpg")
    picture(tmp_path / "A. Segmentation/1. Original Images/a. Training Set/IDRiD_01.jpg")
    testing, training = read_cases(tmp_path).cases
    assert testing.id == "Testing Set/IDRiD_001"
    assert "b. Testing Set" in str(testing.file)
    assert "a. Training Set" in str(training.file)
    assert testing.condition != training.condition
    assert training.modality == "fundus"


def test_every_known_map_credits_its_makers_and_says_its_licence():
    names = [chart.name for chart in known_maps()]
    assert len(names) == len(set(names)) == 8
    assert all(chart.attribution and chart.licence for chart in known_maps())
    restricted = {chart.name for chart in known_maps() if chart.restricted}
    assert restricted == {"DDI", "HAM10000", "Fitzpatrick17k"}


@pytest.mark.parametrize("chart", known_maps(), ids=lambda chart: chart.name)
def test_every_word_a_map_puts_for_a_label_names_a_condition(chart):
    words = [*chart.label.words.values(), *filter(None, [chart.label.otherwise])]
    assert all(condition(word, chart.modality) for word in words)
