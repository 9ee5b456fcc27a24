"""Any table with images, by a map of one's own, and what is said of maps, tables and folders that are not right."""

import os
from pathlib import Path

import pytest
from PIL import Image
from test_readers import DDI, MELANOMA, MOLE, SHARED, picture, real, table

from personas.cases.case import develop
from personas.cases.labels import condition
from personas.cases.reading import read_cases
from personas.errors import Unreadable
from personas.photos.album import Album

TEN_LINES = """
name = "Our clinic"
tables = "list.csv"
attribution = "photographs by our clinic"

[columns]
image = "file"
label = "diagnosis"
patient = "number"
age = "age"
sex = "sex"
"""


def clinic(
    folder: Path, *rows: str, head: str = "file,diagnosis,number,age,sex", words: str = TEN_LINES
) -> Path:
    table(folder / "list.csv", head, *rows)
    for name in ("a.jpg", "b.png"):
        picture(folder / "pictures" / name)
    (folder.parent / "map.toml").write_text(words)
    return folder.parent / "map.toml"


def complaint(folder: Path, words: str) -> str:
    with pytest.raises(Unreadable) as caught:
        read_cases(folder, clinic(folder, "a,melanoma,7,40,F", words=words))
    return str(caught.value)


def test_ten_lines_read_any_table_with_images(tmp_path):
    folder = tmp_path / "clinic"
    reading = read_cases(folder, clinic(folder, "a,melanoma,7,40,F", "pictures/b.png,Melanoma,7,,"))
    one, two = reading.cases
    assert (one.age, one.sex, two.age, two.sex) == (40, "female", None, "unknown")
    assert one.cluster == two.cluster == "Our clinic:7"
    assert one.condition == two.condition == condition("melanoma")
    assert (reading.source, reading.attribution) == ("Our clinic", "photographs by our clinic")


def test_semicolons_and_tabs_separate_as_well_as_commas(tmp_path):
    for place, mark in enumerate(";\t"):
        folder = tmp_path / str(place) / "clinic"
        rows = ("a,melanoma,7,40,F".replace(",", mark),)
        reading = read_cases(
            folder, clinic(folder, *rows, head="file,diagnosis,number,age,sex".replace(",", mark))
        )
        assert reading.cases[0].age == 40


def test_a_prefix_and_a_vocabulary_of_ones_own_are_used(tmp_path):
    words = TEN_LINES.replace("[columns]", 'prefix = "pic_"\n\n[columns]') + '[words.sex]\nW = "female"\n'
    words += '[label.words]\nschwarz = "melanoma"\n'
    folder = tmp_path / "clinic"
    picture(folder / "pic_1.jpg")
    (case,) = read_cases(folder, clinic(folder, "1,Schwarz,7,40,w", words=words)).cases
    assert (case.sex, case.condition, case.file.name) == ("female", condition("melanoma"), "pic_1.jpg")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("\nattribution =", "\natribution =", "atribution is no key of a map. Did you mean 'attribution'?"),
        ("\nage =", "\nagee =", "columns.agee is no key of a map. Did you mean 'age'?"),
        ('name = "Our clinic"', "", "name is missing"),
        ('image = "file"', "", "names no `image`"),
        ('label = "diagnosis"', "", "names no `image` or no `label`"),
        ('tables = "list.csv"', "tables = 7", "tables is not as it should be"),
        ('tables = "list.csv"', 'tables = "list.csv', "is not TOML"),
        ('\nage = "age"', '\nage = "years"', "has no column 'years', which the map of Our clinic needs"),
        ('tables = "list.csv"', 'tables = "lists.csv"', "holds no table called lists.csv"),
        (
            "[columns]",
            '[answers]\nitching = "sex"\n[columns]',
            "answers.itching is no history slot. Did you mean 'itch'",
        ),
    ],
)
def test_a_map_that_is_not_right_is_told_what_and_where(tmp_path, old, new, said):
    assert said in complaint(tmp_path / "clinic", TEN_LINES.replace(old, new, 1))


def test_a_map_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Unreadable, match=r"none\.toml: cannot be read"):
        read_cases(tmp_path, tmp_path / "none.toml")


