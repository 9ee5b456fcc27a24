"""What `records show` says."""

from pathlib import Path

import orjson
import pytest

from personas.errors import Unreadable
from personas.records import show
from personas.records.show import show_records

SHARED = Path(__file__).parents[2] / "shared" / "data"
real = pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the real data at {SHARED}")


def export(folder: Path, count: int) -> Path:
    """Write an export of so many patients, the last of whom has died."""
    people, visits, conditions = [], [], []
    for n in range(count):
        id = f"p{n}"
        about = {"subject": {"reference": f"Patient/{id}"}}
        last = {"deceasedBoolean": n == count - 1}
        person = {
            "id": id,
            "gender": "female",
            "birthDate": "1960-01-01",
            "name": [{"family": f"Alder-{chr(65 + n)}"}],
        }
        people.append({"resourceType": "Patient", **person, **last})
        visits.append({"resourceType": "Encounter", "period": {"start": "2020-02-02"}, **about})
        for text in ("Gout", "Stress (finding)"):
            conditions.append({"resourceType": "Condition", "code": {"text": text}, **about})
    for resources in (people, visits, conditions):
        name = f"{resources[0]['resourceType']}.000.ndjson"
        (folder / name).write_bytes(b"".join(orjson.dumps(r) + b"\n" for r in resources))
    return folder


def test_a_patient_is_a_block_with_what_was_left_out_and_why(tmp_path):
    text = show_records(export(tmp_path, 2), False)
    assert text.startswith("== Alder-A, woman of 60, as of 2020-02-02 (ndjson, p0)\n")
    assert "Problems:\n- Gout\n" in text
    assert "Left out:\n- 1 facts of life or signs of a day, and no problems (first: Stress (finding))" in text
    assert "1 patient understood, 1 part not used.\n" in text
    assert "Not used: Patient/p1 is of someone who has died, and cannot write messages.\n" in text
    assert "has no Observation file: nobody has measurements." in text


def test_a_long_folder_stays_readable(tmp_path, monkeypatch):
    for name, value in (("BLOCKS", 2), ("LINES", 4), ("SKIPPED", 0)):
        monkeypatch.setattr(show, name, value)
    text = show_records(export(tmp_path, 8), False)
    assert text.count("\n== ") == 1
    assert "Alder-C, woman of 60, as of 2020-02-02: 1 problem, 0 medicines, allergies not recorded\n" in text
    assert "Alder-E" not in text
    assert "… and 3 more patients; --json gives them all.\n" in text
    assert "… and 1 more. By reason: 1 × is of someone who has died" in text


def test_machines_get_a_line_for_everything(tmp_path):
    lines = [orjson.loads(line) for line in show_records(export(tmp_path, 3), True).splitlines()]
    assert [line["record"]["name"] for line in lines if "record" in line] == ["Alder-A", "Alder-B"]
    assert lines[-1]["skipped"] == "Patient/p2" or any("skipped" in line for line in lines)
    assert next(line for line in lines if "record" in line)["left_out"][0]["count"] == 1
    assert sum("note" in line for line in lines) == 3


def test_a_path_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Unreadable, match="does not exist"):
        show_records(tmp_path / "none", False)


@real
@pytest.mark.shared
@pytest.mark.parametrize("as_json", [False, True])
def test_every_real_folder_can_be_shown(as_json):
    for folder in sorted((SHARED / "synthea").iterdir()):
        text = show_records(folder, as_json)
        assert len(text) > 1000
        if as_json:
            assert all(orjson.loads(line) for line in text.splitlines())
