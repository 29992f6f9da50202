"""What equal values say: which rows repeat a value, and a fair sample of the values that there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

_HASH = "_hash"
_HASHES = 2.0**64


class Sample(NamedTuple):
    """Distinct values, at most as many as asked for, and how many there are: counted, or estimated beyond the limit."""

    values: pl.Series
    distinct: int


def sample(frame: pl.LazyFrame, value: pl.Expr, limit: int) -> Sample:
    """The values whose hashes are lowest: each distinct value has the same chance, however often it stands there."""
    kept, cut = _lowest(frame, value, limit)
    highest = kept.select(pl.col(_HASH).max()).item()
    return Sample(kept["value"].sort(), round((limit - 1) * _HASHES / highest) if cut else kept.height)


def sketch(frame: pl.LazyFrame, value: pl.Expr, limit: int) -> tuple[int, ...]:
    """The lowest hashes of the values, ascending; two sketches tell how much two columns have in common."""
    return tuple(_lowest(frame, value, limit)[0][_HASH].sort().to_list())


def _lowest(frame: pl.LazyFrame, value: pl.Expr, limit: int) -> tuple[pl.DataFrame, bool]:
    """Values and hashes, at most limit of each, and whether there were more.

    A KMV sketch (Bar-Yossef et al. 2002): one pass that holds no more than these and a batch.
    """
    kept = pl.DataFrame(schema={"value": pl.String, _HASH: pl.UInt64})
    cut = False
    hashed = frame.select(value.alias("value")).drop_nulls().with_columns(pl.col("value").hash().alias(_HASH))
    for batch in hashed.collect_batches(maintain_order=False, engine="streaming"):
        fresh = batch.filter(pl.col(_HASH) < kept[_HASH].max()) if cut else batch
        merged = pl.concat([kept, fresh]).unique("value")
        cut = cut or merged.height > limit
        kept = merged.bottom_k(limit, by=_HASH)
    return kept, cut


def repeats(frame: pl.LazyFrame, row: str, values: Sequence[pl.Expr]) -> pl.Series:
    """The numbers (from column row) of rows whose values stand in an earlier row; empty values repeat nothing.

    Hashes of eight bytes tell which values can be repeated at all; only those are then held and compared.
    """
    columns = [f"_key{number}" for number in range(len(values))]
    keys = frame.select(row, *(value.alias(name) for value, name in zip(values, columns, strict=True)))
    keys = keys.drop_nulls(columns).with_columns(_hash_of(columns).alias(_HASH))
    twice = _twice(keys.select(_HASH).collect(engine="streaming")[_HASH])
    if twice.is_empty():
        return pl.Series(row, [], dtype=pl.UInt32)
    held = keys.filter(pl.col(_HASH).is_in(twice.implode())).drop(_HASH).collect(engine="streaming").sort(row)
    return held.filter(~pl.struct(columns).is_first_distinct())[row]


def _hash_of(columns: Sequence[str]) -> pl.Expr:
    first, *others = (pl.col(name).hash(seed) for seed, name in enumerate(columns))
    for other in others:
        first = first ^ other
    return first


def _twice(hashes: pl.Series) -> pl.Series:
    """Those that are there more than once; sorting 80 MB in place takes less than a hash table of them."""
    ordered = hashes.to_numpy(writable=True)
    ordered.sort()
    return pl.Series(_HASH, np.unique(ordered[1:][ordered[1:] == ordered[:-1]]), dtype=pl.UInt64)
