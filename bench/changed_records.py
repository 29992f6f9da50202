"""What a sync costs when 1 % of 50,000 files changed, beside the first sync of all of them, in CPU seconds.

    python bench/changed_records.py [--write]

Each sync is a process of its own; its CPU time counts with that of the children that parse. A fake embedder makes
vectors, so that it is the rest that is measured. Target: at most 1.5 % of the first sync, and 2 s.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import tempfile
from pathlib import Path

import resync
from kept import compiled, keep

from thruline.testing.homes import open_home

FILES = 50_000
CHANGED = FILES // 100


def cpu_of_sync(home: Path) -> float:
    """CPU seconds of a process that opens the home and syncs."""
    before = _used()
    process = multiprocessing.get_context("spawn").Process(target=_sync, args=(home,))
    process.start()
    process.join()
    assert process.exitcode == 0
    return _used() - before


def _sync(home: Path) -> None:
    with open_home(home) as platform:
        platform.data.sync()


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(folder: Path) -> dict:
    docs, home = resync.fill(folder / "docs", FILES), folder / "home"
    with open_home(home) as platform:
        platform.data.add(path=str(docs))
    first = cpu_of_sync(home)
    nothing = cpu_of_sync(home)
    for n in range(0, FILES, FILES // CHANGED):
        path = docs / f"shelf{n % 50}" / f"note{n}.md"
        path.write_text(path.read_text().replace("burns", "was mended and burns"))
    changed = cpu_of_sync(home)
    with open_home(home) as platform:
        assert platform.ledger.status().documents >= FILES
        assert "mended" in platform.vectors.search(question="lamp 100 mended and burns in hall").passages[0].text
    return {
        "files": FILES, "changed": CHANGED, "first_sync_cpu_s": round(first, 1), "unchanged_cpu_s": round(nothing, 2),
        "changed_cpu_s": round(changed, 2), "of_first": round(changed / first, 4),
        "target_cpu_s": round(first * 0.015 + 2, 2),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write bench/results/changed_records.json")
    wanted = parser.parse_args()
    compiled()
    with tempfile.TemporaryDirectory() as folder:
        report = run(Path(folder))
    print(json.dumps(report, indent=1))
    if wanted.write:
        keep("changed_records", report)


if __name__ == "__main__":
    main()
