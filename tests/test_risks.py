"""Decision-relevant entries."""

from personas.risks import plain, risks
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
    assert plain("24 HR Metformin hydrochloride 500 MG Oral Tablet") == "metformin hydrochloride"
    assert plain("Allergy to nut") == "nut"
    assert plain("Penicillin: rash and swelling of the face") == "penicillin"
