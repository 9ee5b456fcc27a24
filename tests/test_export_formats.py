"""A run as tables and as logs: every row that there is, in real types, and nothing that must not leave."""

from __future__ import annotations

import csv
import importlib.util
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from engine.commands.playing import Company
from engine.commands.playing import run as play
from engine.errors import BadOption, BadRun
from engine.events import CallFailed, TurnSpoken
from engine.export import ExportWish, export
from engine.export.logs import make_samples
from engine.export.look import look
from engine.export.scan import Guard
from engine.export.sheets import rows
from engine.export.sheets.codebook import sheets
from engine.folder import read_plan
from engine.results import tabulate_run
from engine.segments import read_run
from tests.test_export import BOUND, FREE, KEY, answered, note, run, written  # noqa: F401 - a run of three licences

TABLES = ("csv", "jsonl", "parquet")
HOSTILE = '=HYPERLINK("http://evil.example")\x1b[2J‮<script>alert(1)</script> ![](http://evil.example/a.png)'
inspect = pytest.mark.skipif(
    importlib.util.find_spec("inspect_ai") is None, reason="needs Inspect AI: pip install -e '.[inspect]'"
)


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> Path:
    """Play two scenarios with one model and one script."""
    place = tmp_path_factory.mktemp("played") / "run"
    assert (
        play(company=Company(models="gpt-5.1", backend="simulated"), scenarios=2, run=place, quiet=True) == 0
    )
    return place


@pytest.fixture(scope="module")
def results(played):
    return tabulate_run(played, read_plan(played))


@pytest.fixture(scope="module")
def told(played, tmp_path_factory) -> dict[str, dict[str, list[dict]]]:
    """Export it in every format and read it back, by format and table."""
    place = tmp_path_factory.mktemp("out")
    found = {}
    for format in TABLES:
        export(ExportWish(run=played, out=place / format, format=format))
        found[format] = {name: list(read(place / format / f"{name}.{format}")) for name in sheets()}
    return found


