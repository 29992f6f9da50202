"""Rows of a table as flows over tables read them: of a file, or of a source as far as whoever asks may use it.

Of a source these are the rows that are live, that the asker sees, and that may be used for the purpose; what the asker
is not cleared for is covered in them. Needs the extra `train`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from thruline.core.errors import Denied, Invalid
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Actor, Source
from thruline.core.rows import values_in
from thruline.data.policies import policy
from thruline.flows.contracts import PAGE, TABLES, is_table
from thruline.flows.documents import read_documents
from thruline.flows.eyes import eyes
from thruline.flows.purposes import check_uses, permitted
from thruline.flows.sight import sight
from thruline.flows.sources import named

if TYPE_CHECKING:
    from thruline.data.tables import Table
    from thruline.flows.line import Line

ENDINGS = (".csv", ".parquet", ".jsonl", ".ndjson")  # as data/tables knows them; it loads polars


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A table that can be scanned. records: of each of its rows which record it is; none of a file. left_out: rows of
    the source that may not be used."""

    table: Table
    name: str
    source: ArtifactId | None = None
    records: Sequence[ArtifactId] = ()
    left_out: int = 0


def open_table(line: Line, actor: Actor, what: str, use: str) -> Opened:
    """A CSV, Parquet or JSON lines file by its ending, else the rows of a source.

    Raises NotFound, Denied for a file that somebody who is no operator asks for, Invalid for a source whose documents
    are no rows, Conflict for one that may not be used so.
    """
    if what.lower().endswith(ENDINGS):
        if not actor.is_operator:
            raise Denied("only an operator reads files of this machine", hint="ask for a source that you see")
        path = Path(what).expanduser()
        return Opened(table=path, name=str(path))
    source = named(line, actor, what)
    if not is_table(source):
        kinds = " or ".join(TABLES)
        raise Invalid(f"{source.name!r} holds documents, not rows", hint=f"name a source of kind {kinds}, or a file")
    check_uses(line, [source], use)
    return _of_source(line, actor, source, use)


def _of_source(line: Line, actor: Actor, source: Source, use: str) -> Opened:
    from thruline.data.tables import Texts, frame_of  # loads polars

    held = [e.record for e in line.records.entries(source.id) if e.record]
    live = {id: r for id, r in line.records.get_many(sorted(set(held))).items() if r.state == "live"}
    _, without = permitted(line, use)
    usable = {id for id in sight(line, actor).among(live) if id not in without}
    rows = dict(_values(line, actor, source, sorted(usable)))
    records = [ArtifactId(id) for id in held if id in rows]
    return Opened(
        table=Texts(frame_of([rows[id] for id in records])), name=source.name, source=source.id, records=records,
        left_out=sum(id in live for id in held) - len(records),
    )  # fmt: skip


def _values(line: Line, actor: Actor, source: Source, ids: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Each row's columns, with what its reader is not shown covered: by clearance, and by the source's policy."""
    reader = eyes(line, actor).also_without(policy(source.options).hidden).named(line)
    records = line.records.get_many(list(ids))
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        data = line.payloads.get_many(page)
        documents = read_documents(line, [records[id].document for id in page]) if reader.hidden else {}
        for id in (id for id in page if id in data):
            cover = reader.cover(documents.get(records[id].document))
            yield id, {name: cover(value) for name, value in values_in(data[id]).items()}
