"""Kinship: tellings of people that may be one, and what a person decided about them.

A decision is about two identities, not about documents: what comes in later and fits one of them follows it. It names
people, so it is a payload of its own, found and erased as any text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from thruline.core.ids import ArtifactId
from thruline.data.called import words_of
from thruline.data.identities import Identity, identities
from thruline.data.kin import Identifier, Told, keys_of, told
from thruline.flows.documents import Document, pages_of

if TYPE_CHECKING:
    from thruline.flows.line import Line

KIND = "match"


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two of a decision; records: which told of it then, and decide alone where nothing identifies it."""

    told: Told
    records: tuple[str, ...]

    def covers(self, identity: Identity) -> bool:
        """Whether an identity is this one."""
        if identity.told.words != self.told.words:
            return False
        if self.told.ids or identity.told.ids:
            return not self.told.ids.isdisjoint(identity.told.ids)
        return not set(self.records).isdisjoint(identity.records)

    def is_meant(self, pairs: Iterable[Identifier]) -> bool:
        """Whether one of these identifiers is its own."""
        return not self.told.ids.isdisjoint((kind, value.casefold()) for kind, value in pairs)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a person said of two identities."""

    id: ArtifactId
    same: bool
    sides: tuple[Side, Side]

    @property
    def payload(self) -> bytes:
        """As it is kept."""
        sides = [{"name": s.told.name, "ids": sorted(s.told.ids), "records": s.records} for s in self.sides]
        return json.dumps({"same": self.same, "sides": sides}).encode()

    def fits(self, one: Identity, other: Identity) -> bool:
        """Whether it was made about these two."""
        first, second = self.sides
        return (first.covers(one) and second.covers(other)) or (first.covers(other) and second.covers(one))

    def without(self, gone: Side) -> Decision:
        """What is left of it when one of the two was erased: the name that both bear, and the other one."""
        bare = Side(told=replace(gone.told, ids=frozenset()), records=())
        return replace(self, sides=tuple(bare if side == gone else side for side in self.sides))


@dataclass(frozen=True, kw_only=True)
class Kin:
    """What decisions say of somebody. joined: who else they are; apart: whose name is like theirs, with the decision.

    unclear: a name of theirs that somebody else bears, where nothing tells which of them is meant.
    """

    joined: tuple[Side, ...] = ()
    apart: tuple[tuple[Side, Decision], ...] = ()
    unclear: str = ""
    ids_apart: frozenset[str] = field(default_factory=frozenset)


def note(line: Line, documents: Mapping[ArtifactId, Document]) -> None:
    """Note of records under which keys the kin of their people would be."""
    line.subjects.note_kin({record: keys_of(_told(document)) for record, document in documents.items()})


def note_unread(line: Line) -> None:
    """Note it of the records that an earlier version took in."""
    missing = list(line.records.get_many(line.subjects.without_kin()).values())
    for page in pages_of(line, missing):
        note(line, {record.id: document for record, document in page})


def around(line: Line, people: Iterable[Told]) -> list[Identity]:
    """Everybody who shares a key with one of these people."""
    return at_keys(line, keys_of(people))


def at_keys(line: Line, keys: Iterable[str]) -> list[Identity]:
    """Everybody who is kept under one of these keys."""
    note_unread(line)
    return _identities(line, line.subjects.kin_at(keys))


def everybody(line: Line) -> list[Identity]:
    """All whom the records tell of; reads every one of them."""
    note_unread(line)
    return _identities(line, line.subjects.kin_records())


def people_of(pairs: Sequence[Identifier]) -> list[Told]:
    """Somebody as they are given: each full name, with every identifier."""
    ids = frozenset((kind, value.casefold()) for kind, value in pairs if kind != "name")
    names = [value for kind, value in pairs if kind == "name" and len(words_of(value)) > 1]
    return [Told(name=name, ids=ids) for name in names]


def decisions(line: Line) -> list[Decision]:
    """Everything that was decided."""
    kept = line.payloads.get_many(list(line.payloads.ids(KIND)))
    return [_decision(ArtifactId(id), json.loads(data)) for id, data in sorted(kept.items())]


def kin_of(line: Line, pairs: Sequence[Identifier]) -> Kin:
    """What was decided about whoever is known by these identifiers."""
    decided = decisions(line)
    names = {words_of(value) for kind, value in pairs if kind == "name"}
    joined: list[Side] = []
    known = list(pairs)
    waiting = [d for d in decided if d.same]
    while met := [d for d in waiting if any(s.is_meant(known) or s.told.words in names for s in d.sides)]:
        for side in (side for decision in met for side in decision.sides):
            joined.append(side)
            known += side.told.ids
            names.add(side.told.words)
        waiting = [d for d in waiting if d not in met]
    return _apart(Kin(joined=tuple(joined)), [d for d in decided if not d.same], known, names)


def records_of(line: Line, sides: Sequence[Side]) -> set[str]:
    """The records that tell of these, as of now."""
    known = around(line, [side.told for side in sides]) if sides else []
    return {r for identity in known if any(side.covers(identity) for side in sides) for r in identity.records}


def namesakes(line: Line, document: Document) -> list[str]:
    """Names in a document whose bearer was told apart from somebody who was erased."""
    spared = [side for d in decisions(line) if not d.same for side in d.sides if _other(d, side).records == ()]
    here = identities(("", each) for each in _told(document)) if spared else []
    return [i.told.name for i in here if any(side.told.ids and side.covers(i) for side in spared)]


def follow(line: Line, instead: Mapping[str, str]) -> None:
    """Records gave their place to others (old -> new): what was decided about them holds for those."""
    for decision in decisions(line):
        sides = tuple(replace(s, records=tuple(instead.get(id, id) for id in s.records)) for s in decision.sides)
        if sides != decision.sides:
            now = replace(decision, sides=(sides[0], sides[1]))
            line.payloads.put(now.id, now.payload, now.id)


def _other(decision: Decision, side: Side) -> Side:
    return decision.sides[1] if decision.sides[0] is side else decision.sides[0]


def _apart(kin: Kin, decided: Sequence[Decision], known: Sequence[Identifier], names: set[tuple[str, ...]]) -> Kin:
    apart: list[tuple[Side, Decision]] = []
    unclear = ""
    for decision in decided:
        ours = [side for side in decision.sides if side.is_meant(known)]
        named = [side for side in decision.sides if side.told.words in names]
        if len(ours) == 1:
            apart.append((_other(decision, ours[0]), decision))
        elif not ours and len(named) == 2:
            gone = [side for side in named if not side.told.ids]
            if len(gone) == 1 and any(kind != "name" for kind, _ in known):
                apart.append((_other(decision, gone[0]), decision))
            else:
                unclear = named[0].told.name
    ids = frozenset(value for side, _ in apart for _, value in side.told.ids)
    return replace(kin, apart=tuple(apart), unclear=unclear, ids_apart=ids)


def _identities(line: Line, records: Sequence[str]) -> list[Identity]:
    known = [r for r in line.records.get_many(records).values() if r.state != "deleted" and r.document]
    pages = pages_of(line, known)
    return identities((r.id, each) for page in pages for r, document in page for each in _told(document))


def _told(document: Document) -> list[Told]:
    return told(((chunk.start, chunk.text) for chunk in document.chunks), document.mentions)


def _decision(id: ArtifactId, said: dict[str, Any]) -> Decision:
    sides = tuple(
        Side(
            told=Told(name=s["name"], ids=frozenset((kind, value) for kind, value in s["ids"])),
            records=tuple(s["records"]),
        )
        for s in said["sides"]
    )
    return Decision(id=id, same=said["same"], sides=(sides[0], sides[1]))