def read(path: Path):
    """Read a table as its own library does."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
    elif path.suffix == ".jsonl":
        yield from map(orjson.loads, path.read_bytes().splitlines())
    else:
        parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow: pip install -e '.[parquet]'")
        yield from parquet.read_table(path).to_pylist()


@pytest.mark.parametrize("format", TABLES)
def test_every_conversation_turn_and_vote_of_the_results_is_a_row(told, results, format):
    tables, found = told[format], results.findings
    assert [row["conversation"] for row in tables["conversations"]] == [cell.id for cell in results.cells]
    assert len(tables["turns"]) == sum(len(found.turns(name)) for name in found.ended)
    assert len(tables["verdicts"]) == len(found.verdicts)
    assert len(tables["quotes"]) == sum(len(v.evidence) + len(v.caps) for v in found.verdicts.values())
    assert len(tables["scores"]) == len(found.ended) * len(results.plan.dimensions)
    assert {row["scenario"] for row in tables["scenarios"]} == {cell.scenario.id for cell in results.cells}
    assert tables["leaderboard"][0]["model"] == "gpt-5.1"
    assert all(rows for rows in tables.values())


def test_what_the_calls_cost_is_the_ledger(told, results):
    rows, total = told["jsonl"]["calls"], results.findings.ledger.total
    assert len(rows) == total.calls
    assert sum(row["cost"] for row in rows) == pytest.approx(total.cost)
    assert sum(row["input_tokens"] for row in rows) == total.input
    spent = sum(row["cost"] for row in told["jsonl"]["conversations"])
    assert spent == pytest.approx(
        sum(row["cost"] for row in rows if not row["conversation"].startswith("canary/"))
    )


def test_the_scores_average_to_the_leaderboard(told):
    tables = told["parquet"]
    model = {row["conversation"]: row["model"] for row in tables["conversations"]}
    for place in tables["leaderboard"]:
        scores = [
            row["score"]
            for row in tables["scores"]
            if row["dimension"] == place["dimension"] and model[row["conversation"]] == place["model"]
        ]
        if place["dimension"] != "overall":
            assert sum(scores) / len(scores) == pytest.approx(place["mean"])


def test_parquet_has_real_types_what_each_column_means_and_that_it_is_simulated(told, played, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow: pip install -e '.[parquet]'")
    export(ExportWish(run=played, out=tmp_path / "out", format="parquet"))
    for name, sheet in sheets().items():
        schema = parquet.read_schema(tmp_path / "out" / f"{name}.parquet")
        assert schema.metadata[b"simulated"] == b"true"
        assert schema.metadata[b"plan"].decode() == read_plan(played).digest
        kinds = {
            "text": "string",
            "int": "int64",
            "float": "double",
            "bool": "bool",
            "time": "timestamp[us, tz=UTC]",
        }
        assert [str(field.type) for field in schema] == [kinds[column.kind] for column in sheet.columns]
        assert [field.metadata[b"description"].decode() for field in schema] == [
            c.words for c in sheet.columns
        ]
    turn, vote = told["parquet"]["turns"][0], told["parquet"]["verdicts"][0]
    first = min(event.at for event in read_run(played) if isinstance(event.body, TurnSpoken))
    assert min(row["said"] for row in told["parquet"]["turns"]) == datetime.fromtimestamp(
        round(first, 6), UTC
    )
    assert (type(turn["index"]), turn["done"], turn["fault"]) == (int, False, None)
    assert vote["score"] in (1, 2, 3, 4, 5)


def test_the_formats_say_the_same(told):
    for name in sheets():
        for plain, line, typed in zip(*(told[format][name] for format in TABLES), strict=True):
            assert list(plain) == list(line) == list(typed)
            assert {key: value is None for key, value in line.items()} == {
                k: v is None for k, v in typed.items()
            }
            assert plain["simulated"] == "true"
            assert line["simulated"] is typed["simulated"] is True


def test_every_column_that_a_row_has_is_in_the_codebook_and_none_is_always_empty(results, played):
    never = {
        "failure",
        "excluded",
        "fault",
        "cause",
        "message",
        "reasoning",
        "cap",
        "variant",
        "belief",
        "site",
    }
    never |= {"photo_degraded", "attribution", "diagnosis_group", "rank", "condition", "percent", "text"}
    for name, found in rows.table_rows(results, played):
        columns = {column.name for column in sheets()[name].columns} - {"simulated"}
        filled = {key for row in found for key, value in row.items() if value is not None}
        assert filled <= columns
        assert columns - filled <= never, name


def test_the_readme_and_the_schema_beside_the_tables_tell_every_column(played, tmp_path):
    said = export(ExportWish(run=played, format="jsonl", out=tmp_path / "out"))
    words = (tmp_path / "out" / "README.txt").read_text(encoding="utf-8")
    schema = json.loads((tmp_path / "out" / "schema.json").read_text(encoding="utf-8"))
    assert words.startswith("SIMULATED")
    assert "SIMULATED" in said
    assert schema["simulated"] is schema["finished"] is True
    for name, sheet in sheets().items():
        assert [column["name"] for column in schema["tables"][name]["columns"]] == [
            c.name for c in sheet.columns
        ]
        assert all(column.words in words for column in sheet.columns)
    assert str(tmp_path) not in words


def test_what_a_model_wrote_is_exact_in_json_and_obeyed_by_no_spreadsheet(run, tmp_path):  # noqa: F811
    note(run, answered(HOSTILE))
    texts = {}
    for format in TABLES:
        export(ExportWish(run=run, out=tmp_path / format, format=format))
        texts[format] = [row["text"] for row in read(tmp_path / format / f"calls.{format}")][-1]
    assert texts["jsonl"] == texts["parquet"] == HOSTILE
    assert texts["csv"].startswith("'=HYPERLINK")
    assert not {"\x1b", "‮"} & {*texts["csv"]}


def test_a_call_that_was_given_up_is_a_row_with_its_cause(run, tmp_path):  # noqa: F811
    failed = CallFailed(
        role="assistant", model="gpt-5.1", sequence=0, digest="d", cause="denied", message="no", attempts=()
    )
    note(run, failed)
    export(ExportWish(run=run, out=tmp_path / "out", format="jsonl"))
    (row,) = read(tmp_path / "out" / "calls.jsonl")
    assert (row["answered"], row["cause"], row["cost"]) == (False, "denied", None)


@pytest.mark.parametrize("format", [*TABLES, pytest.param("inspect", marks=inspect)])
def test_a_key_stops_every_format_and_nothing_is_left(run, tmp_path, monkeypatch, format):  # noqa: F811
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    note(run, answered(f"My key is {KEY}."))
    (tmp_path / "place").mkdir()
    with pytest.raises(BadRun, match="OPENAI_API_KEY"):
        export(ExportWish(run=run, out=tmp_path / "place" / "out", format=format))
    assert list((tmp_path / "place").iterdir()) == []


def test_a_key_that_comes_while_the_rows_are_read_stops_it_too(run, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    calls = rows.call_rows

    def growing(*given):
        note(run, answered(f"My key is {KEY}."))
        yield from calls(*given)

    monkeypatch.setattr(rows, "call_rows", growing)
    with pytest.raises(BadRun, match="OPENAI_API_KEY"):
        export(ExportWish(run=run, out=tmp_path / "out", format="csv"))
    assert not (tmp_path / "out").exists()


def test_photographs_go_along_when_asked_for_and_never_against_their_licence(run, tmp_path):  # noqa: F811
    said = export(ExportWish(run=run, out=tmp_path / "out", format="csv", images=True))
    names = {path.name for path in (tmp_path / "out" / "blobs").iterdir()}
    assert FREE[0].sha256 in names
    assert BOUND[0].sha256 not in names
    assert "SCIN" in said
    assert "the licence of DDI forbids passing them on" in said
    export(ExportWish(run=run, out=tmp_path / "without", format="csv"))
    assert not (tmp_path / "without" / "blobs").exists()


@pytest.mark.parametrize(
    ("library", "format", "extra"),
    [("pyarrow", "parquet", "[parquet]"), ("inspect_ai", "inspect", "[inspect]")],
)
def test_without_its_library_a_sentence_says_what_to_install(
    run,  # noqa: F811
    tmp_path,
    monkeypatch,
    library,
    format,
    extra,
):
    for name in [*sys.modules]:
        if name.partition(".")[0] == library:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(BadOption) as error:
        export(ExportWish(run=run, out=tmp_path / "out", format=format))
    assert f"pip install -e '.{extra}'" in str(error.value)
    assert not (tmp_path / "out").exists()


def test_the_folder_is_new_and_named_after_the_run(run, tmp_path):  # noqa: F811
    export(ExportWish(run=run, format="csv"))
    assert (run.parent / "run-csv" / "turns.csv").is_file()
    for out, words in (
        (None, "is there already"),
        (run / "inside", "inside the run"),
        (tmp_path / "no" / "out", "no folder"),
    ):
        with pytest.raises(BadOption, match=words):
            export(ExportWish(run=run, out=out, format="csv"))
    assert not [path for path in run.parent.iterdir() if path.name.startswith(".")]


# Inspect


@pytest.fixture(scope="module")
def logs(played, tmp_path_factory) -> dict:
    """Give the logs of the run that was played, read by Inspect itself, by model."""
    log = pytest.importorskip("inspect_ai.log", reason="needs Inspect AI: pip install -e '.[inspect]'")
    place = tmp_path_factory.mktemp("logs") / "out"
    export(ExportWish(run=played, out=place, format="inspect", images=True))
    found = [log.read_eval_log(str(path)) for path in sorted(place.iterdir())]
    return {one.eval.model: one for one in found}


def test_inspect_reads_a_log_for_each_row_of_the_leaderboard(logs, results):
    assert {name.partition("/")[2] for name in logs} == {
        place.model for place in (*results.standings, *results.benchmarks)
    }
    assert len({log.eval.task_id for log in logs.values()}) == len(logs), (
        "logs of one task id hide each other"
    )
    assert all(log.status == "success" for log in logs.values())


def test_a_log_cannot_be_taken_for_a_real_models(logs):
    log = logs["simulated/gpt-5.1"]
    assert "SIMULATED" in log.eval.task
    assert "simulated" in log.eval.tags
    assert log.eval.metadata["simulated"] is True
    assert all(sample.metadata["simulated"] is True for sample in log.samples)


def test_its_numbers_are_the_leaderboards(logs, results):
    shown = {score.name: score.metrics for score in logs["simulated/gpt-5.1"].results.scores}
    for place in results.standings:
        metrics = shown[place.dimension]
        assert metrics["mean"].value == pytest.approx(place.mean)
        assert metrics["n"].value == place.n
        assert ("low_95" in metrics) == (place.low is not None)


def test_a_sample_is_the_conversation_with_its_photograph_and_the_jurors_reasons(logs, results):
    log = logs["simulated/gpt-5.1"]
    for sample in log.samples:
        turns = results.findings.turns(sample.metadata["conversation"])
        said = [message.text.strip() for message in sample.messages if message.role != "system"]
        assert said == [turn.text.strip() for turn in turns]
        assert sample.messages[0].role == "system"
        assert "health record" in sample.messages[0].text
        pictures = [
            part
            for m in sample.messages
            if isinstance(m.content, list)
            for part in m.content
            if part.type == "image"
        ]
        assert pictures
        assert sample.attachments[pictures[0].image.removeprefix("attachment://")].startswith("data:image/")
        for dimension, score in sample.scores.items():
            for juror in results.plan.jury:
                assert f"**{juror}**" in score.explanation
            assert dimension in results.plan.dimensions
        assert sample.model_usage["simulated/gpt-5.1"].output_tokens > 0
        assert sample.metadata["strata"]["task"]


@inspect
def test_without_being_asked_for_a_photograph_is_told_by_its_hash(played, tmp_path):
    from inspect_ai.log import read_eval_log

    export(ExportWish(run=played, out=tmp_path / "out", format="inspect"))
    for path in (tmp_path / "out").iterdir():
        for sample in read_eval_log(str(path)).samples:
            assert sample.attachments == {}
            assert "not in this log" in " ".join(message.text for message in sample.messages)


def test_no_log_gets_a_photograph_whose_licence_forbids_it(run):  # noqa: F811
    wish = ExportWish(run=run, images=True, format="inspect")
    contents, _ = look(wish, Guard.of(run))
    maker = make_samples(None, tabulate_run(run, read_plan(run)), run, contents)
    assert maker.picture(BOUND[0].sha256) is None
    assert maker.picture(FREE[0].sha256).startswith("data:image/")


@inspect
def test_a_jurors_words_are_words_and_no_markup():
    from engine.export.logs.sample import plain

    shown = plain(HOSTILE)
    assert "![](" not in shown
    assert "<script" not in shown.replace(r"\<", "")
    assert "\x1b" not in shown


def test_a_shell_gets_one_sentence_and_status_2(played, tmp_path, capsys, monkeypatch):
    import run as program

    monkeypatch.setattr(sys, "argv", ["run.py", "export", str(played), "--format", "excel"])
    assert program.main() == 2
    assert "excel" in capsys.readouterr().err
    given = ["run.py", "export", str(played), "--format", "csv", "--out", str(tmp_path / "tables")]
    monkeypatch.setattr(sys, "argv", given)
    assert program.main() == 0
    assert "SIMULATED" in capsys.readouterr().out
