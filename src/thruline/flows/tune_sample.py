"""What plans are measured on: rows of the generation that serves, questions as they are asked, the readers' filters.

Questions that were asked come first; where there are few, titles and sentences of the documents stand in for them.
They are read, embedded and dropped: nothing of them is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from thruline.core.errors import Conflict
from thruline.core.ids import ArtifactId
from thruline.data.records import Record
from thruline.flows import INDEX, residency
from thruline.flows.answer import NAMES_ERASED
from thruline.flows.documents import Document, read_documents
from thruline.flows.publish import serving_sets
from thruline.flows.shelving import SERVABLE
from thruline.vectors.sentences import readable, sentences

if TYPE_CHECKING:
    from thruline.flows.line import Line
    from thruline.ports.embedder import Embedder
from thruline.runs.runner import Run

MOST_ROWS = 100_000  # scored exactly for each of some 400 searches: a minute of one core at 384 dimensions
QUESTIONS = 100
ROUNDS = 8  # through the documents, where there are few
LEAST_WORDS = 4  # of a sentence that could be a question
PAGE = 256
SEED = 0


class Sample(NamedTuple):
    """rows: (n, dims) as they are stored, of `of_rows`. questions, foreign: (m, dims); logged: how many were asked.

    groups: by name a mask of the rows whose source names that group. seen: shares of the rows that people's searches
    looked through.
    """

    generation: ArtifactId
    rows: np.ndarray
    of_rows: int
    questions: np.ndarray
    logged: int
    foreign: np.ndarray
    groups: dict[str, np.ndarray]
    seen: list[float]


class _Taken(NamedTuple):
    record: Record
    vectors: np.ndarray


def sample(line: Line, run: Run) -> Sample:
    """Rows, questions and filters; raises Conflict while nothing serves, or its embedder cannot be opened."""
    generation = line.generations.active(INDEX)
    if generation is None or not line.generations.get(generation).chunks:
        raise Conflict("there is nothing to search yet", hint="`thruline add` a folder first")
    rng = np.random.default_rng(SEED)
    taken = list(_rows(line, run, rng))
    if not taken:
        raise Conflict("nothing of what serves may be read now", hint="see `thruline documents`")
    rows = np.concatenate([t.vectors for t in taken])
    asked = _asked(line)
    foreign = files("thruline.vectors").joinpath("foreign_questions.txt").read_text("utf-8").splitlines()
    texts = asked + _made_up(line, [t.record for t in taken], QUESTIONS - len(asked), rng) or foreign
    embedded = _embedded(line.embedders.of(generation), run, [*texts, *foreign])
    return Sample(
        generation=generation, rows=rows, of_rows=line.generations.get(generation).chunks,
        questions=embedded[: len(texts)], logged=len(asked), foreign=embedded[len(texts) :],
        groups=_groups(line, taken), seen=_seen(line),
    )  # fmt: skip


def _rows(line: Line, run: Run, rng: np.random.Generator) -> Iterator[_Taken]:
    """Records in random order with their vectors, whole, until there are rows enough."""
    sets = serving_sets(line)
    ordered = sorted(sets)
    ids = [ordered[n] for n in rng.permutation(len(ordered))]
    count = 0
    for start in range(0, len(ids), PAGE):
        run.check()
        page = ids[start : start + PAGE]
        known = line.records.get_many(page)
        vectors = line.generations.load([sets[id] for id in page])
        for id in page:
            record, held = known.get(id), vectors.get(sets[id])
            if record and held and record.state in SERVABLE and record.reason == "none":
                yield _Taken(record, held.vectors)
                count += len(held.vectors)
        if count >= MOST_ROWS:
            return


def _asked(line: Line) -> list[str]:
    """Different questions that people asked or searched for, the latest first, as far as they were not erased."""
    kept = line.answers.list("", 2 * QUESTIONS)
    said = line.answers.read([k.id for k in kept if k.outcome != "refused"])
    asked = [(k.at, said[k.id].question) for k in kept if k.id in said and said[k.id].question != NAMES_ERASED]
    logged = line.searches.latest(2 * QUESTIONS)
    texts = line.searches.read([search.id for search in logged])
    asked += [(search.at, texts[search.id]) for search in logged if search.id in texts]
    return list(dict.fromkeys(text for _, text in sorted(asked, reverse=True)))[:QUESTIONS]


def _made_up(line: Line, records: Sequence[Record], count: int, rng: np.random.Generator) -> list[str]:
    """Titles and sentences of one document after the other; none of a source that the embedder may not be given."""
    home = residency.kept_from(line, "reads")
    open_to = [r for r in records if r.source not in home][: 2 * QUESTIONS]
    documents = read_documents(line, [r.document for r in open_to])
    said: dict[str, None] = {}
    for _ in range(ROUNDS):
        for record in open_to:
            if len(said) < count and record.document in documents:
                said |= dict.fromkeys(text for text in _of_one(documents[record.document], rng) if text)
    return list(said)[: max(0, count)]


def _of_one(document: Document, rng: np.random.Generator) -> Iterator[str]:
    """A heading and a sentence of one of its chunks."""
    chunk = document.chunks[int(rng.integers(len(document.chunks)))]
    yield " ".join((chunk.title or document.title).split())
    read = [readable(chunk.text[s.start : s.end], s.kind) for s in sentences(chunk.text) if s.kind == "text"]
    long = [" ".join(text.split()) for text in read if len(text.split()) >= LEAST_WORDS]
    if long:
        yield long[int(rng.integers(len(long)))]


def _embedded(embedder: Embedder, run: Run, texts: Sequence[str]) -> np.ndarray:
    vectors: list[np.ndarray] = []
    for n, text in enumerate(texts):
        run.check()
        run.tell("embedding questions", n, len(texts))
        vectors.append(embedder.query(text))
    return np.array(vectors, np.float32)


def _groups(line: Line, taken: Sequence[_Taken]) -> dict[str, np.ndarray]:
    """By number, since names of groups are told to nobody: the rows of the sources that each lets read."""
    sources = {s.id: frozenset(s.groups) for s in line.records.sources()}
    names = sorted(frozenset().union(*sources.values()) - {"*"})
    of_row = np.repeat(np.arange(len(taken)), [len(t.vectors) for t in taken])
    return {
        f"readers {n + 1}": np.array([name in sources.get(t.record.source, ()) for t in taken], bool)[of_row]
        for n, name in enumerate(names)
    }


def _seen(line: Line) -> list[float]:
    """What a narrow, a usual and a wide search of those who do not see all looks through."""
    shares = [search.share for search in line.searches.latest(QUESTIONS) if 0 < search.share < 1]
    return sorted({round(float(share), 3) for share in np.quantile(shares, (0.1, 0.5, 0.9))}) if shares else []
