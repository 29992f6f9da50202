"""Does an answer without a language model know when the documents hold none, from 1 paragraph to 120?

    python bench/unanswerable.py [DATA] [CACHE] [--write]

DATA: XQuAD's folder. Small collections are drawn from its articles; questions of their paragraphs can be answered,
questions of other articles cannot, and questions of other paragraphs of the same articles are the hard ones: the right
matter, and not the answer. The limit was chosen on half of the articles (`fit`) and is judged on the others. Baseline,
in the same run: one cosine for every collection, which is how it was decided before, .665 as measured on a handbook.
Vectors are kept in CACHE between runs.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from kept import CACHE, SHARED, keep
from sklearn.metrics import roc_auc_score

from thruline.backends.exact_dense import ExactDense
from thruline.backends.onnx_embedder import OnnxEmbedder
from thruline.backends.tantivy_text import TantivyText
from thruline.core.ids import ArtifactId, Ids
from thruline.data.language import language
from thruline.flows.reports.answers import LIKELY_FROM
from thruline.vectors.calibrating import Case, fitted
from thruline.vectors.context import Hit, assemble
from thruline.vectors.extract import extract
from thruline.vectors.serving import Serving, Shelved
from thruline.vectors.sureness import FIRST, PROBES, SURE_FROM, Curve, Footing, chance, way
from thruline.vectors.weights import BGE_SMALL, find_weights

ONE_COSINE = 0.665
SIZES = {1: 40, 3: 20, 10: 10, 40: 6, 60: 6}  # paragraphs -> collections that are drawn
ASKED = 20  # questions of each kind for a collection
PASSAGES, TOKENS, SEED = 8, 3000, 7
EVERYONE = frozenset("*")
IDS = Ids(bytes(32))


class Paragraph(NamedTuple):
    """article: it is part of; questions: that it answers."""

    article: str
    text: str
    questions: tuple[str, ...]


class Tried(NamedTuple):
    """kind: what was asked. sure, closest: what the rule and the baseline decide by. case: for a curve of one's own."""

    kind: str
    size: int
    sure: float
    closest: float
    cites_right: bool
    case: Case


class Drawn(NamedTuple):
    """A collection. texts: by chunk; chance: what foreign questions reach in it."""

    serving: Serving
    texts: Mapping[ArtifactId, str]
    chance: float


