"""Generations of the index: list, switch, roll back, rebuild with another embedder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.clock import iso
from thruline.core.errors import NotFound
from thruline.core.ids import ArtifactId
from thruline.data.records import Record
from thruline.flows import INDEX, residency
from thruline.flows.apart import embed_by
from thruline.flows.documents import read_documents
from thruline.flows.line import Line
from thruline.flows.publish import publish_live
from thruline.flows.reports import GenerationView
from thruline.runs.runner import Progress, Run

if TYPE_CHECKING:
    import numpy as np

PAGE = 32  # records that are embedded and commit together
SENT = 4  # records that a worker embeds at a time: seconds of work, and few enough that all have some


class _Made(NamedTuple):
    record: Record
    vectors: np.ndarray


class _Page(NamedTuple):
    """What became of some records; size: how many they were."""

    made: Sequence[_Made]
    size: int


def listing(line: Line) -> tuple[GenerationView, ...]:
    """Every switch, the latest first; the one at the top serves."""
    history = line.generations.history(INDEX)[::-1]
    views: list[GenerationView] = []
    for n, switch in enumerate(history):
        generation = line.generations.get(switch.generation)
        views.append(
            GenerationView(
                id=generation.id, serving=n == 0, since=iso(switch.at), why=switch.why, chunks=generation.chunks,
                records=len(line.generations.members(generation.id)),
            )
        )  # fmt: skip
    return tuple(views)


def switch(line: Line, generation: str, actor: str) -> tuple[GenerationView, ...]:
    """Let a generation that was built before serve; what is quarantined or erased stays out of it."""
    known = {s.generation for s in line.generations.history(INDEX)}
    if generation not in known:
        raise NotFound(f"no generation {generation!r} has served", hint="`thruline index list` lists them")
    with line.runs.start("reindex", only="index", actor=actor) as run, run.commit():
        line.generations.switch(INDEX, ArtifactId(generation), "operator", run=run.id, actor=actor)
    return listing(line)


def rollback(line: Line, actor: str) -> tuple[GenerationView, ...]:
    """Let the generation before the serving one serve again."""
    with line.runs.start("reindex", only="index", actor=actor) as run, run.commit():
        line.generations.rollback(INDEX, run=run.id, actor=actor)
    return listing(line)


def rebuild(line: Line, actor: str, progress: Progress | None) -> tuple[GenerationView, ...]:
    """Embed everything with the model that is set, beside what serves, then switch; killed, it goes on where it was.

    What serves keeps its own vectors, so that a rollback with the former model is one event.
    """
    for source in line.records.sources():
        residency.check(line, source, "reads")
    with line.runs.start("reindex", only="index", actor=actor, progress=progress) as run:
        records = [r for state in ("live", "quarantined") for r in line.records.list(state=state, limit=1 << 31)]
        fitting = line.generations.made_by(line.embedder_digest, [r.vectors for r in records])
        stale = [r for r in records if r.vectors not in fitting]
        size, hands = (SENT, line.workers.at_once) if line.workers else (PAGE, 1)
        pages = [stale[start : start + size] for start in range(0, len(stale), size)]
        done = len(records) - len(stale)
        for page in run.map(partial(_embedded, line), pages, workers=hands):
            _keep(line, run, page.made)
            done += page.size
            run.tell("embedding", done, len(records))
        publish_live(line, run, "reindex")
    return listing(line)


def _embedded(line: Line, records: Sequence[Record]) -> _Page:
    documents = read_documents(line, [r.document for r in records])
    read = [(r, documents[r.document]) for r in records if r.document in documents]
    texts = [text for _, document in read for text in document.embedded]
    if line.workers:
        vectors = embed_by(line.workers, texts, line.embedder.info.dims)
    else:
        with line.embedding:
            vectors = line.embedder.passages(texts)
    ends = list(accumulate(len(document.chunks) for _, document in read))
    made = [_Made(r, vectors[a:b]) for (r, _), (a, b) in zip(read, pairwise([0, *ends]), strict=True)]
    return _Page(made, len(records))


def _keep(line: Line, run: Run, page: Sequence[_Made]) -> None:
    """Vectors and tables in one; nothing of what left, or was cut anew, while it was embedded."""
    with run.commit():
        left = line.records.get_many([made.record.id for made in page])
        for record, vectors in page:
            chunks = [p.chunk for p in line.records.chunks_of([record.id])]
            if record.id not in left or len(chunks) != len(vectors):
                continue
            made = line.generations.put_set(
                record.id, chunks, vectors, embedder=line.embedder_digest, owner=record.owner,
                run=run.id, actor=run.actor,
            )  # fmt: skip
            line.records.set_vectors(record.id, made)
