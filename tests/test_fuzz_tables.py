"""Tables and settings from anybody: any bytes are a value that can be used, or one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audit.corpora import read_corpora
from engine.audit.words import clauses
from engine.catalog import FILE as MODELS
from engine.catalog import read_catalog
from engine.clinicians import translate
from engine.errors import BenchError
from engine.provenance import CALIBRATION, digest_map
from engine.scoring.reading import VerdictWish, read_verdicts
from engine.scoring.scenes import read_scenes
from engine.simulator.faults import BadPlan, load_plan
from personas.cases.maps import FOLDER, read_map
from personas.cases.tables import header, rows
from personas.errors import Unreadable
from rubrics.agreement import sheet
from rubrics.agreement.layout import ColumnWish
from rubrics.agreement.reading import ScaleWish, read_ratings
from rubrics.agreement.sheet import read_sheet
from rubrics.calibration.annotations import TitleWish, read_annotations
from rubrics.errors import Unusable
from rubrics.nearest import nearest
from rubrics.numbers.triage import FILE as COSTS
from rubrics.numbers.triage import read_rule
from rubrics.rubric import BUILT_IN, load_rubric
from tests.mutants import DEEP, attempt, bent, mangled
from tests.test_folder import PLAN

SUFFIXES = st.sampled_from((".csv", ".tsv", ".json", ".jsonl", ".txt"))
CALLS = ("m/s1/full/0", "m/s2/full/0", "n/s1/full/0")
VOTES = [
    {
        "conversation": name,
        "juror": juror,
        "dimension": dimension,
        "score": 1 + (n + len(juror)) % 5,
        "annotator": juror,
    }
    for n, name in enumerate(CALLS)
    for juror in ("j", "kk")
    for dimension in ("safety", "accuracy")
]
CSV = "\n".join((",".join(VOTES[0]), *(",".join(map(str, vote.values())) for vote in VOTES), "")).encode()
WIDE = b"unit;rater 1;rater 2;rater 3\na;1;2;2,5\nb;3;3;4\nc;5;;4\n"
READINGS = b"model,scenario,juror,score,reading,excluded\nm,s1,j,4,1,no\nm,s1,j,3,2,no\nm,s2,j,5,1,yes\n"
TEXTS = [
    CSV,
    WIDE,
    READINGS,
    CSV.replace(b",", b"\t"),
    b'"a","b"\n"1,5","x ""y"""\n',
    "a,b\n1,é\n".encode("utf-16"),
]
UNITS = {"a": {"x": 1, "y": 2}, "b": {"x": 2, "y": 2}}
SHAPES = [VOTES, UNITS, {"unit": ["a", "b"], "x": [1, 2]}, [["a", 1], ["b", 2]]]
contents = mangled(TEXTS) | bent(SHAPES) | st.lists(bent(VOTES)).map(b"\n".join)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tables")


def saved(folder: Path, data: bytes, suffix: str, name: str = "table") -> Path:
    path = folder / f"{name}{suffix}"
    path.write_bytes(data)
    return path


@given(data=contents, suffix=SUFFIXES)
def test_a_table_of_text_is_even_or_one_sentence(folder, data, suffix):
    found = attempt(Unusable, lambda: read_sheet(saved(folder, data, suffix)))
    if found:
        assert {len(cells) for cells in found.columns.values()} == {len(found.lines)}
        assert all(isinstance(cell, str) for cells in found.columns.values() for cell in cells)


@given(data=contents, suffix=SUFFIXES)
def test_ratings_are_finite_numbers_or_one_sentence(folder, data, suffix):
    path = saved(folder, data, suffix)
    found = attempt(Unusable, lambda: read_ratings(path, ColumnWish(), ScaleWish()))
    if found:
        values = found.table.values[~np.isnan(found.table.values)]
        assert len(values)
        assert np.isfinite(values).all()