def test_a_label_nobody_knows_and_no_label_are_different_reasons(tmp_path):
    folder = tmp_path / "clinic"
    rows = ("a,melanoma,1,,", "b,,2,,", "b,blue moon,3,,", ",melanoma,4,,", "c,melanoma,5,,")
    reading = read_cases(folder, clinic(folder, *rows))
    assert reading.skipped == (
        ("b", "it has no label"),
        ("b", "unknown label 'blue moon'"),
        ("", "it names no image"),
        ("c", "its image is not below the folder"),
    )


def test_a_label_of_another_part_of_the_body_is_not_taken_at_its_word(tmp_path):
    folder = tmp_path / "clinic"
    reading = read_cases(folder, clinic(folder, "a,melanoma,1,,", "b,Nodule,2,,"))
    assert reading.reasons() == {"label 'Nodule' means 'Nodule in the lung', which no photograph shows": 1}


def test_two_rows_of_one_image_are_one_case(tmp_path):
    folder = tmp_path / "clinic"
    reading = read_cases(folder, clinic(folder, "a,melanoma,1,,", "a.jpg,melanoma,2,,"))
    assert len(reading.cases) == 1
    assert reading.reasons() == {"its image is another row's too, which is used": 1}


def test_of_doubled_images_the_first_in_path_order_counts_and_a_macs_twins_do_not(tmp_path):
    folder = tmp_path / "clinic"
    where = clinic(folder, "a,melanoma,1,,")
    for twin in ("other/a.jpg", "__MACOSX/a.jpg", ".hidden/a.jpg", "copies/._a.jpg"):
        picture(folder / twin)
    (case,) = read_cases(folder, where).cases
    assert case.file == folder / "other/a.jpg"


def test_folders_in_a_table_tell_images_of_one_name_apart(tmp_path):
    folder = tmp_path / "clinic"
    for number in (1, 2):
        picture(folder / f"site{number}/x.png")
    one, two = read_cases(folder, clinic(folder, "site1/x.png,melanoma,1,,", "SITE2\\x.png,wart,2,,")).cases
    assert (one.patient, one.file.parent.name) == ("2", "site2")
    assert (two.patient, two.file.parent.name) == ("1", "site1")


def test_a_mask_of_the_same_name_is_not_taken_for_the_photograph(tmp_path):
    folder = tmp_path / "clinic"
    where = clinic(folder, "a,melanoma,1,,", "b,melanoma,2,,")
    Image.new("L", (20, 20)).save(folder / "masks.png")
    (folder / "masks").mkdir()
    (folder / "masks.png").rename(folder / "masks/a.png")
    reading = read_cases(folder, where)
    assert reading.skipped == (("a", "different images go by its name: say `under` in a map of your own"),)
    where.write_text(TEN_LINES.replace("[columns]", 'under = { "*" = "pictures" }\n\n[columns]'))
    assert len(read_cases(folder, where).cases) == 2


def test_links_are_followed_and_those_that_lead_back_end(tmp_path):
    folder = tmp_path / "clinic"
    where = clinic(folder, "far,melanoma,1,,")
    picture(folder / ".store" / "far.jpg")
    (folder / "linked").symlink_to(folder / ".store")
    (folder / "pictures" / "round").symlink_to(folder)
    (case,) = read_cases(folder, where).cases
    assert case.file == folder / "linked/far.jpg"


def test_an_uncertain_one_hot_mark_is_a_reason(tmp_path):
    words = (
        TEN_LINES.replace('label = "diagnosis"', 'label = ["melanoma", "wart"]')
        + '[label]\nform = "one_hot"\n'
    )
    folder = tmp_path / "clinic"
    head = "file,melanoma,wart,number,age,sex"
    reading = read_cases(folder, clinic(folder, "a,1.0,0.0,1,,", "b,-1.0,1.0,2,,", head=head, words=words))
    assert reading.reasons() == {"its label is marked uncertain": 1}


def test_folders_that_are_no_data_set_are_refused_with_the_names_of_those_that_are(tmp_path):
    with pytest.raises(Unreadable, match="is not a folder"):
        read_cases(tmp_path / "none")
    with pytest.raises(Unreadable, match=r"DDI \(ddi_metadata\.csv\), Fitzpatrick17k .* HAM10000"):
        read_cases(tmp_path)
    table(tmp_path / "ddi_metadata.csv", DDI, MELANOMA)
    with pytest.raises(Unreadable, match="no images"):
        read_cases(tmp_path)
    picture(tmp_path / "other.png")
    with pytest.raises(Unreadable, match="1 rows: its image is not below the folder"):
        read_cases(tmp_path)


