"""What was made of something, for blame and for erasure alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from thruline.core.files import part_of
from thruline.core.ids import ArtifactId, kind_of
from thruline.data.called import Called
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
    """Where sets for training were written, and when, in words; with what a killed write of one left beside it."""
    said = [data.decode() for _, data in sorted(line.payloads.get_many(corpora).items())]
    left = (part for words in said if (part := part_of(_place(words))).exists())
    return (*said, *(f"{part}, which a killed command left" for part in dict.fromkeys(left)))


def saying(line: Line, called: Sequence[str]) -> set[ArtifactId]:
    """Sets for training that say one of these words, where they still lie where they were written.

    The set is asked, not the line: what was erased or deleted since it was written stands in it all the same. Raises
    Unsupported for one that cannot be read here.
    """
    looked_for = Called(called)
    said = line.payloads.get_many(list(line.payloads.ids("corpus")))
    return {ArtifactId(id) for id, data in said.items() if _says(_place(data.decode()), looked_for)}


def _place(said: str) -> Path:
    return Path(said.rpartition(", written ")[0])


def _says(path: Path, looked_for: Called) -> bool:
    if not path.exists():
        return False
    from thruline.data.sets import lines  # loads polars: whoever wrote the set has it

    return any(looked_for.is_in(line) for line in lines(path))