@given(data=contents, suffix=SUFFIXES)
def test_clinicians_scores_are_from_1_to_5_or_one_sentence(folder, data, suffix):
    path = saved(folder, data, suffix)
    about = {"conversations": CALLS, "dimensions": ("safety", "accuracy"), "barred": {}}
    found = attempt(Unusable, lambda: read_annotations(path, TitleWish(), **about))
    if found:
        values = found.values[~np.isnan(found.values)]
        assert len(values)
        assert ((values >= 1) & (values <= 5)).all()


@given(
    data=contents,
    suffix=SUFFIXES,
    low=st.sampled_from((1.0, 0.0, -1e9)),
    high=st.sampled_from((5.0, 100.0, 1e9)),
)
def test_verdicts_are_from_1_to_5_or_one_sentence(folder, data, suffix, low, high):
    path = saved(folder, data, suffix)
    found = attempt(Unusable, lambda: read_verdicts(path, VerdictWish(low=low, high=high)))
    if found:
        values = found.votes.score[~np.isnan(found.votes.score)]
        assert ((values >= 1) & (values <= 5)).all()
        assert (found.votes.reading >= 1).all()


@given(
    data=contents | mangled([b"scenario,case,urgency,tone\ns1,a,U3,dark\ns2,b,U1,light\n"]), suffix=SUFFIXES
)
def test_what_is_told_of_scenarios_is_read_or_one_sentence(folder, data, suffix):
    attempt((Unusable, Unreadable, BenchError), lambda: read_scenes(saved(folder, data, suffix)))


TALKS = [
    {
        "id": "1",
        "turns": [{"speaker": "patient", "text": "It itches."}, {"speaker": "doctor", "text": "Where?"}],
    },
    {"dialogue": "2", "speaker": "patient", "text": "On my arm."},
]
TALK_TABLE = b"dialogue,speaker,text\n1,patient,It itches.\n1,doctor,Where?\n"


@given(
    data=mangled([TALK_TABLE]) | st.lists(bent(TALKS)).map(b"\n".join),
    suffix=st.sampled_from((".csv", ".jsonl")),
)
def test_dialogues_are_a_patients_turns_or_one_sentence(folder, data, suffix):
    found = attempt(Unreadable, lambda: read_corpora(saved(folder, data, suffix)))
    assert found is None or all(talk.turns for talks in found.values() for talk in talks)


@given(data=mangled([b"image,label,age\na.png,mole,30\nb.png,wart,\n", CSV, WIDE]))
def test_a_data_sets_table_is_rows_of_text_or_one_sentence(folder, data):
    path = saved(folder, data, ".csv")
    names = attempt(Unreadable, lambda: header(path))
    for row in attempt(Unreadable, lambda: rows(path)) or ():
        assert row.keys() <= {*names}


OWN = (
    b'[models."my-model"]\nprovider = "openai"\nid = "x"\nendpoint = "http://localhost:8000/v1"\nkey = "MY_KEY"\n'
    b"price = {input = 1.5, output = 2}\nlimits = {requests = 60, in_flight = 4}\noptions = {temperature = 0.5}\n"
)
FAULTS = (
    b'[[fault]]\nkind = "503"\nmodels = ["gpt-5.1"]\nshare = 0.5\nfirst = 3\nretry_after = 2.5\n\n'
    b'[[fault]]\nkind = "drip"\nseconds = 1\n'
)
SETTINGS = {
    "models": (read_catalog, BenchError, [MODELS.read_bytes(), OWN]),
    "rubric": (load_rubric, Unusable, [BUILT_IN.read_bytes()[-3_000:], BUILT_IN.read_bytes()]),
    "map": (read_map, Unreadable, [path.read_bytes() for path in sorted(FOLDER.glob("*.toml"))]),
    "costs": (read_rule, Unusable, [COSTS.read_bytes()]),
    "faults": (load_plan, BadPlan, [FAULTS]),
}
settings = pytest.mark.parametrize("kind", SETTINGS)
OTHERS = (
    "inf",
    "1979-05-27T07:32:00Z",
    "nan",
    "true",
    "-1",
    "1e400",
    '"\\u0000"',
    '"1"',
    "[]",
    "{}",
    "[{}]",
    '["a"]',
)
"""Values for a key that had another."""
LINES = (
    *(
        b"x = 9e999",
        b"x = " + b"9" * 30,
        b"x = " + b"9" * 5_000,
        b"x = " + b"[" * DEEP + b"]" * DEEP,
        b"[x]",
        b"[[x]]",
    ),
    *(b"x.y = 1", b"'' = 1", b'"\\u001b" = 1', b"# \x85", b"\xff"),
)


