"""What was made of something, for blame and for erasure alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

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
    """Where sets for training were written, and when, in words."""
    return tuple(data.decode() for _, data in sorted(line.payloads.get_many(corpora).items()))


def saying(line: Line, called: Sequence[str]) -> set[ArtifactId]:
    """Sets for training whose file, where it still lies where it was written, says one of these words.

    The file is asked, not the line: what was erased or deleted since it was written stands in it all the same.
    """
    looked_for = Called(called)
    said = line.payloads.get_many(list(line.payloads.ids("corpus")))
    return {ArtifactId(id) for id, data in said.items() if _says(_file(data.decode()), looked_for)}


def _file(said: str) -> Path:
    return Path(said.rpartition(", written ")[0])


def _says(path: Path, looked_for: Called) -> bool:
    if not path.is_file():
        return False
    import polars  # whoever wrote the set has it

    try:
        texts = polars.scan_parquet(path).select(polars.col(polars.String)).collect(engine="streaming")
    except (polars.exceptions.PolarsError, OSError):
        return False  # another file by now
    return any(looked_for.is_in("\n".join(filter(None, row))) for row in texts.iter_rows())
