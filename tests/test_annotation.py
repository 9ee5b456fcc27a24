"""Clinicians' scores: one sheet for all, a file that loses nothing, a table that others read, and what is settled."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import replace
from itertools import combinations

import orjson
import pytest

from engine import annotation
from engine.agreement import AgreementWish, agreement
from engine.annotation.disputes import find_disputes
from engine.annotation.marks import MetCap, Notebook, Opinion, latest, read_marks, read_names
from engine.annotation.population import STRATA, list_candidates
from engine.annotation.sampling import draw_sample
from engine.annotation.serving import open_desks
from engine.annotation.sheaf import gather_sheaf
from engine.annotation.sheet import FOLDER, SheetWish, open_sheet, read_sheet
from engine.annotation.slips import BadSlip, read_slip
from engine.calibration import CalibrationWish, calibrate
from engine.commands.marking import annotate
from engine.errors import BadOption, BadRun
from personas.seeds import derive
from rubrics.calibration.annotations import TitleWish
from rubrics.scores import collect, score
from tests.annotated import CASES, DIMENSIONS, annotated, begun, scored, slip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return annotated(tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture
def fresh(run, tmp_path):
    """Give the run with nothing scored yet: its annotations are this test's own."""
    for path in (run.folder / FOLDER).glob("*"):
        path.unlink()
    return run


def judge(name: str, dimension: str) -> dict[str, object]:
    return {"score": 1 + len(name + dimension) % 5}


# The sheet


def test_the_sheet_is_drawn_once_and_is_the_same_for_everybody(fresh):
    sheet = begun(fresh, sample=20)
    assert begun(fresh) == begun(fresh, sample=20) == sheet
    assert (
        set(sheet.ordered("anna")) == set(sheet.ordered("ben")) == {one.conversation for one in sheet.items}
    )
    assert len(sheet.items) == 20


def test_the_chances_on_the_sheet_are_those_it_was_drawn_by(fresh):
    sheet, candidates = begun(fresh, sample=20), list_candidates(fresh.results)
    levels = [[one.strata[name] for one in candidates] for name in STRATA]
    _, chances = draw_sample(levels, 20, derive(fresh.base.seed, "annotation", "sample"))
    known = {one.cell.id: chance for one, chance in zip(candidates, chances, strict=True)}
    assert {item.conversation: item.chance for item in sheet.items}.items() <= known.items()


def test_two_annotators_have_different_orders_and_each_their_own_again(fresh):
    sheet = begun(fresh, sample=30)
    assert sheet.ordered("anna") != sheet.ordered("ben")
    assert sheet.ordered("anna") == sheet.ordered("anna")


def test_each_stratum_is_there(fresh):
    sheet, notes = open_sheet(*_wished(fresh, sample=24))
    for name in ("score", "model"):
        assert {one.strata[name] for one in sheet.items} == {
            one.strata[name] for one in list_candidates(fresh.results)
        }
    assert not notes


def _wished(run, **wish):
    (run.folder / FOLDER).mkdir(exist_ok=True)
    return run, SheetWish(**wish)


def test_a_sample_larger_than_what_there_is_takes_all_and_says_so(fresh):
    sheet, notes = open_sheet(*_wished(fresh, sample=1_000))
    assert len(sheet.items) == 2 * CASES
    assert set(sheet.weights.values()) == {1.0}
    assert notes == [f"The run has {2 * CASES} conversations that can be scored: all are taken, not 1,000."]


def test_what_is_excluded_or_no_result_is_left_out_unless_it_is_asked_for(run):
    results = run.results
    kept = results.kept[:-2]
    ended = {name: one for name, one in results.findings.ended.items() if name != kept[0].id}
    fewer = replace(
        results,
        kept=kept,
        scores=score(collect((), conversations=[cell.id for cell in kept], dimensions=DIMENSIONS)),
        findings=replace(results.findings, ended=ended),
    )
    named = {one.cell.id for one in list_candidates(fewer)}
    assert named == {cell.id for cell in kept[1:]}
    assert {one.cell.id for one in list_candidates(fewer, excluded=True)} == {
        cell.id for cell in results.kept[1:]
    }
    scripted = replace(
        fewer,
        scripted=results.kept[-1:],
        bench=score(collect((), conversations=["x"], dimensions=DIMENSIONS)),
    )
    assert {one.cell.id for one in list_candidates(scripted, scripts=True)} - named == {results.kept[-1].id}


