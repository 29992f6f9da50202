"""What does a learned reranker add to hybrid search? nDCG@10 on SciFact's test questions, learned from its train ones.

    python bench/reranker.py [DATA] [CACHE] [--write]

DATA, CACHE: as in bench/scifact_quality.py. Nothing is chosen by the test questions. Baseline, in the same run: the
order of the hybrid search. Spread over documents (diversity) is measured on the train questions.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from kept import CACHE, SHARED, keep
from scifact_quality import EVERYONE, Judged, embed, interval, ndcg, read_beir, shelve

from thruline.backends.onnx_embedder import OnnxEmbedder
from thruline.models.datasets import Origin, Row, frame
from thruline.models.ranker import Ranker
from thruline.models.train_ranker import train
from thruline.vectors.features import VERSION, Candidate, features
from thruline.vectors.ordering import Ordering, by_score, diverse, likeness, worth
from thruline.vectors.serving import CANDIDATES, Hit, Serving
from thruline.vectors.weights import BGE_SMALL, find_weights

TARGET = 0.72
DEPTH = Ordering().depth
DIVERSITIES = (0.1, 0.3)


class Looked(NamedTuple):
    """What the search found for a question, best first: documents, their texts, numbers, and which of them answer."""

    found: list[str]
    texts: list[str]
    numbers: np.ndarray
    grades: Mapping[str, int]

    def quality(self, order: Sequence[int]) -> float:
        return ndcg([*(self.found[place] for place in order), *self.found[len(order) :]], self.grades)


def main() -> None:
    """Print the table; with --write keep it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=SHARED / "scifact")
    parser.add_argument("cache", nargs="?", type=Path, default=CACHE)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    if not args.data.is_dir():
        print(f"skipped: no judged set in {args.data}")
        return
    embedder = OnnxEmbedder(find_weights(BGE_SMALL, cache=args.cache, progress=print), **BGE_SMALL.settings)
    sets = {split: read_beir(args.data, split) for split in ("train", "test")}
    documents = sets["test"].documents
    kept = args.cache / f"{args.data.name}-{embedder.info.digest}.npy"
    serving = shelve(documents, embed(documents, embedder, kept))
    learn, judge = (looked(serving, judged, embedder) for judged in sets.values())
    result = measure(learn, judge) | {"set": args.data.name, "embedder": embedder.info.name}
    embedder.close()
    if args.write:
        keep("reranker", result)


def looked(serving: Serving, judged: Judged, embedder: OnnxEmbedder) -> list[Looked]:
    texts = {d["_id"]: d for d in judged.documents}
    found: list[Looked] = []
    for id, question in judged.questions.items():
        hits = serving.search(question, embedder.query(question), CANDIDATES, groups=EVERYONE).hits
        candidates = [candidate(hit, texts[hit.chunk]) for hit in hits[:DEPTH]]
        numbers = features(question, candidates)
        found.append(Looked([h.chunk for h in hits], [c.text for c in candidates], numbers, judged.grades[id]))
    return found


def candidate(hit: Hit, document: Mapping[str, Any]) -> Candidate:
    return Candidate(
        source=hit.source, title=document["title"], text=document["text"], fused=hit.score, dense_rank=hit.dense_rank,
        dense_score=hit.dense_score, text_rank=hit.text_rank, text_score=hit.text_score,
    )  # fmt: skip


def measure(learn: Sequence[Looked], judge: Sequence[Looked]) -> dict[str, Any]:
    began = time.process_time()
    ranker = Ranker.load(train(rows(learn), version=VERSION, seed=0), VERSION)
    trained = time.process_time() - began
    both = qualities(judge, lambda one: range(len(one.texts)))
    began = time.process_time()
    learned = qualities(judge, lambda one: by_score(ranker.scores(one.numbers).tolist()))
    walk_ms = (time.process_time() - began) / len(judge) * 1000
    low, high = interval(learned - both)
    print(f"{len(judge)} test questions, {len(learn)} to learn from, {trained:.1f} CPU s to train, nDCG@10")
    print(f"  words and meaning (baseline) {both.mean():.4f}")
    print(f"  learned reranker             {learned.mean():.4f}  {learned.mean() / both.mean():.3f} of the baseline")
    print(f"  difference {low:+.4f} to {high:+.4f}; target {TARGET}; {walk_ms:.2f} ms CPU to walk the trees")
    spread = {d: spread_by(learn, d) for d in DIVERSITIES}
    for diversity, difference in spread.items():
        print(f"  diversity {diversity} on the train questions: {difference:+.4f}")
    return {
        "questions": len(judge), "learned_from": len(learn), "depth": DEPTH, "ndcg10_both": round(both.mean(), 4),
        "ndcg10_learned": round(learned.mean(), 4), "ratio": round(learned.mean() / both.mean(), 3),
        "difference_95": [round(low, 4), round(high, 4)], "target": TARGET, "train_cpu_s": round(trained, 1),
        "walk_ms": round(walk_ms, 2), "diversity_on_train": {str(d): round(v, 4) for d, v in spread.items()},
    }  # fmt: skip


def rows(looked: Sequence[Looked]) -> pl.DataFrame:
    """As the product trains: a passage is a row of numbers."""
    made = (
        Row(" ".join(f"{number:.7g}" for number in numbers), int(one.grades.get(id, 0) > 0), str(n))
        for n, one in enumerate(looked)
        for id, numbers in zip(one.found, one.numbers.tolist(), strict=False)
    )
    return frame(Origin(name="ranking", licence="CC BY 4.0"), made).with_columns(pl.lit("train").alias("split"))


def qualities(looked: Sequence[Looked], order: Callable[[Looked], Sequence[int]]) -> np.ndarray:
    return np.array([one.quality(order(one)) for one in looked])


def spread_by(looked: Sequence[Looked], diversity: float) -> float:
    """What the order loses or gains."""

    def order(one: Looked) -> list[int]:
        return diverse(worth([0.0] * len(one.texts), 0.0), likeness(one.texts), diversity)

    some = looked[:200]
    return float((qualities(some, order) - qualities(some, lambda one: range(len(one.texts)))).mean())


if __name__ == "__main__":
    main()
