"""Lineage: the line around one thing, up to what it was made of and down to what was made of it.

The walk is bounded at each step, so that a home of any size is drawn at once: many of a kind stand there as one, and
can be opened. Blame follows `from` at any depth, and `via` only out of where it starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from thruline.core.errors import Invalid, NotFound
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Actor, Role
from thruline.flows.lineage_words import describe, visible
from thruline.flows.reports import LineageReport, LineEdge, LineNode
from thruline.ledger.fans import Fan, Fans
from thruline.ports.ledger import Direction

if TYPE_CHECKING:
    from thruline.flows.line import Line

DEPTH = 8  # from a source to the deployment of a model
FEW = 6  # of one kind at one step that are shown one by one
PAGE = 24  # of many that are shown one by one once they are opened
WALKED = 2000  # of one kind at one step whose own neighbours are looked for


@dataclass
class _Drawing:
    """What was met so far. place: the key of the node that an id stands in."""

    opened: str
    offset: int
    place: dict[str, str]
    single: dict[str, int]  # id -> step
    many: dict[str, LineNode] = field(default_factory=dict)
    edges: dict[LineEdge, None] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)  # keys of all that could be opened


def around(
    line: Line, actor: Actor, artifact: str, *, up: bool = True, down: bool = True, depth: int = DEPTH,
    opened: str = "", offset: int = 0,
) -> LineageReport:  # fmt: skip
    """The line around an artifact as the actor may see it; raises NotFound for one that they may not, or that is none.

    opened: the key of a node that stands for many, whose members are shown one by one from the offset-th on.
    """
    id = ArtifactId(artifact)
    if not line.ledger.artifacts([id]) or id not in visible(line, actor, [id]):
        raise NotFound(f"the ledger knows no {artifact!r}", hint="ids look like record:…, chunk:…, answer:…")
    drawing = _Drawing(opened, offset, place={id: id}, single={id: 0})
    if up:
        _walk(line, actor, drawing, id, "up", depth)
    if down:
        _walk(line, actor, drawing, id, "down", depth)
    if opened and opened not in drawing.known:
        raise Invalid(f"{opened!r} names nothing here that can be opened", hint="take the key of a node that is many")
    nodes = (*describe(line, actor, drawing.single), *drawing.many.values())
    ordered = tuple(sorted(nodes, key=lambda node: (node.step, node.kind, node.count > 1, node.label, node.key)))
    return LineageReport(id=id, nodes=ordered, edges=tuple(drawing.edges), opened=opened, offset=offset)


def _walk(line: Line, actor: Actor, drawing: _Drawing, start: ArtifactId, direction: Direction, depth: int) -> None:
    """Step by step outwards; after a step that was cut off, counts say how many there are at least."""
    fans = Fans(line.database)
    frontier: Sequence[ArtifactId] = (start,)
    at_least = False
    for step in range(1, depth + 1):
        met: dict[ArtifactId, None] = {}
        around = fans.beside(frontier, direction, via=step == 1, limit=WALKED)
        for fan in around:
            fresh = _place(line, actor, drawing, fan, (direction, step), at_least)
            if fan.role == "from":
                met |= dict.fromkeys(fresh)
        at_least = at_least or any(len(fan.edges) == WALKED for fan in around)
        frontier = tuple(met)


def _place(
    line: Line, actor: Actor, drawing: _Drawing, fan: Fan, at: tuple[Direction, int], at_least: bool
) -> list[ArtifactId]:  # fmt: skip
    """Give each that the actor may see its node, and draw the edges; those that were not met before."""
    direction, step = at
    far = list(dict.fromkeys(f for _, f in fan.edges))
    seen = visible(line, actor, far)
    fresh = [id for id in far if id in seen and id not in drawing.place]
    count = fan.many - (len(far) - len(fresh)) if actor.sees_all else len(fresh)
    key = f"{direction}{step}-{fan.kind}-{fan.role}"
    step = -step if direction == "up" else step
    shown = fresh if count <= FEW else fresh[drawing.offset : drawing.offset + PAGE] if key == drawing.opened else []
    drawing.single |= dict.fromkeys(shown, step)
    drawing.place |= {id: id for id in shown} | {id: key for id in fresh if id not in set(shown)}
    if count > FEW:
        drawing.known.add(key)
    if count > len(shown):
        drawing.many[key] = LineNode(
            key=key, kind=fan.kind, id="", count=count - len(shown), label="", detail="", step=step,
            at_least=at_least or (len(fan.edges) == WALKED and not actor.sees_all),
        )  # fmt: skip
    _wire(drawing, ((near, f) for near, f in fan.edges if f in seen), direction, fan.role)
    return fresh


def _wire(
    drawing: _Drawing, edges: Iterable[tuple[ArtifactId, ArtifactId]], direction: Direction, role: Role
) -> None:  # fmt: skip
    for near, far in edges:
        here, there = drawing.place[near], drawing.place[far]
        parent, child = (there, here) if direction == "up" else (here, there)
        if parent != child:
            drawing.edges[LineEdge(parent=parent, child=child, role=role)] = None
