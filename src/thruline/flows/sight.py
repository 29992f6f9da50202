"""Sight: what one who asks may see - sources by their groups, and of those the records that their place shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruline.core.ids import ArtifactId
from thruline.core.nouns import Actor, Source
from thruline.data.item_rights import ItemRights
from thruline.data.records import Record
from thruline.data.rights import Clauses

if TYPE_CHECKING:
    from thruline.flows.line import Line

FREE: Clauses = frozenset()  # for all who see the source


@dataclass(frozen=True, kw_only=True)
class Sight:
    """One who asks, and what is not hidden from them. denied: what keeps them out, as queries take it."""

    actor: Actor
    sources: Mapping[ArtifactId, Source]
    groups: frozenset[str]
    denied: str
    rights: ItemRights

    def among(self, records: Mapping[str, Record]) -> dict[str, Record]:
        """Those of the records that they may see."""
        if self.actor.sees_all:
            return dict(records)
        within = {id: r for id, r in records.items() if r.source in self.sources}
        rights = self.rights.of_records(list(within)) if within else {}
        return {id: r for id, r in within.items() if _reads(self.groups, rights.get(r.id, FREE))}

    def open_among(self, held: Sequence[tuple[str, str]]) -> set[str]:
        """Of (source, record or path of it), the records and paths that they may see."""
        if self.actor.sees_all:
            return {id for _, id in held}
        within = [(source, id) for source, id in held if source in self.sources]
        rights: dict[str, Clauses] = {**self.rights.of_records([id for _, id in within])}
        for source in {source for source, _ in within}:
            rights |= self.rights.of_paths(source, [id for of, id in within if of == source])
        return {id for _, id in within if _reads(self.groups, rights.get(id, FREE))}


def sight(line: Line, actor: Actor) -> Sight:
    """What the actor may see now."""
    groups = groups_of(line, actor)
    seen = {s.id: s for s in line.records.sources() if actor.sees_all or not actor.groups.isdisjoint(s.groups)}
    denied = "[]" if actor.sees_all else line.item_rights.denied(groups)
    return Sight(actor=actor, sources=seen, groups=groups, denied=denied, rights=line.item_rights)


def groups_of(line: Line, actor: Actor) -> frozenset[str]:
    """The actor's groups, by name as sources have them and by digest as records do."""
    return actor.groups | frozenset(map(line.item_rights.digest, actor.groups))


def _reads(groups: frozenset[str], clauses: Clauses) -> bool:
    return all(not groups.isdisjoint(clause) for clause in clauses)
