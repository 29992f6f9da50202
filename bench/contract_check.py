"""How many rows a CPU second does a contract check, and how much memory: 10 M rows, with the quarantine written?

    python bench/contract_check.py [--write]

The table is made by seed: 8 columns, about 1 % bad rows, as Parquet. Each program runs alone in a process of its own;
its CPU time (user and system) and peak memory are what the system counted for that process, start and imports included.
Beside it, the same rules on the first 200,000 rows, row by row in Python, and, where DuckDB is installed, as SQL on all
rows.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from thruline.data.checks import check
from thruline.data.contract_files import from_toml
from thruline.data.privacy import find_mentions

ROWS, SAMPLE, SEED = 10_000_000, 200_000, 11
NOW = int(datetime(2026, 1, 2, tzinfo=UTC).timestamp() * 1e6)
RESULT = Path(__file__).parent / "results" / "contract_check.json"
TARGETS = {"rows_per_cpu_s": 2_000_000, "peak_rss_mb": 1500}
STATES = ("open", "packed", "sent", "returned")
EMAIL = r"^[^@ ]+@[^@ ]+\.[a-z]{2,}$"
CONTRACT = f"""
[contract]
name = "orders"
version = "1.0.0"
[columns.order]
type = "integer"
required = true
unique = true
min = 1
[columns.customer]
type = "integer"
required = true
[columns.email]
type = "string"
required = true
max_length = 60
pattern = '{EMAIL}'
[columns.state]
type = "string"
required = true
allowed = {json.dumps(STATES)}
[columns.amount]
type = "number"
required = true
min = 0
max = 10000
[columns.items]
type = "integer"
min = 1
max = 100
[columns.note]
type = "string"
max_length = 40
pii = "forbidden"
[columns.placed]
type = "timestamp"
required = true
[table]
min_rows = 1
extra_columns = "forbidden"
fresh = {{ column = "placed", within = "2d" }}
"""


def make(path: Path, rows: int) -> None:
    """Write the table; each of five kinds of damage falls on one row of 500."""
    number = pl.int_range(1, rows + 1, dtype=pl.Int64)
    chance = [number.hash(SEED + at) for at in range(8)]
    bad = [chance[5].mod(500) == kind for kind in range(5)]
    email = pl.format("user{}@example{}.org", chance[1] % 2_000_000, chance[2] % 50)
    columns = {
        "order": pl.when(bad[0]).then(number - 1).otherwise(number),
        "customer": chance[1].mod(2_000_000).cast(pl.Int64),
        "email": pl.when(bad[1]).then(pl.lit("no address")).otherwise(email),
        "state": pl.when(bad[2])
        .then(pl.lit("lost"))
        .otherwise(chance[2].mod(4).replace_strict(dict(enumerate(STATES)))),
        "amount": pl.when(bad[3]).then(pl.lit(-1.0)).otherwise(chance[3].mod(1_000_000) / 100.0),
        "items": pl.when(bad[4]).then(pl.lit(500)).otherwise(chance[4].mod(100).cast(pl.Int64) + 1),
        "note": pl.format("shelf {} in hall {}", chance[6] % 100, chance[7] % 20),
        "placed": pl.datetime(2025, 12, 31) + pl.duration(seconds=chance[7].mod(86_400).cast(pl.Int64)),
    }
    pl.select(number.alias("n"), eager=False).select(**columns).sink_parquet(path, engine="streaming")


def ours(path: Path) -> dict[str, float]:
    """The check, with the quarantine written beside the table."""
    checked = check(path, from_toml(CONTRACT), NOW, quarantine=path.with_name("quarantine.parquet"))
    assert checked.rows == checked.passed + checked.quarantined
    assert checked.written
    return {"rows": checked.rows, "quarantined": checked.quarantined}


def row_by_row(path: Path) -> dict[str, float]:
    """The same rules in Python, a row at a time, on the first rows; reading them into Python is not counted."""
    rows = list(pl.scan_parquet(path).head(SAMPLE).collect().iter_rows())
    start = time.process_time()
    bad = _bad_rows(rows)
    return {"rows": len(rows), "quarantined": bad, "cpu_s": time.process_time() - start}


def _bad_rows(rows: list[tuple]) -> int:
    email_like = re.compile(EMAIL).search
    seen: set[int | None] = set()
    personal: dict[str, bool] = {}
    bad = 0
    for order, customer, email, state, amount, items, note, placed in rows:
        fails = order is None or order < 1 or order in seen or customer is None or placed is None
        seen.add(order)
        fails |= email is None or len(email) > 60 or email_like(email) is None
        fails |= state is None or state not in STATES
        fails |= amount is None or not 0 <= amount <= 10_000
        fails |= items is not None and not 1 <= items <= 100
        fails |= note is not None and (len(note) > 40 or _is_personal(note, personal))
        bad += fails
    return bad


def _is_personal(note: str, known: dict[str, bool]) -> bool:
    if note not in known:
        known[note] = any(mention.score >= 0.5 for mention in find_mentions(note))
    return known[note]


def duckdb_sql(path: Path) -> dict[str, float]:
    """The same rules but personal data, as one statement that writes the bad rows."""
    import duckdb

    states = ", ".join(f"'{state}'" for state in STATES)
    target = path.with_name("duckdb.parquet")
    connection = duckdb.connect()
    connection.execute(f"""
        COPY (
            SELECT * FROM (
                SELECT *, row_number() OVER (PARTITION BY "order") AS copy FROM read_parquet('{path}')
            ) WHERE "order" IS NULL OR "order" < 1 OR copy > 1 OR customer IS NULL OR placed IS NULL
                OR email IS NULL OR length(email) > 60 OR NOT regexp_matches(email, '{EMAIL}')
                OR state IS NULL OR state NOT IN ({states}) OR amount IS NULL OR amount NOT BETWEEN 0 AND 10000
                OR items NOT BETWEEN 1 AND 100 OR length(note) > 40
        ) TO '{target}' (FORMAT parquet)""")
    return {"rows": ROWS, "quarantined": pl.scan_parquet(target).select(pl.len()).collect().item()}


def alone(program: Callable[[Path], dict[str, float]], path: Path) -> dict[str, float]:
    """What a program found, and what the system counted for its process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_counted, program, path).result()


