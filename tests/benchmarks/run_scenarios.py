"""How fast scenarios are made: built-in ones by the hundred thousand, and 155 from folders of real data.

    python -m tests.benchmarks.run_scenarios [--count 100000] [--records FOLDER]

Each line is measured in a process of its own, so that one's memory is not another's. The photographs of the last
line are made up and written first, 140 of them under PAD-UFES-20's columns, since few real ones lie about.
"""

from __future__ import annotations

import argparse
import csv
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from engine.shelf import build, check
from personas.scenarios.build import ScenarioWish
from personas.seeds import derive

PHOTOGRAPHS = 140
SIDE = 800
"""px of a made-up photograph, about a phone's after a messenger."""
LABELS = ("BCC", "SCC", "MEL", "NEV", "SEK", "ACK")


def main() -> None:
    """Measure and print a table."""
    options = argparse.ArgumentParser()
    options.add_argument("--count", type=int, default=100_000)
    options.add_argument("--records", type=Path)
    options.add_argument("--one", nargs=3, metavar=("COUNT", "CASES", "OUT"))
    wanted = options.parse_args()
    if wanted.one:
        return measure(*wanted.one, records=wanted.records)
    print(f"{'':24}{'build, s':>10}{'its CPU, s':>12}{'check, s':>10}{'memory, MB':>12}{'file, MB':>10}")
    with tempfile.TemporaryDirectory() as folder:
        cases = Path(folder) / "cases"
        photographs(cases)
        for name, count, given in (
            ("155 built-in", 155, ""),
            (f"{wanted.count:,} built-in", wanted.count, ""),
            ("155 from folders", 155, str(cases)),
        ):
            order = [sys.executable, "-m", "tests.benchmarks.run_scenarios", "--one", str(count), given]
            order += [str(Path(folder) / f"{count}{bool(given)}.jsonl")]
            if given and wanted.records:
                order += ["--records", str(wanted.records)]
            print(
                f"{name:24}{subprocess.run(order, check=True, capture_output=True, text=True).stdout}", end=""
            )


def measure(count: str, cases: str, out: str, *, records: Path | None) -> None:
    """Build and check one file, and print what it took."""
    wish = ScenarioWish(count=int(count), cases=Path(cases) if cases else None, records=records)
    start, spent = time.perf_counter(), time.process_time()
    build(wish, Path(out))
    built, busy = time.perf_counter() - start, time.process_time() - spent
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    text, fine = check(Path(out))
    checked = time.perf_counter() - start
    if not fine:
        raise SystemExit(text)
    print(f"{built:10.1f}{busy:12.1f}{checked:10.1f}{memory:12.0f}{Path(out).stat().st_size / 1e6:10.1f}")


def photographs(folder: Path) -> None:
    """Make up photographs with their table."""
    folder.mkdir()
    names = [f"PAT_{number}_{number}_1.png" for number in range(PHOTOGRAPHS)]
    columns = "patient_id,lesion_id,age,gender,fitspatrick,region,diameter_1,diagnostic,itch,grew,hurt,changed,bleed"
    columns += ",elevation,img_id,biopsed,smoke,drink,background_father,background_mother,pesticide"
    columns += ",skin_cancer_history,cancer_history,has_piped_water,has_sewage_system,diameter_2"
    with (folder / "metadata.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, columns.split(","), restval="")
        table.writeheader()
        for number, name in enumerate(names):
            rng = derive("photograph", number)
            row = {"patient_id": f"PAT_{number}", "lesion_id": number, "img_id": name, "region": "ARM"}
            row |= {"age": int(rng.integers(35, 85)), "gender": ("FEMALE", "MALE")[number % 2]}
            table.writerow(
                row | {"diagnostic": LABELS[number % len(LABELS)], "fitspatrick": "2.0", "itch": "True"}
            )
            low = rng.integers(90, 220, (25, 25, 3), dtype=np.uint8)
            Image.fromarray(low).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(folder / name)


if __name__ == "__main__":
    main()
