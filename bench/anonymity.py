"""How many rows a CPU second does a report of k-anonymity and l-diversity take, and how much memory? 10 M rows.

    python bench/anonymity.py [--write]

The table is made by seed: four columns of patients, 146,000 groups, as Parquet. Each program runs alone in a process of
its own; CPU time and peak memory are what the system counted for it, start and imports included. `measures` is what
the others count, too: k, the rows at risk, l. `report` is all that `thruline anonymity` tells: also what each column
and each coarser way of telling it does, and a plan that hides everybody. Beside them Python with a dictionary on the
first million rows, and where it is installed pyCANON 1.3, also on a million, which it is given in memory.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import polars as pl
from kept import keep

from thruline.data.anonymity import hiding, variety
from thruline.data.cells import cells_of, grouped
from thruline.flows.anonymity import report
from thruline.flows.table_measure import Wanted
from thruline.testing.homes import open_home

ROWS, SAMPLE = 10_000_000, 1_000_000
QUASI, SENSITIVE = ("age", "zip", "sex"), "diagnosis"
TARGETS = {"measures_rows_per_cpu_s": 2_000_000, "peak_rss_mb": 1500}


def make(path: Path) -> None:
    """Write the table."""
    chance = [pl.int_range(ROWS, dtype=pl.Int64).hash(seed) for seed in range(4)]
    columns = {
        "age": (18 + chance[0] % 73).cast(pl.Int64), "zip": (10_000 + chance[1] % 1000 * 7).cast(pl.String),
        "sex": pl.when(chance[2] % 2 == 0).then(pl.lit("f")).otherwise(pl.lit("m")),
        "diagnosis": pl.format("D{}", chance[3] % 40),
    }  # fmt: skip
    pl.LazyFrame().select(**columns).sink_parquet(path, engine="streaming")


def measures(path: Path) -> dict[str, float]:
    """k, rows at risk, l and t."""
    from thruline.data.tables import scan

    cells = cells_of(scan(path), [*QUASI, SENSITIVE])
    found = hiding(grouped(cells.frame, QUASI, [SENSITIVE]), 5, [SENSITIVE], 2)
    return {"rows": found.rows, "k": found.k, "l": variety(cells.frame, QUASI, SENSITIVE).distinct}


def whole_report(path: Path) -> dict[str, float]:
    """All that the command tells, in a home."""
    with tempfile.TemporaryDirectory() as folder, open_home(Path(folder) / "home") as home:
        wanted = Wanted(QUASI, (SENSITIVE,), 50, 2, 0.05, "statistics", "")
        found = report(home.line, home.actor, str(path), wanted)
    return {"rows": found.rows, "k": found.k, "l": found.sensitive[0].distinct}


def dictionary(path: Path) -> dict[str, float]:
    """k and l by a dictionary of groups; reading the rows into Python is not counted."""
    rows = list(pl.scan_parquet(path).head(SAMPLE).select(*QUASI, SENSITIVE).collect().iter_rows())
    start = time.process_time()
    groups: dict[tuple, list] = defaultdict(list)
    for *quasi, value in rows:
        groups[tuple(quasi)].append(value)
    smallest = min(map(len, groups.values()))
    least = min(len(set(values)) for values in groups.values())
    return {"rows": len(rows), "k": smallest, "l": least, "cpu_s": time.process_time() - start}


def pycanon(path: Path) -> dict[str, float]:
    """The same by pyCANON, on a data frame that is there already."""
    import pandas
    from pycanon.anonymity import k_anonymity, l_diversity

    head = pl.scan_parquet(path).head(SAMPLE).collect()
    frame = pandas.DataFrame({name: head[name].to_list() for name in head.columns})
    start = time.process_time()
    k, least = k_anonymity(frame, list(QUASI)), l_diversity(frame, list(QUASI), [SENSITIVE])
    return {"rows": SAMPLE, "k": int(k), "l": int(least), "cpu_s": time.process_time() - start}


def alone(program: Callable[[Path], dict[str, float]], path: Path) -> dict[str, float]:
    """What a program found, and what the system counted for its process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_counted, program, path).result()


def _counted(program: Callable[[Path], dict[str, float]], path: Path) -> dict[str, float]:
    found = program(path)
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = found.pop("cpu_s", used.ru_utime + used.ru_stime)
    rate, peak = round(found["rows"] / cpu_s), round(used.ru_maxrss / 1000)
    return {**found, "cpu_s": round(cpu_s, 2), "rows_per_cpu_s": rate, "peak_rss_mb": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description="How many rows a CPU second does a report of anonymity take?")
    parser.add_argument("--write", action="store_true", help="also write bench/results/anonymity.json")
    options = parser.parse_args()
    programs = {"measures": measures, "report": whole_report, "dictionary": dictionary}
    if find_spec("pycanon"):
        programs["pycanon"] = pycanon
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "patients.parquet"
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            pool.submit(make, path).result()
        results = {name: alone(program, path) for name, program in programs.items()}
    for name, r in results.items():
        print(
            f"{name:11} {r['rows_per_cpu_s']:>10,} rows per CPU s, peak {r['peak_rss_mb']:,} MB, k {r['k']} l {r['l']}"
        )
    ratio = results["measures"]["rows_per_cpu_s"] / results["dictionary"]["rows_per_cpu_s"]
    print(f"{ratio:.1f} times the rows of Python with a dictionary")
    if options.write:
        machine = {"python": platform.python_version(), "polars": pl.__version__, "cpus": os.cpu_count()}
        keep("anonymity", {"targets": TARGETS, "machine": machine, "rows": ROWS, "results": results})


if __name__ == "__main__":
    main()
