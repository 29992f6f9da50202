"""How much CPU does one search cost, without embedding the question? And a refresh after one changed record?

    python bench/retrieval_latency.py [--write]

Baseline, in the same run: scoring every row with one float32 BLAS product for the dense half, and SQLite FTS5 with the
same words for the text half, fused in the same way. Vectors are random in clusters, texts synthetic (Zipf's law over
30,000 words), seeds fixed; 384 dimensions, 180 words a chunk, three groups of which the asker has one, two or all.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from thruline.backends.flat4_dense import Flat4Dense
from thruline.backends.tantivy_text import TantivyText
from thruline.core.ids import ArtifactId, Ids
from thruline.testing.dense_suite import clustered
from thruline.vectors.fusion import reciprocal_ranks
from thruline.vectors.serving import CANDIDATES, Serving, Shelved

DIMS, WORDS, CHUNKS_A_RECORD, QUESTIONS, K = 384, 180, 10, 60, 10
IDS = Ids(bytes(32))
GROUPS = ("desk", "staff", "board")
ASKERS = {"one group in three": {"desk"}, "two in three": {"desk", "staff"}, "all": {"*"}}
TARGET_MS = {5_000: 2.0, 50_000: 3.0}


def main() -> None:
    """Print the table; with --write keep it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    results = [measure(n) for n in TARGET_MS]
    if write:
        path = Path(__file__).parent / "results" / "retrieval_latency.json"
        path.write_text(json.dumps({"seed": 7, "dims": DIMS, "k": K, "sizes": results}, indent=1) + "\n")


def measure(n: int) -> dict[str, Any]:
    """CPU milliseconds a search and seconds a refresh at n chunks."""
    rng = np.random.default_rng(7)
    records = make_records(n, rng)
    load_s, serving = timed(lambda: Serving.load(IDS.artifact("index", "a"), records, Flat4Dense(), TantivyText()))
    refresh_s, serving = timed(lambda: refresh(serving, records[0]))
    questions = list(zip(make_texts(QUESTIONS, 9, rng), clustered(QUESTIONS, DIMS, seed=8), strict=True))
    ours = {
        who: cpu_ms(lambda q, groups=frozenset(g): serving.search(q[0], q[1], K, groups=groups), questions)
        for who, g in ASKERS.items()
    }
    baseline = cpu_ms(baseline_search(records), questions)
    worst = max(ours.values())
    print(f"{n} chunks: load {load_s:.2f} s, one record changed {refresh_s:.2f} s (CPU)")
    for who, ms in ours.items():
        print(f"  {who:20} {ms:6.2f} ms CPU a search")
    print(f"  {'full scan + FTS5':20} {baseline:6.2f} ms; ratio {baseline / worst:.1f}; target {TARGET_MS[n]} ms")
    return {
        "chunks": n, "ms": ours, "baseline_ms": baseline, "ratio": round(baseline / worst, 1),
        "target_ms": TARGET_MS[n],
        "load_cpu_s": round(load_s, 3), "refresh_cpu_s": round(refresh_s, 3),
    }  # fmt: skip


def make_records(n: int, rng: np.random.Generator) -> list[Shelved]:
    """n chunks in records of ten, dealt to the groups in turn."""
    vectors, texts, titles = clustered(n, DIMS).astype(np.float16), make_texts(n, WORDS, rng), make_texts(n, 6, rng)
    return [
        Shelved(
            record=IDS.artifact("record", str(i)),
            source=IDS.artifact("source", str(i % 5)),
            groups=frozenset({GROUPS[i // CHUNKS_A_RECORD % 3]}),
            chunks=[IDS.artifact("chunk", str(row)) for row in range(i, i + CHUNKS_A_RECORD)],
            vectors=vectors[i : i + CHUNKS_A_RECORD],
            texts=texts[i : i + CHUNKS_A_RECORD],
            titles=titles[i : i + CHUNKS_A_RECORD],
        )
        for i in range(0, n, CHUNKS_A_RECORD)
    ]


def make_texts(n: int, words: int, rng: np.random.Generator) -> list[str]:
    """n texts of so many words, frequent words being frequent as in English."""
    vocabulary = np.array([f"w{i}x" for i in range(30_000)])
    shares = 1 / np.arange(1, len(vocabulary) + 1) ** 1.05
    drawn = rng.choice(vocabulary, (n, words), p=shares / shares.sum())
    return [" ".join(row) for row in drawn]


def refresh(serving: Serving, record: Shelved) -> Serving:
    """The next snapshot after one record changed."""
    return serving.refreshed(IDS.artifact("index", "b"), changed=[record])


def baseline_search(records: Sequence[Shelved]) -> Callable[[tuple[str, np.ndarray]], object]:
    """What one would write first: numpy over all rows, SQLite's full-text search, fused alike, nobody filtered."""
    matrix = np.concatenate([r.vectors for r in records], dtype=np.float32)
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE chunks USING fts5(title, text)")
    rows = ((t, x) for r in records for t, x in zip(r.titles, r.texts, strict=True))
    database.executemany("INSERT INTO chunks VALUES (?, ?)", rows)
    sql = f"SELECT rowid FROM chunks WHERE chunks MATCH ? ORDER BY rank LIMIT {CANDIDATES}"

    def search(question: tuple[str, np.ndarray]) -> list[ArtifactId]:
        scores = matrix @ question[1]
        near = np.argpartition(-scores, CANDIDATES)[:CANDIDATES]
        near = near[np.argsort(-scores[near])]
        said = database.execute(sql, [" OR ".join(question[0].split())]).fetchall()
        return reciprocal_ranks([near, np.array([row - 1 for (row,) in said])]).rows[:K].tolist()

    return search


def cpu_ms(search: Callable[[Any], object], questions: Sequence[Any]) -> float:
    """CPU milliseconds a search, all threads: the best of three rounds, after one search to warm up."""
    search(questions[0])
    rounds = []
    for _ in range(3):
        began = time.process_time()
        for question in questions:
            search(question)
        rounds.append(time.process_time() - began)
    return round(min(rounds) / len(questions) * 1e3, 3)


def timed(work: Callable[[], Serving]) -> tuple[float, Serving]:
    """CPU seconds and what came of it."""
    began = time.process_time()
    made = work()
    return time.process_time() - began, made


if __name__ == "__main__":
    main()
