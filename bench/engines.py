"""What each dense engine finds and costs on the same 20,000 clustered rows of 384 dimensions, beside an exact scan.

    python bench/engines.py [--write]

Recall of the ten nearest over 30 questions: without a filter, under random filters of 50, 10 and 1 %, and under two
that hide the clusters nearest to the question (1 and 10 of 50), as a filter by team does to another team's question.
CPU time, a server's included, is the median of the questions without a filter. Deleting is 5 % of the rows at once. The
rows are half precision, as homes keep them, and made by seed. Of `qdrant` the engine is Qdrant's and the HTTP server
before it a small one in Python, whose CPU time counts, too.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from kept import keep

from thruline.app.backends import backend
from thruline.ports.dense import DenseIndex, Found
from thruline.ports.scoring import as_matrix, best
from thruline.testing.dense_suite import clustered, recall, without_nearest
from thruline.testing.postgres import postgres_server
from thruline.testing.qdrant_server import QdrantServer

ROWS, DIMS, ASKED, GONE, SEED = 20_000, 384, 30, 1_000, 7
TICK = os.sysconf("SC_CLK_TCK")


def cpu_s() -> float:
    """Of this process and all below it."""
    below = {os.getpid()}
    spent = time.process_time()
    for pid, parent, ticks in sorted(_processes()):
        if parent in below:
            below.add(pid)
            spent += ticks / TICK
    return spent


def _processes() -> Iterator[tuple[int, int, int]]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        yield int(stat.parent.name), int(words[1]), int(words[11]) + int(words[12])


def filters(rows: np.ndarray) -> dict[str, Callable[[np.ndarray], np.ndarray | None]]:
    """By name: what a question may find."""
    rng = np.random.default_rng(SEED)
    drawn = {share: rng.random(len(rows)) < share for share in (0.5, 0.1, 0.01)}
    return {
        "none": lambda _: None,
        **{f"{share:.0%}": lambda _, mask=mask: mask for share, mask in drawn.items()},
        "nearest 1 hidden": lambda q: without_nearest(rows, q, 1),
        "nearest 10 hidden": lambda q: without_nearest(rows, q, 10),
    }


class Asked(NamedTuple):
    """A question under a filter, and the true answer."""

    query: np.ndarray
    mask: np.ndarray | None
    right: Found


def asked(rows: np.ndarray, questions: np.ndarray) -> dict[str, list[Asked]]:
    """By filter; made once for all engines."""
    found: dict[str, list[Asked]] = {}
    scores = questions @ rows.T
    for name, allowed in filters(rows).items():
        for query, of_all in zip(questions, scores, strict=True):
            mask = allowed(query)
            few = np.arange(len(rows)) if mask is None else np.flatnonzero(mask)
            found.setdefault(name, []).append(Asked(query, mask, best(few, of_all[few], 10)))
    return found


def measure(index: DenseIndex, given: np.ndarray, questions: dict[str, list[Asked]]) -> dict[str, Any]:
    """One engine."""
    began = cpu_s()
    index.build(given)
    built = cpu_s() - began
    found = {
        name: round(float(np.mean([recall(index.search(a.query, 10, a.mask), a.right) for a in under])), 4)
        for name, under in questions.items()
    }
    each: list[float] = []
    for _ in range(3):  # a server's CPU is told in hundredths of a second
        began = cpu_s()
        for one in questions["none"]:
            index.search(one.query, 10)
        each.append((cpu_s() - began) / ASKED * 1000)
    began = cpu_s()
    index.delete(np.arange(GONE))
    deleted = cpu_s() - began
    return {
        "recall": found, "search_cpu_ms": round(statistics.median(each), 3), "build_cpu_s": round(built, 2),
        "delete_cpu_s": round(deleted, 3), "memory": index.stats().memory, "disk": index.stats().disk,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    given = clustered(ROWS, dims=DIMS, seed=SEED).astype(np.float16)
    questions = asked(as_matrix(given), clustered(ASKED, dims=DIMS, seed=8))
    result: dict[str, Any] = {"rows": ROWS, "dims": DIMS, "questions": ASKED, "seed": SEED, "engines": {}}
    with ExitStack() as stack:
        postgres = stack.enter_context(postgres_server())
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="thruline-qdrant-")))
        qdrant = stack.enter_context(QdrantServer(folder))
        servers = {"pgvector": postgres, "qdrant": qdrant.url}
        for name in ("exact", "flat4", "pq4", "hnsw", "pgvector", "qdrant"):
            more = {"url": servers[name], "name": "bench"} if name in servers else {}
            index = backend("dense", name)(**more)
            result["engines"][name] = told = measure(index, given, questions)
            index.close()
            worst = min(told["recall"].values())
            print(
                f"{name:9} worst recall {worst:.3f}  {told['search_cpu_ms']:6.2f} ms  build {told['build_cpu_s']:.1f} s"
            )
    if write:
        keep("engines", result)


if __name__ == "__main__":
    main()
