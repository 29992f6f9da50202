"""Neighbours: what stands beside a passage in its document, for an answer that needs the lines around it.

Of the same record alone, so that whoever may see the passage may see them, covered as it is; they take what the budget
has left and never push out what was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from thruline.core.ids import ArtifactId
from thruline.core.nouns import Actor
from thruline.flows.find import Found, read_hits
from thruline.vectors import context as contexts
from thruline.vectors.ordering import connected, windows
from thruline.vectors.serving import Hit, Hits

if TYPE_CHECKING:
    from thruline.flows.line import Line


class Room(Protocol):
    """Assembles hits in their order into a context, as vectors.context does."""

    def __call__(self, hits: Sequence[contexts.Hit], *, per_record: int = contexts.PER_RECORD) -> contexts.Context:
        """At most so many of one record."""
        ...


class Widened(NamedTuple):
    """A context with neighbours, and all that was found with those of them that are in it."""

    context: contexts.Context
    found: list[Found]


def widened(
    line: Line, actor: Actor, context: contexts.Context, hits: Hits, found: list[Found], *, window: int, room: Room
) -> Widened:
    """The context with up to `window` chunks on either side of each of its own, as far as the budget goes.

    room: what of so many hits is in a context that holds the budget.
    """
    if not window or not context.passages:
        return Widened(context, found)
    own = [hit for passage in context.passages for hit in passage.hits]
    near = _near(line, own, window)
    read = read_hits(line, replace(hits, hits=tuple(_hits(near, hits))), actor)
    inside = set(_assembled(room, own, read).chunks)
    hanging = {chunk for places in near.values() for chunk in places.hanging(inside)}
    beside = [f for f in read if f.hit.chunk in hanging]
    new = hanging.difference(f.hit.chunk for f in found)
    marked = [f._replace(passage=replace(f.passage, beside=True)) for f in beside if f.hit.chunk in new]
    wider = _assembled(room, own, beside)
    fates = {chunk: fate for chunk, fate in context.fates.items() if fate == "cut" or chunk not in wider.chunks}
    return Widened(replace(wider, fates=fates), [*found, *marked])


@dataclass(frozen=True)
class _Places:
    """Of one record: its chunks in order, those of the context by their place, and their neighbours, nearest first."""

    chunks: list[ArtifactId]
    own: list[int]
    near: list[int]

    def hanging(self, inside: set[ArtifactId]) -> set[ArtifactId]:
        """The neighbours that came in, without those behind one that did not fit."""
        places = {at for at in self.near if self.chunks[at] in inside}
        return {self.chunks[at] for at in connected(self.own, places)}


def _assembled(room: Room, own: list[contexts.Hit], beside: list[Found]) -> contexts.Context:
    """What was found first: neighbours take what it leaves of the budget."""
    return room([*own, *(f.hit for f in beside)], per_record=len(own) + len(beside))


def _near(line: Line, own: list[contexts.Hit], window: int) -> dict[ArtifactId, _Places]:
    """By record, that of the best passage first."""
    chunks: dict[ArtifactId, list[ArtifactId]] = {hit.record: [] for hit in own}
    for place in line.records.chunks_beside([hit.chunk for hit in own]):
        chunks[place.record].append(place.chunk)
    ours = {hit.chunk for hit in own}
    places = {record: [at for at, chunk in enumerate(all_) if chunk in ours] for record, all_ in chunks.items()}
    return {r: _Places(chunks[r], own, windows(own, len(chunks[r]), window)) for r, own in places.items()}


def _hits(near: dict[ArtifactId, _Places], hits: Hits) -> Iterator[Hit]:
    """The neighbours as hits that no search found."""
    source = {hit.record: hit.source for hit in hits.hits}
    for record, places in near.items():
        for at in places.near:
            yield Hit(
                chunk=places.chunks[at], record=record, source=source[record], score=0.0, dense_rank=0,
                dense_score=0.0, text_rank=0, text_score=0.0,
            )  # fmt: skip
