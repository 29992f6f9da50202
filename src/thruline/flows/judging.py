"""Judging: what a sync would bring is held to the source's contract before anything of it comes in."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.nouns import Source
from thruline.data.contracts import Contract
from thruline.data.records import Entry
from thruline.data.sources import Changes
from thruline.flows import contract_rows, contracts
from thruline.flows.contract_rows import Row, row_of, rows_kept
from thruline.flows.contract_tables import TableFiles
from thruline.flows.prepare import Prepared
from thruline.flows.reports import SyncReport
from thruline.runs.runner import Run

if TYPE_CHECKING:
    from thruline.flows.line import Line


class Judged(NamedTuple):
    """What a source would hold, held to its contract. known: the records that were judged."""

    contract: Contract
    kept: contracts.Kept
    known: Set[str]

    @property
    def is_blocked(self) -> bool:
        """Whether nothing of it may come in."""
        return any(rule.taken == "blocked" for report in self.kept.reports for rule in report.rules)


class _Meeting(NamedTuple):
    """A sync before anything of it comes in. known: the records that were judged, so far."""

    line: Line
    source: Source
    contract: Contract
    files: TableFiles
    before: Mapping[str, Entry]
    known: set[str]


def judged(
    line: Line, source: Source, found: Changes, before: Mapping[str, Entry], read: Iterable[Prepared]
) -> Judged | None:
    """The verdict on all that the source would hold; None without a contract, and nothing is read then.

    read: what was added and changed. What is prepared for the verdict is remembered, and comes in from there.
    """
    contract = contracts.contract_of(source)
    if contract is None:
        return None
    files = TableFiles(line, source, contract, contracts.kept(line, source))
    meeting = _Meeting(line, source, contract, files, before, set())
    rows = _rows(meeting, found, read)
    if contract.columns:
        kept = contract_rows.judge(line, source, contract, rows)
    else:
        deque(rows, maxlen=0)
        kept = contracts.Kept(report=None, broken={}, fields=(), changes=())
    return Judged(contract, files.added_to(kept) if contract.files else kept, meeting.known)


def _rows(meeting: _Meeting, found: Changes, read: Iterable[Prepared]) -> Iterator[Row]:
    """What is new, as it is read, and then what stays; table files go their own way."""
    line, source, files = meeting.line, meeting.source, meeting.files
    stays: dict[str, str] = {}
    met: set[str] = set()
    for one in read:
        raw = one.raw
        met.add(raw.path)
        if one.same and meeting.before[raw.path_id].record:
            stays[raw.record] = raw.path
            continue
        meeting.known.add(raw.record)
        if files.is_one(raw.path):
            files.meet(raw, meeting.before[raw.path_id].record if raw.path_id in meeting.before else "")
        elif one.document:
            yield row_of(source, raw.record, raw.path, raw.data, one.document.value, line.clock.now())
    stays |= _staying(line, found, met, meeting.before)
    meeting.known.update(stays)
    for record, path in stays.items():
        if files.is_one(path):
            files.stays(record, path)
    if meeting.contract.columns:
        yield from rows_kept(line, source, {id: path for id, path in stays.items() if not files.is_one(path)})


def _staying(line: Line, found: Changes, met: set[str], before: Mapping[str, Entry]) -> dict[str, str]:
    """Record -> path of what is neither read nor gone."""
    moved = {move.old: move.new for move in found.moved}
    names = line.payloads.get_many([e.path for e in before.values() if e.record])
    paths = {id: name.decode() for id, name in names.items()}
    return {
        before[id].record: moved.get(path, path)
        for id, path in paths.items() if path not in met and path not in found.deleted
    }  # fmt: skip


def under(judged: Judged | None, prepared: Prepared) -> Prepared:
    """What came out of the judgement for it; bytes that nobody judged are read again next time."""
    if judged is None or prepared.document is None:
        return prepared
    if prepared.raw.record not in judged.known:
        unread = replace(prepared.raw, digest="")  # the same bytes are no reason to refuse them next time
        return Prepared(raw=unread, refused="changed_while_read")
    return replace(prepared, breaks=prepared.raw.record in judged.kept.broken)


def held_back(line: Line, run: Run, source: Source, judged: Judged, seconds: float) -> SyncReport:
    """Nothing comes in, and nothing goes: only the verdict is kept."""
    with run.commit():
        contracts.note(line, run, source, judged.contract, judged.kept)
    kept = judged.kept
    failed = ", ".join(
        " ".join(filter(None, (report.table if report.files is not None else "", rule.column, rule.rule)))
        for report in kept.reports for rule in report.rules if rule.taken == "blocked"
    )  # fmt: skip
    return SyncReport(
        source=source.name, run=run.id, seen=0, added=0, changed=0, moved=0, deleted=0, unchanged=0, indexed=0,
        duplicates=0, quarantined=0, refused=(), chunks=0, generation="", seconds=round(seconds, 3),
        error=f"held back by its contract {judged.contract.name!r}: {failed} failed; what was there before answers on",
        contract=kept.report, changes=kept.changes, tables=kept.tables,
    )  # fmt: skip
