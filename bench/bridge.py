"""Could a linear map bridge a change of embedder? Old vectors, mapped into the new space, against real new ones.

    python bench/bridge.py [DATA] [CACHE] [--write]

DATA: a folder in BEIR's layout. CACHE: where weights are found or fetched. 1,500 documents, among them all that answer
a question; maps are fitted on rows that both embedders have read and tried on all. Baseline, in the same run: the old
embedder, which serves until the switch as it is.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from kept import CACHE, SHARED, keep
from scifact_quality import Judged, interval, ndcg, read_beir

from thruline.backends.onnx_embedder import OnnxEmbedder
from thruline.vectors.weights import BGE_SMALL, MINILM, WeightSpec, find_weights

DOCUMENTS, NEAREST, SEED = 1_500, 10, 7
FITTED = (150, 500, 1_000)  # rows that both have read: a tenth of the way, a third, two thirds
Map = Callable[[np.ndarray, np.ndarray], np.ndarray]


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
    judged = few(read_beir(args.data, "test"))
    small, large = (vectors(judged, spec, args.cache) for spec in (MINILM, BGE_SMALL))
    result = {
        "documents": len(judged.documents), "questions": len(judged.questions),
        "all-MiniLM-L6-v2 to bge-small-en-v1.5": measure(judged, small, large),
        "bge-small-en-v1.5 to all-MiniLM-L6-v2": measure(judged, large, small),
    }  # fmt: skip
    if args.write:
        keep("bridge", result)


def few(judged: Judged) -> Judged:
    """What answers, and others drawn by lot."""
    wanted = {id for grades in judged.grades.values() for id in grades}
    order = np.random.default_rng(SEED).permutation(len(judged.documents))
    rest = [judged.documents[n] for n in order if judged.documents[n]["_id"] not in wanted]
    answer = [d for d in judged.documents if d["_id"] in wanted]
    return judged._replace(documents=[*answer, *rest[: DOCUMENTS - len(answer)]])


def vectors(judged: Judged, spec: WeightSpec, cache: Path) -> tuple[np.ndarray, np.ndarray]:
    """(documents, questions) by one embedder."""
    embedder = OnnxEmbedder(find_weights(spec, cache=cache, progress=print), **spec.settings)
    rows = embedder.passages([f"{d['title']}\n{d['text']}" for d in judged.documents])
    asked = np.array([embedder.query(text) for text in judged.questions.values()])
    embedder.close()
    return rows, asked


def measure(judged: Judged, old: tuple[np.ndarray, np.ndarray], new: tuple[np.ndarray, np.ndarray]) -> dict[str, Any]:
    """nDCG@10 of the old, of the new, and of bridged rows asked by the new; and how many of its nearest they find."""
    before, after = quality(judged, *old), quality(judged, *new)
    print(f"nDCG@10: old {before.mean():.3f}, new {after.mean():.3f}")
    found: dict[str, Any] = {"old": round(float(before.mean()), 4), "new": round(float(after.mean()), 4)}
    order = np.random.default_rng(SEED).permutation(len(new[0]))
    for name, fit in {"least squares": least_squares, "rotation": rotation}.items():
        for rows in FITTED:
            both = order[:rows]
            bridged = unit(old[0] @ fit(old[0][both], new[0][both]))
            mixed = bridged.copy()
            mixed[both] = new[0][both]
            found[f"{name}, {rows} rows"] = row = told(judged, before, bridged, mixed, new)
            print(f"  {name}, fitted on {rows}: {row}")
    return found


def told(
    judged: Judged, before: np.ndarray, bridged: np.ndarray, mixed: np.ndarray, new: tuple[np.ndarray, np.ndarray]
) -> dict[str, Any]:
    """All rows bridged; mixed: those that the map was fitted on as they really are. against_old: 95 % interval."""
    part = quality(judged, mixed, new[1])
    low, high = interval(part - before)
    whole = quality(judged, bridged, new[1])
    return {
        "nearest_found": round(nearest_found(bridged, *new), 3), "bridged": round(float(whole.mean()), 4),
        "mixed": round(float(part.mean()), 4), "mixed_against_old": [round(low, 4), round(high, 4)],
    }  # fmt: skip


def least_squares(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """With a ridge, since there can be fewer rows than dimensions."""
    return np.linalg.solve(old.T @ old + 0.1 * np.eye(old.shape[1]), old.T @ new)


def rotation(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """The orthogonal map nearest to them (Schoenemann 1966)."""
    left, _, right = np.linalg.svd(old.T @ new)
    return left @ right


def unit(rows: np.ndarray) -> np.ndarray:
    """Each of length 1."""
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def nearest_found(bridged: np.ndarray, rows: np.ndarray, asked: np.ndarray) -> float:
    """Share of the ten nearest real rows that are among the ten nearest bridged ones."""
    true, got = first(rows, asked), first(bridged, asked)
    return float(np.mean([len({*a} & {*b}) / NEAREST for a, b in zip(true.tolist(), got.tolist(), strict=True)]))


def quality(judged: Judged, rows: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """nDCG@10 of each question, by an exact scan."""
    ids: Sequence[str] = [d["_id"] for d in judged.documents]
    grades: Sequence[Mapping[str, int]] = [judged.grades[id] for id in judged.questions]
    pairs = zip(first(rows, asked).tolist(), grades, strict=True)
    return np.array([ndcg([ids[n] for n in found], graded) for found, graded in pairs])


def first(rows: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """(questions, 10) rows, best first."""
    return np.argsort(-(asked @ rows.T), axis=1)[:, :NEAREST]


if __name__ == "__main__":
    main()
