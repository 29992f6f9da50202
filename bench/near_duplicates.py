"""How fast, and how surely, are near-duplicates found in 100,000 passages?

    python bench/near_duplicates.py [--write] [--passages N] [--seed N]

Data by seed: passages of 40 to 200 words drawn by Zipf's law (exponent 1.1) from 50,000 words; every fifth is a copy of
an earlier original with up to 5 % of its words replaced. Truth: exact Jaccard over word 5-grams >= .8, by comparing all
with all among the first 10,000 passages, and every copy with its original in the whole corpus. Baselines, in the same
run: the same search without its verification; the functions for one document of data/duplicates.py; MinHash as a plain
Python loop. Targets: 15,000 passages a CPU second, recall .98, precision .97.
"""

from __future__ import annotations

import argparse
import json
import random
import time
import zlib
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np

from thruline.data.corpus_duplicates import Edge, canonical, duplicates
from thruline.data.duplicates import PERMUTATIONS, THRESHOLD, bands, jaccard, shingles, signature

VOCABULARY, EXPONENT = 50_000, 1.1
EVERY = 5
EDITED = 0.05
ALL_PAIRS = 10_000
SAMPLE = 500
PRIME = 2**61 - 1
Pairs = set[tuple[int, int]]


def corpus(count: int, seed: int) -> tuple[list[str], Pairs]:
    """The passages, and the planted pairs: each copy behind its original."""
    rng = np.random.default_rng(seed)
    chances = np.arange(1, VOCABULARY + 1) ** -EXPONENT
    lengths = rng.integers(40, 201, count)
    drawn = rng.choice(VOCABULARY, lengths.sum(), p=chances / chances.sum())
    passages = np.split(drawn, np.cumsum(lengths)[:-1])
    planted: Pairs = set()
    for n in range(EVERY, count, EVERY):
        original = int(rng.integers(0, n // EVERY) * EVERY + 1)  # the place behind a copy: never one itself
        passages[n] = edited(passages[original], rng)
        planted.add((original, n))
    return [" ".join(f"w{word}" for word in passage.tolist()) for passage in passages], planted


def edited(words: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A copy with 0 to 5 % of its words replaced, anywhere."""
    copy = words.copy()
    where = rng.choice(len(words), int(rng.uniform(0, EDITED) * len(words) + 0.5), replace=False)
    copy[where] = rng.integers(0, VOCABULARY, len(where))
    return copy


def compare_all(texts: list[str]) -> Pairs:
    """Every pair with Jaccard >= .8: shared shingles are counted for all pairs that have one."""
    sets = [shingles(text) for text in texts]
    holders: dict[str, list[int]] = {}
    for n, some in enumerate(sets):
        for shingle in some:
            holders.setdefault(shingle, []).append(n)
    shared = Counter(pair for group in holders.values() for pair in combinations(group, 2))
    return {(a, b) for (a, b), n in shared.items() if n >= THRESHOLD * (len(sets[a]) + len(sets[b]) - n)}


def pairs_of(edges: list[Edge], count: int) -> Pairs:
    """The pairs that edges name; an exact copy stands for its first, as it does in the search."""
    first = canonical(count, [edge for edge in edges if edge.how == "exact"]).tolist()
    copies: dict[int, list[int]] = {}
    for n, of in enumerate(first):
        copies.setdefault(of, []).append(n)
    found = {pair for group in copies.values() for pair in combinations(group, 2)}
    near = (edge for edge in edges if edge.how == "near")
    return found | {(min(a, b), max(a, b)) for e in near for a in copies[e.a] for b in copies[e.b]}


def judged(edges: list[Edge], truth: Pairs) -> dict[str, float]:
    """Recall and precision over all pairs of the first passages."""
    found = pairs_of([e for e in edges if e.b < ALL_PAIRS], ALL_PAIRS)
    right = len(found & truth)
    return {"recall": round(right / len(truth), 4), "precision": round(right / max(len(found), 1), 4)}


def python_minhash(texts: list[str]) -> list[list[int]]:
    """128 minima of (a * x + b) mod p over the CRC of each shingle, as the textbook says it."""
    rng = random.Random(1)
    seeds = [(rng.randrange(1, PRIME), rng.randrange(PRIME)) for _ in range(PERMUTATIONS)]
    hashed = [[zlib.crc32(s.encode()) for s in shingles(text)] for text in texts]
    return [[min((a * x + b) % PRIME for x in some) for a, b in seeds] for some in hashed]


def rate(work: Callable[[], object], count: int) -> int:
    """Passages a CPU second."""
    began = time.process_time()
    work()
    return round(count / (time.process_time() - began))


def run(count: int, seed: int) -> dict:
    texts, planted = corpus(count, seed)
    duplicates(texts[:SAMPLE])
    edges: list[Edge] = []
    speed = rate(lambda: edges.extend(duplicates(texts)) or canonical(count, edges), count)
    truth = compare_all(texts[:ALL_PAIRS])
    close = {(a, b) for a, b in planted if jaccard(texts[a], texts[b]) >= THRESHOLD}
    one_by_one = rate(lambda: [bands(signature(text)) for text in texts[:SAMPLE]], SAMPLE)
    return {
        "passages": count, "seed": seed, "passages_per_cpu_s": speed, **judged(edges, truth), "true_pairs": len(truth),
        "planted": len(planted), "planted_close": len(close),
        "recall_of_planted": round(len(close & pairs_of(edges, count)) / len(close), 4), "edges": len(edges),
        "unverified": judged(duplicates(texts[:ALL_PAIRS], threshold=0.0), truth),
        "one_by_one_per_cpu_s": one_by_one,
        "python_minhash_per_cpu_s": rate(lambda: python_minhash(texts[: SAMPLE // 5]), SAMPLE // 5),
        "targets": {"passages_per_cpu_s": 15_000, "recall": 0.98, "precision": 0.97},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--write", action="store_true", help="write bench/results/near_duplicates.json")
    wanted = parser.parse_args()
    report = json.dumps(run(wanted.passages, wanted.seed), indent=1)
    print(report)
    if wanted.write:
        (Path(__file__).parent / "results" / "near_duplicates.json").write_text(report + "\n")


if __name__ == "__main__":
    main()