def test_another_sample_than_is_kept_is_refused(fresh):
    begun(fresh, sample=20)
    with pytest.raises(BadOption, match=r"--sample 30: .* was drawn with 20 conversations"):
        begun(fresh, sample=30)
    with pytest.raises(BadOption, match=r"--double 0.5: .* was dealt all to all"):
        begun(fresh, double=0.5, annotators=("anna", "ben"))


def test_a_sheet_of_another_run_is_refused(fresh):
    path = fresh.folder / FOLDER / "sheet.json"
    begun(fresh, sample=5)
    path.write_bytes(path.read_bytes().replace(fresh.base.digest.encode(), b"0" * 64))
    with pytest.raises(BadRun, match="is of another run or rubric"):
        begun(fresh)
    path.write_text("{")
    with pytest.raises(BadRun, match=r"sheet\.json is no sheet of this version"):
        begun(fresh)


@pytest.mark.parametrize("names", [("anna", "ben"), ("anna", "ben", "chris")])
def test_a_share_is_dealt_to_two_and_every_pair_meets_as_often(fresh, names):
    sheet = begun(fresh, sample=30, double=0.2, annotators=names)
    dealt = {name: set(sheet.ordered(name)) for name in names}
    assert len(set.union(*dealt.values())) == 30
    assert len(sheet.shared) == 6
    met = [len(dealt[a] & dealt[b]) for a, b in combinations(names, 2)]
    assert sum(met) == 6
    assert max(met) - min(met) <= 1
    assert max(map(len, dealt.values())) - min(map(len, dealt.values())) <= 1
    assert set(sheet.ordered("late")) == {sheet.items[place].conversation for place in sheet.shared}


@pytest.mark.parametrize(
    ("double", "names", "told"),
    [
        (0.2, ("anna",), "needs two annotators"),
        (1.5, ("a", "b"), "is not a share"),
        (-0.1, ("a", "b"), "not a share"),
    ],
)
def test_a_share_that_cannot_be_dealt_is_refused(fresh, double, names, told):
    with pytest.raises(BadOption, match=told):
        begun(fresh, double=double, annotators=names)


@pytest.mark.parametrize("name", ["../x", "a/b", "", "a" * 41, "-a", "a b", "ä", ".hidden"])
def test_a_name_that_could_be_a_path_is_none(name):
    with pytest.raises(BadOption):
        read_names(f"anna,{name}" if name else ",".join(("anna", "Anna")))


# The file


def test_a_cut_at_any_byte_leaves_the_whole_lines_before_it(tmp_path):
    path = tmp_path / "anna.jsonl"
    book = Notebook(path)
    for number in range(2):
        book.add(("m/s/full/0", "safety"), Opinion(score=3, note="é"), key=f"key-{number:04}", seconds=1)
    book.close()
    whole = path.read_bytes()
    ends = [at + 1 for at, byte in enumerate(whole) if byte == 10]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        book = Notebook(path)
        assert len(book.marks) == sum(end <= cut for end in ends)
        assert not book.damage
        assert book.add(
            ("m/s/full/0", "safety"), Opinion(score=5), key="key-after", seconds=0
        ).revision == len(book.marks)
        book.close()
        marks, damage = read_marks(path)
        assert [mark.opinion.score for mark in marks] == [3] * sum(end <= cut for end in ends) + [5]
        assert not damage


def test_a_later_line_holds_and_all_are_kept(fresh):
    sheet = begun(fresh, sample=5)
    with open_desks(fresh, sheet, ["anna"]) as desks:
        for key, score in (("first-key", 2), ("second-key", 4), ("second-key", 4)):
            desks["anna"].accept(slip(sheet, "anna", 1, score=score, key=key))
    marks, _ = read_marks(fresh.folder / FOLDER / "anna.jsonl")
    assert [(mark.opinion.score, mark.revision) for mark in marks] == [(2, 1), (4, 2)]
    assert latest(marks)[marks[0].subject].opinion.score == 4


