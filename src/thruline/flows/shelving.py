"""Shelving: what is stored of records, read as a snapshot holds it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from thruline.core.fields import Field
from thruline.core.ids import ArtifactId
from thruline.data.records import Record
from thruline.data.rights import Clauses
from thruline.flows.restrictions import RESTRICTED
from thruline.vectors.serving import Shelved
from thruline.vectors.sets import VectorSet

if TYPE_CHECKING:
    from thruline.flows.line import Line

SERVABLE = ("live", "superseded")  # a rollback may serve an older version, never what was quarantined or deleted
PAGE = 256  # documents decrypted at a time

Sets = Mapping[ArtifactId, ArtifactId]
Groups = Mapping[ArtifactId, frozenset[str]]


def shelved(
    line: Line, sets: Sets, cut: str, groups: Groups, rights: Mapping[ArtifactId, Clauses], *,
    states: tuple[str, ...] | None = SERVABLE, pace: float = 0.0,
) -> Iterator[Shelved]:  # fmt: skip
    """Records by their sets, without those that may not serve or of which something is gone.

    cut: how the documents of the sets were cut. groups: by source.
    states: None for every one. pace: how long to rest after each page, as a multiple of what it took: others have
    questions.
    """
    records = list(sets)
    for start in range(0, len(records), PAGE):
        page, began = records[start : start + PAGE], time.monotonic()
        known = line.records.get_many(page)
        vectors = line.generations.load([sets[r] for r in page])
        cuts = line.cuts.documents(page, cut)
        documents = line.payloads.get_many(list(cuts.values()))
        for id in page:
            record = known.get(id)
            if record is None or record.reason == RESTRICTED or (states and not _may_serve(record, states)):
                continue
            document, held = documents.get(cuts.get(id, "")), vectors.get(sets[id])
            if document and held and record.source in groups:
                read = _shelved(record, document, held, groups[record.source])
                yield replace(read, rights=rights[id]) if id in rights else read
        if pace:
            time.sleep(pace * (time.monotonic() - began))


def _may_serve(record: Record, states: tuple[str, ...]) -> bool:
    return record.state in states and record.reason == "none"


class _Chunk(msgspec.Struct):
    """What is searched of a chunk."""

    text: str
    title: str
    language: str = ""


class _Document(msgspec.Struct):
    """Of a `Document` what is searched alone: 43,000 chunks are read in a third of the time."""

    chunks: list[_Chunk]
    fields: tuple[Field, ...] = ()


_decode = msgspec.msgpack.Decoder(_Document).decode


def _shelved(record: Record, document: bytes, held: VectorSet, groups: frozenset[str]) -> Shelved:
    read = _decode(document)
    chunks = read.chunks
    return Shelved(
        record=record.id, source=record.source, groups=groups, chunks=held.chunks, vectors=held.vectors,
        texts=[c.text for c in chunks], titles=[c.title for c in chunks], languages=[c.language for c in chunks],
        fields=read.fields,
    )  # fmt: skip