def _counted(program: Callable[[Path], dict[str, float]], path: Path) -> dict[str, float]:
    start = time.monotonic()
    found = program(path)
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = found.pop("cpu_s", used.ru_utime + used.ru_stime)
    return {
        **found,
        "cpu_s": round(cpu_s, 2),
        "wall_s": round(time.monotonic() - start, 2),
        "rows_per_cpu_s": round(found["rows"] / cpu_s),
        "peak_rss_mb": round(used.ru_maxrss / 1000),
    }


def run() -> dict[str, dict[str, float]]:
    """Every program on the same file, one after the other."""
    programs: dict[str, Callable[[Path], dict[str, float]]] = {"thruline": ours, "python_rows": row_by_row}
    if find_spec("duckdb"):
        programs["duckdb"] = duckdb_sql
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.parquet"
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            pool.submit(make, path, ROWS).result()
        return {name: alone(program, path) for name, program in programs.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="How many rows a CPU second does a contract check?")
    parser.add_argument("--write", action="store_true", help="also write bench/results/contract_check.json")
    options = parser.parse_args()
    results = run()
    for name, found in results.items():
        print(
            f"{name:12} {found['rows_per_cpu_s']:>10,.0f} rows per CPU s, peak {found['peak_rss_mb']:,.0f} MB,"
            f" {found['quarantined']:,.0f} of {found['rows']:,.0f} rows taken out in {found['wall_s']:.1f} s"
        )
    ratio = results["thruline"]["rows_per_cpu_s"] / results["python_rows"]["rows_per_cpu_s"]
    print(f"{ratio:.1f} times the rows of Python, row by row")
    if options.write:
        machine = {"python": platform.python_version(), "polars": pl.__version__, "cpus": os.cpu_count()}
        document = {"targets": TARGETS, "machine": machine, "seed": SEED, "rows": ROWS, "results": results}
        RESULT.write_text(json.dumps(document, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
