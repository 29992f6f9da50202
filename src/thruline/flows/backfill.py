"""Back-fill: records that are here get their vectors of an embedder that has made none of them yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.ids import ArtifactId
from thruline.data.records import ALL, Record
from thruline.flows.apart import embed_by
from thruline.flows.documents import read_documents
from thruline.ports.embedder import Embedder
from thruline.runs.runner import Run
from thruline.vectors.generations import NewSet

if TYPE_CHECKING:
    import numpy as np

    from thruline.flows.line import Line

PAGE = 8  # records that are embedded and commit together: a second of work or two, which a kill loses at most
SENT = 4  # records that a worker embeds at a time: seconds of work, and few enough that all have some
Told = Callable[[int], None]


class _Made(NamedTuple):
    record: Record
    vectors: np.ndarray


class _Page(NamedTuple):
    """What became of some records; size: how many they were."""

    made: Sequence[_Made]
    size: int


def kept(line: Line) -> list[Record]:
    """The records that answer, or may again when somebody lets them."""
    return [r for state in ("live", "quarantined") for r in line.records.list(state=state, limit=ALL)]


def lacking(line: Line, embedder: str, records: Sequence[Record]) -> list[Record]:
    """Those that an embedder has made no vectors of."""
    made = line.generations.sets_by(embedder, [r.id for r in records])
    return [r for r in records if r.id not in made]


def fill(
    line: Line, run: Run, embedder: Embedder, records: Sequence[Record], *, share: float = 1.0, told: Told | None = None
) -> None:
    """Embed these records, some at a time, each time in a transaction of its own.

    share: of the time, in (0, 1]; it rests for the others, and gives way to those who ask. told: how many are done.
    """
    workers = line.toolbox.workers(embedder)
    size, hands = (SENT, workers.at_once) if workers else (PAGE, 1)
    pages = [records[start : start + size] for start in range(0, len(records), size)]
    done = 0
    for page in run.map(partial(_embedded, line, embedder, share), pages, workers=hands):
        _keep(line, run, embedder, page.made)
        done += page.size
        if told:
            told(done)


def refill(line: Line, run: Run) -> None:
    """Give every record that may answer a set of the embedder that serves, and let it be the one that it answers by.

    There is nothing to do unless the embedder has changed, or changed back, since a record came in.
    """
    embedder = line.embedder
    if line.generations.is_only(embedder.info.digest):
        return
    records = kept(line)
    fitting = line.generations.made_by(embedder.info.digest, [r.vectors for r in records])
    stale = [r for r in records if r.vectors not in fitting]
    fill(line, run, embedder, lacking(line, embedder.info.digest, stale))
    with run.commit():
        adopt(line, embedder.info.digest, [r.id for r in stale])


def adopt(line: Line, embedder: str, records: Sequence[ArtifactId]) -> None:
    """Let these records answer by what this embedder made of them, where it has; joins the caller's transaction."""
    line.records.set_vectors(line.generations.sets_by(embedder, records))


def texts_of(line: Line, records: Sequence[Record]) -> Iterator[str]:
    """What an embedder would read of these records."""
    for document in read_documents(line, [r.document for r in records]).values():
        yield from document.embedded


def _embedded(line: Line, embedder: Embedder, share: float, records: Sequence[Record]) -> _Page:
    line.embedders.give_way()
    began = time.monotonic()
    documents = read_documents(line, [r.document for r in records])
    read = [(r, documents[r.document]) for r in records if r.document in documents]
    texts = [text for _, document in read for text in document.embedded]
    workers = line.toolbox.workers(embedder)
    vectors = embed_by(workers, texts, embedder.info.dims) if workers else embedder.passages(texts)
    ends = list(accumulate(len(document.chunks) for _, document in read))
    made = [_Made(r, vectors[a:b]) for (r, _), (a, b) in zip(read, pairwise([0, *ends]), strict=True)]
    time.sleep((time.monotonic() - began) * (1 - share) / share)
    return _Page(made, len(records))


def _keep(line: Line, run: Run, embedder: Embedder, page: Sequence[_Made]) -> None:
    """Nothing of what left, or was cut anew, while it was embedded."""
    with run.commit():
        left = line.records.get_many([made.record.id for made in page])
        sets = []
        for record, vectors in page:
            chunks = [p.chunk for p in line.records.chunks_of([record.id])]
            if record.id in left and left[record.id].document == record.document and len(chunks) == len(vectors):
                sets.append(NewSet(record.id, chunks, vectors, embedder.info.digest, left[record.id].owner))
        line.generations.put_sets(sets, run=run.id, actor=run.actor)