def test_two_data_sets_in_one_folder_are_refused_by_name(tmp_path):
    table(tmp_path / "ddi_metadata.csv", DDI, MELANOMA, MOLE)
    head = "lesion_id,image_id,dx,dx_type,age,sex,localization"
    table(tmp_path / "HAM10000_metadata.csv", head, "1,2,nv,histo,3,male,ear")
    with pytest.raises(Unreadable, match="DDI, HAM10000 fit equally well"):
        read_cases(tmp_path)


def test_a_known_table_without_its_columns_is_refused_by_the_column(tmp_path):
    table(tmp_path / "ddi_metadata.csv", "DDI_ID,DDI_file,malignant,disease", "1,a.png,TRUE,melanoma")
    with pytest.raises(Unreadable, match="no column 'skin_tone', which the map of DDI needs"):
        read_cases(tmp_path)


def test_a_table_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "ddi_metadata.csv").write_bytes(b"DDI_file,\xff\xfe")
    with pytest.raises(Unreadable, match="is not UTF-8 text"):
        read_cases(tmp_path)


def test_ten_thousand_rows_are_read_without_opening_one_photograph(tmp_path):
    folder = tmp_path / "clinic"
    where = clinic(folder, *(f"{n},melanoma,{n},40,F" for n in range(10_000)))
    for number in range(10_000):
        os.symlink("nowhere.jpg", folder / "pictures" / f"{number}.jpg")
    reading = read_cases(folder, where)
    assert len(reading.cases) == 10_000
    with pytest.raises(Unreadable, match=r"\.jpg: cannot be read"):
        develop(reading.cases[0], Album())


def test_a_picture_that_is_broken_or_mislabelled_is_found_when_it_is_developed(tmp_path):
    folder = tmp_path / "clinic"
    where = clinic(folder, "a,melanoma,1,,", "b,melanoma,2,,")
    one, two = read_cases(folder, where).cases
    one.file.write_bytes(one.file.read_bytes()[:-40])
    picture(two.file, "JPEG")
    with pytest.raises(Unreadable, match=r"a\.jpg: is cut off"):
        develop(one, Album())
    with pytest.raises(Unreadable, match=r"b\.png: is named \.png but holds JPEG"):
        develop(two, Album())


def test_a_developed_case_has_its_photograph_and_is_not_developed_again(tmp_path):
    folder = tmp_path / "clinic"
    album = Album()
    case = develop(read_cases(folder, clinic(folder, "a,melanoma,1,,")).cases[0], album)
    assert (case.photo.width, case.photo.drawn, len(album)) == (20, False, 1)
    assert develop(case, album) is case


@real
@pytest.mark.shared
def test_the_real_dermoscopies_are_read_by_a_map_of_ones_own(tmp_path):
    words = (
        'name = "Mine"\ntables = "example_ground_truth.csv"\nmodality = "dermoscopy"\n[columns]\nimage = "image_id"\n'
        'label = ["melanoma", "seborrheic_keratosis"]\n[label]\nform = "one_hot"\notherwise = "nevus"\n'
    )
    (tmp_path / "map.toml").write_text(words)
    reading = read_cases(SHARED / "isic_2017", tmp_path / "map.toml")
    assert len(reading.cases) == 9
    assert len({case.condition.key for case in reading.cases}) == 3
    album = Album()
    assert {develop(case, album).photo.modality for case in reading.cases} == {"dermoscopy"}


def test_a_table_that_names_images_by_where_they_lie_does_not_say_so_in_a_scenario(tmp_path):
    folder = tmp_path / "planted-name"
    rows = (f"{folder}/pictures/a.jpg,melanoma,,40,F", "C:\\planted-name\\pictures\\b.png,Melanoma,,,")
    one, two = read_cases(folder, clinic(folder, *rows)).cases
    assert (one.id, one.cluster) == ("…/a.jpg", "Our clinic:…/a.jpg")
    assert (two.id, two.cluster) == ("…/b.png", "Our clinic:…/b.png")
