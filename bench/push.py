"""What it costs to send one record into 1,000 and into 50,000, and when a deleted file is in no answer any more.

    python bench/push.py [--write]

Median CPU milliseconds of 40 calls of `push`, from the bytes to the generation that serves; it should not matter how
many are there. Then a folder of 50 files beside them loses one: seconds from the beginning of the sync until a search
does not find it; target: at most 60. A fake embedder makes vectors. Baseline, in the same run: publishing all that is
live anew, which is what a call did in addition before it published what it changed.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from erasure_plan import Engines, fill
from kept import keep

from thruline.app.platform import Platform
from thruline.flows import INDEX
from thruline.flows.publish import publish_live
from thruline.testing.homes import SETTINGS

SIZES, CALLS, ANEW, FILES = (1_000, 50_000), 40, 5, 50
TARGET_S = 60


def cpu_ms(work: Callable[[int], object], times: int) -> float:
    """Of one, in the median."""
    spent = []
    for number in range(times):
        began = time.process_time()
        work(number)
        spent.append((time.process_time() - began) * 1000)
    return round(median(spent), 1)


def publish_anew(home: Platform) -> None:
    with home.line.runs.start("reindex", only=INDEX) as run:
        publish_live(home.line, run, "reindex")


def is_found(home: Platform) -> bool:
    return "7.md" in {p.path for p in home.vectors.search(question="Which furnace is kiln0007?").passages}


def gone_s(home: Platform, docs: Path) -> float:
    """Seconds until a search does not find what a folder has lost."""
    docs.mkdir()
    for n in range(FILES):
        (docs / f"{n}.md").write_text(f"# Kiln {n}\n\nThe furnace kiln{n:04} is fired at dawn in yard {n * 7 % 41}.\n")
    home.data.add(path=str(docs), name="kilns")
    home.data.sync()
    assert is_found(home)
    (docs / "7.md").unlink()
    began = time.monotonic()
    home.data.sync()
    assert not is_found(home)
    return round(time.monotonic() - began, 2)


def measured(folder: Path, records: int) -> dict[str, float]:
    """Of a home that holds so many."""
    with Platform.open(folder / str(records), create=True, overrides=SETTINGS, engines=Engines) as home:
        fill(home, records, chunks=1)

        def send(number: int) -> None:
            text = f"# Order {number}\n\nThe anvil {number} goes to hall {number * 7 % 401}."
            home.data.push(source="crm", path=f"orders/{number}.md", text=text)

        send(-1)  # the first publishes all that was filled in
        sent = cpu_ms(send, CALLS)
        assert f"orders/{CALLS - 1}.md" in {d.path for d in home.data.documents(limit=CALLS)}
        return {
            "push_cpu_ms": sent, "publish_all_cpu_ms": cpu_ms(lambda _: publish_anew(home), ANEW),
            "deleted_gone_s": gone_s(home, folder / f"docs{records}"),
        }  # fmt: skip


def run(folder: Path) -> dict:
    small, large = (measured(folder, records) for records in SIZES)
    return {
        "records": {str(SIZES[0]): small, str(SIZES[1]): large},
        "of_small": round(large["push_cpu_ms"] / small["push_cpu_ms"], 2), "target_deleted_gone_s": TARGET_S,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write bench/results/push.json")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = run(Path(folder))
    print(json.dumps(report, indent=1))
    if wanted.write:
        keep("push", report)


if __name__ == "__main__":
    main()
