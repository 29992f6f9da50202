"""A sync of a table by its cursor column, killed (SIGKILL) 200 times while the table changes: 0 doubled, 0 missing?

    python bench/rerun.py [--write]

1,000 rows; after each kill 20 have other words and a later cursor, 10 are new and 2 are gone, and after each sync that
came to its end 250 have other words. What must be there in the end is what a home finds that reads the same table once,
without a kill; both homes are copies of one, so that ids can be compared. A kill comes at the latest after a sixth of
what an uninterrupted sync takes. A fake embedder makes vectors. Targets: 0 doubled, 0 missing.

Baseline, in the same run: a loader as they are commonly written, which appends a page of rows past its cursor and then
notes how far it came, killed as often over the same table within the time that a load takes.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from kept import keep
from killed_sync import quantile

from thruline.testing.homes import killed_after, open_home

ROWS, KILLS, SEED = 1_000, 200, 5
NEW, GONE, AFTER_A_KILL, AFTER_AN_END = 10, 2, 20, 250
KILLED_WITHIN = 1 / 6  # of the time of an uninterrupted sync
PAGE = 100  # rows of the baseline that commit together


class Table:
    """Rows (id, words, rev); rev is the cursor."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._random = random.Random(SEED)
        self._last = self._rev = 0
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, words TEXT, rev INTEGER)")
            self._add(connection, ROWS)

    def move_on(self, changed: int) -> None:
        """As life goes on between two tries."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            ids = [row[0] for row in connection.execute("SELECT id FROM notes ORDER BY id")]
            drawn = self._random.sample(ids, changed + GONE)
            for id in drawn[:changed]:
                self._rev += 1
                text = f"Lamp {id} was mended for the {self._rev}th time in hall {id * 7 % 401}."
                connection.execute("UPDATE notes SET words = ?, rev = ? WHERE id = ?", (text, self._rev, id))
            connection.executemany("DELETE FROM notes WHERE id = ?", [(id,) for id in drawn[changed:]])
            self._add(connection, NEW)

    def _add(self, connection: sqlite3.Connection, rows: int) -> None:
        for _ in range(rows):
            self._last, self._rev = self._last + 1, self._rev + 1
            text = f"Lamp {self._last} burns until {self._last % 24} o'clock in hall {self._last * 7 % 401}."
            connection.execute("INSERT INTO notes VALUES (?, ?, ?)", (self._last, text, self._rev))


class Held(NamedTuple):
    """What a home holds of the table."""

    records: dict[str, str]  # path id -> record
    live: int
    generation: str


def held(home: Path) -> Held:
    """Raises AssertionError where the ledger does not hold together."""
    with open_home(home) as platform:
        assert platform.ledger.verify().ok
        (source,) = platform.line.records.sources()
        records = {e.path: e.record for e in platform.line.records.entries(source.id)}
        live = len(platform.line.records.of_source(source.id, state="live"))
        return Held(records, live, platform.ledger.status().generation)


def read_already(home: Path) -> int:
    """How many rows a killed sync had taken in."""
    with closing(sqlite3.connect(home / "thruline.db")) as database:
        return database.execute("SELECT count(*) FROM entries").fetchone()[0]


def load(source: Path, target: Path) -> None:
    """The baseline: a page is appended, then the cursor is noted."""
    with closing(sqlite3.connect(source)) as rows, closing(sqlite3.connect(target, isolation_level=None)) as loaded:
        loaded.execute("CREATE TABLE IF NOT EXISTS notes (id INTEGER, words TEXT, rev INTEGER)")
        loaded.execute("CREATE TABLE IF NOT EXISTS cursor (rev INTEGER)")
        while True:
            (last,) = loaded.execute("SELECT coalesce(max(rev), 0) FROM cursor").fetchone()
            page = rows.execute("SELECT * FROM notes WHERE rev > ? ORDER BY rev LIMIT ?", (last, PAGE)).fetchall()
            if not page:
                return
            loaded.execute("BEGIN")
            loaded.executemany("INSERT INTO notes VALUES (?, ?, ?)", page)
            loaded.execute("COMMIT")
            loaded.execute("INSERT INTO cursor VALUES (?)", (page[-1][2],))


def baseline(folder: Path) -> int:
    """How many rows of the baseline are there more than once."""
    table, target = Table(folder / "loaded.db"), folder / "target.db"
    began = time.monotonic()
    load(table.path, folder / "calm.db")
    moments, longest_s = random.Random(SEED), time.monotonic() - began
    for _ in range(KILLS):
        process = multiprocessing.get_context("fork").Process(target=load, args=(table.path, target))
        process.start()
        process.join(moments.uniform(0, longest_s))
        process.kill()
        process.join()
        table.move_on(AFTER_A_KILL)
    load(table.path, target)
    with closing(sqlite3.connect(target)) as loaded:
        rows = loaded.execute("SELECT id, rev FROM notes").fetchall()
    return len(rows) - len(set(rows))


def uninterrupted_s(fresh: Path, copy: Path) -> float:
    """Seconds of a sync in a new copy of a home."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(fresh, copy)
    began = time.monotonic()
    assert killed_after(3600, copy, "data.sync", {})
    return time.monotonic() - began


def run(folder: Path) -> dict:
    table, fresh, killed, calm = Table(folder / "shop.db"), folder / "fresh", folder / "killed", folder / "calm"
    with open_home(fresh) as home:
        home.data.add(path=f"sqlite://{table.path}", options=("table=notes", "key=id", "cursor=rev"))
    longest_s, began = KILLED_WITHIN * uninterrupted_s(fresh, calm), time.monotonic()
    shutil.copytree(fresh, killed)
    moments, kills, ends = random.Random(SEED), 0, 0
    read: list[int] = []
    while kills < KILLS:
        if killed_after(moments.uniform(0, longest_s), killed, "data.sync", {}):
            ends += 1
            table.move_on(AFTER_AN_END)
        else:
            kills += 1
            read.append(read_already(killed))
            table.move_on(AFTER_A_KILL)
    took = time.monotonic() - began
    assert killed_after(3600, killed, "data.sync", {})
    uninterrupted_s(fresh, calm)
    found, expected = held(killed), held(calm)
    return {
        "rows": len(expected.records), "kills": kills, "syncs_at_their_end": ends,
        "rows_read_at_kill": {f"{p} %": quantile(read, p) for p in (10, 25, 50, 75, 90)},
        "missing": len(expected.records.items() - found.records.items()),
        "doubled": len(found.records.items() - expected.records.items()) + found.live - len(found.records),
        "same_generation": found.generation == expected.generation, "killing_s": round(took, 1),
        "appending_loader_doubled": baseline(folder), "targets": {"missing": 0, "doubled": 0},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write bench/results/rerun.json")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = run(Path(folder))
    print(json.dumps(report, indent=1))
    if wanted.write:
        keep("rerun", report)


if __name__ == "__main__":
    main()
