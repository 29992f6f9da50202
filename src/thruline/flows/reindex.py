"""Generations of the index: list, switch, roll back, rebuild with another embedder."""

from __future__ import annotations

from thruline.core.clock import iso
from thruline.core.errors import NotFound
from thruline.core.ids import ArtifactId
from thruline.data.records import Record
from thruline.flows import INDEX
from thruline.flows.documents import read_documents
from thruline.flows.line import Line
from thruline.flows.publish import publish_live
from thruline.flows.reports import GenerationView
from thruline.runs.runner import Progress, Run

PAGE = 32  # records that commit together


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
    with line.runs.start("reindex", only="index", actor=actor, progress=progress) as run:
        records = [r for state in ("live", "quarantined") for r in line.records.list(state=state, limit=1 << 31)]
        for start in range(0, len(records), PAGE):
            run.check()
            _embed(line, run, records[start : start + PAGE])
            run.tell("embedding", min(start + PAGE, len(records)), len(records))
        publish_live(line, run, "reindex")
    return listing(line)


def _embed(line: Line, run: Run, page: list[Record]) -> None:
    fitting = line.generations.made_by(line.embedder_digest, [r.vectors for r in page])
    stale = [r for r in page if r.vectors not in fitting]
    documents = read_documents(line, [r.document for r in stale])
    ready = [(r, documents[r.document]) for r in stale if r.document in documents]
    if not ready:
        return
    with line.embedding:
        vectors = line.embedder.passages([text for _, document in ready for text in document.embedded])
    start = 0
    with run.commit():
        left = line.records.get_many([r.id for r, _ in ready])  # an erasure may have been quicker
        for record, document in ready:
            end = start + len(document.chunks)
            chunks = [p.chunk for p in line.records.chunks_of([record.id])]
            if record.id not in left or len(chunks) != len(document.chunks):
                start = end
                continue
            made = line.generations.put_set(
                record.id, chunks, vectors[start:end], embedder=line.embedder_digest, owner=record.owner,
                run=run.id, actor=run.actor,
            )  # fmt: skip
            line.records.set_vectors(record.id, made)
            start = end