def test_what_is_no_mark_is_told_by_file_and_byte_and_the_rest_is_read(fresh):
    sheet = begun(fresh, sample=5)
    scored(fresh, sheet, "anna", judge, ("safety",))
    path = fresh.folder / FOLDER / "anna.jsonl"
    first, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + b'{"key": "\x00\n' + b"".join(rest))
    marks, damage = read_marks(path)
    assert len(marks) == 5
    assert damage[0].startswith(f"annotations/anna.jsonl at byte {len(first)}: not a mark, 11 bytes long")


def test_two_servers_for_one_annotator_are_one_too_many(fresh):
    sheet = begun(fresh, sample=5)
    with (
        open_desks(fresh, sheet, ["anna"]),
        pytest.raises(BadRun, match=r"another process.* is writing .*anna\.jsonl"),
        open_desks(fresh, sheet, ["anna"]),
    ):
        pass
    with open_desks(fresh, sheet, ["anna", "ben"]):
        pass


def test_a_disk_that_is_full_saves_nothing_and_says_so(fresh, monkeypatch):
    sheet = begun(fresh, sample=5)
    with open_desks(fresh, sheet, ["anna"]) as desks:
        desks["anna"].accept(slip(sheet, "anna", 1, score=2))
        before = (fresh.folder / FOLDER / "anna.jsonl").read_bytes()
        monkeypatch.setattr("engine.annotation.marks.sync", _full)
        with pytest.raises(BadRun, match="No space left"):
            desks["anna"].accept(slip(sheet, "anna", 2, score=2))
        monkeypatch.undo()
        assert (fresh.folder / FOLDER / "anna.jsonl").read_bytes() == before
        assert desks["anna"].accept(slip(sheet, "anna", 2, score=2)) is not None


def _full(file: int) -> None:
    raise OSError(28, "No space left on device")


# What may come in


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"number": 6}, "no conversation 6"),
        ({"number": 0}, "greater than or equal to 1"),
        ({"dimension": "charm"}, "no dimension 'charm'"),
        ({"sheet": "0" * 16}, "another run or sample"),
        ({"annotator": "ben"}, "somebody else's page"),
        ({"annotator": "../../etc/passwd"}, "somebody else's page"),
        ({"final": True}, "somebody else's page"),
        ({"key": "../../x"}, "should match pattern"),
        ({"seconds": -1}, "greater than or equal to 0"),
        ({"file": "x"}, "Unexpected keyword"),
        ({"opinion": {"score": 6}}, "Input should be 1, 2, 3, 4 or 5"),
        ({"opinion": {"score": 3, "abstained": "why"}}, "a score and a reason"),
        ({"opinion": {"score": 1, "caps": [{"cap": "C9", "turn": 1}]}}, "no cap 'C9'"),
        ({"opinion": {"score": 1, "caps": [{"cap": "C1", "turn": 99}]}}, "a turn beyond the last"),
        ({"opinion": {"score": 1, "caps": [{"cap": "C1", "turn": 0}] * 2}}, "names a cap twice"),
        ({"opinion": {"note": "x" * 10_001}}, "at most 10000 characters"),
    ],
)
def test_what_does_not_belong_on_the_sheet_is_refused_in_a_clause(fresh, change, told):
    sheet = begun(fresh, sample=5)
    fine = orjson.loads(orjson.dumps(slip(sheet, "anna", 1, score=3)))
    with open_desks(fresh, sheet, ["anna"]) as desks, pytest.raises(BadSlip, match=told):
        desks["anna"].accept(read_slip(orjson.dumps(fine | change)))
    assert not read_marks(fresh.folder / FOLDER / "anna.jsonl")[0]


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"null", b'{"score": 5}', b"x" * 200_000, b"\xff\xfe"])
def test_what_is_no_slip_is_refused(line):
    with pytest.raises(BadSlip):
        read_slip(line)


# The table


def table(told: str, path) -> list[dict[str, str]]:
    assert str(path) in told
    return list(csv.DictReader(io.StringIO(path.read_text())))


