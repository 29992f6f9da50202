"""`make bench` runs every bench with `--write` alone: none may need more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"
NAMES = sorted(path.stem for path in BENCH.glob("*.py") if not path.stem.startswith("kept"))


@pytest.mark.parametrize("name", NAMES)
def test_a_bench_needs_nothing_but_the_wish_to_keep_its_figures(name: str):
    said = subprocess.run([sys.executable, BENCH / f"{name}.py", "--help"], capture_output=True, text=True, check=True)
    usage = " ".join(said.stdout.partition("\n\n")[0].split())
    assert "[--write]" in usage
    needed = usage.removeprefix(f"usage: {name}.py ")
    assert all(part.startswith(("[", "...")) or part.endswith("]") for part in needed.split()), usage


def test_every_bench_has_kept_figures():
    assert {path.stem for path in (BENCH / "results").glob("*.json")} == set(NAMES)
