"""A table as cells: each combination of values that stands in it, once, with how many rows bear it.

What is asked about groups of rows is then asked of the cells, which are fewer and hold numbers instead of values.
Memory grows with the cells, not with the rows. Needs the extra `train`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from thruline.core.errors import Invalid
from thruline.core.nearest import meant
from thruline.data.tables import Scan, type_of

ROWS = "_thruline_rows"
_KEY = "_thruline_key"
_LARGEST_KEY, _LARGEST_SHORT_KEY = 2**63, 2**32
_SPARSE = 4  # numbers a row that an array of them may hold


class Cells(NamedTuple):
    """values: of each column, once, an empty one last. frame: a column of indexes into them for each, and ROWS."""

    values: Mapping[str, pl.Series]
    frame: pl.DataFrame

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.frame[ROWS].sum())


def cells_of(scan: Scan, columns: Sequence[str]) -> Cells:
    """The cells of some columns; raises Invalid for one that is not there, or whose values cannot be compared."""
    check_columns(scan, columns)
    frame = comparable(scan).select(*columns)
    values = {name: _values(frame, name) for name in columns}
    packs = list(_packs(values))
    keys = [_key(pack, values).alias(f"{_KEY}{number}") for number, pack in enumerate(packs)]
    counted = frame.select(keys).group_by(pl.all()).agg(pl.len().alias(ROWS)).collect(engine="streaming")
    return Cells(values, _unpacked(counted, packs, values))


def check_columns(scan: Scan, columns: Sequence[str]) -> None:
    """Raises Invalid for a column that is not there, or whose values cannot be compared."""
    for name in columns:
        if name not in scan.schema:
            raise Invalid(f"the table has no column {name!r}", hint=meant(name, scan.schema))
        if type_of(scan.schema[name]) is None and scan.schema[name] != pl.Null():
            raise Invalid(f"{name!r} holds lists or the like", hint="name columns of plain values")


def comparable(scan: Scan) -> pl.LazyFrame:
    """The table with all that is text, or nothing at all, as text, however it is stored."""
    stored_otherwise = [n for n, t in scan.schema.items() if type_of(t) == "string" or t == pl.Null()]
    return scan.frame.with_columns(pl.col(stored_otherwise).cast(pl.String)) if stored_otherwise else scan.frame


def grouped(frame: pl.DataFrame, by: Sequence[str], kinds: Sequence[str] = ()) -> pl.DataFrame:
    """Groups of rows that are alike in some columns: ROWS, and how many values of each of `kinds` it has."""
    # Arrays by number of group: a sixth of the time of grouping by columns, at five million cells.
    group = numbered(frame, by)
    members = np.bincount(group)
    there = np.flatnonzero(members)
    one_of = np.zeros(len(members), np.int64)
    one_of[group] = np.arange(frame.height)
    rows = np.bincount(group, weights=frame[ROWS].to_numpy())
    columns = {name: frame[name].to_numpy()[one_of[there]] for name in by}
    values = {name: _distinct(group, frame[name].to_numpy())[there].astype(np.uint32) for name in kinds}
    return pl.DataFrame({**columns, ROWS: rows[there].astype(np.int64), **values})


def numbered(frame: pl.DataFrame, by: Sequence[str]) -> np.ndarray:
    """Of each row of a frame of cells a number from 0 that those alike in some columns share; some stand for none."""
    numbers, size = np.zeros(frame.height, np.int64), 1
    for name in by:
        column = frame[name].to_numpy()
        values = int(column.max(initial=0)) + 1
        if size * values > _SPARSE * frame.height:
            found, numbers = np.unique(numbers, return_inverse=True)
            size = len(found)
        numbers = numbers * values + column
        size *= values
    if size > _SPARSE * frame.height:
        numbers = np.unique(numbers, return_inverse=True)[1]
    return numbers


def _distinct(group: np.ndarray, values: np.ndarray) -> np.ndarray:
    """How many different values there are of each number of a group."""
    groups, kinds = int(group.max(initial=-1)) + 1, int(values.max(initial=0)) + 1
    pairs = group * kinds + values
    if groups * kinds > _SPARSE * len(group):
        return np.bincount(np.unique(pairs) // kinds, minlength=groups)
    met = np.zeros(groups * kinds, np.bool_)
    met[pairs] = True
    return met.reshape(groups, kinds).sum(axis=1)


def regrouped(frame: pl.DataFrame, into: Mapping[str, np.ndarray]) -> pl.DataFrame:
    """The frame of cells with other values: into says for each index of a column which it becomes."""
    return frame.with_columns(pl.Series(name, new[frame[name].to_numpy()]) for name, new in into.items())


def _values(frame: pl.LazyFrame, name: str) -> pl.Series:
    return frame.select(pl.col(name).unique()).collect(engine="streaming")[name].sort(nulls_last=True)


def _packs(values: Mapping[str, pl.Series]) -> Iterator[list[str]]:
    """The columns in groups whose combinations have numbers of 64 bits: one number is found faster than many values."""
    pack: list[str] = []
    size = 1
    for name, known in values.items():
        if size * len(known) > _LARGEST_KEY:
            yield pack
            pack, size = [], 1
        pack.append(name)
        size *= len(known)
    yield pack


def _key(pack: Sequence[str], values: Mapping[str, pl.Series]) -> pl.Expr:
    size = math.prod(len(values[name]) for name in pack)
    whole = pl.UInt32() if size <= _LARGEST_SHORT_KEY else pl.UInt64()
    key, stride = pl.lit(0, whole), 1
    for name in pack:
        key = key + _index(name, values[name].drop_nulls(), whole) * pl.lit(stride, whole)
        stride *= len(values[name])
    return key


def _index(name: str, filled: pl.Series, whole: pl.DataType) -> pl.Expr:
    """Where a value stands among the values; an empty one comes last."""
    if filled.is_empty():
        return pl.repeat(0, pl.len(), dtype=whole)
    if filled.dtype == pl.String():
        place = pl.col(name).cast(pl.Enum(filled)).to_physical().cast(whole)
    else:
        places = pl.int_range(len(filled), dtype=pl.UInt64, eager=True).cast(whole)
        place = pl.col(name).replace_strict(filled, places, default=None, return_dtype=whole)
    return place.fill_null(len(filled))


def _unpacked(counted: pl.DataFrame, packs: Sequence[Sequence[str]], values: Mapping[str, pl.Series]) -> pl.DataFrame:
    columns: dict[str, np.ndarray] = {}
    for number, pack in enumerate(packs):
        rest = counted[f"{_KEY}{number}"].to_numpy()
        for name in pack:
            size = rest.dtype.type(len(values[name]))
            above = rest // size  # numpy divides by one number faster than it takes remainders
            columns[name] = (rest - above * size).astype(np.uint32)
            rest = above
    return pl.DataFrame(columns).with_columns(counted[ROWS].cast(pl.Int64))