class Vectors:
    """Of texts and questions, each embedded once and kept in a file."""

    def __init__(self, embedder: OnnxEmbedder, kept: Path) -> None:
        self._embedder, self._kept = embedder, kept
        self._known: dict[str, np.ndarray] = dict(np.load(kept)) if kept.exists() else {}
        self._had = len(self._known)

    def query(self, text: str) -> np.ndarray:
        """With the model's instruction."""
        return self._once(f"q {text}", lambda: self._embedder.query(text))

    def passage(self, text: str) -> np.ndarray:
        """Without."""
        return self._once(f"p {text}", lambda: self._embedder.passages([text])[0])

    def known(self, key: str) -> np.ndarray | None:
        """Of a text with `p ` before it or a question with `q `; None where it was not asked for yet."""
        return self._known.get(IDS.digest(key))

    def _once(self, key: str, make: Any) -> np.ndarray:
        name = IDS.digest(key)
        if name not in self._known:
            self._known[name] = make()
        return self._known[name]

    def save(self) -> None:
        """Where something is new."""
        if len(self._known) > self._had:
            np.savez(self._kept, allow_pickle=False, **self._known)


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
    vectors = Vectors(embedder, args.cache / f"xquad-en-{embedder.info.digest[:16]}.npz")
    rng = random.Random(SEED)
    articles = read(args.data / "xquad.en.json")
    names = sorted(articles)
    rng.shuffle(names)
    halves = {"fit": names[: len(names) // 2], "judge": names[len(names) // 2 :]}
    tried = {half: list(_tried([articles[n] for n in of], vectors, rng)) for half, of in halves.items()}
    vectors.save()
    embedder.close()
    result: dict[str, Any] = {half: figures(of) for half, of in tried.items()}
    result |= {f"judge, {size} paragraphs": figures([t for t in tried["judge"] if t.size == size]) for size in SIZES}
    result["calibrated"] = calibrated(tried["fit"], tried["judge"])
    for name, of in result.items():
        print(name)
        for what, value in of.items():
            print(f"  {what:<52} {value:.3f}" if isinstance(value, float) else f"  {what:<52} {value}")
    if args.write:
        keep("unanswerable", {"sets": result, "embedder": BGE_SMALL.settings["name"], "seed": SEED})


def read(file: Path) -> dict[str, list[Paragraph]]:
    """Article -> its paragraphs."""
    return {
        a["title"]: [
            Paragraph(a["title"], p["context"], tuple(q["question"] for q in p["qas"])) for p in a["paragraphs"]
        ]
        for a in json.loads(file.read_text("utf-8"))["data"]
    }


def figures(tried: Sequence[Tried]) -> dict[str, float | int]:
    """Shares answered by the rule and by one cosine, and how well either tells what can be answered."""
    of = {kind: [t for t in tried if t.kind == kind] for kind in ("answerable", "foreign", "same article")}
    answered = [t for t in of["answerable"] if t.sure >= SURE_FROM]
    shown: dict[str, float | int] = {"questions": len(tried)}
    for kind, some in of.items():
        if some:
            shown[f"{kind}: answered"] = float(np.mean([t.sure >= SURE_FROM for t in some]))
            shown[f"{kind}: answered without doubt"] = float(np.mean([t.sure >= LIKELY_FROM for t in some]))
            shown[f"{kind}: answered at one cosine (baseline)"] = float(
                np.mean([t.closest >= ONE_COSINE for t in some])
            )
    shown["answers that cite the right paragraph"] = float(np.mean([t.cites_right for t in answered]))
    known = [t.kind == "answerable" for t in tried if t.kind != "same article"]
    for name, at in (("AUROC", 2), ("AUROC of the cosine (baseline)", 3)):
        shown[name] = float(roc_auc_score(known, [t[at] for t in tried if t.kind != "same article"]))
    return shown


def calibrated(learn: Sequence[Tried], judge: Sequence[Tried]) -> dict[str, Any]:
    """What `thruline evaluate --calibrate` would choose by questions of the same articles."""
    cases = [t.case for t in learn if t.kind != "foreign"]
    shown: dict[str, Any] = {}
    for name, curve in (("as shipped", FIRST), ("calibrated", fitted(cases)), ("without words", _wordless(cases))):
        shown[f"{name}: curve"] = curve.text
        for kind in ("answerable", "foreign", "same article"):
            given = [t.case.is_given(curve) for t in judge if t.kind == kind]
            shown[f"{name}: {kind}, answered"] = float(np.mean(given))
        right = [t.case.is_given(curve) and t.case.is_right for t in judge if t.kind == "answerable"]
        shown[f"{name}: answerable, answered right"] = float(np.mean(right))
        shown[f"{name}: worth of a question"] = float(
            np.mean([t.case.worth(curve) for t in judge if t.kind != "foreign"])
        )
    return shown


def _wordless(cases: Sequence[Case]) -> Curve:
    return fitted([case._replace(words=0.0) for case in cases])


def _tried(articles: Sequence[Sequence[Paragraph]], vectors: Vectors, rng: random.Random) -> Iterator[Tried]:
    for size, times in SIZES.items():
        for _ in range(times):
            drawn = rng.sample(articles, max(1, min(len(articles) // 2, -(-size // 5))))
            pool = [p for article in drawn for p in article]
            held = rng.sample(pool, min(size, len(pool)))
            others = [p for article in articles if article not in drawn for p in article]
            asked = {"answerable": held, "foreign": others, "same article": [p for p in pool if p not in held]}
            yield from _ask(held, asked, size, vectors, rng)


def _ask(
    held: Sequence[Paragraph], asked: Mapping[str, Sequence[Paragraph]], size: int, vectors: Vectors, rng: random.Random
) -> Iterator[Tried]:
    serving = shelve([p.text for p in held], vectors)
    probed = [serving.search("", vectors.query(p), 1, groups=EVERYONE).hits[0].dense_score for p in PROBES]
    drawn = Drawn(serving, {IDS.artifact("chunk", p.text): p.text for p in held}, chance(probed))
    for kind, paragraphs in asked.items():
        pairs = [(question, p.text) for p in paragraphs for question in p.questions]
        for question, right in rng.sample(pairs, min(ASKED, len(pairs))):
            one, has = _one(drawn, question, right, vectors), kind == "answerable"
            case = one.case._replace(has_answer=has, is_right=has and one.cites_right)
            yield one._replace(kind=kind, size=size, case=case)
    serving.close()


def _one(drawn: Drawn, question: str, right: str, vectors: Vectors) -> Tried:
    asked = vectors.query(question)
    hits = drawn.serving.search(question, asked, PASSAGES, groups=EVERYONE).hits
    context = assemble([_as_context(h.chunk, h.record, drawn.texts[h.chunk]) for h in hits], TOKENS)
    seen: list[float] = []

    def similarity(_: str, others: Sequence[str]) -> Sequence[float]:
        seen.extend(float(vectors.passage(text) @ asked) for text in others)
        return seen

    footing = Footing(max(h.dense_score for h in hits), drawn.chance)
    found = extract(question, context, similarity=similarity, sure=footing.sure, answer_from=0.0)
    assert found.sure is not None
    cites = any(s.text in right for s in found.sentences)
    ways = way(footing.nearest, footing.chance), way(found.closest, footing.chance)
    return Tried("", 0, found.sure, max(seen), cites, Case(*ways, found.support, has_answer=False, is_right=False))


def _as_context(chunk: ArtifactId, record: ArtifactId, text: str) -> Hit:
    return Hit(chunk=chunk, record=record, title="", text=text, start=0, end=len(text))


class Passages(Protocol):
    """Gives a text's vector."""

    def passage(self, text: str) -> np.ndarray:
        """Without the model's instruction."""
        ...


def shelve(texts: Sequence[str], vectors: Passages) -> Serving:
    """Each text a record of one chunk."""
    records = (
        Shelved(
            record=IDS.artifact("record", text),
            source=IDS.artifact("source", "xquad"),
            groups=EVERYONE,
            chunks=[IDS.artifact("chunk", text)],
            vectors=vectors.passage(text)[None].astype(np.float16),
            texts=[text],
            titles=[""],
            languages=[language(text)],
        )
        for text in texts
    )
    return Serving.load(IDS.artifact("index", "xquad"), records, ExactDense(), TantivyText())


if __name__ == "__main__":
    main()
