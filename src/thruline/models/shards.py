"""Shards: the training rows in parts, each of which becomes weights of its own (Bourtoule et al. 2021, SISA).

All rows of a record, and of the records that name one person, lie in one shard, so that whoever is erased costs one
shard. What serves is the mean of the shards' log-odds, which for linear models is one linear model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from safetensors import SafetensorError
from safetensors.numpy import load, save

from thruline.core.errors import Corrupt
from thruline.models.datasets import OWN, PEOPLE
from thruline.models.split import group_of

SHARDS = 4  # AUROC .993, .989, .986 and .982 for 1, 4, 8 and 16 (bench/shards.py)
FILE = "shard-{}.safetensors"
LEAST_FAMILY = 16  # records: families as large as this are let grow, however few records there are


class Shard(NamedTuple):
    """What one part of the rows taught: weights as in models.detector, and how many rows it was."""

    weights: np.ndarray
    intercept: float
    rows: int


def families(people: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Records that name the same people under one name; people: record -> who is met in it.

    Whoever is met in the fewest records goes first. A person whose records would tie together more than a shard's
    share of all is left apart, as an employee who stands in every ticket: erasing them costs several shards.
    """
    of_person: dict[str, list[str]] = defaultdict(list)
    for record in sorted(people):
        for person in people[record]:
            of_person[person].append(record)
    members = {record: [record] for record in people}
    family = {record: record for record in people}
    most = max(LEAST_FAMILY, len(people) // SHARDS)
    for _, records in sorted(of_person.items(), key=lambda found: (len(found[1]), found[1])):
        names = sorted({family[record] for record in records})
        joined = [record for name in names for record in members[name]]
        if len(joined) <= most:
            members[names[0]] = joined
            family |= dict.fromkeys(joined, names[0])
    return family


def assigned(rows: pl.DataFrame, draw: Callable[[str], int], of: Mapping[str, str]) -> pl.DataFrame:
    """The rows of a split dataset with a column `shard`, by a draw for each unit.

    of: record -> its family. The unit is the family, else the record, else (an archive's row, nobody's) the row.
    """
    known = {group_of(record): family for record, family in of.items()}
    ours = (OWN.name, PEOPLE.name)
    found: Iterable[tuple[str, str, str]] = rows.select("group", "origin", "text").iter_rows()
    units = (known.get(group) or group if origin in ours else text for group, origin, text in found)
    return rows.with_columns(pl.Series("shard", [draw(unit) for unit in units], pl.Int16))


def mean(shards: Sequence[Shard]) -> Shard:
    """The shards as one model: the mean of their log-odds."""
    weights = sum((s.weights.astype(np.float64) for s in shards), np.zeros_like(shards[0].weights, np.float64))
    intercept = sum(s.intercept for s in shards) / len(shards)
    return Shard((weights / len(shards)).astype(np.float32), intercept, sum(s.rows for s in shards))


def dumped(shard: Shard) -> bytes:
    """A shard's file: the same rows and seed give the same bytes on one machine."""
    columns = np.flatnonzero(shard.weights).astype(np.int32)
    parts = {"columns": columns, "values": shard.weights[columns].astype(np.float32)}
    return save(parts | {"intercept": np.array([shard.intercept]), "rows": np.array([shard.rows], np.int64)})


def loaded(data: bytes, width: int) -> Shard:
    """What `dumped` wrote; raises Corrupt for other bytes."""
    try:
        parts = load(data)
        weights = np.zeros(width, np.float32)
        weights[parts["columns"]] = parts["values"]
        return Shard(weights, parts["intercept"].item(), parts["rows"].item())
    except (KeyError, SafetensorError, ValueError, TypeError, IndexError) as error:
        raise Corrupt(f"a shard cannot be read: {error}", hint="train again with `thruline train`") from error
