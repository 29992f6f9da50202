"""Where things stand in the drawings; the templates draw them. All lengths in SVG user units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from thruline.flows.reports import GenerationView, Node, Status

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y = 208, 54, 56, 16
LABEL_LENGTH = 27  # characters that fit into a box at the label's size
HIDDEN_KINDS = frozenset(("run", "event"))
KIND_WORDS = {
    "answer": "Answer", "chunk": "Passage", "record": "Document", "source": "Source", "generation": "Index version",
    "index": "Index version", "model": "Model", "dataset": "Training data", "vectors": "Vectors", "segment": "Segment",
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
        Station(name="Index", count=len(generations), says="versions, to switch back to", href=""),
        Station(name="Models", count=status.models, says="signed, with their tests", href=""),
        Station(name="Answers", count=status.answers, says="each with its receipt", href="/ask"),
    )


def layout(tree: Node) -> Drawing:
    """The tree from left (the answer) to right (what it came from); a thing used twice stands there once."""
    nodes, columns, edges = _flatten(tree)
    by_column: dict[int, list[str]] = {}
    for id in sorted(nodes, key=lambda id: nodes[id].role == "via"):
        by_column.setdefault(columns[id], []).append(id)
    tallest = max(map(len, by_column.values()))
    height = tallest * (BOX_HEIGHT + GAP_Y) - GAP_Y
    boxes = {
        id: _box(nodes[id], column, _row_y(row, len(ids), height))
        for column, ids in by_column.items()
        for row, id in enumerate(ids)
    }
    wires = tuple(Wire(path=_curve(boxes[child], boxes[parent]), via=via) for child, parent, via in edges)
    width = (max(by_column) + 1) * (BOX_WIDTH + GAP_X) - GAP_X
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


def _flatten(tree: Node) -> tuple[dict[str, Node], dict[str, int], list[tuple[str, str, bool]]]:
    """Each node once, its column (the longest way from the answer), and edges (child, parent, via)."""
    nodes: dict[str, Node] = {}
    columns: dict[str, int] = {}
    edges: dict[tuple[str, str, bool], None] = {}
    waiting = [(tree, 0)]
    while waiting:
        node, column = waiting.pop(0)
        nodes.setdefault(node.id, node)
        columns[node.id] = max(columns.get(node.id, 0), column)
        for parent in node.children:
            edges[(node.id, parent.id, parent.role == "via")] = None
            waiting.append((parent, column + 1))
    return nodes, columns, list(edges)


def _row_y(row: int, rows: int, height: int) -> int:
    """Rows of a column are spread about the middle of the drawing."""
    used = rows * (BOX_HEIGHT + GAP_Y) - GAP_Y
    return (height - used) // 2 + row * (BOX_HEIGHT + GAP_Y)


def _box(node: Node, column: int, y: int) -> Box:
    return Box(
        id=node.id, kind=node.kind, label=node.label, detail=node.detail, href=page_of(node.kind, node.id),
        via=node.role == "via", x=column * (BOX_WIDTH + GAP_X), y=y,
    )  # fmt: skip


def _curve(child: Box, parent: Box) -> str:
    x1, y1 = child.x + BOX_WIDTH, child.y + BOX_HEIGHT // 2
    x2, y2 = parent.x, parent.y + BOX_HEIGHT // 2
    middle = (x1 + x2) // 2
    return f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"
