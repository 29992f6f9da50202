"""A sync of 5,000 files that is killed (SIGKILL) 300 times at random moments: is anything lost or doubled?

    python bench/killed_sync.py [--write]

Baseline: the same folder read by the same home without a kill. Both homes are copies of one, so that ids can be
compared: the generation that serves, and for each path its record. A home whose sync came to its end is compared and
put back to the beginning until 300 kills have hit. A fake embedder makes vectors. Targets: 0 lost, 0 doubled.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from kept import keep
from resync import FILES, fill

from thruline.testing.homes import killed_after, open_home

KILLS = 300
LONGEST_S = 3.0  # a sync is killed at the latest so long after it began


class Manifest(NamedTuple):
    """What a home holds: the generation that serves, and the record at each path."""

    generation: str
    records: Mapping[str, str]


def manifest(home: Path) -> Manifest:
    """Raises AssertionError where the ledger does not hold together."""
    with open_home(home) as platform:
        assert platform.ledger.verify().ok
        (source,) = platform.line.records.sources()
        records = {e.path: e.record for e in platform.line.records.entries(source.id)}
        return Manifest(platform.ledger.status().generation, records)


def read_already(home: Path) -> int:
    """How many of the files a killed sync had taken in."""
    with open_home(home) as platform:
        (source,) = platform.line.records.sources()
        return sum(1 for _ in platform.line.records.entries(source.id))


def quantile(numbers: Sequence[int], percent: int) -> int:
    return sorted(numbers)[len(numbers) * percent // 100]


def run(folder: Path) -> dict:
    docs, fresh, calm, killed = fill(folder / "docs"), folder / "fresh", folder / "calm", folder / "killed"
    with open_home(fresh) as home:
        home.data.add(path=str(docs))
    shutil.copytree(fresh, calm)
    began = time.monotonic()
    assert killed_after(3600, calm, "data.sync", {})
    uninterrupted_s = time.monotonic() - began
    expected = manifest(calm)
    moments, kills, ends, lost, doubled = random.Random(7), 0, 0, 0, 0
    hit_at: list[int] = []
    while kills < KILLS:
        shutil.rmtree(killed, ignore_errors=True)
        shutil.copytree(fresh, killed)
        while not killed_after(moments.uniform(0, LONGEST_S) if kills < KILLS else 3600, killed, "data.sync", {}):
            kills += 1
            hit_at.append(read_already(killed))
        ends += 1
        found = manifest(killed)
        lost += len(expected.records.items() - found.records.items())
        doubled += len(found.records.items() - expected.records.items())
        assert found.generation == expected.generation, "another generation serves"
        print(f"{kills} kills, {ends} syncs at their end, {lost} lost, {doubled} doubled", flush=True)
    return {
        "files": FILES, "kills": kills, "syncs": ends, "lost": lost, "doubled": doubled, "same_generation": True,
        "files_read_at_kill": {f"{p} %": quantile(hit_at, p) for p in (10, 25, 50, 75, 90)},
        "uninterrupted_s": round(uninterrupted_s, 1), "targets": {"kills": KILLS, "lost": 0, "doubled": 0},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write bench/results/killed_sync.json")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = run(Path(folder))
    print(json.dumps(report, indent=1))
    if wanted.write:
        keep("killed_sync", report)


if __name__ == "__main__":
    main()
