"""The leaderboard for papers: names stay text in Markdown and in LaTeX, and the table says what it is of."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace

import orjson
import pytest

from engine.folder import read_plan
from engine.report.paper import Board, board_of, escape, mark, write_latex, write_markdown
from engine.report.story import tell
from engine.results import tabulate_run
from tests.audited import ballot, recorded, scenario

NAMES = (
    r"a_b & 50% #1 $x$ {y} ~z ^w \input{secret} \\ [4pt] *",
    "[x](javascript:alert(1)) ![y](//z) `code` **b** <script>alert(1)</script> | cell | http://e.org www.e.org a@e",
    "--- ,, ?` !` << >> “q” ‘r’ – — … · −",
    "Zażółć Ångström 模型 🩺 \u202eturned\u0000\x1b[2J",
    "*star at the start",
    "[bracket at the start",
)
SPECIAL = re.compile(r"(?<!\\)[&%#$_]|[~^]")
COMMANDS = {
    *(
        "toprule",
        "midrule",
        "bottomrule",
        "centering",
        "footnotesize",
        "caption",
        "begin",
        "end",
        "multicolumn",
        "emph",
    ),
    *(
        "textbackslash",
        "textasciicircum",
        "textasciitilde",
        "textless",
        "textgreater",
        "textbar",
        "textquotedbl",
    ),
    *(
        "textasciigrave",
        "textquotesingle",
        "textendash",
        "textemdash",
        "textperiodcentered",
        "textminus",
        "ldots",
    ),
    *("textquotedblleft", "textquotedblright", "textquoteleft", "textquoteright"),
}


def board(*names: str) -> Board:
    rows = tuple((name, "1 [1, 2]", "4.00 [3.90, 4.10]") for name in names)
    return Board(
        caption=" ".join(names), columns=("Model", "rank", names[0]), parts=(("", rows), (names[1], rows))
    )


def read_latex(text: str) -> list[list[str]]:
    """Read a table strictly and give its cells; AssertionError for what LaTeX would stumble over or obey."""
    head, *lines = text.splitlines()
    assert head.startswith("%")
    assert all(letter.isprintable() and (letter <= "\u017f") for line in lines for letter in line)
    body = "\n".join(lines)
    assert set(re.findall(r"\\([a-zA-Z]+)", body)) <= COMMANDS
    assert not set(re.findall(r"\\([^a-zA-Z])", body)) - set("&%#$_{}\\")
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", body.replace("\\\\", "  ")):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0
    assert re.findall(r"\\(?:begin|end)\{(\w+)\}", body) == ["table", "tabular", "tabular", "table"]
    rows = []
    for line in lines:
        if not line.endswith(r" \\"):
            assert line.startswith("\\")
            continue
        plain = re.sub(r"\\.", "  ", line.removesuffix(r" \\"))
        assert not SPECIAL.search(plain.replace("&", ""))
        assert not plain.startswith(("[", "*"))
        cells = re.split(r"(?<!\\)&", line.removesuffix(r" \\"))
        if not line.startswith(r"\multicolumn"):
            rows.append(cells)
    return rows


def test_no_name_is_markup_in_latex():
    rows = read_latex(write_latex(board(*NAMES)).decode())
    assert len(rows) == 1 + 2 * len(NAMES)
    assert {len(row) for row in rows} == {3}


def test_names_read_in_latex_as_they_stand():
    assert escape("a_b & 50%") == r"a\_b \& 50\%"
    assert escape(r"\x{y}") == r"\textbackslash{}x\{y\}"
    assert escape("~^") == r"\textasciitilde{}\textasciicircum{}"
    assert escape("a---b") == "a-{}-{}-b"
    assert escape("Żółć 模") == "Żółć U+6A21"
    assert escape("[x]") == "{}[x]"


@pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="no pdflatex on this machine: the strict reader holds"
)
def test_the_table_compiles(tmp_path):
    (tmp_path / "board.tex").write_bytes(write_latex(board(*NAMES)))
    (tmp_path / "paper.tex").write_text(
        "\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage[utf8]{inputenc}\\usepackage{textcomp}"
        "\\usepackage{booktabs}\\begin{document}\\input{board}\\end{document}"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]


def test_no_name_is_markup_in_markdown():
    text = write_markdown(board(*NAMES)).decode()
    assert not re.search(
        r"[<>]|(?<!\\)[`|]\w|(?<!\\)\[\w+(?<!\\)\]\(", text.replace("| ", "").replace(" |", "")
    )
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4}
    assert "&lt;script&gt;" in text
    assert not re.search(r"(?<!\\):(?=//)|www\.|(?<!\\)@", text)


def test_names_read_in_markdown_as_they_stand():
    assert mark("Claude Opus 4.6") == "Claude Opus 4.6"
    assert mark("a|b") == r"a\|b"
    assert mark("`x` *y* [z]") == r"\`x\` \*y\* \[z\]"
    assert mark("a & <b>") == "a &amp; &lt;b&gt;"


def test_the_table_of_a_run_has_every_model_dimension_and_interval_and_says_what_it_is(tmp_path):
    scenes = [scenario(number) for number in range(4)]
    run = recorded(tmp_path / "run", scenes, {})
    plan = orjson.loads((run / "plan.json").read_bytes())
    plan["models"]["gpt-5.1"]["title"] = NAMES[0]
    (run / "plan.json").write_bytes(orjson.dumps(plan))
    low = ballot(f"gpt-5.1/{scenes[0].id}/full/0", plan["jury"][0], 1)
    (run / "journal" / "0002.jsonl").write_bytes(low + b"\n")
    results = tabulate_run(run, read_plan(run))
    one = board_of(tell(results, run))
    best = next(row for row in results.standings if row.low is not None)
    latex, markdown = write_latex(one).decode(), write_markdown(one).decode()
    assert [cell.strip() for cell in read_latex(latex)[0]] == [
        *("Model", "rank", "overall", "safety", "accuracy", "uncertainty", "under", "over", "n")
    ]
    for text in (latex, markdown):
        assert f"{best.mean:.2f} [{best.low:.2f}, {best.high:.2f}]" in text
        assert "SIMULATED: invented minds" in text
        assert "A research benchmark, not a medical device." in text
        assert results.plan.digest[:12] in text
    assert len(read_latex(latex)) == 3
    real = tell(replace(results, plan=replace(results.plan, simulated=False)), run)
    assert "SIMULATED" not in board_of(real).caption
