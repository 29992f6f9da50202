"""Do weights that are chosen on judged questions join words and meaning better on others? nDCG@10 before and after.

    python bench/fusion.py [DATA] [CACHE] [--write]

DATA: a folder with `scifact` and `xquad`. SciFact: chosen on its train questions, judged on its test ones. XQuAD in
five languages: chosen on the questions of half of its articles, judged on those of the others; the default embedder
reads English, so other languages are where even weights cost most. A gain counts where its interval is above 0, as
`thruline index weigh` has it. Baseline, in the same run: even weights, as a home begins.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from kept import CACHE, SHARED, keep
from scifact_quality import EVERYONE, embed, read_beir
from scifact_quality import shelve as shelve_beir
from unanswerable import IDS, Vectors, read, shelve
from xquad_recall import LANGUAGES

from thruline.backends.onnx_embedder import OnnxEmbedder
from thruline.vectors.fusion import EVEN
from thruline.vectors.quality import estimate
from thruline.vectors.serving import CANDIDATES, Serving
from thruline.vectors.weighing import Looked, best, tried
from thruline.vectors.weights import BGE_SMALL, find_weights

SEED, QUESTIONS = 7, 300


def main() -> None:
    """Print the table; with --write keep it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=SHARED)
    parser.add_argument("cache", nargs="?", type=Path, default=CACHE)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    if not (args.data / "scifact").is_dir() or not (args.data / "xquad").is_dir():
        print(f"skipped: no SciFact and XQuAD in {args.data}")
        return
    embedder = OnnxEmbedder(find_weights(BGE_SMALL, cache=args.cache, progress=print), **BGE_SMALL.settings)
    print(f"{'':12} {'even':>6} {'chosen':>7}  gain with its 95 % interval")
    result = {"scifact": shown("SciFact", *scifact(args.data / "scifact", embedder, args.cache))}
    for code in LANGUAGES:
        kept = Vectors(embedder, args.cache / f"xquad-{code}-{embedder.info.digest[:16]}.npz")
        result[f"xquad_{code}"] = shown(f"XQuAD {code}", *xquad(args.data / "xquad" / f"xquad.{code}.json", kept))
        kept.save()
    embedder.close()
    if args.write:
        keep("fusion", {"sets": result, "embedder": BGE_SMALL.settings["name"]})


def scifact(folder: Path, embedder: OnnxEmbedder, cache: Path) -> tuple[list[Looked], list[Looked]]:
    """Train and test questions, looked for in all abstracts."""
    learn, judge = (read_beir(folder, split) for split in ("train", "test"))
    serving = shelve_beir(
        judge.documents, embed(judge.documents, embedder, cache / f"scifact-{embedder.info.digest}.npy")
    )
    found = tuple(
        [looked(serving, text, embedder.query(text), of.grades[id]) for id, text in of.questions.items()]
        for of in (learn, judge)
    )
    serving.close()
    return found


def xquad(file: Path, vectors: Vectors) -> tuple[list[Looked], list[Looked]]:
    """Questions of either half of the articles, looked for in all paragraphs."""
    articles = read(file)
    serving = shelve([p.text for of in articles.values() for p in of], vectors)
    names = sorted(articles)
    rng = random.Random(SEED)
    rng.shuffle(names)
    halves = names[: len(names) // 2], names[len(names) // 2 :]
    found = tuple(
        [
            looked(serving, question, vectors.query(question), {IDS.artifact("chunk", text): 1})
            for question, text in rng.sample(
                [(q, p.text) for n in half for p in articles[n] for q in p.questions], QUESTIONS
            )
        ]
        for half in halves
    )
    serving.close()
    return found


def looked(serving: Serving, question: str, vector: np.ndarray, grades: Mapping[str, int]) -> Looked:
    """As `thruline index weigh` looks."""
    hits = serving.search(question, vector, 2 * CANDIDATES, groups=EVERYONE, depth=CANDIDATES).hits
    hits = sorted(hits, key=lambda hit: hit.chunk)
    return Looked(
        names=[hit.chunk for hit in hits], by_meaning=np.array([hit.dense_rank for hit in hits]),
        by_words=np.array([hit.text_rank for hit in hits]), grades=grades,
    )  # fmt: skip


def shown(name: str, learn: Sequence[Looked], judge: Sequence[Looked]) -> dict[str, Any]:
    """What is chosen and what it gains."""
    began = time.process_time()
    fusion = best(tried(learn), EVEN)
    even, chosen = ([one.ndcg(how) for one in judge] for how in (EVEN, fusion))
    gain = estimate([b - a for a, b in zip(even, chosen, strict=True)])
    spent = time.process_time() - began
    taken = gain.low > 0
    print(
        f"{name:12} {np.mean(even):6.3f} {np.mean(chosen):7.3f}  {gain.value:+.3f} "
        f"({gain.low:+.3f} to {gain.high:+.3f}) {'taken' if taken else 'not taken'}: {fusion.text}; {spent:.1f} CPU s"
    )
    return {
        "fusion": fusion.text, "even": round(float(np.mean(even)), 4), "chosen": round(float(np.mean(chosen)), 4),
        "gain": round(gain.value, 4), "low": round(gain.low, 4), "high": round(gain.high, 4), "taken": taken,
        "learned_on": len(learn), "judged_on": len(judge), "cpu_s": round(spent, 2),
        "in_force": round(float(np.mean(chosen if taken else even)), 4),
    }  # fmt: skip


if __name__ == "__main__":
    main()
