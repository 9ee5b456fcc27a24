"""The labels of the data sets, each looked up among the conditions."""

import ast
import csv
from collections import Counter
from pathlib import Path

import pytest

from personas.conditions.book import conditions, find

SHARED = Path(__file__).parents[2] / "shared" / "data"
DDI = SHARED / "reference" / "ddi_labels.csv"
SCIN = SHARED / "images" / "scin" / "scin_labels.csv"
HAM10000 = {
    "akiec": "ACK_OR_BOWEN",
    "bcc": "BCC",
    "bkl": "BENIGN_KERATOSIS",
    "df": "DF",
    "mel": "MEL",
    "nv": "NEV",
    "vasc": "VASCULAR_LESION",
}
ISIC_2017 = {"melanoma": "MEL", "seborrheic_keratosis": "SEK", "nevus": "NEV"}
CHEST = (
    "No Finding|Atelectasis|Cardiomegaly|Consolidation|Edema|Effusion|Emphysema|Fibrosis|Hernia|Infiltration|Mass|"
    "Nodule|Pleural_Thickening|Pneumonia|Pneumothorax"
)
FITZPATRICK = Path(__file__).parent / "labels" / "fitzpatrick17k.txt"


def rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        pytest.skip(f"needs the real table at {path}")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_ddi_label_has_a_condition_of_the_same_level_rarity_and_malignancy():
    table = rows(DDI)
    assert len(table) == 78
    assert not [row["label"] for row in table if find(row["label"]) is None]
    differences = []
    for row in table:
        ours = find(row["label"])
        theirs = (row["malignant"] == "malignant", row["rare"] == "yes", row["urgency"])
        if theirs != (ours.malignant, ours.rare, ours.urgency):
            differences.append((row["label"], theirs, (ours.malignant, ours.rare, ours.urgency)))
    assert differences == []


def test_nothing_is_called_rare_that_ddi_does_not_have():
    rare = {find(row["label"]).key for row in rows(DDI) if row["rare"] == "yes"}
    assert rare == {key for key, condition in conditions().items() if condition.rare}


def test_every_fitzpatrick17k_label_has_a_condition():
    labels = FITZPATRICK.read_text(encoding="utf-8").splitlines()
    assert len(labels) == 114
    assert not [label for label in labels if find(label) is None]


def test_nearly_every_scin_case_has_a_condition():
    leading = Counter()
    for row in rows(SCIN):
        weights = ast.literal_eval(row["weighted_skin_condition_label"] or "{}")
        if weights:
            leading[max(weights, key=weights.get)] += 1
    known = sum(count for label, count in leading.items() if find(label))
    assert known / leading.total() > 0.97
    assert find("Remove from labeling tool") is None
    assert find("Hypersensitivity") is None


@pytest.mark.parametrize(("label", "key"), (HAM10000 | ISIC_2017).items())
def test_the_dermoscopy_labels_are_known(label, key):
    assert find(label).key == key


@pytest.mark.parametrize("label", CHEST.split("|"))
def test_every_chest_label_is_a_finding_on_a_radiograph(label):
    assert find(label).speciality == "chest"


@pytest.mark.parametrize("grade", range(5))
def test_every_grade_of_retinopathy_is_an_eye_condition(grade):
    assert find(f"retinopathy grade {grade}").speciality == "eye"


def test_urgency_grows_with_the_grade():
    levels = [find(f"retinopathy grade {grade}").urgency for grade in range(5)]
    assert levels == sorted(levels)


def test_case_hyphens_and_apostrophes_do_not_count():
    assert find("Kaposi's Sarcoma") is find("kaposi-sarcoma") is find("KAPOSI SARCOMA")
    assert find("squamous-cell-carcinoma-in-situ").key == "SCC_IN_SITU"


def test_what_nobody_knows_is_nothing():
    assert find("") is None
    assert find("phlogiston") is None
