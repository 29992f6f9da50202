"""Real vectors for benches: every sentence of SciFact's abstracts, its claims, and questions about something else.

    python bench/kept_vectors.py [CACHE]

Makes what is missing (10 CPU minutes) with the pinned bge-small, in parts: what was killed goes on where it was. Made
are `scifact-sentences-<digest of the embedder>.npy` (float16, a row a sentence) and `scifact-questions-<digest>.npz`
(float32, by kind). Where there are none, benches take clustered rows of the same shape, and say so.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from kept import CACHE, SHARED

from thruline.backends.onnx_embedder import OnnxEmbedder
from thruline.testing.dense_suite import clustered
from thruline.vectors.sentences import sentences
from thruline.vectors.weights import BGE_SMALL, find_weights

DIMS = 384
LIKE_SCIFACT = 46_000
PART = 1_000
# Questions of another kind than the rows are found by: about other things (en), in a language the embedder was not
# trained for (zh, ru).
OUTSIDE = {"xquad.en": 1_190, "xquad.zh": 300, "xquad.ru": 300}


@dataclass(frozen=True, kw_only=True)
class Said:
    """A sentence and the document it is of."""

    document: str
    text: str


@dataclass(frozen=True, kw_only=True)
class KeptVectors:
    """rows: (n, 384) float16. inside, outside: (m, 384) float32 unit questions like and unlike the rows.

    said: each row's sentence; asked: the text of each question inside.
    what: as it reads in a result: real sentences, or generated because nobody made them.
    """

    rows: np.ndarray
    inside: np.ndarray
    outside: np.ndarray
    what: str
    said: Sequence[Said]
    asked: Sequence[str]


def load(cache: Path = CACHE) -> KeptVectors:
    """The real ones, if they were made; else clustered ones, with their questions between the clusters."""
    found = sorted(cache.glob("scifact-sentences-*.npy"))
    if not found or not (SHARED / "scifact").is_dir():
        print("no real vectors (python bench/kept_vectors.py makes them): clustered ones instead")
        return _generated()
    asked = np.load(str(found[0]).replace("sentences", "questions").replace(".npy", ".npz"))
    return KeptVectors(
        rows=np.load(found[0]),
        inside=asked["claims"],
        outside=np.concatenate([asked[name] for name in OUTSIDE]),
        what="SciFact sentences, bge-small-en-v1.5",
        said=scifact_sentences(),
        asked=next(_questions())[1],
    )


def _generated() -> KeptVectors:
    rng = np.random.default_rng(11)
    far = rng.normal(size=(500, DIMS)).astype(np.float32)
    return KeptVectors(
        rows=clustered(LIKE_SCIFACT, DIMS).astype(np.float16),
        inside=clustered(500, DIMS, seed=8),
        outside=far / np.linalg.norm(far, axis=1, keepdims=True),
        what="clustered, generated with seed 7",
        said=[Said(document=f"d{i // 9}", text=f"sentence {i} of topic {i % 701}") for i in range(LIKE_SCIFACT)],
        asked=[f"which sentence is of topic {i}" for i in range(500)],
    )


def scifact_sentences() -> list[Said]:
    """Every sentence of every abstract, in order; the row numbers of the vectors."""
    with gzip.open(SHARED / "scifact" / "corpus.jsonl.gz", "rt") as lines:
        documents = [json.loads(line) for line in lines]
    return [
        Said(document=d["_id"], text=d["text"][found.start : found.end])
        for d in documents
        for found in sentences(d["text"])
    ]


def make(cache: Path) -> None:
    """Embed what is missing."""
    embedder = OnnxEmbedder(find_weights(BGE_SMALL, cache=cache, progress=print), **BGE_SMALL.settings, threads=1)
    named = cache / f"scifact-sentences-{embedder.info.digest}.npy"
    asked = cache / f"scifact-questions-{embedder.info.digest}.npz"
    if not asked.exists():
        kinds = {kind: np.stack([embedder.query(text) for text in texts]) for kind, texts in _questions()}
        with asked.with_suffix(".part").open("wb") as file:
            np.savez(file, **kinds)
        asked.with_suffix(".part").rename(asked)
    if not named.exists():
        parts = _parts([said.text for said in scifact_sentences()], embedder.passages, named.with_suffix(".parts"))
        with named.with_suffix(".part").open("wb") as file:
            np.save(file, np.concatenate(parts))
        named.with_suffix(".part").rename(named)
        shutil.rmtree(named.with_suffix(".parts"))
    embedder.close()


def _questions() -> Iterator[tuple[str, list[str]]]:
    with (SHARED / "scifact" / "queries.jsonl").open() as lines:
        yield "claims", [json.loads(line)["text"] for line in lines]
    for name, most in OUTSIDE.items():
        articles = json.loads((SHARED / "xquad" / f"{name}.json").read_text("utf-8"))["data"]
        asked = [q["question"] for a in articles for paragraph in a["paragraphs"] for q in paragraph["qas"]]
        yield name, asked[:most]


def _parts(texts: Sequence[str], embed: Callable[[Sequence[str]], np.ndarray], folder: Path) -> list[np.ndarray]:
    """The rows in files of PART; those that are there are read."""
    folder.mkdir(exist_ok=True)
    parts = []
    for start in range(0, len(texts), PART):
        path = folder / f"{start:08}.npy"
        if not path.exists():
            half = embed(texts[start : start + PART]).astype(np.float16)
            with path.with_suffix(".part").open("wb") as file:
                np.save(file, half)
            path.with_suffix(".part").rename(path)
            print(f"{start + len(half)} of {len(texts)}", flush=True)
        parts.append(np.load(path))
    return parts


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else CACHE)
