"""Table files among a source's documents: each is held to what its contract promises of the files of its pattern.

A file is a delivery, and one document: what breaks its contract keeps the whole file out, with the numbers of the rows.
One file is in memory at a time, and what was judged before under the same promise is not read again. Needs the extra
`train`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from thruline import __version__
from thruline.core.errors import Conflict, Refused
from thruline.core.nouns import Actor, Source
from thruline.data.contracts import READABLE, Contract
from thruline.data.language import language
from thruline.data.media import media_type
from thruline.flows.contracts import JudgedFile, Kept, columnar
from thruline.flows.documents import path_names
from thruline.flows.expectations import told
from thruline.flows.pattern_reports import breaks, drawn_up, in_words, ruled
from thruline.flows.prepare import Raw
from thruline.flows.reports import ContractReport, HeldFile

if TYPE_CHECKING:
    from thruline.data.tables import Table
    from thruline.flows.line import Line

SHOWN = 20  # files that are named with the rules that they break


class TableFiles:
    """The table files of a source, as a sync meets them. before: what its last judgement left."""

    def __init__(self, line: Line, source: Source, contract: Contract, before: Kept | None) -> None:
        self._line = line
        self._source = source
        self._contract = contract
        self._before = before.files if before else {}
        self._said = before.changes if before else ()
        self._stay: dict[str, JudgedFile] = {}
        self._new: dict[str, JudgedFile] = {}
        self._changes: dict[str, None] = {}

    def is_one(self, path: str) -> bool:
        """Whether something is promised of this file."""
        return bool(self._contract.pattern_of(path))

    def meet(self, raw: Raw, held: str) -> None:
        """A file that is new or has changed. held: the record that its path held before."""
        pattern = self._contract.pattern_of(raw.path)
        earlier = held if held in self._before else self._latest(pattern)
        self._new[raw.record or raw.path_id] = self._judge(pattern, raw.path, raw.data, earlier)

    def stays(self, record: str, path: str) -> None:
        """A file that is here already."""
        pattern = self._contract.pattern_of(path)
        known = self._before.get(record)
        if known is None or (known.pattern, known.held_to) != (pattern, self._held_to(pattern)):
            data = self._line.payloads.get_many([record])
            known = self._judge(pattern, path, data.get(record, b""), "")
        self._stay[record] = known

    def added_to(self, kept: Kept) -> Kept:
        """A judgement with that of the files."""
        files = self._stay | self._new
        tables = tuple(
            drawn_up(pattern, promise, [f for f in files.values() if f.pattern == pattern], self._line.clock.now())
            for pattern, promise in self._contract.files.items()
        )
        late = {t.table for t in tables for r in t.rules if r.rule == "fresh" and r.taken == "quarantined"}
        broken = {id: rules for id, f in files.items() if (rules := breaks(f, is_late=f.pattern in late))}
        return replace(
            kept, files=files, tables=tables, broken={**kept.broken, **broken},
            changes=tuple(self._changes) or kept.changes or self._said,
        )  # fmt: skip

    def _judge(self, pattern: str, path: str, data: bytes, earlier: str) -> JudgedFile:
        with columnar():
            from thruline.data.checks import check, newest_of
            from thruline.data.schema_reading import schema_of
        promise = self._contract.files[pattern]
        alone = replace(promise, table=replace(promise.table, fresh=None))  # one for all files of the pattern
        judged = JudgedFile(pattern=pattern, held_to=self._held_to(pattern), rows=0, rules=(), fields=(), newest=None)
        try:
            table = self._opened(data, path)
            checked = check(table, alone, self._line.clock.now(), names=self._line.names, language_of=language)
        except (Refused, Conflict):
            action = promise.table.actions.get(READABLE, promise.action)
            return replace(judged, rules=(ruled(READABLE, action, failing=0),))
        judged = replace(
            judged, rows=checked.rows, fields=schema_of(table, sketched=False), newest=newest_of(table, promise),
            rules=tuple(rule for rule in told(pattern, checked).rules if rule.outcome != "passed"),
        )  # fmt: skip
        self._note_drift(judged, table, earlier)
        return judged

    def _note_drift(self, judged: JudgedFile, table: Table, earlier: str) -> None:
        """How its columns differ from those of the file that it takes the place of, or that came last before it."""
        from thruline.flows.drifting import drifted

        before = self._before.get(earlier)
        if before and before.fields:
            changes = drifted(before.fields, judged.fields, table, lambda _: self._as_it_was(earlier))
            self._changes |= dict.fromkeys(f"{judged.pattern}: {sentence}" for sentence in changes)

    @contextmanager
    def _as_it_was(self, record: str) -> Iterator[Table]:
        """The table of a record that is kept; one without columns where it is not."""
        from thruline.data.tables import NOTHING

        data = self._line.payloads.get_many([record])
        try:
            yield self._opened(data[record], path_names(self._line, [record])[record]) if data else NOTHING
        except (Refused, KeyError):
            yield NOTHING

    def _opened(self, data: bytes, path: str) -> Table:
        from thruline.data.table_files import frame_of

        kind = media_type(path, data)
        return frame_of(self._line.parsers.table(data, kind, path), kind)

    def _latest(self, pattern: str) -> str:
        return next((id for id in reversed([*self._before]) if self._before[id].pattern == pattern), "")

    def _held_to(self, pattern: str) -> str:
        promise = self._contract.files[pattern]
        return self._line.ids.digest("contract", repr(promise), self._line.names.version, __version__)


def named(line: Line, kept: Kept, actor: Actor) -> tuple[ContractReport, ...]:
    """What became of each pattern, with the paths of files that break something, as far as the actor may see them."""
    failing = {id: file for id, file in kept.files.items() if any(r.outcome == "failed" for r in file.rules)}
    paths = path_names(line, list(failing), actor)
    return tuple(
        replace(table, failing=tuple(
            HeldFile(path=path, rules=tuple(in_words(r) for r in failing[id].rules if r.outcome == "failed"))
            for path, id in sorted((path, id) for id, path in paths.items()) if failing[id].pattern == table.table
        )[:SHOWN])
        for table in kept.tables
    )  # fmt: skip
