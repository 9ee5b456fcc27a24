"""Whether a package in requirements.lock has a known vulnerability: 1 and its name, or 0 and what was looked at.

    python .ci/audit.py PIP_AUDIT

Where the database cannot be reached nothing is known, which is said and is no failure. A tool that reaches a mirror
without advisories looks at nothing and is content; that counts as not reached.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parents[1] / "requirements.lock"
PATIENCE = 60
"""Seconds in which it must be done."""


def look(tool: str) -> dict[str, Any] | None:
    """Ask the tool; None when it has no answer."""
    words = [tool, "-r", str(LOCK), "--disable-pip", "--require-hashes", "--format", "json"]
    try:
        asked = subprocess.run(
            [*words, "--progress-spinner", "off", "--timeout", "10"],
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        return json.loads(asked.stdout)
    except (OSError, subprocess.TimeoutExpired, json.JSONDecodeError):
        return None


def judge(found: dict[str, Any] | None) -> tuple[int, str]:
    """Give the exit status and a sentence."""
    packages = found["dependencies"] if found else []
    seen = [package for package in packages if "skip_reason" not in package]
    if not seen:
        return 0, "audit: skipped, the database of vulnerabilities cannot be reached from here."
    bad = [
        f"{package['name']} {package['version']}: {', '.join(known['id'] for known in package['vulns'])}"
        for package in seen
        if package["vulns"]
    ]
    unseen = f", {len(packages) - len(seen)} are not in the database" if len(seen) < len(packages) else ""
    if bad:
        return (
            1,
            f"audit: known vulnerabilities, raise these in pyproject.toml and .ci/lock: {'; '.join(bad)}.",
        )
    return 0, f"audit: no known vulnerability in {len(seen)} packages{unseen}."


if __name__ == "__main__":
    status, words = judge(look(sys.argv[1]))
    print(words)
    sys.exit(status)
