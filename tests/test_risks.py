"""Decision-relevant entries."""

import re
import tomllib
from pathlib import Path

import pytest

from personas.records.risks import plain, risks
from personas.values import Entry, Record


def record(**parts):
    return Record(id="r", name="N", age=50, sex="female", as_of="2024-01-01", source="built-in", **parts)


def test_a_risk_keeps_the_words_of_the_record():
    found = risks(record(medicines=(Entry(text="Tacrolimus 2 mg capsule"),)))
    assert [(risk.text, risk.slot, risk.plain) for risk in found] == [
        ("Tacrolimus 2 mg capsule", "medicines", "tacrolimus")
    ]


def test_a_stopped_medicine_is_no_risk_but_a_past_cancer_is():
    past = record(
        medicines=(Entry(text="Warfarin 3 mg", active=False),),
        problems=(Entry(text="Melanoma of the arm, excised", active=False),),
    )
    assert [risk.slot for risk in risks(past)] == ["past_skin_cancer"]


def test_nothing_recorded_is_no_risk():
    assert risks(record()) == ()


def test_plain_names_drop_strengths_and_forms():
    assert plain("24 HR Metformin hydrochloride 500 MG Oral Tablet") == "metformin"
    assert plain("Allergy to nut") == "nut"
    assert plain("Levora 0.15/30 28 Day Pack") == "Levora"
    assert plain("NDA020800 0.3 ML Epinephrine 1 MG/ML Auto-Injector") == "epinephrine"
    assert plain("cycloSPORINE 50 MG Oral Capsule") == "cyclosporine"
    assert plain("Penicillin V Potassium 500 MG Oral Tablet") == "penicillin V"
    assert plain("Acetaminophen 325 MG / HYDROcodone Bitartrate 7.5 MG Oral Tablet") == (
        "acetaminophen with hydrocodone"
    )
    assert plain("Penicillin: rash and swelling of the face") == "penicillin"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("Type 2 diabetes mellitus", "type 2 diabetes"),
        ("Crohn's disease", "Crohn's disease"),
        ("Kidney transplant recipient", "kidney transplant"),
        ("Atopic dermatitis since childhood", "atopic dermatitis"),
        ("Localized, primary osteoarthritis of the hand", "osteoarthritis of the hand"),
        ("Body mass index 40+ - severely obese", "obesity"),
        ("Dander (animal) allergy", "animal dander"),
        ("Malignant neoplasm of breast", "breast cancer"),
        ("HIV infection", "HIV infection"),
        ("Metabolic syndrome X", "metabolic syndrome X"),
    ],
)
def test_an_illness_keeps_the_name_it_is_known_by(entry, said):
    assert plain(entry) == said


def test_everything_in_the_bank_has_a_plain_name():
    bank, place = (
        tomllib.loads(Path(f"personas/records/{name}.toml").read_text(encoding="utf-8"))
        for name in ("bank", "place")
    )
    texts = [row["text"] for kind in ("problem", "past") for row in bank[kind]]
    placed = [*place["of"], *place["wrong"]]
    texts += [row[key] for row in placed for key in ("problem", "past", "allergy") if key in row]
    texts += [name for row in (*bank["problem"], *place["of"]) for name in row.get("medicines", ())]
    for text in (*texts, *bank["allergies"]["entries"]):
        name = plain(text)
        assert len(name) > 2, text
        assert not re.search(r"\b(?:mg|tablet|capsule|daily|type$)", name), text
        assert text.lower().startswith(name.lower()[:4]), text
