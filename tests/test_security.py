"""The list of threats and defences names tests that are there, files that are there, and no row without either."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIST = (ROOT / "tests" / "SECURITY.md").read_text(encoding="utf-8")
NODES = re.findall(r"`(tests/\w+\.py)::(\w+)`", LIST)
ROWS = [line for line in LIST.splitlines() if line.startswith("| ") and not line.startswith("| threat")]


def functions(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("file", sorted({file for file, _ in NODES}))
def test_every_test_that_is_named_is_there(file):
    assert {name for place, name in NODES if place == file} <= functions(file)


def test_every_threat_has_a_test_and_every_file_is_there():
    assert len(ROWS) > 30
    assert not [row for row in ROWS if "::test_" not in row.rsplit("|", 2)[1]]
    files = re.findall(r"`((?:agents|engine|personas|rubrics|tests)/[\w/]+\.\w+)`", LIST)
    assert not [file for file in files if not (ROOT / file).is_file()]
    assert not re.findall(r"tests/\w+\.py(?!::test_\w+`|`)", LIST)


def test_no_file_of_attacks_on_content_is_left_out_of_the_list():
    listed = {file for file, _ in NODES}
    attacks = {f"tests/{path.name}" for path in (ROOT / "tests").glob("test_attacks_*.py")}
    assert attacks - listed <= {
        "tests/test_attacks_audit.py",
        "tests/test_attacks_jury.py",
        "tests/test_attacks_wire.py",
    }
