"""Sight: what one who asks may see - sources by their groups, and of those the records that their place shows them."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruline.core.ids import ArtifactId
from thruline.core.nouns import Actor, Draft, Source
from thruline.data.item_rights import ItemRights
from thruline.data.records import Record
from thruline.data.rights import Clauses, loses, rights
from thruline.flows.publish import publish_regrouped
from thruline.ports.origin import Item
from thruline.runs.runner import Run

if TYPE_CHECKING:
    from thruline.flows.line import Line


_FREE: Clauses = frozenset()  # for all who see the source


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
        return {id: r for id, r in within.items() if _reads(self.groups, rights.get(r.id, _FREE))}

    def open_among(self, held: Sequence[tuple[str, str]]) -> set[str]:
        """Of (source, record or path of it), the records and paths that they may see."""
        if self.actor.sees_all:
            return {id for _, id in held}
        within = [(source, id) for source, id in held if source in self.sources]
        rights: dict[str, Clauses] = {**self.rights.of_records([id for _, id in within])}
        for source in {source for source, _ in within}:
            rights |= self.rights.of_paths(source, [id for of, id in within if of == source])
        return {id for _, id in within if _reads(self.groups, rights.get(id, _FREE))}


def sight(line: Line, actor: Actor) -> Sight:
    """What the actor may see now."""
    groups = groups_of(line, actor)
    seen = {s.id: s for s in line.records.sources() if actor.sees_all or not actor.groups.isdisjoint(s.groups)}
    denied = "[]" if actor.sees_all else line.item_rights.denied(groups)
    return Sight(actor=actor, sources=seen, groups=groups, denied=denied, rights=line.item_rights)


def groups_of(line: Line, actor: Actor) -> frozenset[str]:
    """The actor's groups, by name as sources have them and by digest as records do."""
    return actor.groups | frozenset(map(line.item_rights.digest, actor.groups))


def regroup(line: Line, run: Run, source: Source, items: Sequence[Item], known: Container[str]) -> int:
    """Let each item be read by whom its place says now, before its bytes are read.

    known: path ids that are not new. Returns how many of those may be read by others than before.
    """
    says = rights(source.options)
    told = {item.path: clauses for item in items if (clauses := says.of(item))}
    if not told and not line.item_rights.are_any(source.id):
        return 0
    sealed = {clauses: line.item_rights.sealed(clauses) for clauses in set(told.values())}
    ids = line.ids.artifacts("path", source.id, last=(item.path for item in items))
    now: dict[str, Clauses] = {
        id: sealed.get(told.get(item.path, _FREE), _FREE) for id, item in zip(ids, items, strict=True)
    }
    then = line.item_rights.of_paths(source.id, list(now))
    changed = {path: clauses for path, clauses in now.items() if clauses != then.get(path, _FREE)}
    regrouped = {path: clauses for path, clauses in changed.items() if path in known}
    if not changed:
        return 0
    with run.commit():
        line.item_rights.put(source.id, changed)
        if regrouped:
            run.append(_regrouped(source, then, regrouped))
            publish_regrouped(line, run, "source")
    return len(regrouped)


def _regrouped(source: Source, then: Mapping[str, Clauses], now: Mapping[str, Clauses]) -> Draft:
    pairs = [(then.get(path, _FREE), clauses) for path, clauses in now.items()]
    facts = {
        "items": len(pairs), "narrower": sum(loses(before, after) for before, after in pairs),
        "wider": sum(loses(after, before) for before, after in pairs),
    }  # fmt: skip
    return Draft(verb="source.regrouped", inputs=(source.id,), facts=facts)


def _reads(groups: frozenset[str], clauses: Clauses) -> bool:
    return all(not groups.isdisjoint(clause) for clause in clauses)
