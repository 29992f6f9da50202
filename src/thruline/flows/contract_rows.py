"""All that a source would hold, row by row, held to its contract.

The rows of a table are its rows. Any other source is a table with a row for each document and the columns DOCUMENT.
However many there are, few of them are in memory at a time. Needs the extra `train`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from thruline.core.clock import Micros
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Source
from thruline.core.rows import values_in
from thruline.data.contracts import WORTH_A_LINK, ColumnType, Contract
from thruline.data.language import language
from thruline.data.table_schema import Field
from thruline.flows.contracts import PAGE, Kept, columnar, is_table, kept
from thruline.flows.documents import Document, read_documents
from thruline.flows.expectations import told

if TYPE_CHECKING:
    from thruline.data.checks import Checked
    from thruline.data.spool import Spool
    from thruline.data.tables import Table
    from thruline.flows.line import Line

DOCUMENT = ("path", "title", "type", "language", "text", "size", "words", "personal", "came_in")
_TYPES: Mapping[str, ColumnType] = {
    "size": "integer", "words": "integer", "personal": "integer", "came_in": "timestamp",
}  # fmt: skip


class Row(NamedTuple):
    """A row of what a source would hold, and the record that it is."""

    record: ArtifactId
    values: Mapping[str, Any]


def row_of(source: Source, record: ArtifactId, path: str, data: bytes, document: Document, came_in: Micros) -> Row:
    """A document as its contract sees it."""
    return Row(record, values_in(data) if is_table(source) else _values(path, data, document, came_in))


def rows_kept(line: Line, source: Source, records: Mapping[str, str]) -> Iterator[Row]:
    """The rows of records that are here already. records: record -> its path, in words."""
    ids = list(records)
    for start in range(0, len(ids), PAGE):
        known = line.records.get_many(ids[start : start + PAGE])
        data = line.payloads.get_many(list(known))
        if is_table(source):
            yield from (Row(r.id, values_in(data[r.id])) for r in known.values() if r.id in data)
            continue
        documents = read_documents(line, [r.document for r in known.values()])
        for r in known.values():
            if r.id in data and r.document in documents:
                yield Row(r.id, _values(records[r.id], data[r.id], documents[r.document], r.seen))


def judge(line: Line, source: Source, contract: Contract, rows: Iterable[Row]) -> Kept:
    """The verdict on all rows together, with the rules that each record breaks, and how the schema has changed."""
    with columnar():
        from thruline.data.checks import check
        from thruline.data.schema_reading import schema_of
        from thruline.data.spool import Spool
    promised = None if is_table(source) else {c.name for c in contract.columns} & {*DOCUMENT}
    with Spool(line.home, {} if is_table(source) else _TYPES) as spool:
        records = list(_spooled(spool, rows, promised))
        table = _table(source, spool)
        checked = check(table, contract, line.clock.now(), names=line.names, language_of=language)
        fields = schema_of(table, sketched=False) if records else ()
        changes = _changes(line, source, fields, table)
    broken = _broken(checked, records)
    return Kept(report=told(source.name, checked), broken=broken, fields=fields, changes=changes)


def _values(path: str, data: bytes, document: Document, came_in: Micros) -> Mapping[str, Any]:
    text = document.text
    values = (
        path, document.title, document.media_type, document.language, text, len(data), len(text.split()),
        sum(m.score >= WORTH_A_LINK for m in document.mentions), came_in,
    )  # fmt: skip
    return dict(zip(DOCUMENT, values, strict=True))


def _spooled(spool: Spool, rows: Iterable[Row], promised: Collection[str] | None) -> Iterator[ArtifactId]:
    """The record of each row, which goes into the spool with the columns that are promised anything, or with all."""
    for record, values in rows:
        spool.add(values if promised is None else {name: values[name] for name in promised})
        yield record


def _table(source: Source, spool: Spool) -> Table:
    """A table's rows are texts; what is known of documents has types."""
    from thruline.data.tables import Texts

    return Texts(spool.table()) if is_table(source) else spool.table()


def _changes(line: Line, source: Source, fields: Sequence[Field], table: Table) -> tuple[str, ...]:
    """How the columns have changed since the last judgement, or had changed before it."""
    from thruline.flows.drifting import drifted

    before = kept(line, source)
    if before is None or not before.fields or not fields:
        return before.changes if before else ()
    return drifted(before.fields, fields, table, lambda names: _earlier(line, source, names)) or before.changes


@contextmanager
def _earlier(line: Line, source: Source, names: Collection[str]) -> Iterator[Table]:
    """Some columns of the rows that are kept."""
    from thruline.data.spool import Spool

    held = {entry.record: "" for entry in line.records.entries(source.id) if entry.record}
    with Spool(line.home) as spool:
        for row in rows_kept(line, source, held):
            spool.add({name: value for name, value in row.values.items() if name in names})
        yield _table(source, spool)


def _broken(checked: Checked, records: Sequence[ArtifactId]) -> dict[str, tuple[str, ...]]:
    """Record -> the rules that it breaks."""
    broken: dict[str, tuple[str, ...]] = {}
    for label, numbers in checked.out.items():
        for number in numbers:
            record = records[number - 1]
            broken[record] = (*broken.get(record, ()), label)
    return broken
