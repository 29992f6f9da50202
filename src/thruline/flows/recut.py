"""Cutting again: a record by another way to cut it, made of what is stored; its source is not asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.errors import Refused
from thruline.core.facts import Fact
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Draft, Source
from thruline.data.fields import wanted
from thruline.data.policies import policy
from thruline.data.records import Record
from thruline.flows.documents import Document, chunk_ids, path_names, read_documents
from thruline.flows.prepare import Raw, cut_document, make
from thruline.runs.runner import Run
from thruline.vectors.recipes import Recipe

if TYPE_CHECKING:
    import numpy as np

    from thruline.flows.line import Line


class Made(NamedTuple):
    """What a record became by one recipe. payload: where its document is kept."""

    recipe: Recipe
    document: Document
    payload: ArtifactId
    chunks: tuple[ArtifactId, ...]
    vectors: np.ndarray


class Recut(NamedTuple):
    """A record's document by one way, under the id of its payload, and its chunks. is_new: it was not cut so before."""

    payload: str
    document: Document
    chunks: tuple[ArtifactId, ...]
    is_new: bool


def chunked(line: Line, record: ArtifactId, chunks: Sequence[ArtifactId], document: Document) -> Draft:
    """That a record was cut into these chunks."""
    facts: dict[str, Fact] = {
        "chunks": len(chunks), "characters": sum(len(c.text) for c in document.chunks),
        "parser": line.ids.digest("parser", document.parser),
    }  # fmt: skip
    return Draft(verb="record.chunked", inputs=(record,), outputs=tuple(chunks), facts=facts)


def by_cut(line: Line, run: Run, records: Sequence[Record], cut: str) -> dict[ArtifactId, Recut]:
    """Each by one way to cut it; without those that are not stored any more, or cannot be read."""
    known = line.cuts.documents([r.id for r in records], cut)
    held, chunks = read_documents(line, list(known.values())), line.cuts.chunks(list(known), cut)
    found = {
        id: Recut(payload, held[payload], chunks[id], False) for id, payload in known.items()
        if payload in held and len(chunks.get(id, ())) == len(held[payload].chunks)
    }  # fmt: skip
    lacking = [r for r in records if r.id not in found]
    now = read_documents(line, [r.document for r in lacking])
    for record, raw in zip(lacking, _stored(line, lacking), strict=True):
        if raw is None:
            continue
        try:
            made = cut_document(line, run, raw, cut, of=now.get(record.document), owner=record.owner)
        except Refused:  # as its bytes were taken in once, it waits for its next sync
            continue
        found[record.id] = Recut(made.key, made.value, chunk_ids(line, record.id, made.value, cut), True)
    return found


def tried(line: Line, records: Sequence[Record], cut: str) -> list[Document]:
    """Some by a way, kept nowhere: to see what comes of it."""
    stored = [raw for raw in _stored(line, records) if raw is not None and not raw.policy.exchanged]
    return [make(line, raw, cut) for raw in stored]


def keep(line: Line, run: Run, record: ArtifactId, cut: str, made: Recut) -> None:
    """Its chunks, put down where they are new; in the caller's transaction."""
    if made.is_new:
        line.cuts.keep_first(record)
        line.cuts.put(record, cut, made.payload, made.chunks)
        run.append(chunked(line, record, made.chunks, made.document))


def note_cuts(
    line: Line, record: ArtifactId, before: Record | None, made: Sequence[Made], sets: Collection[ArtifactId]
) -> None:
    """What a record becomes by each way to cut it, before it answers by it; in the caller's transaction.

    before: as it was, if it was here. sets: of its vectors; what was made of it by other rules goes: it may say what is
    masked now.
    """
    by_cut = {one.recipe.cut: one for one in made}
    known = _cut_before(line, before) if before else {}
    if any(_is_anew(line, record, known.get(cut, ""), one) for cut, one in by_cut.items()):
        documents = set(known.values()) - {one.payload for one in made}
        line.payloads.delete([*documents, *(s for s in line.generations.sets_of([record]) if s not in sets)])
        line.records.drop_chunks(record)
        line.cuts.drop(record)
        known = {}
    if len(known | by_cut) > 1 or "" not in by_cut:
        if known:
            line.cuts.keep_first(record)
        for cut, one in by_cut.items():
            line.cuts.put(record, cut, one.payload, one.chunks)


def _is_anew(line: Line, record: ArtifactId, before: str, made: Made) -> bool:
    """Whether the same bytes have become something else, or an earlier version named their chunks otherwise."""
    named = line.cuts.chunks([record], made.recipe.cut).get(record, made.chunks) if before else made.chunks
    return before not in ("", made.payload) or named != made.chunks


def _cut_before(line: Line, record: Record) -> dict[str, str]:
    """Its documents by the way in which they were cut."""
    several = {one.cut: one.document for one in line.cuts.of([record.id])}
    return several or ({"": record.document} if record.document else {})


def _stored(line: Line, records: Sequence[Record]) -> list[Raw | None]:
    """As they would come in, what was put right in them included; None for what is not stored."""
    sources = {s.id: s for s in line.records.sources()}
    data = line.payloads.get_many([r.id for r in records])
    paths = path_names(line, [r.id for r in records])
    return [
        _raw(r, data[r.id], paths.get(r.id, ""), sources[r.source]) if r.id in data and r.source in sources else None
        for r in records
    ]


def _raw(record: Record, data: bytes, path: str, source: Source) -> Raw:
    return Raw(
        source=record.source, record=record.id, path=path, path_id=ArtifactId(record.path), data=data, digest="",
        size=record.size, mark="", change="changed", policy=policy(source.options), wanted=wanted(source),
    )  # fmt: skip
