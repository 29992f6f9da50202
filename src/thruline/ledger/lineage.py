"""What was made of what, over any ledger: reach, ways between two things, and a tree to print."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from thruline.core.ids import ArtifactId, kind_of
from thruline.core.nouns import Edge
from thruline.ports.ledger import Ledger

MAX_PATHS = 100  # a lattice of n diamonds has 2^n ways through it


def upstream(ledger: Ledger, id: ArtifactId) -> list[ArtifactId]:
    """All that id was made of or passed through, nearest event last; without id itself."""
    return _others((edge.parent for edge in ledger.edges([id], "up")), {id})


def downstream(ledger: Ledger, ids: Sequence[ArtifactId]) -> list[ArtifactId]:
    """All that was made of these, in the order in which it was made; without these themselves."""
    return _others((edge.child for edge in ledger.edges(ids, "down")), set(ids))


def blast(ledger: Ledger, ids: Sequence[ArtifactId]) -> dict[str, list[ArtifactId]]:
    """`downstream`, by kind: the chunks, generations, models and answers that these touched."""
    by_kind: dict[str, list[ArtifactId]] = defaultdict(list)
    for id in downstream(ledger, ids):
        by_kind[kind_of(id)].append(id)
    return dict(by_kind)


def paths(
    edges: Sequence[Edge], start: ArtifactId, end: ArtifactId, *, limit: int = MAX_PATHS
) -> list[tuple[ArtifactId, ...]]:
    """The shortest ways down from start to end, each with both of its ends; at most limit, in a stable order."""
    parents = _adjacent(edges, down=False)
    steps = _steps_from(start, _adjacent(edges, down=True))
    if end not in steps:
        return []

    def back(id: ArtifactId) -> Iterator[tuple[ArtifactId, ...]]:
        if id == start:
            yield (start,)
            return
        for parent in parents.get(id, ()):
            if steps.get(parent) == steps[id] - 1:
                yield from ((*way, id) for way in back(parent))

    return [way for way, _ in zip(back(end), range(limit), strict=False)]


@dataclass(frozen=True, kw_only=True)
class Branch:
    """A line of a tree. role: how the thing above it used it. again: its own parts were listed before."""

    id: ArtifactId
    role: str
    depth: int
    again: bool


def tree(edges: Sequence[Edge], root: ArtifactId) -> Iterator[Branch]:
    """Root and what it was made of, depth first, as lines to print; each thing's parts are listed once."""
    above: dict[ArtifactId, list[Edge]] = defaultdict(list)
    for edge in sorted(edges, key=lambda edge: (edge.role, edge.seq, edge.parent)):
        above[edge.child].append(edge)
    shown: set[ArtifactId] = set()
    waiting = [(root, "", 0)]
    while waiting:
        id, role, depth = waiting.pop()
        yield Branch(id=id, role=role, depth=depth, again=id in shown and id in above)
        if id not in shown:
            shown.add(id)
            waiting += [(edge.parent, edge.role, depth + 1) for edge in reversed(above.get(id, []))]


def _others(met: Iterator[ArtifactId], start: set[ArtifactId]) -> list[ArtifactId]:
    return [id for id in dict.fromkeys(met) if id not in start]


def _adjacent(edges: Sequence[Edge], *, down: bool) -> Mapping[ArtifactId, list[ArtifactId]]:
    found: dict[ArtifactId, list[ArtifactId]] = defaultdict(list)
    for parent, child in sorted({(edge.parent, edge.child) for edge in edges}):
        found[parent if down else child].append(child if down else parent)
    return found


def _steps_from(start: ArtifactId, children: Mapping[ArtifactId, list[ArtifactId]]) -> dict[ArtifactId, int]:
    steps, frontier = {start: 0}, [start]
    while frontier:
        met = dict.fromkeys(child for id in frontier for child in children.get(id, ()) if child not in steps)
        steps |= dict.fromkeys(met, steps[frontier[0]] + 1)
        frontier = list(met)
    return steps
