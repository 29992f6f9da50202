"""Contracts of sources: before a sync changes anything, all that the source would hold is held to its contract.

The rows of a table are its rows. Any other source is a table with a row for each document and the columns DOCUMENT.
Needs the extra `train`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from thruline.core.clock import Micros
from thruline.core.errors import Unsupported
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Draft, Source
from thruline.core.rows import values_in
from thruline.data.contract_files import read_contract
from thruline.data.contracts import WORTH_A_LINK, Contract
from thruline.data.language import language
from thruline.data.table_schema import Field, drift
from thruline.flows.documents import Document, read_documents
from thruline.flows.expectations import told
from thruline.flows.reports import ContractReport
from thruline.runs.runner import Run

if TYPE_CHECKING:
    from thruline.flows.line import Line

TABLES = ("rows", "sql")  # kinds of sources whose documents are rows
DOCUMENT = ("path", "title", "type", "language", "text", "size", "words", "personal", "came_in")
PAGE = 512
BROKEN = "contract"


class Row(NamedTuple):
    """A row of what a source would hold, and the record that it is."""

    record: ArtifactId
    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What a source's last judgement left. broken: record -> the rules that it breaks. changes: of its columns."""

    report: ContractReport
    broken: Mapping[str, tuple[str, ...]]
    fields: tuple[Field, ...]
    changes: tuple[str, ...]


def contract_of(source: Source) -> Contract | None:
    """The contract that the source's options name, as it is now; raises NotFound and Invalid."""
    path = source.options.get("contract")
    return read_contract(Path(path), table=source.options.get("table", "")) if path else None


def is_table(source: Source) -> bool:
    """Whether the source's documents are rows."""
    return source.kind in TABLES


def row_of(source: Source, record: ArtifactId, path: str, data: bytes, document: Document, came_in: Micros) -> Row:
    """A document as its contract sees it."""
    if is_table(source):
        return Row(record, values_in(data))
    text = document.text
    values = (
        path, document.title, document.media_type, document.language, text, len(data), len(text.split()),
        sum(m.score >= WORTH_A_LINK for m in document.mentions), came_in,
    )  # fmt: skip
    return Row(record, dict(zip(DOCUMENT, values, strict=True)))


def rows_kept(line: Line, source: Source, records: Mapping[str, str]) -> Iterator[Row]:
    """The rows of records that are here already. records: record -> its path, in words."""
    known = list(line.records.get_many(list(records)).values())
    for start in range(0, len(known), PAGE):
        page = known[start : start + PAGE]
        data = line.payloads.get_many([r.id for r in page])
        documents = read_documents(line, [r.document for r in page])
        for r in page:
            if r.id in data and r.document in documents:
                yield row_of(source, r.id, records[r.id], data[r.id], documents[r.document], r.seen)


def judge(line: Line, source: Source, contract: Contract, rows: Iterable[Row]) -> Kept:
    """The verdict on all rows together, with the rules that each record breaks, and how the schema has changed."""
    try:
        from thruline.data.checks import check
        from thruline.data.schema_reading import schema_of
        from thruline.data.tables import Texts, frame_of
    except ModuleNotFoundError as error:
        raise Unsupported(f"a contract is checked with {error.name!r}", hint="pip install 'thruline[train]'") from error
    held = list(rows)
    columns = None if is_table(source) else {c.name for c in contract.columns} & {*DOCUMENT}
    frame = frame_of([row.values for row in held], columns)
    table = Texts(frame) if is_table(source) else frame
    checked = check(table, contract, line.clock.now(), names=line.names, language_of=language)
    fields = tuple(Field(name=f.name, type=f.type, has_empty=f.has_empty) for f in schema_of(table)) if held else ()
    before = kept(line, source)
    changes = [c.sentence for c in drift(before.fields, fields)] if before and before.fields and fields else []
    broken: dict[str, tuple[str, ...]] = {}
    for label, numbers in checked.out.items():
        for number in numbers:
            record = held[number - 1].record
            broken[record] = (*broken.get(record, ()), label)
    return Kept(
        report=told(source.name, checked), broken=broken, fields=fields,
        changes=tuple(changes) or (before.changes if before else ()),
    )  # fmt: skip


def kept(line: Line, source: Source) -> Kept | None:
    """What the last judgement left; None before the first, and without a contract."""
    found = line.payloads.get_many([_id(line, source)]) if source.options.get("contract") else {}
    return next((msgspec.msgpack.decode(data, type=Kept) for data in found.values()), None)


def forget(line: Line, source: Source) -> None:
    """The source goes, and what was judged of it."""
    line.payloads.delete([_id(line, source)])


def note(line: Line, run: Run, source: Source, contract: Contract, judged: Kept) -> None:
    """Keep a judgement, and put its numbers on the ledger; in the caller's transaction."""
    report = judged.report
    line.payloads.put(_id(line, source), msgspec.msgpack.encode(judged), source.id)
    failed = sum(rule.outcome == "failed" for rule in report.rules)
    summary = Draft(
        verb="contract.checked", inputs=(source.id,),
        facts={
            "rows": report.rows, "quarantined": report.quarantined, "blocked": report.blocked, "failed": failed,
            "table": line.ids.digest("table", source.id),
            "contract": line.ids.digest("contract", contract.name, contract.version),
        },
    )  # fmt: skip
    verdicts = (
        Draft(
            verb="contract.judged", inputs=(source.id,),
            facts={
                "rule": rule.rule, "column": line.ids.digest("column", rule.column), "outcome": rule.outcome,
                "failing": rule.failing, "taken": rule.taken,
            },
        )
        for rule in report.rules
    )  # fmt: skip
    run.append(summary, *verdicts)


def settle(line: Line, run: Run, source: Source, broken: Collection[str]) -> None:
    """Put what breaks the contract now out of answers, and let back in what no longer does; a person's word stands."""
    waiting = [c.id for c in line.desk.cases() if c.source == source.id and c.reason == BROKEN]
    held = line.records.paths([*broken, *waiting])
    free = [r for r in line.records.get_many(list(held)).values() if not line.desk.decision(r.id)]
    out = [r.id for r in free if r.state == "live" and r.id in broken]
    back = [r.id for r in free if r.state == "quarantined" and r.reason == BROKEN and r.id not in broken]
    line.desk.note([(id, source.id) for id in out], line.clock.now())
    line.records.set_state(out, "quarantined", BROKEN)
    line.records.set_state(back, "live")
    run.append(
        *(Draft(verb="record.quarantined", inputs=(i,), facts={"reason": BROKEN}) for i in out),
        *(Draft(verb="record.released", inputs=(i,), facts={"reason": BROKEN}) for i in back),
    )


def _id(line: Line, source: Source) -> ArtifactId:
    return line.ids.artifact("verdict", source.id)
