"""Gone: what a place no longer holds leaves answers, and its bytes are deleted unless a rule holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from thruline.core.nouns import Source
from thruline.data.records import Entry
from thruline.data.sources import Changes
from thruline.flows import holds
from thruline.flows.deletion import delete_records
from thruline.flows.publish import publish_changed
from thruline.runs.runner import Run

if TYPE_CHECKING:
    from thruline.flows.line import Line


def let_go(line: Line, run: Run, source: Source, found: Changes, before: Mapping[str, Entry]) -> None:
    """What is gone leaves answers before anything is read, which may take hours.

    But for what may have moved: something of that size, or of a size that is not told, is new. Only reading it tells.
    """
    sizes = {item.size for item in found.added}
    held = (before[line.ids.artifact("path", source.id, path)] for path in found.deleted)
    gone = [entry for entry in held if not {entry.size, 0} & sizes]
    if not gone:
        return
    ids = [entry.path for entry in gone]
    with run.commit():
        records = [*(entry.record for entry in gone if entry.record), *line.records.versions(ids)]
        for id in ids:
            line.records.drop_entry(source.id, id)
        line.payloads.delete(ids)
        retire_unheld(line, run, source, among=records)
        line.item_rights.held_anew(source.id)
        publish_changed(line, run, "sync", records)


def retire_unheld(line: Line, run: Run, source: Source, *, among: Sequence[str] | None = None) -> None:
    """What no path holds any more: superseded while its path holds something else, deleted when the path is gone.

    Read off the tables, not off what this sync met: one that was killed before leaves nothing behind.
    among: only of these records.
    """
    unheld = line.records.unheld(source.id, among)
    if not unheld:
        return
    held = {e.path for e in line.records.at([r.path for r in unheld])}
    kept = holds.held(line)
    line.records.retire([r.id for r in unheld if r.path in held or r.id in kept], "superseded")
    delete_records(line, run, [r for r in unheld if r.path not in held and r.id not in kept])
