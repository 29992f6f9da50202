"""Why: an answer as the tree of what it is made of, read off the ledger and labelled for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from thruline.core.clock import iso
from thruline.core.ids import ArtifactId, kind_of
from thruline.core.nouns import Actor, Edge
from thruline.flows.documents import path_names
from thruline.flows.line import Line
from thruline.flows.receipts import read
from thruline.flows.reports import AnswerReport, Node, WhyReport
from thruline.flows.sight import sight

MOST_CHILDREN = 12
DEPTH = 6


def why(line: Line, actor: Actor, answer: str) -> WhyReport:
    """The tree of an answer that the actor may see; raises NotFound otherwise."""
    said = read(line, actor, answer)
    edges = _for_eyes(line, actor, line.ledger.edges([ArtifactId(answer)], "up"))
    rank = {p.chunk: n for n, p in enumerate(sorted(said.passages, key=lambda p: p.number or len(said.passages)), 1)}
    labels = _labels(line, actor, edges, said)
    tree = _grow(_Soil(edges, labels, set(rank), rank), ArtifactId(answer), "from", 0)
    made_of = list(_made_of(edges, answer))
    return WhyReport(
        answer=said, tree=tree, artifacts=len({e.parent for e in made_of} | {answer}),
        events=len({e.seq for e in made_of}),
    )  # fmt: skip


def _for_eyes(line: Line, actor: Actor, edges: list[Edge]) -> list[Edge]:
    """Without records and sources that the actor may not see, such as the hidden original of a visible repetition."""
    if actor.sees_all:
        return edges
    seen = sight(line, actor)
    records = line.records.get_many([e.parent for e in edges if kind_of(e.parent) == "record"])
    shown = {*seen.sources, *seen.among(records)}
    return [e for e in edges if kind_of(e.parent) not in ("record", "source") or e.parent in shown]


def _made_of(edges: list[Edge], answer: str) -> Iterator[Edge]:
    """Edges to what the answer was made from, and to what it passed through itself; not what an index holds besides."""
    above: dict[str, list[Edge]] = {}
    for edge in edges:
        above.setdefault(edge.child, []).append(edge)
    pending, met = [answer], {answer}
    while pending:
        child = pending.pop()
        for edge in above.get(child, ()):
            if edge.role == "from" or child == answer:
                yield edge
                if edge.role == "from" and edge.parent not in met:
                    met.add(edge.parent)
                    pending.append(edge.parent)


@dataclass(frozen=True)
class _Soil:
    edges: list[Edge]
    labels: Mapping[str, tuple[str, str]]
    visible: set[str]
    rank: Mapping[str, int]

    def above(self, id: str) -> list[Edge]:
        return [e for e in self.edges if e.child == id and self._shown(e)]

    def _shown(self, edge: Edge) -> bool:
        hidden = kind_of(edge.parent) == "chunk" and edge.parent not in self.visible
        return not hidden and kind_of(edge.parent) != "subject"


def _grow(soil: _Soil, id: ArtifactId, role: str, depth: int) -> Node:
    """A node with what it was made of; what it only passed through (index, embedder, detector) is not unfolded."""
    label, detail = soil.labels.get(id, (id.partition(":")[2][:12], ""))
    node = Node(id=id, kind=kind_of(id), label=label, detail=detail, role=role)
    if depth >= DEPTH or role == "via":
        return node
    above = sorted(soil.above(id), key=lambda e: (e.role == "via", soil.rank.get(e.parent, 0), e.seq, e.parent))
    children = tuple(_grow(soil, e.parent, e.role, depth + 1) for e in above[:MOST_CHILDREN])
    more = len(above) - MOST_CHILDREN
    rest = (Node(id="", kind="and", label=f"{more} more", role="from"),) if more > 0 else ()
    return replace(node, children=children + rest)


def _labels(line: Line, actor: Actor, edges: list[Edge], said: AnswerReport) -> dict[str, tuple[str, str]]:
    ids = {e.parent for e in edges} | {e.child for e in edges}
    labels = {p.chunk: (f"[{p.number}] {p.title}" if p.number else p.title, "") for p in said.passages}
    labels[said.id] = (said.outcome, f"{said.asked} for {said.asker}")
    records = line.records.get_many([i for i in ids if kind_of(i) == "record"])
    paths = path_names(line, list(records), actor)
    for id, record in records.items():
        labels[id] = (paths.get(id, id.partition(":")[2][:12]), f"{record.state}, seen {iso(record.seen)}")
    labels |= {s.id: (s.name, f"for {', '.join(s.groups)}") for s in line.records.sources()}
    labels |= {i: _generation(line, i) for i in ids if kind_of(i) == "index"}
    labels |= {i: _model(line, i, said) for i in ids if kind_of(i) == "model"}
    labels |= {i: _prompt(line, i) for i in ids if kind_of(i) == "prompt"}
    labels |= _shards(line, [i for i in ids if kind_of(i) == "shard"])
    return labels


def _shards(line: Line, ids: list[ArtifactId]) -> dict[str, tuple[str, str]]:
    places = line.registry.shards.places(ids)
    return {p.shard: (f"shard {p.number + 1}", f"of model {p.model.partition(':')[2][:12]}") for p in places}


def _generation(line: Line, id: ArtifactId) -> tuple[str, str]:
    generation = line.generations.get(id)
    return id.partition(":")[2][:12], f"generation with {generation.chunks:,} chunks"


def _prompt(line: Line, id: ArtifactId) -> tuple[str, str]:
    found = line.prompts.find(id)
    whose = "as shipped" if id == line.prompts.shipped.id else "the operator's"
    return id.partition(":")[2][:12], whose if found else "its text is erased"


_LABELS = {"detector": "injection detector"}


def _model(line: Line, id: ArtifactId, said: AnswerReport) -> tuple[str, str]:
    info = next((m for m in line.registry.models() if m.id == id), None)
    if info:
        serves = f"serves as {', '.join(info.serves)}" if info.serves else "serves no longer"
        return _LABELS.get(info.role, info.role), f"{id.partition(':')[2][:12]}, gate {info.outcome}, {serves}"
    if id == said.order.model:
        return said.order.reranker, "reranker"
    if id == line.ids.artifact("model", "llm", said.model):
        return said.model, "language model"
    return said.embedder, "embedder"
