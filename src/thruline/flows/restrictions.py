"""Restrictions in force: whose records are kept and used for nothing else (GDPR article 18).

A record under a restriction lies in quarantine with a reason of its own. What comes in later and calls the person by
name goes there too: a restriction is about somebody, not about the bytes that were there on one day.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from thruline.core.ids import ArtifactId
from thruline.data.called import Called
from thruline.data.records import Record
from thruline.flows.documents import Document, as_text, pages_of

if TYPE_CHECKING:
    from thruline.flows.line import Line

KIND = "restriction"
RESTRICTED = "restricted"  # the reason of such a record, among those of a quarantine


@dataclass(frozen=True, kw_only=True)
class Restriction:
    """Somebody whose records are kept and not used. called: the words; records: those that were met at its start."""

    id: ArtifactId
    called: tuple[str, ...]
    since: str
    records: tuple[ArtifactId, ...]

    @property
    def payload(self) -> bytes:
        """As it is kept."""
        return json.dumps({"called": self.called, "since": self.since, "records": self.records}).encode()


class Restricted:
    """Tells of documents whether they call somebody whose records are restricted."""

    def __init__(self, restrictions: Sequence[Restriction]) -> None:
        self._called = Called(name for each in restrictions for name in each.called) if restrictions else None

    def names_one(self, document: Document, *beside: str) -> bool:
        """Whether a document, or what stands beside it, calls one of them."""
        return self._called is not None and any(map(self._called.is_in, (document.searchable, *beside)))


def in_force(line: Line) -> list[Restriction]:
    """Every restriction, the oldest first."""
    kept = line.payloads.get_many(list(line.payloads.ids(KIND)))
    found = [_restriction(id, data) for id, data in kept.items()]
    return sorted(found, key=lambda r: (r.since, r.id))


def restricted(line: Line) -> Restricted:
    """What tells who is meant by the restrictions in force now."""
    return Restricted(in_force(line))


def among(line: Line, records: Sequence[Record], restrictions: Sequence[Restriction]) -> set[ArtifactId]:
    """Those of the records that call somebody whom one of these restrictions is about."""
    meant = {id for each in restrictions for id in each.records}
    looking = Restricted(restrictions)
    for page in pages_of(line, [r for r in records if restrictions and r.id not in meant]):
        raw = line.payloads.get_many([record.id for record, _ in page])
        meant |= {r.id for r, document in page if looking.names_one(document, as_text(raw.get(r.id, b"")))}
    return {r.id for r in records if r.id in meant}


def kept(line: Line) -> dict[ArtifactId, str]:
    """Records that must not be deleted while they are restricted, and the rule that says so."""
    later = {r.id: "the restriction of a person's records" for r in line.records.with_reason(RESTRICTED)}
    return later | {id: f"the restriction {each.id!r}" for each in in_force(line) for id in each.records}


def follow(line: Line, instead: Mapping[str, ArtifactId]) -> None:
    """Records gave their place to others (old -> new): what is said of them holds for those."""
    for each in in_force(line):
        if not instead.keys().isdisjoint(each.records):
            now = replace(each, records=tuple(instead.get(id, id) for id in each.records))
            line.payloads.put(now.id, now.payload, now.id)


def covers(restriction: Restriction, names: Collection[str]) -> bool:
    """Whether it is the one of this id, or about who is called so."""
    said = Called(names)
    return restriction.id in names or any(said.is_in(name) for name in restriction.called)


def _restriction(id: str, data: bytes) -> Restriction:
    said = json.loads(data)
    return Restriction(
        id=ArtifactId(id), called=tuple(said["called"]), since=said["since"], records=tuple(said["records"])
    )
