"""The house stands: imports go downward only, effects have one door each, rooms stay small."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("engine", "agents", "personas", "rubrics")
SOURCES = [*sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py")), ROOT / "run.py"]
ABOVE = {
    "personas": {"rubrics", "agents", "engine"},
    "rubrics": {"personas", "agents", "engine"},
    "agents": {"engine"},
    "engine": {"run"},
}
STOREYS = (
    (
        "errors",
        "person",
        "rates",
        "hosts",
        "secrets",
        "models",
        "events",
        "config",
        "catalog",
        "cells",
        "reasons",
    ),
    (
        "stage",
        "mailbox",
        "collector",
        "roll",
        "charges",
        "buckets",
        "recovery",
        "limiter",
        "purse",
        "worst",
        "means",
        "retry",
        "disk",
        "segments",
        "journal",
        "tape",
        "plan",
        "provenance",
        "fitting",
        "folder",
        "account",
        "clock",
        "pace",
        "tally",
        "setting",
        "strata",
        "cards",
        "frozen",
    ),
    ("providers", "simulator"),
    ("gate", "casting"),
    ("audit", "reading", "findings", "conversation", "jury", "results", "index"),
    (
        "console",
        "agreement",
        "breakdown",
        "grid",
        "prose",
        "pages",
        "site",
        "evidence",
        "clinicians",
        "figures",
        "tables",
        "report",
        "scoring",
        "comparison",
    ),
    (
        "troupe",
        "halting",
        "campaign",
        "replay",
        "verifying",
        "viewer",
        "check",
        "calibration",
        "annotation",
        "inquiry",
        "export",
    ),
    ("closing", "shelf", "session", "seat", "reopening", "resuming", "ablation", "rejudging", "commands"),
)
"""The engine's rooms from the ground up; one may import from its own storey and below."""
DOORS = {
    "create_task_group": {"engine/stage.py"},
    "TaskGroup": {"engine/stage.py"},
    "create_task": set(),
    "ensure_future": set(),
    "environ": {"engine/config.py"},
    "getenv": {"engine/config.py"},
    "TCPSite": {"engine/simulator/server.py", "engine/site/__init__.py"},
    "DictWriter": {"engine/grid.py"},
    "flock": {"engine/journal.py"},
    "print": {"run.py"},
}
LIBRARIES = {
    "personas": {"numpy", "PIL", "pydantic", "orjson", "pybase64", "pydicom"},
    "rubrics": {"numpy", "scipy", "pydantic", "orjson", "sklearn", "statsmodels"},
    "agents": {"orjson"},
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> list[str]:
    """Give the modules a file imports, `if TYPE_CHECKING` included."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module]
    return found


def storey(module: str) -> int | None:
    room = module.split(".")[1] if module.startswith("engine.") else None
    return next((level for level, rooms in enumerate(STOREYS) if room in rooms), None)


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_imports_go_downward_only(path):
    floor = name(path).split("/")[0]
    assert not {module.split(".")[0] for module in imports(path)} & ABOVE.get(floor, set())


@pytest.mark.parametrize("path", sorted((ROOT / "engine").rglob("*.py")), ids=name)
def test_within_the_engine_too(path):
    if path.name == "__init__.py" and path.parent.name == "engine":
        return
    own = storey(name(path).removesuffix(".py").replace("/", "."))
    assert own is not None, f"{name(path)} has no storey: give it one in STOREYS."
    higher = [module for module in imports(path) if (storey(module) or 0) > own]
    assert not higher


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_each_effect_has_its_door(path):
    nodes = list(ast.walk(ast.parse(path.read_text())))
    used = {node.attr for node in nodes if isinstance(node, ast.Attribute)} - {"print"}
    used |= {node.id for node in nodes if isinstance(node, ast.Name)}
    assert not [effect for effect, doors in DOORS.items() if effect in used and name(path) not in doors]


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_the_lower_floors_need_few_libraries(path):
    allowed = LIBRARIES.get(name(path).split("/")[0])
    if allowed is not None:
        others = {module.split(".")[0] for module in imports(path)} - set(sys.stdlib_module_names)
        assert others <= allowed | set(PACKAGES)


@pytest.mark.parametrize("path", sorted((ROOT / "engine/simulator").rglob("*.py")), ids=name)
def test_the_simulator_sees_only_what_is_on_the_wire(path):
    ours = {module for module in imports(path) if module.split(".")[0] in PACKAGES}
    allowed = {"personas.seeds"} | ({"engine.errors"} if path.name in ("launch.py", "stand.py") else set())
    assert all(module.startswith("engine.simulator") for module in ours - allowed)


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_rooms_and_functions_stay_small(path):
    lines = path.read_text().splitlines()
    assert len(lines) <= 300
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            doc = ast.get_docstring(node) or ""
            length = (node.end_lineno or 0) - node.lineno + 1 - doc.count("\n")
            assert length <= 42, f"{node.name} in {name(path)} has {length} lines"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_every_module_says_what_it_is(path):
    if path.read_text().strip():
        assert ast.get_docstring(ast.parse(path.read_text()))


def test_nothing_catches_everything():
    catching = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler):
                names = (
                    {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)} if node.type else {"all"}
                )
                if names & {"Exception", "BaseException", "all"}:
                    catching.append(name(path))
    assert not catching


def test_the_top_level_is_as_the_design_card_has_it():
    allowed = {
        "pyproject.toml",
        "engine",
        "agents",
        "personas",
        "rubrics",
        "tests",
        "run.py",
        "README.md",
        "LICENSE",
    }
    found = {p.name for p in ROOT.iterdir() if not p.name.startswith(".")} - {"runs", "build", "dist"}
    assert {item for item in found if not item.endswith((".lock", ".egg-info", "__pycache__"))} == allowed
