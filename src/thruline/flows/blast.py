"""Blast: everything that was made of some records - counted, the first of it shown, and all of it page by page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from thruline.core.errors import Invalid
from thruline.core.ids import ArtifactId, is_id, kind_of
from thruline.data.records import Record
from thruline.flows.answers import Kept
from thruline.flows.documents import path_names, views
from thruline.flows.learned import shard_views
from thruline.flows.named import ALWAYS, Window, by_id
from thruline.flows.reports import BlastReport, Touched, TouchedPage
from thruline.flows.touched import written
from thruline.ledger.fans import Fans, Made

if TYPE_CHECKING:
    from thruline.flows.line import Line

SHOWN = 100  # documents and answers in a report: more than somebody reads; `touched` lists all
FIRST = 5  # ids of each kind
WHOLE = ("answer", "dataset", "model", "corpus", "shard")  # kinds of which every one is needed for the report
BATCH = 200  # records whose parts are read at a time
MOST = 10_000  # things on a page


def blast(line: Line, what: str, when: Window = ALWAYS) -> BlastReport:
    """Everything that was made of what is named: an id, a source, `source/path`, or `*` for all that came in then."""
    return blast_of(line, by_id(line, what, when))


def blast_of(line: Line, records: Iterable[Record]) -> BlastReport:
    """Everything that was made of these records."""
    some: list[Record] = []
    ids = [record.id for record in _keeping(records, some)]
    made = Fans(line.database).made_of(ids, whole=WHOLE, first=FIRST)
    kept = line.answers.rows(_ids(made, "answer"))
    first = {kind: found.ids[:FIRST] for kind, found in made.items() if kind != "segment"}
    return BlastReport(
        records=views(line, some), documents=len(ids), chunks=_many(made, "chunk"), vectors=_many(made, "vectors"),
        generations=_many(made, "index"), datasets=_ids(made, "dataset"), models=_ids(made, "model"),
        answers=line.answers.lines(kept[:SHOWN]), answered=len(kept), askers=askers(line, kept),
        corpora=written(line, _ids(made, "corpus")), shards=shard_views(line, _ids(made, "shard")), first=first,
    )  # fmt: skip


def answers_of(line: Line, what: str, when: Window) -> list[Kept]:
    """Every answer that was made of what is named, the latest first."""
    ids = [record.id for record in by_id(line, what, when)]
    return line.answers.rows(_ids(Fans(line.database).made_of(ids, whole=("answer",), first=0), "answer"))


def askers(line: Line, kept: Sequence[Kept]) -> tuple[str, ...]:
    """Who was given these answers, by name, each once: by their latest answer that is still there."""
    of: dict[str, list[Kept]] = {}
    for row in kept:
        of.setdefault(row.asker, []).append(row)
    names: set[str] = set()
    for rows in of.values():
        said = (line.answers.lines([row])[0].asker for row in rows)
        names.add(next(filter(None, said), ""))
    return tuple(sorted(names - {""}))


def touched_page(line: Line, what: str, when: Window, after: str, limit: int) -> TouchedPage:
    """What was made of what is named, thing by thing: record after record with its own chunks and vectors, then all
    else by id.

    after: `next` of the page before. A page ends with a whole record, so it may hold some more than limit.
    """
    if not 1 <= limit <= MOST:
        raise Invalid(f"limit = {limit} is out of range", hint=f"1 to {MOST}")
    if after and not is_id(after):
        raise Invalid(f"after = {after!r} is no place in the list", hint="it is `next` of the page before")
    items: list[Touched] = []
    if not after or kind_of(ArtifactId(after)) == "record":
        records = by_id(line, what, when, after)
        while batch := list(islice(records, BATCH)):
            for record, parts in _parts(line, batch):
                items += parts
                if len(items) >= limit:
                    return TouchedPage(items=tuple(items), next=record)
        after = ""
    beside = _beside(line, what, when, after, limit - len(items))
    more = beside[-1].id if len(beside) == limit - len(items) else ""
    return TouchedPage(items=(*items, *beside), next=more)


def _keeping(records: Iterable[Record], some: list[Record]) -> Iterator[Record]:
    """The records as they come; the first of them are kept."""
    for record in records:
        if len(some) < SHOWN:
            some.append(record)
        yield record


def _parts(line: Line, records: Sequence[Record]) -> Iterator[tuple[ArtifactId, list[Touched]]]:
    """Each record, with itself and what is its own alone."""
    ids = [record.id for record in records]
    names, sources = path_names(line, ids), {s.id: s.name for s in line.records.sources()}
    chunks = _children(line, ids, "chunk")
    of_chunk = _children(line, [c for own in chunks.values() for c in own], "vectors")
    for r in records:
        own = chunks.get(r.id, [])
        vectors = sorted({v for c in own for v in of_chunk.get(c, ())})
        place = f"{sources.get(r.source, '')}/{names.get(r.id, '')}"
        here = Touched(kind="record", id=r.id, record=r.id, says=place)
        yield r.id, [here, *(Touched(kind=kind_of(id), id=id, record=r.id, says="") for id in (*own, *vectors))]


def _children(line: Line, ids: Sequence[ArtifactId], kind: str) -> dict[ArtifactId, list[ArtifactId]]:
    found: dict[ArtifactId, list[ArtifactId]] = {}
    for edge in line.ledger.edges(ids, "down", depth=1):
        if kind_of(edge.child) == kind:
            found.setdefault(edge.parent, []).append(edge.child)
    return found


def _beside(line: Line, what: str, when: Window, after: str, limit: int) -> list[Touched]:
    ids = [record.id for record in by_id(line, what, when)]
    found = Fans(line.database).made_beside(ids, after=after, limit=limit)
    kept = line.answers.rows(id for id in found if kind_of(id) == "answer")
    says = {row.id: view.asker for row, view in zip(kept, line.answers.lines(kept), strict=True)}
    says |= {id: written(line, [id])[0] for id in found if kind_of(id) == "corpus" and line.payloads.exists(id)}
    return [Touched(kind=kind_of(id), id=id, record="", says=says.get(id, "")) for id in found]


def _ids(made: Mapping[str, Made], kind: str) -> tuple[ArtifactId, ...]:
    return made[kind].ids if kind in made else ()


def _many(made: Mapping[str, Made], kind: str) -> int:
    return made[kind].many if kind in made else 0
