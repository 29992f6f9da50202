"""Retention: what a source may keep only for so long is deleted when its time is over, with the answers made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruline.core.ids import kind_of
from thruline.core.nouns import Source
from thruline.data.policies import kept_s, undecided_s
from thruline.data.records import Record
from thruline.flows import holds
from thruline.flows.deletion import delete_records
from thruline.flows.publish import publish_live
from thruline.flows.rights import drop_exports
from thruline.flows.touched import touched
from thruline.runs.runner import Run
from thruline.vectors import judged

if TYPE_CHECKING:
    from thruline.flows.line import Line

EXPIRED = "expired"


def expire(line: Line, run: Run, source: Source) -> int:
    """Delete what came in longer ago than its source may keep it; how many records went.

    The path stays known with the reason `expired`, so that a sync does not bring the same bytes back; a file that has
    changed since comes in, for a time of its own. Held records stay. Stores are scrubbed, unused keys destroyed.
    """
    old = _old(line, source)
    if not old:
        return 0
    with run.commit():
        old = _old(line, source)  # once more: a hold may have been placed
        entries = [e for e in line.records.entries(source.id) if e.record in old]
        names = line.payloads.get_many([e.path for e in entries])
        made = touched(line, [r.id for r in old.values()])
        exports = [a for a in made if kind_of(a) == "export"]
        drop_exports(line, exports)
        line.payloads.delete([*exports, *(a for a in made if kind_of(a) == judged.KIND)])
        line.answers.delete([a for a in made if kind_of(a) == "answer"])
        delete_records(line, run, list(old.values()))
        for entry in entries:
            line.payloads.put(entry.path, names.get(entry.path, b""), source.id)
            line.records.put_entry(entry._replace(record="", refused=EXPIRED))
        publish_live(line, run, "sync")
    line.payloads.sweep()
    line.payloads.shred_unused()
    line.database.scrub()
    line.key_database.scrub()
    return len(old)


def is_due(line: Line, source: Source) -> bool:
    """Whether there is something to delete."""
    return bool(_old(line, source))


def _old(line: Line, source: Source) -> dict[str, Record]:
    due = [*_kept_too_long(line, source), *_undecided_too_long(line, source)]
    held = holds.held(line) if due else frozenset()
    return {r.id: r for r in due if r.id not in held}


def _kept_too_long(line: Line, source: Source) -> list[Record]:
    keep_s = kept_s(source.options)
    if not keep_s:
        return []
    before = line.clock.now() - int(keep_s * 1e6)
    return [r for r in line.records.of_source(source.id) if r.state != "deleted" and r.seen < before]


def _undecided_too_long(line: Line, source: Source) -> list[Record]:
    """What is in quarantine, and nobody decided about in time."""
    wait_s = undecided_s(source.options)
    if not wait_s:
        return []
    before = line.clock.now() - int(wait_s * 1e6)
    cases = [c for c in line.desk.cases() if c.source == source.id and c.state == "quarantined"]
    return list(line.records.get_many([c.id for c in cases if not c.decision and c.since < before]).values())
