"""What became of everything that a source holds: each path is in one of four states, so that the counts add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from thruline.core.ids import ArtifactId
from thruline.data.records import Entry, Record

if TYPE_CHECKING:
    from thruline.flows.line import Line

Standing = Literal["indexed", "duplicate", "quarantined", "refused"]


def standings(line: Line, entries: Sequence[Entry]) -> Counter[Standing]:
    """How many of these paths are in which state; their sum is how many there are."""
    records = line.records.get_many([e.record for e in entries if e.record])
    canonical = line.records.get_many([r.canonical for r in records.values() if r.canonical]).values()
    live = {r.id for r in canonical if r.state == "live"}
    first = {e.record: e.path for e in reversed(entries)}
    return Counter(_standing(e, records, live, is_first=first[e.record] == e.path) for e in entries)


def _standing(entry: Entry, records: Mapping[str, Record], live: set[ArtifactId], *, is_first: bool) -> Standing:
    if entry.refused:
        return "refused"
    record = records[entry.record]
    if record.state == "quarantined":
        return "quarantined"
    return "duplicate" if record.canonical in live or not is_first else "indexed"
