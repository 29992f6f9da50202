"""Judging: what a sync would bring is held to the source's contract before anything of it comes in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.nouns import Source
from thruline.data.contracts import Contract
from thruline.data.records import Entry
from thruline.data.sources import Changes
from thruline.flows import contract_rows, contracts
from thruline.flows.contract_rows import Row, row_of, rows_kept
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
        return any(rule.taken == "blocked" for rule in self.kept.report.rules)


def judged(
    line: Line, source: Source, found: Changes, before: Mapping[str, Entry], read: Iterable[Prepared]
) -> Judged | None:
    """The verdict on all that the source would hold; None without a contract, and nothing is read then.

    read: what was added and changed. What is prepared for the verdict is remembered, and comes in from there.
    """
    contract = contracts.contract_of(source)
    if contract is None:
        return None
    known: set[str] = set()
    rows = _noting(known, _rows(line, source, found, before, read))
    return Judged(contract, contract_rows.judge(line, source, contract, rows), known)


def _rows(
    line: Line, source: Source, found: Changes, before: Mapping[str, Entry], read: Iterable[Prepared]
) -> Iterator[Row]:
    """What is new, as it is read, and then what stays."""
    stays: dict[str, str] = {}
    met: set[str] = set()
    for one in read:
        raw = one.raw
        met.add(raw.path)
        if one.same and before[raw.path_id].record:
            stays[raw.record] = raw.path
        elif one.document:
            yield row_of(source, raw.record, raw.path, raw.data, one.document.value, line.clock.now())
    yield from rows_kept(line, source, stays | _staying(line, found, met, before))


def _noting(known: set[str], rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        known.add(row.record)
        yield row


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
        return Prepared(raw=prepared.raw, refused="changed_while_read")
    return replace(prepared, breaks=prepared.raw.record in judged.kept.broken)


def held_back(line: Line, run: Run, source: Source, judged: Judged, seconds: float) -> SyncReport:
    """Nothing comes in, and nothing goes: only the verdict is kept."""
    with run.commit():
        contracts.note(line, run, source, judged.contract, judged.kept)
    report = judged.kept.report
    failed = ", ".join(f"{r.column} {r.rule}".strip() for r in report.rules if r.taken == "blocked")
    return SyncReport(
        source=source.name, run=run.id, seen=0, added=0, changed=0, moved=0, deleted=0, unchanged=0, indexed=0,
        duplicates=0, quarantined=0, refused=(), chunks=0, generation="", seconds=round(seconds, 3),
        error=f"held back by its contract {report.contract!r}: {failed} failed; what was there before answers on",
        contract=report, changes=judged.kept.changes,
    )  # fmt: skip
