"""Is the paragraph that answers among the first five, for questions in five languages?

    python bench/xquad_recall.py [DATA] [CACHE] [--write]

DATA: XQuAD's folder. For each language its 240 paragraphs and 300 of its questions, drawn by seed, the same in every
language. Baseline, in the same run: words alone. The default embedder reads English: what it makes of other languages
is shown as it comes out. Vectors are kept in CACHE between runs.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from kept import CACHE, SHARED, keep
from unanswerable import EVERYONE, IDS, Vectors, read, shelve

from thruline.backends.onnx_embedder import OnnxEmbedder
from thruline.vectors.quality import estimate
from thruline.vectors.serving import Serving
from thruline.vectors.weights import BGE_SMALL, find_weights

LANGUAGES = ("en", "de", "es", "ru", "zh")
QUESTIONS, FIRST, SEED = 300, 5, 7


def main() -> None:
    """Print the table; with --write keep it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=SHARED / "xquad")
    parser.add_argument("cache", nargs="?", type=Path, default=CACHE)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    if not args.data.is_dir():
        print(f"skipped: no XQuAD in {args.data}")
        return
    embedder = OnnxEmbedder(find_weights(BGE_SMALL, cache=args.cache, progress=print), **BGE_SMALL.settings)
    result = {}
    print(f"recall@{FIRST}  words  meaning   both  95 % interval")
    for language in LANGUAGES:
        vectors = Vectors(embedder, args.cache / f"xquad-{language}-{embedder.info.digest[:16]}.npz")
        result[language] = measured(args.data / f"xquad.{language}.json", vectors)
        vectors.save()
        of = result[language]
        shown = "    ".join(f"{of[way]:.3f}" for way in ("words", "meaning", "both"))
        print(f"{language:<9} {shown}  {of['low']:.3f} to {of['high']:.3f}")
    embedder.close()
    if args.write:
        keep("xquad_recall", {"languages": result, "questions": QUESTIONS, "embedder": BGE_SMALL.settings["name"]})


def measured(file: Path, vectors: Vectors) -> Mapping[str, float]:
    """Share of questions with their paragraph among the first, by each way."""
    paragraphs = [p for of in read(file).values() for p in of]
    pairs = [(question, p.text) for p in paragraphs for question in p.questions]
    drawn = [pairs[i] for i in sorted(random.Random(SEED).sample(range(len(pairs)), QUESTIONS))]
    serving = shelve([p.text for p in paragraphs], vectors)
    words = [_found(serving, question, None, right) for question, right in drawn]
    meaning = [_found(serving, "", vectors.query(question), right) for question, right in drawn]
    both = [_found(serving, question, vectors.query(question), right) for question, right in drawn]
    serving.close()
    whole = estimate(both)
    return {
        "words": float(np.mean(words)), "meaning": float(np.mean(meaning)), "both": whole.value,
        "low": round(whole.low, 3), "high": round(whole.high, 3),
    }  # fmt: skip


def _found(serving: Serving, question: str, vector: np.ndarray | None, right: str) -> float:
    hits = serving.search(question, vector, FIRST, groups=EVERYONE).hits
    return float(IDS.artifact("chunk", right) in {hit.chunk for hit in hits})


if __name__ == "__main__":
    main()