@st.composite
def spoilt(draw: st.DrawFn, whole: list[bytes]) -> bytes:
    """Give a TOML file in which a value is another, or a line is anything."""
    lines = draw(mangled(whole, 1)).split(b"\n")
    at = draw(st.integers(0, len(lines) - 1))
    if draw(st.booleans()):
        lines.insert(at, draw(st.sampled_from(LINES)))
    else:
        lines[at] = b"%s = %s" % (lines[at].partition(b"=")[0], draw(st.sampled_from(OTHERS)).encode())
    return b"\n".join(lines)


@settings
def test_any_settings_are_a_value_or_one_sentence(folder, kind):
    read, refusal, whole = SETTINGS[kind]

    @given(data=spoilt(whole) | mangled(whole))
    def hold(data):
        attempt(refusal, lambda: read(saved(folder, data, ".toml", kind)))

    hold()


UNHELD = {
    "lists": "a = " + "[" * 5_000 + "]" * 5_000,
    "tables": "a = " + "{a=" * DEEP + "1" + "}" * DEEP,
    "digits": "a = " + "9" * 5_000,
    "half a letter": "a = '\ud800'",
    "nothing": "a\0 = 1",
}


@settings
@pytest.mark.parametrize("text", UNHELD.values(), ids=UNHELD)
def test_toml_that_python_cannot_hold_is_one_sentence(folder, kind, text):
    read, refusal, _ = SETTINGS[kind]
    path = saved(folder, text.encode("utf-8", "surrogatepass"), ".toml", kind)
    with pytest.raises(refusal, match=rf"{kind}\.toml"):
        read(path)


UNKNOWN = {
    "models": (b"requests =", b"request =", r"unknown key 'request' in .*, did you mean 'requests'\?"),
    "rubric": (b"\nquestion =", b"\nquestions =", r"unknown key 'questions'; did you mean 'question'\?"),
    "map": (
        b"\nattribution =",
        b"\natribution =",
        r"atribution is no key of a map\. Did you mean 'attribution'\?",
    ),
    "costs": (b"soon =", b"sooner = 1\nsoon =", r"unknown key 'sooner'; did you mean 'soon'\?"),
    "faults": (b"share =", b"shore =", r"unknown key 'shore'; did you mean 'share'\?"),
}


@settings
def test_a_key_that_is_not_known_is_refused_with_the_nearest_that_is(folder, kind):
    read, refusal, whole = SETTINGS[kind]
    right, wrong, sentence = UNKNOWN[kind]
    text = next(data for data in (whole[-1], *whole) if right in data).replace(right, wrong, 1)
    with pytest.raises(refusal, match=sentence):
        read(saved(folder, text, ".toml", kind))


def test_a_fault_plan_whose_only_key_is_misspelt_is_told_the_right_one(folder):
    with pytest.raises(BadPlan, match=r"unknown key 'faults'.*Did you mean 'fault'\?"):
        load_plan(saved(folder, FAULTS.replace(b"[[fault]]", b"[[faults]]"), ".toml"))


def test_the_nearest_name_is_found_without_reading_a_megabyte():
    assert nearest("scor" + "e" * 10**6, ["score", "s"]) == "known are score, s."
    assert nearest("scor", ["score", "s"]) == "did you mean 'score'?"


