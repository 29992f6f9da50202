"""How long it takes to erase a person from 100 of 2,000 records, byte scan included.

    python bench/erase.py [--write]

Baseline, in the same run: plain `DELETE` of the same 100 records' rows and payloads and `VACUUM`, in a copy of the
same two databases: what a table would do that neither looks for anything nor proves anything. Target: at most 1 s.
A fake embedder (64 dimensions) makes the vectors.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path

from thruline.testing.homes import open_home

RECORDS, OF_THE_PERSON = 2_000, 100
NAME = "Ottilie Kvasthoug"
TARGET_S = 1.0


def fill(folder: Path) -> Path:
    """A folder of short tickets; every twentieth is the person's."""
    folder.mkdir(parents=True)
    every = RECORDS // OF_THE_PERSON
    for n in range(RECORDS):
        who = f"Dear {NAME}," if n % every == 0 else "Dear customer,"
        words = " ".join(
            f"Order {n * 31 + k} holds vase {k * n % 977} and lamp {(n + k) * 7 % 991}." for k in range(12)
        )
        (folder / f"ticket{n:04}.md").write_text(f"# Ticket {n}\n\n{who}\n\n{words}\n")
    return folder


def baseline(home: Path) -> float:
    """Seconds of a plain DELETE and VACUUM of as many records."""
    copy = home.with_name("copy.db")
    shutil.copy(home / "thruline.db", copy)
    database = sqlite3.connect(copy, isolation_level=None)
    database.execute("PRAGMA secure_delete = ON")
    began = time.monotonic()
    database.execute("BEGIN")
    ids = [row[0] for row in database.execute("SELECT id FROM records ORDER BY id LIMIT ?", (OF_THE_PERSON,))]
    for id in ids:
        document, vectors = database.execute("SELECT document, vectors FROM records WHERE id = ?", (id,)).fetchone()
        database.executemany("DELETE FROM payloads WHERE id = ?", [(id,), (document,), (vectors,)])
        for table, column in (("chunks", "record"), ("bands", "record"), ("entries", "record"), ("records", "id")):
            database.execute(f"DELETE FROM {table} WHERE {column} = ?", (id,))
    database.execute("COMMIT")
    database.execute("VACUUM")
    took = time.monotonic() - began
    database.close()
    return took


def run(folder: Path) -> dict:
    with open_home(folder / "home") as home:
        home.data.add(path=str(fill(folder / "docs")))
        home.data.sync()
        home.vectors.search(question="vase")
    plain = baseline(folder / "home")
    with open_home(folder / "home") as home:
        report = home.data.erase(identifiers=(NAME,))
        size = home.ledger.status().size
    return {
        "records": RECORDS, "erased": len(report.records), "residue": report.residue, "home_bytes": size,
        "erase_s": round(report.seconds, 3), "plain_delete_and_vacuum_s": round(plain, 3),
        "of_plain": round(report.seconds / plain, 2), "target_s": TARGET_S,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write bench/results/erase.json")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = json.dumps(run(Path(folder)), indent=1)
    print(report)
    if wanted.write:
        (Path(__file__).parent / "results" / "erase.json").write_text(report + "\n")


if __name__ == "__main__":
    main()
