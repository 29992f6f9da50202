"""What a sync costs when hardly anything changed: 5,000 files, none changed, then one.

    python bench/resync.py [--write]

Baseline, in the same run: `os.walk` with `os.stat` of the same files. Targets: 2 s for nothing, 1 s until one changed
file is found by a search. A remembered step is measured beside them (target: 1 ms CPU). A fake embedder makes vectors.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from thruline.app.platform import Platform
from thruline.flows.prepare import STEP
from thruline.testing.homes import open_home

FILES = 5_000
TARGETS = {"unchanged_s": 2.0, "one_changed_visible_s": 1.0, "remembered_step_cpu_ms": 1.0}
STEPS = 200


def fill(folder: Path, files: int = FILES) -> Path:
    for n in range(files):
        path = folder / f"shelf{n % 50}" / f"note{n}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f"# Note {n}\n\nNote {n} says that lamp {n} burns until {n % 24} o'clock in hall {n * 7 % 401}.\n"
        )
    return folder


def walk(folder: Path) -> float:
    began = time.monotonic()
    for root, _, names in os.walk(folder):
        for name in names:
            os.stat(os.path.join(root, name))
    return time.monotonic() - began


def remembered_step_ms(home: Platform) -> float:
    """CPU of one step whose result is known."""
    with home.line.runs.start("sync", only="bench") as run:
        inputs = (home.line.ids.artifact("record", "bench"),)

        def step() -> None:
            run.step(STEP, inputs, {"words": 200}, lambda: "x" * 2000, str, owner=lambda _: inputs[0])

        step()
        began = time.process_time()
        for _ in range(STEPS):
            step()
        return (time.process_time() - began) / STEPS * 1000


def run(folder: Path) -> dict:
    docs = fill(folder / "docs")
    with open_home(folder / "home") as home:
        home.data.add(path=str(docs))
        first = home.data.sync()[0]
        time.sleep(0.2)
        home.data.sync()
        home.vectors.search(question="lamp")
        began = time.monotonic()
        (unchanged,) = home.data.sync()
        nothing = time.monotonic() - began
        assert (unchanged.unchanged, unchanged.changed) == (FILES, 0)
        (docs / "shelf7" / "note7.md").write_text("# Note 7\n\nThe xylophone stands in the cellar now.\n")
        began = time.monotonic()
        home.data.sync()
        found = home.vectors.search(question="Where does the xylophone stand?").passages[0]
        one = time.monotonic() - began
        assert found.path == "shelf7/note7.md"
        step = remembered_step_ms(home)
    base = min(walk(docs) for _ in range(3))
    return {
        "files": FILES, "first_sync_s": first.seconds, "unchanged_s": round(nothing, 3),
        "walk_and_stat_s": round(base, 3), "of_walk": round(nothing / base, 1), "one_changed_visible_s": round(one, 3),
        "remembered_step_cpu_ms": round(step, 3), "targets": TARGETS,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write bench/results/resync.json")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = json.dumps(run(Path(folder)), indent=1)
    print(report)
    if wanted.write:
        (Path(__file__).parent / "results" / "resync.json").write_text(report + "\n")


if __name__ == "__main__":
    main()
