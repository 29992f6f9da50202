"""How many rows a CPU second are counted, summed and told with noise by `thruline aggregate`? 2 M rows.

    python bench/aggregates.py [--write]

The table is made by seed: 800,000 patients with one to some rows each, as texts, as rows of a source are. Told are a
count and a mean of ages by sex; of each person one row counts, chosen by chance. The baseline is OpenDP's own count and
sum of the same rows, each row a person's, on lists of Python that are there already. Medians of three, CPU time of this
process; reading rows out of a source, which decrypts each, is not in it.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version

import polars as pl
from kept import keep
from opendp.combinators import make_composition
from opendp.domains import atom_domain, vector_domain
from opendp.measurements import then_laplace
from opendp.metrics import symmetric_distance
from opendp.transformations import then_clamp, then_count, then_sum

from thruline.data.aggregates import Asked, Measure
from thruline.data.aggregating import tell
from thruline.data.tables import Texts, scan

ROWS, PEOPLE, TIMES = 2_000_000, 800_000, 3
LOW, HIGH, EPSILON = 0, 110, 1.0
TARGETS = {"rows_per_cpu_s": 1_000_000}
COUNT_AND_MEAN = (Measure("count"), Measure("mean", "age", LOW, HIGH))


def table() -> pl.DataFrame:
    """The rows, as texts."""
    chance = [pl.int_range(ROWS, dtype=pl.Int64).hash(seed) for seed in range(3)]
    columns = {
        "patient": pl.format("p{}", chance[0] % PEOPLE), "age": (chance[1] % 100).cast(pl.String),
        "sex": pl.when(chance[2] % 2 == 0).then(pl.lit("f")).otherwise(pl.lit("m")),
    }  # fmt: skip
    return pl.select(**columns)


def ours(rows: pl.DataFrame, person: str) -> Callable[[], object]:
    """A count and a mean by sex."""
    asked = Asked(
        measures=COUNT_AND_MEAN, by="sex", values=("f", "m"), person=person, rows=1, epsilon=EPSILON, delta=0.0
    )  # fmt: skip
    return lambda: tell(scan(Texts(rows)), asked, seed=1)


def theirs(rows: pl.DataFrame) -> Callable[[], object]:
    """A count and a sum of each sex, of numbers that are there."""
    ages = [rows.filter(pl.col("sex") == sex)["age"].cast(pl.Int64).to_list() for sex in ("f", "m")]
    space = vector_domain(atom_domain(T="i64")), symmetric_distance()
    count = space >> then_count(TO="i64") >> then_laplace(scale=3 / EPSILON)
    summed = space >> then_clamp((LOW, HIGH)) >> then_sum() >> then_laplace(scale=3.0 * HIGH / EPSILON)
    both = make_composition([count, summed])
    return lambda: [both(of_sex) for of_sex in ages]


def rate(program: Callable[[], object]) -> dict[str, float]:
    """The median, after a first time that is not counted."""
    program()
    taken = []
    for _ in range(TIMES):
        start = time.process_time()
        program()
        taken.append(time.process_time() - start)
    cpu_s = statistics.median(taken)
    return {"cpu_s": round(cpu_s, 3), "rows_per_cpu_s": round(ROWS / cpu_s)}


def main() -> None:
    parser = argparse.ArgumentParser(description="How many rows a CPU second are told with noise?")
    parser.add_argument("--write", action="store_true", help="also write bench/results/aggregates.json")
    options = parser.parse_args()
    rows = table()
    programs = {"each row": ours(rows, ""), "each person": ours(rows, "patient"), "OpenDP alone": theirs(rows)}
    results = {name: rate(program) for name, program in programs.items()}
    for name, r in results.items():
        print(f"{name:12} {r['rows_per_cpu_s']:>10,} rows per CPU s")
    ratio = results["each row"]["rows_per_cpu_s"] / results["OpenDP alone"]["rows_per_cpu_s"]
    print(f"each row: {ratio:.1f} times the rows of OpenDP alone")
    if options.write:
        machine = {
            "python": platform.python_version(), "polars": pl.__version__, "opendp": version("opendp"),
            "cpus": os.cpu_count(),
        }  # fmt: skip
        keep("aggregates", {"targets": TARGETS, "machine": machine, "rows": ROWS, "results": results})


if __name__ == "__main__":
    main()
