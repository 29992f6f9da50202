"""A million rows in one process on one core: our 4-bit scan beside a plain read of as many bytes as its codes have.

    python million.py ROWS FOLDER

The rows are generated: clustered, float16, in a file of FOLDER that is mapped while the index is built of it, and not
while memory is looked at.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from thruline.backends.flat4_dense import Flat4Dense

DIMS, QUESTIONS, K, BLOCK, CENTRES = 384, 20, 10, 50_000, 200


def generate(rows: int, path: Path) -> np.memmap:
    """(rows, DIMS) float16 unit rows around centres, seed 7."""
    rng = np.random.default_rng(7)
    centres = rng.normal(size=(CENTRES, DIMS)).astype(np.float32)
    held = np.memmap(path, np.float16, "w+", shape=(rows, DIMS))
    for start in range(0, rows, BLOCK):
        block = held[start : start + BLOCK]
        drawn = centres[rng.integers(CENTRES, size=len(block))] + 0.8 * rng.standard_normal(block.shape, np.float32)
        block[:] = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    held.flush()
    return np.memmap(path, np.float16, "r", shape=(rows, DIMS))


def read_ms(size: int) -> float:
    """CPU milliseconds to read so many bytes once: the largest of float32 numbers, which waits for memory alone."""
    held = np.ones(size // 4, np.float32)
    return median(cpu_ms(held.max) for _ in range(9))


def cpu_ms(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1e3


def resident_mb() -> dict[str, float]:
    """Of this process: what only memory holds, and pages of files, which the system may drop."""
    said = Path("/proc/self/status").read_text()
    kib = {line.split(":")[0]: int(line.split()[1]) for line in said.splitlines() if line.startswith("Rss")}
    return {"anonymous_mb": round(kib["RssAnon"] / 1e3, 1), "mapped_mb": round(kib["RssFile"] / 1e3, 1)}


def main() -> None:
    rows, folder = int(sys.argv[1]), Path(sys.argv[2])
    vectors = generate(rows, folder / "million.f16")
    questions = np.array(vectors[:: rows // QUESTIONS][:QUESTIONS], np.float32)
    questions += 0.3 * np.random.default_rng(1).standard_normal(questions.shape, np.float32) / np.sqrt(DIMS)
    questions /= np.linalg.norm(questions, axis=1, keepdims=True)
    bound = read_ms(rows * DIMS // 2)
    index = Flat4Dense()
    build_ms = cpu_ms(lambda: index.build(vectors))
    del vectors
    index.search(questions[0], K)
    ms = median(cpu_ms(lambda q=q: index.search(q, K)) for _ in range(3) for q in questions)
    held = resident_mb()
    shares, vectors = [], np.memmap(folder / "million.f16", np.float16, "r", shape=(rows, DIMS))
    for query in questions:
        scores = np.concatenate([v.astype(np.float32) @ query for v in np.array_split(vectors, 40)])
        found = index.search(query, K)
        shares.append(np.mean(scores[found.rows] >= np.sort(scores)[-K] - 1e-3))
    print(json.dumps({
        "rows": rows, "search_ms": round(ms, 2), "read_bound_ms": round(bound, 2), "of_bound": round(ms / bound, 2),
        "recall": round(float(np.mean(shares)), 4), "build_cpu_s": round(build_ms / 1e3, 2), **held,
        "file_mb": round(index.stats().disk / 1e6),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
