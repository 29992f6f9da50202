"""What shards on a Ray cluster cost and give: 1, 2 and 4 of them beside the same index in this process.

    python bench/sharded_search.py [--write]

100,000 clustered rows of 384 dimensions (seed 7), a cluster of two nodes of this machine in a network namespace of its
own, 4 threads that ask. Wall seconds, since what is asked is the way and not the work: build, the median of one
question at a time, questions a second of four askers. Baseline, in the same run: `flat4` here. All nodes share the
cores of this machine, so more shards than cores cannot be faster here; what the figures show is the price of a journey
and of a merge. Skips where no namespace can be made or Ray is not installed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from statistics import median
from typing import Any

import numpy as np
from kept import keep

from thruline.backends.flat4_dense import Flat4Dense
from thruline.ports.dense import DenseIndex
from thruline.testing.dense_suite import clustered, recall, truth

ROWS, DIMS, QUESTIONS, K, ASKERS = 100_000, 384, 60, 10, 4
DEPTH = 16  # such rows lie too close for the usual 4: a fifth of the ten best would be lost, with or without shards
SHARDS = (1, 2, 4)
NAMESPACES = ("unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
INSIDE = "--inside"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    parser.add_argument(INSIDE, action="store_true", help="what it calls itself with, in the namespace")
    args = parser.parse_args()
    if args.inside:
        print(json.dumps(measured()))
        return
    if find_spec("ray") is None or not can_separate():
        print("skipped: Ray is not installed, or no network namespace can be made here")
        return
    result = apart()
    show(result)
    if args.write:
        keep("sharded_search", result)


def can_separate() -> bool:
    return bool(shutil.which("unshare")) and subprocess.run([*NAMESPACES, "true"], check=False).returncode == 0


def apart() -> dict[str, Any]:
    """The figures, from this script where nothing but the loopback exists."""
    with tempfile.TemporaryDirectory() as home:
        known = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": home, "LANG": "C.UTF-8"}
        ray = {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0", "RAY_DISABLE_IMPORT_WARNING": "1"}
        command = [*NAMESPACES, sys.executable, __file__, INSIDE]
        done = subprocess.run(command, env=known | ray, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def measured() -> dict[str, Any]:
    from thruline.backends.shards_dense import ShardsDense
    from thruline.testing.ray_cluster import ADDRESS, two_nodes

    vectors, questions = clustered(ROWS, DIMS).astype(np.float16), clustered(QUESTIONS, DIMS, seed=8)
    found = {"here": figures(Flat4Dense(depth=DEPTH), vectors, questions)}
    with two_nodes():
        for shards in SHARDS:
            index = ShardsDense(ADDRESS, shards=shards, depth=DEPTH)
            found[f"{shards} shards"] = figures(index, vectors, questions)
            index.close()
    return {"rows": ROWS, "cores": len(os.sched_getaffinity(0)), "nodes": 2, "results": found}


def figures(index: DenseIndex, vectors: np.ndarray, questions: np.ndarray) -> dict[str, float]:
    index.build(vectors[:1])  # an actor's process starts once, not with every build
    build_s = wall_s(lambda: index.build(vectors))
    index.search(questions[0], K)
    one = median(wall_s(lambda q=q: index.search(q, K)) for q in questions)
    with ThreadPoolExecutor(ASKERS) as askers:
        many = wall_s(lambda: list(askers.map(lambda q: index.search(q, K), [*questions, *questions])))
    every = vectors.astype(np.float32)
    every /= np.linalg.norm(every, axis=1, keepdims=True)
    shares = [recall(index.search(q, K), truth(every, q, K)) for q in questions[:10]]
    return {
        "build_s": round(build_s, 2), "one_ms": round(one * 1e3, 2),
        "questions_a_s": round(2 * len(questions) / many), "recall": round(float(np.mean(shares)), 4),
    }  # fmt: skip


def wall_s(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def show(result: dict[str, Any]) -> None:
    print(f"{result['rows']} x {DIMS}, {result['nodes']} nodes on {result['cores']} cores")
    rows: Sequence[tuple[str, dict[str, float]]] = list(result["results"].items())
    for name, each in rows:
        print(f"  {name:10}" + "".join(f"  {key} {value:>8}" for key, value in each.items()))


if __name__ == "__main__":
    main()
