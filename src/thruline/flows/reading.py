"""Reading: a document's text as it was cut, for whoever may see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruline.core.errors import NotFound
from thruline.core.nouns import Actor
from thruline.flows import sources
from thruline.flows.documents import read_documents
from thruline.flows.eyes import eyes
from thruline.flows.reports import Passage

if TYPE_CHECKING:
    from thruline.flows.line import Line


def text(line: Line, actor: Actor, what: str) -> tuple[Passage, ...]:
    """The chunks of a document in order; raises NotFound as `sources.document` does. Nothing of an erased one.

    What is quarantined may be an attack, or hold a secret: its text is for the operator, who decides about it.
    """
    view = sources.document(line, actor, what)
    if view.state == "quarantined" and not actor.is_operator:
        raise NotFound(f"{what!r} is quarantined", hint="the operator decides about it")
    record = line.records.get(view.record)
    document = read_documents(line, [record.document]).get(record.document)
    places = line.records.chunks_of([record.id])
    chunks = document.chunks if document else ()
    reader = eyes(line, actor)
    cover, day = reader.cover(document), document.day(reader.hidden) if document else ""
    return tuple(
        Passage(
            number=place.position + 1, chunk=place.chunk, record=record.id, source=view.source, path=view.path,
            title=cover(chunk.title), text=cover(chunk.text), page=chunk.page, score=0.0, dense_rank=0, text_rank=0,
            state=record.state, doubtful=chunk.doubtful, date=day,
        )
        for place, chunk in zip(places, chunks, strict=False)
    )  # fmt: skip
