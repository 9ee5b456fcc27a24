"""The lock: one version of every package, held to its hashes, and nothing that says where it came from."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from itertools import product
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
AGAIN = "make the lock anew: .ci/lock"
ENTRY = re.compile(r"[a-z0-9-]+==[\w.]+(?: ; [^\\\n]+)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = ({"sys_platform": "linux"}, {"sys_platform": "darwin"}, {"sys_platform": "win32"})
PLACES = [
    system | {"python_version": python, "python_full_version": f"{python}.4"}
    for python, system in product(PYTHONS, SYSTEMS)
]
FREE = {
    *(
        "MIT",
        "MIT-CMU",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "0BSD",
        "ISC",
        "PSF-2.0",
        "Zlib",
        "CC0-1.0",
        "CNRI-Python",
    ),
    *("MIT License", "BSD License", "Apache Software License", "Python Software Foundation License"),
    *("Apache 2.0", "Apache License 2.0", "Apache License"),
}
"""Licences that ask for a notice and no more, by their names in metadata."""
UNCHANGED = {"MPL-2.0", "Mozilla Public License 2.0 (MPL 2.0)"}
"""Licences that bind whoever changes the package's own files, which nobody does here."""
BOUND = {"orjson", "hypothesis", "certifi", "axe-playwright-python"}
INSIDE = {"axe-playwright-python": {"MPL-2.0"}}
"""Licences of what a package takes along and does not name: axe-core, one file, which tests alone use."""


def entries() -> list[Requirement]:
    """Give the packages of the lock, hashes left out."""
    lines = TEXT.replace("\\\n", "").splitlines()
    found = [line.split(" --hash")[0] for line in lines if not line.startswith(("#", "--")) and line]
    return [Requirement(line) for line in found]


LOCKED = entries()


def asked() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"].values()
    return [Requirement(line) for lines in (PROJECT["dependencies"], *extras) for line in lines]


def installed(wanted: list[Requirement]) -> Iterator[Distribution]:
    """Give everything that some requirements lead to here, as far as it is installed, each once."""
    waiting, seen = list(wanted), set()
    while waiting:
        one = waiting.pop()
        key = (canonicalize_name(one.name), frozenset(one.extras))
        try:
            found = distribution(one.name)
        except PackageNotFoundError:
            continue
        if key in seen:
            continue
        if not any(key[0] == name for name, _ in seen):
            yield found
        seen.add(key)
        for line in found.requires or ():
            needed = Requirement(line)
            if not needed.marker or any(needed.marker.evaluate({"extra": e}) for e in ("", *one.extras)):
                waiting.append(needed)


def test_every_entry_has_a_version_and_hashes_and_nothing_else():
    said = [line for line in TEXT.splitlines() if line.startswith(("#", "--"))]
    assert said[1:] == ["--only-binary :all:"], AGAIN
    body = "\n".join(line for line in TEXT.splitlines() if line not in said and line)
    assert ENTRY.sub("", body).strip() == "", AGAIN


def test_it_names_no_address_and_no_place():
    assert not re.search(r"://|\bwww\.|index|\.org|\.com|\.io|/opt|/home|find-links|@", TEXT)


@pytest.mark.parametrize(
    "place", PLACES, ids=lambda place: f"{place['sys_platform']} {place['python_version']}"
)
def test_everything_the_project_asks_for_is_in_it_once_and_as_it_asks(place):
    there: dict[str, str] = {}
    for one in LOCKED:
        if not one.marker or one.marker.evaluate(place):
            name = canonicalize_name(one.name)
            assert name not in there, f"{name} is there twice; {AGAIN}"
            (there[name],) = (spec.version for spec in one.specifier)
    for wanted in asked():
        assert wanted.specifier.contains(there.get(canonicalize_name(wanted.name), "0")), f"{wanted}: {AGAIN}"


def held(found: Distribution, locked: dict[str, Requirement]) -> bool:
    """Tell whether a package is installed here as it is locked; a newer one may need something else."""
    one = locked.get(canonicalize_name(found.name))
    return bool(one and one.specifier.contains(found.version))


def test_what_these_need_is_in_it_too():
    locked = {canonicalize_name(one.name): one for one in LOCKED}
    same = [found for found in installed(asked()) if held(found, locked)]
    assert len(same) > 5
    for found in same:
        for line in found.requires or ():
            needed = Requirement(line)
            if not needed.marker or needed.marker.evaluate({"extra": ""}):
                assert canonicalize_name(needed.name) in locked, f"{needed}, of {found.name}: {AGAIN}"


def licences(found: Distribution) -> set[str]:
    """Give what a package's metadata says of its licence: the expression, else the classifiers, else the words, else
    how the licence begins that lies beside it.
    """
    if expression := found.metadata.get("License-Expression"):
        return {part for part in re.split(r"[()\s]+(?:AND|OR)?[()\s]*", expression) if part}
    named = [
        line.rpartition(" :: ")[2]
        for line in found.metadata.get_all("Classifier") or ()
        if "License ::" in line
    ]
    said = found.metadata.get("License", "").splitlines()[:1]
    return set(named) or set(said) or {first_line(found)} | INSIDE.get(canonicalize_name(found.name), set())


def first_line(found: Distribution) -> str:
    """Give how the licence begins that a package has as a file; "none" where it has none."""
    files = (file for file in found.files or () if file.parent.name == "licenses")
    texts = (file.locate().read_text(encoding="utf-8") for file in files)
    return next((line.strip() for text in texts for line in text.splitlines() if line.strip()), "none")


def test_every_package_may_be_used_and_passed_on_with_a_notice():
    seen = 0
    for found in installed(asked()):
        allowed = FREE | UNCHANGED if canonicalize_name(found.name) in BOUND else FREE
        assert licences(found) <= allowed, f"{found.name}: {licences(found)} needs a word"
        seen += 1
    assert seen > 40


# The audit of the packages


def judge(found: dict | None) -> tuple[int, str]:
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.judge(found)


SOUND = {"name": "anyio", "version": "4.16.0", "vulns": []}
BAD = {"name": "aiohttp", "version": "3.14.5", "vulns": [{"id": "PYSEC-2026-1"}, {"id": "PYSEC-2026-2"}]}
UNSEEN = {"name": "rich", "skip_reason": "Dependency not found"}


def test_a_known_vulnerability_fails_and_is_named():
    status, words = judge({"dependencies": [SOUND, BAD, UNSEEN]})
    assert status == 1
    assert "aiohttp 3.14.5: PYSEC-2026-1, PYSEC-2026-2" in words


def test_what_was_looked_at_is_counted():
    assert judge({"dependencies": [SOUND, SOUND, UNSEEN]}) == (
        0,
        "audit: no known vulnerability in 2 packages, 1 are not in the database.",
    )


@pytest.mark.parametrize("found", [None, {"dependencies": []}, {"dependencies": [UNSEEN, UNSEEN]}])
def test_an_audit_that_saw_nothing_is_no_failure_and_no_success_either(found):
    status, words = judge(found)
    assert status == 0
    assert "skipped" in words
