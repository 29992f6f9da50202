"""Regroup: what a place lets others read than before is for them at once, whether its bytes changed or not."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING

from thruline.core.nouns import Draft, Source
from thruline.data.rights import Clauses, loses, rights
from thruline.flows.publish import publish_regrouped
from thruline.flows.sight import FREE
from thruline.ports.origin import Item
from thruline.runs.runner import Run

if TYPE_CHECKING:
    from thruline.flows.line import Line


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
        id: sealed.get(told.get(item.path, FREE), FREE) for id, item in zip(ids, items, strict=True)
    }
    then = line.item_rights.of_paths(source.id, list(now))
    changed = {path: clauses for path, clauses in now.items() if clauses != then.get(path, FREE)}
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
    pairs = [(then.get(path, FREE), clauses) for path, clauses in now.items()]
    facts = {
        "items": len(pairs), "narrower": sum(loses(before, after) for before, after in pairs),
        "wider": sum(loses(after, before) for before, after in pairs),
    }  # fmt: skip
    return Draft(verb="source.regrouped", inputs=(source.id,), facts=facts)
