"""Which documents say the same in other words: how sure at each threshold, and how fast for 50,000 chunks?

    python bench/alike.py [--write]

Sureness, with the default embedder: of PoisonedRAG's 50 statements, each written five times by a language model, the
pairs of one statement are to be found and those of two are not; SciFact's abstracts are of different papers, so each
pair of them that is found is wrong or a subject in common. Baseline: near-duplicates by words, in the same texts.
Speed: random unit vectors (384 dimensions, seed 1) around one direction, every fiftieth near the one after it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
from kept import CACHE, SHARED, keep

from thruline.app.config import Config
from thruline.app.working import open_onnx
from thruline.data.alike import THRESHOLD, alike
from thruline.data.corpus_duplicates import duplicates

CHUNKS, DIMS, SEED = 50_000, 384, 1
STATEMENTS = SHARED / "poisonedrag" / "adv_hotpotqa_50.json"
ABSTRACTS = SHARED / "scifact" / "corpus.jsonl.gz"
AT = (0.85, 0.9, 0.92, THRESHOLD, 0.96)


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def pairs(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cosines of all pairs a < b, with a and b."""
    a, b = np.triu_indices(len(rows), 1)
    return (unit(rows) @ unit(rows).T)[a, b], a, b


def sureness() -> dict[str, Any]:
    """What each threshold finds."""
    sets = list(json.loads(STATEMENTS.read_text("utf-8")).values())
    texts = [text for one in sets for text in one["adv_texts"]]
    of = np.array([n for n, one in enumerate(sets) for _ in one["adv_texts"]])
    embedder = open_onnx(Config().embed.model, "", CACHE)
    said, a, b = pairs(embedder.passages([f"\n{text}" for text in texts]))
    same = of[a] == of[b]
    apart = abstracts(embedder)
    edges = {(edge.a, edge.b) for edge in duplicates(texts)}
    return {
        "pairs_of_one_statement": int(same.sum()), "pairs_of_two": int((~same).sum()), "abstract_pairs": len(apart),
        "near_duplicates_found": sum(of[a] == of[b] for a, b in edges) / int(same.sum()),
        "at": {
            f"{at:g}": {
                "found": round(float((said[same] >= at).mean()), 3),
                "of_two_statements": int((said[~same] >= at).sum()),
                "of_abstracts": int((apart >= at).sum()),
            }
            for at in AT
        },
    }  # fmt: skip


def abstracts(embedder: Any) -> np.ndarray:
    """Cosines of all pairs of abstracts; bench/scifact_quality.py keeps their vectors beside the weights."""
    if kept := sorted(CACHE.glob("scifact-*.npy")):
        return pairs(np.load(kept[0]).astype(np.float32))[0]
    with gzip.open(ABSTRACTS, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return pairs(embedder.passages([f"{row['title']}\n{row['text']}" for row in rows]))[0]


def speed() -> dict[str, Any]:
    """CPU seconds and memory for a home of that size, each chunk a document."""
    rng = np.random.default_rng(SEED)
    rows = rng.normal(size=(CHUNKS, DIMS)).astype(np.float32) + rng.normal(size=DIMS).astype(np.float32) * 0.8
    rows[::50] = rows[1::50] + rng.normal(size=(CHUNKS // 50, DIMS)) * 0.1
    halves = unit(rows).astype(np.float16)
    tracemalloc.start()
    began = time.process_time()
    found = sum(len(looked.found) for looked in alike(halves, [1] * CHUNKS))
    took, peak = time.process_time() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {
        "chunks": CHUNKS, "cpu_s": round(took, 1), "found": found, "planted": CHUNKS // 50,
        "peak_mb_above_the_vectors": round(peak / 2**20),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write bench/results/alike.json")
    wanted = parser.parse_args()
    result = {"speed": speed(), "threshold": THRESHOLD, **sureness()}
    print(json.dumps(result, indent=1))
    if wanted.write:
        keep(Path(__file__).stem, result)


if __name__ == "__main__":
    main()
