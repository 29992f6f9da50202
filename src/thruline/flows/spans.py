"""Where passages stand in their documents, so that those of two ways to cut can be held against each other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.ids import ArtifactId, kind_of
from thruline.flows.documents import read_documents

if TYPE_CHECKING:
    from thruline.flows.line import Line

MEETS = 0.5  # of the shorter of two passages: less is an edge that both happen to have


class Span(NamedTuple):
    """Characters start..end of a record's text."""

    record: ArtifactId
    start: int
    end: int

    def meets(self, other: Span) -> bool:
        """Whether the two say largely the same: half of the shorter one lies in the other."""
        shared = min(self.end, other.end) - max(self.start, other.start)
        shorter = min(self.end - self.start, other.end - other.start)
        return self.record == other.record and shared > 0 and shared >= MEETS * shorter


class Spans:
    """Of chunks, each looked up once."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._known: dict[str, Span] = {}

    def of(self, chunks: Iterable[str]) -> dict[str, Span]:
        """Of those that are still here."""
        asked = list(chunks)
        self._look_up([chunk for chunk in asked if chunk not in self._known])
        return {chunk: self._known[chunk] for chunk in asked if chunk in self._known}

    def _look_up(self, chunks: Sequence[str]) -> None:
        if not chunks:
            return
        places = self._line.records.places(chunks)
        documents = read_documents(self._line, sorted({place.document for place in places.values()}))
        for place in places.values():
            if place.document in documents:
                chunk = documents[place.document].chunks[place.position]
                self._known[place.chunk] = Span(place.record, chunk.start, chunk.end)


def meets_any(span: Span, others: Collection[Span]) -> bool:
    """Whether it says largely what one of the others says."""
    return any(span.meets(other) for other in others)


def as_judged(line: Line, found: Sequence[tuple[str, str]], grades: Mapping[str, int]) -> list[str]:
    """(chunk, record) as a judgement names them: a chunk, what it meets of another way to cut, or the record.

    What was judged is named once: two halves of a passage are not two that answer.
    """
    other = [id for id in grades if kind_of(id) == "chunk"]
    judged = Spans(line).of(other) if any(chunk not in grades for chunk, _ in found) else {}
    of_records = {span.record for span in judged.values()}
    unsure = [chunk for chunk, record in found if chunk not in grades and record in of_records]
    spans = Spans(line).of(unsure)
    named: list[str] = []
    for chunk, record in found:
        met = (id for id, span in judged.items() if id not in named and chunk in spans and span.meets(spans[chunk]))
        named.append(chunk if chunk in grades else next(met, record))
    return named
