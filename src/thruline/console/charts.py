"""Where things stand in the drawings; the templates draw them. All lengths in SVG user units."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from thruline.flows.reports import AnswerReport, GenerationView, Node, Status

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y = 208, 54, 56, 16
LABEL_LENGTH = 25  # characters that fit into a box at the label's size
KIND_WORDS = {
    "answer": "Answer", "chunk": "Passage", "record": "Document", "source": "Source", "index": "Index version",
    "model": "Model", "dataset": "Training data", "vectors": "Vectors", "and": "And", "segment": "Part of an index",
    "corpus": "Written set", "aggregate": "Published numbers", "archive": "Published set", "deployment": "In service",
    "shard": "Part of a model",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Station:
    """A stop on the line: how many there are, in a newcomer's words."""

    name: str
    count: int
    says: str
    href: str


@dataclass(frozen=True, kw_only=True)
class Box:
    """A thing in the tree, once, at its place."""

    id: str
    kind: str
    label: str
    detail: str
    href: str
    via: bool
    x: int
    y: int


@dataclass(frozen=True, kw_only=True)
class Wire:
    """A curve from what was used to what was made of it."""

    path: str
    via: bool


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A tree laid out."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]


def stations(status: Status, generations: Sequence[GenerationView]) -> tuple[Station, ...]:
    """The line from file to answer."""
    vectors = sum(g.chunks for g in generations if g.serving)
    return (
        Station(name="Documents", count=status.documents, says="files, as they came in", href="/data"),
        Station(name="Chunks", count=status.chunks, says="pieces of a paragraph or two", href="/data"),
        Station(name="Vectors", count=vectors, says="their meaning, as numbers", href=""),
        Station(name="Index", count=status.versions, says="versions, to switch back to", href=""),
        Station(name="Models", count=status.models, says="signed, with their tests", href=""),
        Station(name="Answers", count=status.answers, says="each with its receipt", href="/ask"),
    )


def in_order(tree: Node, answer: AnswerReport) -> Node:
    """The tree with its passages in the order of their numbers, and then what the answer passed through."""
    numbers = {p.chunk: p.number for p in answer.passages}
    last = len(numbers) + 1
    children = sorted(tree.children, key=lambda n: (n.role == "via", numbers.get(n.id) or last))
    return replace(tree, children=tuple(children))


def layout(tree: Node) -> Drawing:
    """The tree from left (the answer) to right (what it came from); a thing used twice stands there once."""
    graph = _flatten(tree)
    rows = _rows(graph)
    boxes = {id: _box(node, graph.columns[id], rows[id]) for id, node in graph.nodes.items()}
    wires = tuple(Wire(path=_curve(boxes[child], boxes[parent]), via=via) for child, parent, via in graph.edges)
    width = (max(graph.columns.values()) + 1) * (BOX_WIDTH + GAP_X) - GAP_X
    height = round((max(rows.values()) + 1) * (BOX_HEIGHT + GAP_Y)) - GAP_Y
    return Drawing(width=width, height=height, boxes=tuple(boxes.values()), wires=wires)


def kind_word(kind: str) -> str:
    """What a kind of artifact is called on the page."""
    return KIND_WORDS.get(kind, kind.replace("_", " ").capitalize())


def page_of(kind: str, id: str) -> str:
    """The address of the page about an artifact; empty when there is none."""
    return {"record": f"/data/{id}", "answer": f"/why/{id}"}.get(kind, "")


def fit(text: str, length: int = LABEL_LENGTH) -> str:
    """text, cut to what fits."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


class _Graph(NamedTuple):
    """Each node once; its column is the longest way from the answer. edges: (child, parent, via)."""

    nodes: dict[str, Node]
    columns: dict[str, int]
    edges: list[tuple[str, str, bool]]


def _flatten(tree: Node) -> _Graph:
    nodes: dict[str, Node] = {}
    columns: dict[str, int] = {}
    edges: dict[tuple[str, str, bool], None] = {}
    waiting = deque([(tree, tree.id, 0)])
    while waiting:
        node, id, column = waiting.popleft()
        nodes.setdefault(id, node)
        columns[id] = max(columns.get(id, 0), column)
        for parent in node.children:
            key = parent.id or f"{id} and {parent.label}"
            edges[(id, key, parent.role == "via")] = None
            waiting.append((parent, key, column + 1))
    return _Graph(nodes, columns, list(edges))


def _rows(graph: _Graph) -> dict[str, float]:
    """The row of each node, from 0: beside the middle of what was made from it, below its neighbour in the column."""
    children: dict[str, list[str]] = {}
    for child, parent, _ in graph.edges:
        children.setdefault(parent, []).append(child)
    rows: dict[str, float] = {}
    for column in range(1, max(graph.columns.values()) + 1):
        here = [id for id in graph.nodes if graph.columns[id] == column]
        placed = {id: [rows[c] for c in children[id] if c in rows] for id in here}
        wanted = {id: sum(at) / len(at) if at else 0.0 for id, at in placed.items()}
        free = 0.0
        for id in sorted(here, key=lambda id: (wanted[id], graph.nodes[id].role == "via")):
            rows[id] = max(wanted[id], free)
            free = rows[id] + 1
    first = [rows[parent] for child, parent, _ in graph.edges if graph.columns[child] == 0 and parent in rows]
    root = next(iter(graph.nodes))
    return rows | {root: (min(first) + max(first)) / 2 if first else 0.0}


def _box(node: Node, column: int, row: float) -> Box:
    return Box(
        id=node.id, kind=node.kind, label=node.label, detail=node.detail, href=page_of(node.kind, node.id),
        via=node.role == "via", x=column * (BOX_WIDTH + GAP_X), y=round(row * (BOX_HEIGHT + GAP_Y)),
    )  # fmt: skip


def _curve(child: Box, parent: Box) -> str:
    x1, y1 = child.x + BOX_WIDTH, child.y + BOX_HEIGHT // 2
    x2, y2 = parent.x, parent.y + BOX_HEIGHT // 2
    middle = (x1 + x2) // 2
    return f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"
