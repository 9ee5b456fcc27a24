"""The record as the assistant reads it."""

from dataclasses import replace

from personas.records.chart import render
from personas.values import Entry, Record

RECORD = Record(
    id="r",
    name="Ada Alder",
    age=63,
    sex="female",
    as_of="2024-05-01",
    problems=(
        Entry(text="Hypertension", since="2019-03-02"),
        Entry(text="Sinusitis", since="2004", active=False),
    ),
    medicines=(Entry(text="Amlodipine 5 mg"), Entry(text="Amoxicillin", active=False)),
    observations=(Entry(text="Blood pressure", value="120/80 mmHg", since="2024-05-01"),),
    source="built-in",
)


def section(text: str, heading: str) -> str:
    return next(part for part in text.split("\n\n") if part.startswith(f"{heading}:"))


def test_silence_about_allergies_is_not_no_allergies():
    assert section(render(RECORD), "Allergies").endswith("No information about allergies is recorded.")
    assert section(render(replace(RECORD, allergies=())), "Allergies").endswith("No known allergies.")


def test_an_allergy_is_listed():
    record = replace(RECORD, allergies=(Entry(text="Penicillin: rash"),))
    assert section(render(record), "Allergies") == "Allergies:\n- Penicillin: rash"


def test_what_is_resolved_stands_under_past_problems():
    text = render(RECORD)
    assert section(text, "Problems") == "Problems:\n- Hypertension (since 2019)"
    assert section(text, "Past problems") == "Past problems:\n- Sinusitis (from 2004)"


def test_stopped_medicines_are_left_out():
    assert section(render(RECORD), "Medicines") == "Medicines:\n- Amlodipine 5 mg"


def test_an_empty_record_says_so_under_every_heading():
    text = render(Record(id="r", name="N", age=1, sex="unknown", as_of="2024-01-01", source="built-in"))
    assert text.count("None recorded.") == 4


def test_only_the_newest_observations_are_shown_newest_first():
    many = tuple(Entry(text=f"o{n}", value="1", since=f"20{n:02d}") for n in range(20))
    lines = section(render(replace(RECORD, observations=many)), "Recent observations").split("\n")[1:]
    assert lines[0] == "- o19: 1 (2019)"
    assert len(lines) == 8


def test_of_one_day_a_doctor_sees_the_vital_signs_first():
    names = ("Chloride", "Platelets", "Body weight", "Blood pressure")
    same_day = tuple(Entry(text=name, value="1", since="2024-01-01") for name in names)
    lines = section(render(replace(RECORD, observations=same_day)), "Recent observations").split("\n")[1:]
    assert [line.split(":")[0] for line in lines] == [
        "- Blood pressure",
        "- Body weight",
        "- Platelets",
        "- Chloride",
    ]


def test_what_was_placed_never_shows():
    entries = (Entry(text="Kidney transplant recipient", since="2020"),)
    placed = tuple(replace(entry, placed=True) for entry in entries)
    plain, marked = (
        render(replace(RECORD, problems=kept, medicines=kept, allergies=kept)) for kept in (entries, placed)
    )
    assert plain == marked


def test_a_long_chart_loses_its_oldest_lines_and_says_so():
    many = tuple(Entry(text=f"Problem {n}", since=str(1980 + n)) for n in range(30))
    lines = section(render(replace(RECORD, problems=many)), "Problems").split("\n")[1:]
    assert lines[0] == "- Problem 10 (since 1990)"
    assert lines[-2:] == ["- Problem 29 (since 2009)", "(10 older entries are not shown.)"]


def test_what_matters_is_never_cut():
    matters = Entry(text="Melanoma of the arm, excised", since="1970", active=False)
    many = tuple(Entry(text=f"Cold {n}", since=str(1980 + n), active=False) for n in range(30))
    lines = section(render(replace(RECORD, problems=(matters, *many))), "Past problems").split("\n")[1:]
    assert lines[0] == "- Melanoma of the arm, excised (from 1970)"
    assert lines[-1] == "(19 older entries are not shown.)"


def test_an_allergy_shows_its_reactions_and_how_bad_they_were():
    record = replace(
        RECORD, allergies=(Entry(text="Peanut: wheezing (severe), wheal (mild)", since="2011-02-26"),)
    )
    assert "- Peanut: wheezing (severe), wheal (mild) (since 2011)" in render(record)


def test_where_somebody_comes_from_is_shown_as_recorded():
    record = replace(RECORD, race="White", ethnicity="Hispanic or Latino", language="Spanish")
    assert "- Race: White\n- Ethnicity: Hispanic or Latino\n- Language: Spanish" in render(record)
