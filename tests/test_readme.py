"""The README: what it tells people to type is understood, and what it promises is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from PIL import Image

from engine.casting import check_faults
from engine.catalog import read_catalog
from engine.config import missing
from personas.cases.reading import read_cases
from rubrics.rubric import load_rubric
from run import app

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = [part.strip() for block in BLOCKS for line in block.splitlines() for part in line.split("&&")]
RUNS = [command for command in COMMANDS if command.startswith("python run.py")]


@pytest.mark.parametrize("command", RUNS)
def test_every_command_is_understood(command):
    words = shlex.split(command)[2:]
    if words != ["--help"]:
        app.parse_args(words, exit_on_error=False, print_error=False)


def test_the_two_commands_of_the_set_up_are_there():
    assert "python -m pip install -e . && python run.py --models all" in TEXT
    assert 'python -m pip install -e ".[test]" && python -m pytest' in TEXT


def test_the_tree_names_files_that_exist():
    tree = TEXT.split("## The house")[1].split("```text\n")[1].split("```")[0]
    inside = tree.split("agents/  ")[0]
    for name in re.findall(r"\b[\w/]+\.(?:py|toml)\b", inside):
        assert (ROOT / name).exists() or (ROOT / "engine" / name).exists(), name


def test_the_example_of_a_model_is_a_model(tmp_path):
    example = TEXT.split("**A model** is a table")[1].split("```toml\n")[1].split("```")[0]
    file = tmp_path / "models.toml"
    file.write_text(example)
    assert read_catalog(file).models["nova-lite"].family == "nova"


def test_the_example_of_a_dimension_goes_with_the_rubric(tmp_path):
    example = TEXT.split("**A dimension** of the rubric")[1].split("```toml\n")[1].split("```")[0]
    file = tmp_path / "mine.toml"
    file.write_text((ROOT / "rubrics" / "imcbench.toml").read_text(encoding="utf-8") + "\n" + example)
    dimension = load_rubric(file).dimensions[-1]
    assert (dimension.name, [cap.key for cap in dimension.caps]) == ("kindness", ["K1"])


def test_the_tree_names_every_room_of_the_engine():
    tree = TEXT.split("## The house")[1].split("```text\n")[1].split("```")[0]
    inside = tree.split("engine/\n")[1].split("agents/  ")[0]
    rooms = [path.name for path in (ROOT / "engine").iterdir() if (path / "__init__.py").exists()]
    assert [room for room in sorted(rooms) if len(re.findall(rf"\b{room}/", inside)) != 1] == []


def test_the_example_of_endpoints_is_a_models_file_that_needs_one_key(tmp_path):
    example = TEXT.split("## Your own endpoints")[1].split("```toml\n")[1].split("```")[0]
    file = tmp_path / "mine.toml"
    file.write_text(example)
    catalog = read_catalog(file)
    assert [model.name for model in catalog.choose("all")] == ["qwen-vl", "llava"]
    assert list(missing(catalog.company(catalog.choose("all"))).values()) == ["VLLM_API_KEY"]


def test_the_example_of_faults_is_a_plan(tmp_path):
    example = TEXT.split("## The simulator alone")[1].split("```toml\n")[1].split("```")[0]
    (tmp_path / "plan.toml").write_text(example)
    check_faults(tmp_path / "plan.toml", {})


def test_the_example_of_a_map_reads_a_table_with_images(tmp_path):
    example = TEXT.split("needs a map of ten lines")[1].split("```toml\n")[1].split("```")[0]
    (tmp_path / "clinic.toml").write_text(example)
    folder = tmp_path / "clinic"
    folder.mkdir()
    (folder / "cases.csv").write_text("file,diagnosis,patient_id,age,sex\na.png,melanoma,7,61,F\n")
    Image.new("RGB", (64, 64), "tan").save(folder / "a.png")
    reading = read_cases(folder, tmp_path / "clinic.toml")
    assert [(case.condition.key, case.age, case.sex, case.restricted) for case in reading.cases] == [
        ("MEL", 61, "female", True)
    ]


def test_whatever_is_simulated_is_said_to_be():
    assert "Simulated numbers are about invented minds" in TEXT
    assert "not a medical device" in TEXT