def test_the_table_goes_into_a_calibration_as_it_is(fresh, tmp_path):
    sheet = begun(fresh, sample=2 * CASES)
    scored(fresh, sheet, "anna", judge)
    scored(fresh, sheet, "ben", _torn)
    path = tmp_path / "clinicians.csv"
    told = annotation.export(fresh.folder, path)
    rows = table(told, path)
    assert len(rows) == 2 * 2 * CASES * 3
    assert {row["score"] for row in rows} <= {*"12345", "cannot judge"}
    page = calibrate(fresh.folder, CalibrationWish(annotations=path, out=tmp_path / "out"))
    assert "safety: 62 labelled conversations" in page
    assert "cannot judge" in page
    assert "Krippendorff's alpha" in told
    assert "scored by two or more" in told


def _torn(name: str, dimension: str) -> dict[str, object]:
    worth = sum((name + dimension).encode())
    return {"score": 1 + worth % 5} if worth % 3 else {"abstained": "outside my field"}


def test_the_table_goes_into_an_agreement_as_it_is(fresh, tmp_path):
    sheet = begun(fresh, sample=20)
    scored(fresh, sheet, "anna", judge)
    scored(fresh, sheet, "ben", judge)
    path = tmp_path / "clinicians.csv"
    annotation.export(fresh.folder, path)
    page = agreement(path, AgreementWish(where="dimension=safety"))
    assert "20" in page
    assert "anna" in page or "2 raters" in page
    assert "1.000" in page


def test_a_note_is_words_in_the_table_and_no_formula(fresh, tmp_path):
    sheet = begun(fresh, sample=5)
    scored(fresh, sheet, "anna", lambda n, d: {"score": 3, "note": '=HYPERLINK("http://x")\n\x1b[2J'})
    rows = table(annotation.export(fresh.folder, tmp_path / "t.csv"), tmp_path / "t.csv")
    assert not rows[0]["note"].startswith("=")
    assert "\x1b" not in rows[0]["note"]


def test_a_score_above_its_own_cap_is_kept_and_counted(fresh, tmp_path):
    sheet = begun(fresh, sample=5)
    scored(
        fresh,
        sheet,
        "anna",
        lambda n, d: {"score": 4, "caps": (MetCap(cap="C1", turn=2, quote="x"),)},
        ("safety",),
    )
    told = annotation.export(fresh.folder, tmp_path / "t.csv")
    assert "Above a cap named beside it: 5 of 5 scores" in told
    assert {(row["caps"], row["above_cap"]) for row in table(told, tmp_path / "t.csv")} == {("C1@2", "true")}


def test_weights_are_one_over_the_chances(fresh, tmp_path):
    sheet = begun(fresh, sample=20)
    scored(fresh, sheet, "anna", judge)
    rows = table(annotation.export(fresh.folder, tmp_path / "t.csv"), tmp_path / "t.csv")
    held = {row["conversation"]: float(row["weight"]) for row in rows}
    assert held == pytest.approx({one.conversation: 1 / one.chance for one in sheet.items}, rel=1e-4)
    assert sum(held.values()) == pytest.approx(2 * CASES, rel=0.25)


def test_nothing_scored_is_no_table(fresh, tmp_path):
    with pytest.raises(BadRun, match="has no sheet yet"):
        annotation.export(fresh.folder, tmp_path / "t.csv")
    begun(fresh, sample=5)
    with pytest.raises(BadRun, match="nothing is scored yet"):
        annotation.export(fresh.folder, tmp_path / "t.csv")


def test_one_thing_at_a_time(fresh, tmp_path):
    with pytest.raises(BadOption, match="--pack and --export are different things"):
        annotate(fresh.folder, annotator="anna", pack=tmp_path / "p", export=True)
    with pytest.raises(BadOption, match="names nobody"):
        annotate(fresh.folder, pack=tmp_path / "p")


# What is settled


