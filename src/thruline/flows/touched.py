"""What was made of something, for blame and for erasure alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from thruline.core.ids import ArtifactId, kind_of
from thruline.flows.line import Line


def touched(line: Line, ids: Sequence[ArtifactId]) -> set[ArtifactId]:
    """Everything that was made of these, without them; a record that repeats one of them was not made of it."""
    children: dict[ArtifactId, list[ArtifactId]] = defaultdict(list)
    for edge in line.ledger.edges(ids, "down"):
        if kind_of(edge.child) != "record":
            children[edge.parent].append(edge.child)
    met: set[ArtifactId] = set()
    waiting = list(ids)
    while waiting:
        new = set(children[waiting.pop()]) - met
        met |= new
        waiting += new
    return met


def written(line: Line, corpora: Sequence[str]) -> tuple[str, ...]:
    """Where sets for training were written, and when, in words."""
    return tuple(data.decode() for _, data in sorted(line.payloads.get_many(corpora).items()))
