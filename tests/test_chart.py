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
