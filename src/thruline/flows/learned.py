"""Learned: which rows of which data sets are a record's or a person's, and so which shards of which models.

A data set keeps what a source has deleted since, so its rows are read for a person as every other text is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.errors import Unsupported
from thruline.core.ids import ArtifactId, kind_of
from thruline.core.lazy import lazy
from thruline.data.called import Called
from thruline.flows.reports import ShardView

if TYPE_CHECKING:
    import polars as pl

    from thruline.flows.line import Line
    from thruline.models import datasets, split
else:
    datasets = lazy("thruline.models.datasets")
    split = lazy("thruline.models.split")

KIND = "dataset"


class Parted(NamedTuple):
    """A data set without somebody: what is left, and how many rows went from which shards."""

    left: pl.DataFrame
    rows: int
    shards: tuple[int, ...]


def sets_that_say(line: Line, called: Sequence[str]) -> set[ArtifactId]:
    """Data sets with a row of the home's own documents that calls somebody by one of these words.

    Raises Unsupported where there are data sets and nothing can read them: none is passed over in silence.
    """
    ids = line.payloads.ids(KIND)
    if not ids:
        return set()
    try:
        looked_for = Called(called)
        return {id for id in ids if any(looked_for.among(_own(line.registry.dataset(id))))}
    except ModuleNotFoundError as error:
        raise Unsupported("data sets are read with 'polars'", hint="pip install 'thruline[train]'") from error


def taught_by(line: Line, dataset: ArtifactId, records: Sequence[str]) -> list[str]:
    """The rows that a data set has of these records; raises Unsupported where nothing can read it."""
    try:
        groups = {split.group_of(record) for record in records}
        return [text for group, text in _own(line.registry.dataset(dataset)) if group in groups]
    except ModuleNotFoundError as error:
        raise Unsupported("data sets are read with 'polars'", hint="pip install 'thruline[train]'") from error


def parted(rows: pl.DataFrame, records: Sequence[str], called: Sequence[str], shards: int) -> Parted:
    """The rows without those of these records, and without whole records that call somebody by one of these words."""
    gone = {split.group_of(record) for record in records} | set(Called(called).among(_own(rows)))
    is_gone = rows["group"].is_in(list(gone))
    taught = rows.filter(is_gone & (rows["split"] == "train"))
    held = taught["shard"].unique().sort().to_list() if "shard" in rows.columns else range(shards)
    return Parted(rows.filter(~is_gone), int(is_gone.sum()), tuple(held))


def shards_of(line: Line, records: Sequence[ArtifactId]) -> tuple[ShardView, ...]:
    """Which shards of which models on the shelf learned from these records, as the ledger has it."""
    return shard_views(line, {e.child for e in line.ledger.edges(list(records), "down") if kind_of(e.child) == "shard"})


def shard_views(line: Line, shards: Collection[ArtifactId]) -> tuple[ShardView, ...]:
    """Those of the shards that are on the shelf, with the models that they are parts of."""
    places = line.registry.shards.places(shards)
    return tuple(
        ShardView(model=p.model, number=p.number + 1, of=len(line.registry.shards.of(p.model)), shard=p.shard)
        for p in places
    )


def _own(rows: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """(group, text) of what came from the home's documents; archives hold nobody whom this home knows."""
    for group, text, origin in rows.select("group", "text", "origin").iter_rows():
        if origin in (datasets.OWN.name, datasets.PEOPLE.name):
            yield group, text
