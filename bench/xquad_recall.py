"""Is the paragraph that answers among the first five, for questions in five languages?

    python bench/xquad_recall.py [DATA] [CACHE] [--write]

DATA: XQuAD's folder. For each language its 240 paragraphs and 300 of its questions, drawn by seed, the same in every
language; then all 1,200 paragraphs in one index, where each stands in five languages beside one another. Baseline, in
the same run: words alone. The default embedder reads English: what it makes of other languages is shown as it comes
out. Vectors are kept in CACHE between runs.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from kept import CACHE, SHARED, keep
from unanswerable import EVERYONE, IDS, Paragraph, Vectors, read, shelve

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
    read_in = {language: _read(args.data / f"xquad.{language}.json") for language in LANGUAGES}
    kept = {code: Vectors(embedder, args.cache / f"xquad-{code}-{embedder.info.digest[:16]}.npz") for code in LANGUAGES}
    everything = [p for paragraphs in read_in.values() for p in paragraphs]
    print(f"recall@{FIRST}  words  meaning   both  95 % interval")
    alone = {code: measured(code, read_in[code], read_in[code], kept[code]) for code in LANGUAGES}
    for vectors in kept.values():
        vectors.save()
    print("all in one index")
    every = _Every(kept.values())
    together = {code: measured(code, read_in[code], everything, every) for code in LANGUAGES}
    embedder.close()
    if args.write:
        found = {"languages": alone, "in one index": together}
        keep("xquad_recall", found | {"questions": QUESTIONS, "embedder": BGE_SMALL.settings["name"]})


class _Every:
    """The vectors of every language."""

    def __init__(self, kept: Iterable[Vectors]) -> None:
        self._kept = list(kept)

    def query(self, text: str) -> np.ndarray:
        return next(found for one in self._kept if (found := one.known(f"q {text}")) is not None)

    def passage(self, text: str) -> np.ndarray:
        return next(found for one in self._kept if (found := one.known(f"p {text}")) is not None)


def _read(file: Path) -> list[Paragraph]:
    return [p for of in read(file).values() for p in of]


def measured(
    code: str, asked: Sequence[Paragraph], held: Sequence[Paragraph], vectors: Vectors | _Every
) -> Mapping[str, float]:
    """Share of questions with their paragraph among the first, by each way."""
    pairs = [(question, p.text) for p in asked for question in p.questions]
    drawn = [pairs[i] for i in sorted(random.Random(SEED).sample(range(len(pairs)), QUESTIONS))]
    serving = shelve([p.text for p in held], vectors)
    words = [_found(serving, question, None, right) for question, right in drawn]
    meaning = [_found(serving, "", vectors.query(question), right) for question, right in drawn]
    both = [_found(serving, question, vectors.query(question), right) for question, right in drawn]
    serving.close()
    whole = estimate(both)
    ways = {"words": float(np.mean(words)), "meaning": float(np.mean(meaning)), "both": whole.value}
    shown = "    ".join(f"{value:.3f}" for value in ways.values())
    print(f"{code:<9} {shown}  {whole.low:.3f} to {whole.high:.3f}")
    return ways | {"low": round(whole.low, 3), "high": round(whole.high, 3)}


def _found(serving: Serving, question: str, vector: np.ndarray | None, right: str) -> float:
    hits = serving.search(question, vector, FIRST, groups=EVERYONE).hits
    return float(IDS.artifact("chunk", right) in {hit.chunk for hit in hits})


if __name__ == "__main__":
    main()
