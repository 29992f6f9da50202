"""The line around a thing in columns, one a kind, from its sources on the left to the answers on the right.

All lengths in SVG user units.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from thruline.console.charts import BOX_HEIGHT, GAP_Y, Wire, kind_word, page_of
from thruline.flows.lineage import PAGE
from thruline.flows.reports import LineageReport, LineNode

WIDTH, GAP = 168, 36  # narrower than a tree's boxes: there may be a dozen columns
HEAD = 30  # the columns' names
KINDS: Mapping[str, str] = {
    "archive": "Published sets", "source": "Sources", "record": "Documents", "chunk": "Passages", "vectors": "Vectors",
    "segment": "Parts of an index", "index": "Index versions", "dataset": "Training data", "corpus": "Written sets",
    "aggregate": "Published numbers",
    "shard": "Parts of a model", "model": "Models", "deployment": "In service", "answer": "Answers",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Place:
    """A node in its place. href: its page; where it stands for many, the address that opens them."""

    node: LineNode
    label: str
    href: str
    look: str
    x: int
    y: int


@dataclass(frozen=True, kw_only=True)
class Column:
    """All of one kind, from the top."""

    kind: str
    name: str
    x: int
    places: tuple[Place, ...]


@dataclass(frozen=True, kw_only=True)
class Columns:
    """A line laid out."""

    width: int
    height: int
    columns: tuple[Column, ...]
    wires: tuple[Wire, ...]


def layout(line: LineageReport) -> Columns:
    """Columns of those kinds that are there; a node stands beside the middle of what it was made of."""
    by_kind: dict[str, list[LineNode]] = defaultdict(list)
    for node in line.nodes:
        by_kind[node.kind].append(node)
    kinds = [kind for kind in KINDS if kind in by_kind]
    rows = _rows(line, [by_kind[kind] for kind in kinds])
    columns = tuple(_column(line, kind, number, by_kind[kind], rows) for number, kind in enumerate(kinds))
    places = {place.node.key: place for column in columns for place in column.places}
    wires = tuple(Wire(path=_curve(places[e.parent], places[e.child]), via=e.role == "via") for e in line.edges)
    height = round((max(rows.values()) + 1) * (BOX_HEIGHT + GAP_Y)) - GAP_Y + HEAD
    return Columns(width=len(kinds) * (WIDTH + GAP) - GAP, height=height, columns=columns, wires=wires)


def label(node: LineNode) -> str:
    """What stands in a node's box."""
    if node.id:
        return node.label or node.id.partition(":")[2][:12]
    return f"{'more than ' if node.at_least else ''}{node.count:,} {KINDS[node.kind].lower()}"


def earlier(line: LineageReport) -> str:
    """The address of the members before those that are listed; empty at the first."""
    if not line.opened or not line.offset:
        return ""
    return f"/lineage/{line.id}?open={line.opened}&from={max(0, line.offset - PAGE)}"


def _rows(line: LineageReport, columns: Sequence[Sequence[LineNode]]) -> dict[str, float]:
    """The row of each node, from 0: near its neighbours in the columns before, below the one above it."""
    beside: dict[str, list[str]] = defaultdict(list)
    for edge in line.edges:
        beside[edge.child].append(edge.parent)
        beside[edge.parent].append(edge.child)
    rows: dict[str, float] = {}
    for nodes in columns:
        near = {node.key: [rows[k] for k in beside[node.key] if k in rows] for node in nodes}
        wanted = {key: sum(at) / len(at) if at else 0.0 for key, at in near.items()}
        free = 0.0
        for node in sorted(nodes, key=lambda node: (not node.id, wanted[node.key])):
            rows[node.key] = max(wanted[node.key], free)
            free = rows[node.key] + 1
    return rows


def _column(
    line: LineageReport, kind: str, number: int, nodes: Sequence[LineNode], rows: Mapping[str, float]
) -> Column:  # fmt: skip
    x = number * (WIDTH + GAP)
    ordered = sorted(nodes, key=lambda node: rows[node.key])
    places = tuple(_place(line, node, x, round(rows[node.key] * (BOX_HEIGHT + GAP_Y)) + HEAD) for node in ordered)
    return Column(kind=kind, name=KINDS[kind], x=x, places=places)


def _place(line: LineageReport, node: LineNode, x: int, y: int) -> Place:
    look = "here" if node.key == line.id else "" if node.id else "many"
    return Place(node=node, label=label(node), href=_href(line, node), look=look, x=x, y=y)


def _href(line: LineageReport, node: LineNode) -> str:
    if node.id:
        return page_of(node.kind, node.id) or f"/lineage/{node.id}"
    after = line.offset + PAGE if node.key == line.opened else 0
    return f"/lineage/{line.id}?open={node.key}" + (f"&from={after}" if after else "")


def title(place: Place) -> str:
    """All that is known of a place, for those who hear it or point at it."""
    detail = f", {place.node.detail}" if place.node.detail else ""
    return f"{kind_word(place.node.kind)}: {place.label}{detail}" if place.node.id else f"Open {place.label}"


def _curve(parent: Place, child: Place) -> str:
    """Out of the side that faces the other one; between two of one column, round their right side."""
    y1, y2 = parent.y + BOX_HEIGHT // 2, child.y + BOX_HEIGHT // 2
    x1 = parent.x if parent.x > child.x else parent.x + WIDTH
    x2 = child.x + WIDTH if parent.x >= child.x else child.x
    bend = x1 + GAP // 2 if parent.x == child.x else (x1 + x2) // 2
    return f"M{x1} {y1}C{bend} {y1} {bend} {y2} {x2} {y2}"