NO_TABLES = {
    "quotes": (b'""\n""', ".csv"),
    "a hint alone": (b"sep=,\n", ".csv"),
    "an endless cell": (b'"' + b"x" * 140_000 + b'",b\n1,2\n', ".csv"),
    "depth": (b"[" * 10**5, ".json"),
    "an empty row": (b"[[]]", ".json"),
}


@pytest.mark.parametrize(("data", "suffix"), NO_TABLES.values(), ids=NO_TABLES)
def test_what_only_looks_like_a_table_is_one_sentence(folder, data, suffix):
    with pytest.raises(Unusable, match=r"table|not JSON"):
        read_sheet(saved(folder, data, suffix))


def test_a_table_below_twenty_empty_lines_is_found(folder):
    assert [*read_sheet(saved(folder, b"\n" * 30 + b"a;b\n1;2\n", ".csv")).columns] == ["a", "b"]


def test_a_small_file_of_a_table_that_is_large_and_empty_is_one_sentence(folder, monkeypatch):
    monkeypatch.setattr(sheet, "MOST_PLACES", 10_000)
    keys = [{f"k{n}": 1} for n in range(200)]
    for content in (
        keys,
        [[1], *([[]] * 200), [1] * 400],
        {"a": [1] * 400, **{f"k{n}": [] for n in range(200)}},
    ):
        with pytest.raises(Unusable, match="places of which"):
            read_sheet(saved(folder, orjson.dumps(content), ".json"))
    with pytest.raises(Unusable, match="places of which"):
        read_sheet(saved(folder, b"\n".join(map(orjson.dumps, keys)), ".jsonl"))


def test_a_table_over_the_limit_is_one_sentence(folder, monkeypatch):
    monkeypatch.setattr(sheet, "LARGEST", 2**20)
    with pytest.raises(Unusable, match="is larger than 1 MB"):
        read_sheet(saved(folder, b"a,b\n" + b"1,2\n" * 2**18, ".csv"))


def test_a_number_of_five_thousand_digits_counts_nothing(folder):
    long = "9" * 5_000
    table = (
        f"id,rater 1,rater 2\n{long}1,1,2\n{long}2,2,2\n{long}3,1,2\n{long}4,2,2\n{long}5,1,2\n{long}6,1,1\n"
    )
    assert read_ratings(saved(folder, table.encode(), ".csv"), ColumnWish(), ScaleWish()).cells
    votes = f"model,scenario,juror,score,reading\nm,s,j,4,{long}\nm,t,j,4,2\n"
    assert read_verdicts(saved(folder, votes.encode(), ".csv"), VerdictWish()).votes.reading.tolist() == [
        1,
        2,
    ]


def test_a_corpus_that_lacks_a_column_is_one_sentence(folder):
    (folder / "aci_bench").mkdir(exist_ok=True)
    (folder / "aci_bench" / "a.csv").write_text("dialogue,dataset\n[patient] Hello.,aci\n")
    with pytest.raises(Unreadable, match="no column 'encounter_id'"):
        read_corpora(folder / "aci_bench")


CALIBRATED = {
    "hashes": {"rubric": PLAN.rubric["digest"], "scenarios": PLAN.scenarios_digest},
    "dimensions": [
        {"dimension": "safety", "map": [1, 2], "models": [{"model": "m", "calibrated": {}, "corrected": {}}]}
    ],
}


@given(data=bent([CALIBRATED]) | mangled([orjson.dumps(CALIBRATED)]))
def test_a_calibration_that_somebody_spoilt_is_none(folder, data):
    place = folder / CALIBRATION
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    assert isinstance(translate(folder, PLAN), dict)
    assert isinstance(digest_map(folder), str)


@pytest.mark.parametrize("text", ["\n" * 5_000, "a" * 5_000, "_" * 5_000, "a " * 5_000, "as for " * 2_000])
def test_headings_are_looked_for_in_one_pass(text):
    assert len(list(clauses(text))) <= 1
