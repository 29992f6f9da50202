"""How good is hybrid retrieval on judged questions? nDCG@10 of words, meaning and both, on any set in BEIR's layout.

    python bench/scifact_quality.py [DATA] [CACHE] [--split test] [--write]

DATA: a folder with corpus.jsonl(.gz), queries.jsonl and qrels/<split>.tsv. CACHE: where vectors are kept between runs
(minutes of embedding) and weights are found or fetched. Baseline, in the same run: words alone.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from kept import CACHE, SHARED, keep

from thruline.backends.flat4_dense import Flat4Dense
from thruline.backends.onnx_embedder import OnnxEmbedder
from thruline.backends.tantivy_text import TantivyText
from thruline.core.ids import Ids
from thruline.vectors.serving import CANDIDATES, Serving, Shelved
from thruline.vectors.weights import BGE_SMALL, find_weights

TARGET = 0.715
EVERYONE = frozenset({"*"})


class Judged(NamedTuple):
    """Documents, questions and, for each question, the documents that answer it with their grade."""

    documents: list[dict[str, Any]]
    questions: dict[str, str]
    grades: dict[str, dict[str, int]]


def main() -> None:
    """Print the table; with --write keep it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=SHARED / "scifact")
    parser.add_argument("cache", nargs="?", type=Path, default=CACHE)
    parser.add_argument("--split", default="test")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    if not args.data.is_dir():
        print(f"skipped: no judged set in {args.data}")
        return
    judged = read_beir(args.data, args.split)
    embedder = OnnxEmbedder(find_weights(BGE_SMALL, cache=args.cache, progress=print), **BGE_SMALL.settings)
    vectors = embed(judged.documents, embedder, args.cache / f"{args.data.name}-{embedder.info.digest}.npy")
    result = measure(judged, embedder, vectors)
    result |= {"set": args.data.name, "split": args.split, "embedder": embedder.info.name}
    embedder.close()
    if args.write:
        keep("scifact_quality", result)


def read_beir(folder: Path, split: str) -> Judged:
    """A judged set; only questions that have judgements."""
    zipped = folder / "corpus.jsonl.gz"
    opened = gzip.open(zipped, "rt") if zipped.exists() else (folder / "corpus.jsonl").open()  # noqa: SIM115
    with (
        opened as lines,
        (folder / "queries.jsonl").open() as asked,
        (folder / "qrels" / f"{split}.tsv").open() as judged,
    ):
        documents = [json.loads(line) for line in lines]
        questions = {q["_id"]: q["text"] for q in map(json.loads, asked)}
        grades: dict[str, dict[str, int]] = {}
        for row in csv.DictReader(judged, delimiter="\t"):
            grades.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    return Judged(documents, {id: questions[id] for id in grades}, grades)


def embed(documents: Sequence[Mapping[str, Any]], embedder: OnnxEmbedder, kept: Path) -> np.ndarray:
    """One vector a document; kept vectors are used again."""
    if kept.exists():
        return np.load(kept)
    began = time.process_time()
    vectors = embedder.passages([f"{d['title']}\n{d['text']}" for d in documents])
    np.save(kept, vectors)
    print(f"embedded {len(vectors)} documents in {time.process_time() - began:.0f} CPU s")
    return vectors


def measure(judged: Judged, embedder: OnnxEmbedder, vectors: np.ndarray) -> dict[str, Any]:
    """nDCG@10 of the three ways, with a 95 % interval for what meaning adds to words."""
    serving = shelve(judged.documents, vectors)
    of = {id: embedder.query(text) for id, text in judged.questions.items()}
    asked = judged.questions
    words = scores(judged, lambda id: ranked(serving, asked[id], None))
    meaning = scores(judged, lambda id: ranked(serving, "", of[id]))
    both = scores(judged, lambda id: ranked(serving, asked[id], of[id]))
    low, high = interval(both - words)
    print(f"{len(judged.documents)} documents, {len(judged.questions)} questions, nDCG@10")
    for name, values in (("words (baseline)", words), ("meaning", meaning), ("both", both)):
        print(f"  {name:18} {values.mean():.4f}")
    print(f"  both / words {both.mean() / words.mean():.3f}; difference {low:+.4f} to {high:+.4f}; target {TARGET}")
    return {
        "documents": len(judged.documents), "questions": len(judged.questions), "ndcg10_words": round(words.mean(), 4),
        "ndcg10_meaning": round(meaning.mean(), 4), "ndcg10_both": round(both.mean(), 4), "target": TARGET,
        "ratio": round(both.mean() / words.mean(), 3), "difference_95": [round(low, 4), round(high, 4)],
    }  # fmt: skip


def shelve(documents: Sequence[Mapping[str, Any]], vectors: np.ndarray) -> Serving:
    """The documents as records of one chunk, stored as the product stores them: float16."""
    ids = Ids(bytes(32))
    source = ids.artifact("source", "beir")
    records = (
        Shelved(
            record=ids.artifact("record", d["_id"]),
            source=source,
            groups=EVERYONE,
            chunks=[d["_id"]],
            vectors=row[None].astype(np.float16),
            texts=[d["text"]],
            titles=[d["title"]],
        )
        for d, row in zip(documents, vectors, strict=True)
    )
    return Serving.load(ids.artifact("index", "beir"), records, Flat4Dense(), TantivyText())


def ranked(serving: Serving, text: str, vector: np.ndarray | None) -> list[str]:
    """The documents found, best first."""
    return [hit.chunk for hit in serving.search(text, vector, CANDIDATES, groups=EVERYONE).hits]


def scores(judged: Judged, search: Callable[[str], list[str]]) -> np.ndarray:
    """nDCG@10 of every question; search takes its id."""
    return np.array([ndcg(search(id), judged.grades[id]) for id in judged.questions])


def ndcg(found: Sequence[str], grades: Mapping[str, int], k: int = 10) -> float:
    """As in trec_eval: gain is the grade, discount log2(rank + 1)."""
    gained = sum(grades.get(id, 0) / math.log2(rank + 1) for rank, id in enumerate(found[:k], 1))
    ideal = sorted(grades.values(), reverse=True)[:k]
    return gained / sum(grade / math.log2(rank + 1) for rank, grade in enumerate(ideal, 1))


def interval(differences: np.ndarray) -> tuple[float, float]:
    """95 % bootstrap interval of the mean over questions, seed fixed."""
    rng = np.random.default_rng(7)
    means = [rng.choice(differences, len(differences)).mean() for _ in range(2000)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


if __name__ == "__main__":
    main()