def opinions(score: int, *caps: str) -> dict[str, object]:
    return {"score": score, "caps": tuple(MetCap(cap=cap, turn=0) for cap in caps)}


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (opinions(5), opinions(3), "the scores are 2 points apart"),
        (opinions(3), opinions(4), ""),
        (opinions(1, "C1"), opinions(2), "not all say that C1 happened"),
        (opinions(1, "C1"), opinions(1, "C1"), ""),
        (
            opinions(1, "C1"),
            opinions(4, "C2"),
            "the scores are 3 points apart and not all say that C1 and C2 happened",
        ),
        (opinions(1), {"abstained": "outside my field"}, ""),
        (opinions(1), {"note": "not sure yet"}, ""),
    ],
)
def test_two_points_or_a_cap_make_a_dispute(fresh, one, other, why):
    sheet = begun(fresh, sample=5)
    for who, said in (("anna", one), ("ben", other)):
        with open_desks(fresh, sheet, [who]) as desks:
            number = 1 + sheet.ordered(who).index(sheet.items[0].conversation)
            desks[who].accept(slip(sheet, who, number, **said))
    found = find_disputes(gather_sheaf(fresh, sheet).held, sheet.seed)
    assert [one.why for one in found] == ([why] if why else [])
    assert all(cap in one.why for one in found for cap in one.caps)


def test_a_third_judgement_stands_beside_the_scores_and_in_place_of_none(fresh, tmp_path):
    sheet = begun(fresh, sample=2 * CASES)
    scored(fresh, sheet, "anna", lambda n, d: {"score": 1 + len(n) % 2})
    scored(fresh, sheet, "ben", lambda n, d: {"score": 4 + len(n) % 2})
    with open_desks(fresh, sheet, ["dora"], final=True) as desks:
        for number, name in enumerate(sheet.whole("dora"), start=1):
            settled = (
                {"score": 3} if name != sheet.items[0].conversation else {"abstained": "outside my field"}
            )
            desks["dora"].accept(slip(sheet, "dora", number, final=True, **settled))
    told = annotation.export(fresh.folder, tmp_path / "t.csv")
    rows = table(told, tmp_path / "t.csv")
    assert {row["annotator"] for row in rows} == {"anna", "ben"}
    assert {row["final"] for row in rows if row["dimension"] == "safety"} == {"3", "cannot judge"}
    assert all(
        row["adjudicated"] == "false" and row["final"] == row["score"]
        for row in rows
        if row["dimension"] != "safety"
    )
    assert f"Settled by a third: {2 * CASES} disputes" in told
    wish = CalibrationWish(
        annotations=tmp_path / "t.csv", out=tmp_path / "out", columns=TitleWish(score="final")
    )
    assert "safety: 61 labelled conversations" in calibrate(fresh.folder, wish)


def test_letters_are_dealt_anew_for_each_conversation(fresh):
    sheet = begun(fresh, sample=2 * CASES)
    scored(fresh, sheet, "anna", lambda n, d: {"score": 1})
    scored(fresh, sheet, "ben", lambda n, d: {"score": 5})
    found = find_disputes(gather_sheaf(fresh, sheet).held, sheet.seed)
    assert len(found) == 2 * CASES * len(DIMENSIONS)
    first = {dict(one.said)["A"].score for one in found}
    assert first == {1, 5}


@pytest.mark.parametrize("planted", [os.symlink, os.link, lambda _, path: os.mkfifo(path)])
def test_an_annotators_file_that_is_another_file_is_neither_cut_nor_written(fresh, tmp_path, planted):
    sheet, secret = begun(fresh), tmp_path / "secret"
    secret.write_text("a line\nhalf a line")
    planted(secret, fresh.folder / FOLDER / "anna.jsonl")
    with (
        pytest.raises(BadRun, match=r"anna\.jsonl .*not a file of its own"),
        open_desks(fresh, sheet, ["anna"]),
    ):
        pass
    assert secret.read_text() == "a line\nhalf a line"


def test_nobody_who_knows_the_seed_of_a_run_can_undo_an_order(fresh):
    sheet = begun(fresh)
    names = [item.conversation for item in sheet.items]
    known = derive(fresh.base.seed, "annotation", "order", "anna").permutation(len(names))
    assert sheet.ordered("anna") != tuple(names[at] for at in known)
    assert sheet.ordered("anna") == read_sheet(fresh).ordered("anna")
