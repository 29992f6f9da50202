"""Sums over the groups of a table that no person changes by more than was agreed. Needs the extra `train`.

A person who comes or goes changes the rows of all groups together by `rows` at most, and the steps of a measure by
`rows` times the furthest of its grid: noise is made to hide as much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import polars as pl

from thruline.data.aggregates import Asked, Measure

_GROUP, _ROWS = "_thruline_group", "_thruline_rows"


class Sums(NamedTuple):
    """Of a group: its rows, and of each measure the steps and the rows that have a number."""

    rows: int
    steps: Sequence[int]
    filled: Sequence[int]


def bounded_sums(frame: pl.LazyFrame, asked: Asked, seed: int) -> dict[str, Sums]:
    """Exact, of each group that has rows; `` is the group of all where nothing is asked by.

    seed: a secret, by which the rows of a person are chosen that count.
    """
    of = [_steps(m, n) for n, m in enumerate(asked.measures) if m.column]
    texts = frame.with_columns(pl.col(name).cast(pl.String) for name in asked.columns)
    chosen = _of_each_person(_of_groups(texts, asked), asked, seed)
    group = pl.col(asked.by) if asked.by else pl.lit("")
    numbers = chosen.with_columns(group.alias(_GROUP), *of)
    sums = [pl.len().alias(_ROWS), *(e for n, m in enumerate(asked.measures) if m.column for e in _both(n))]
    found = numbers.group_by(_GROUP).agg(sums).collect(engine="streaming")
    return {row[_GROUP]: _sums(row, len(asked.measures)) for row in found.iter_rows(named=True)}


def _of_groups(frame: pl.LazyFrame, asked: Asked) -> pl.LazyFrame:
    if not asked.by:
        return frame
    group = pl.col(asked.by)
    return frame.filter(group.is_in(asked.values) if asked.values else group.is_not_null())


def _of_each_person(frame: pl.LazyFrame, asked: Asked, seed: int) -> pl.LazyFrame:
    """At most so many rows of each, by chance, and by nothing that anybody else's rows could change."""
    if not asked.person:
        return frame
    named = frame.filter(pl.col(asked.person).is_not_null())
    drawn = pl.struct(pl.all()).hash(seed).rank("ordinal").over(asked.person)
    return named.filter(drawn <= asked.rows)


def _steps(measure: Measure, number: int) -> pl.Expr:
    """The column as whole steps; what does not read as a number is no number, as an empty one is."""
    grid, value = measure.grid, pl.col(measure.column).cast(pl.Float64, strict=False).fill_nan(None)
    steps = (value.clip(measure.low, measure.high) - grid.origin) / grid.step
    return steps.round().cast(pl.Int64).alias(f"_thruline_{number}")


def _both(number: int) -> tuple[pl.Expr, pl.Expr]:
    steps = pl.col(f"_thruline_{number}")
    return steps.sum().alias(f"steps{number}"), steps.count().alias(f"filled{number}")


def _sums(row: Mapping[str, int], measures: int) -> Sums:
    return Sums(
        row[_ROWS],
        [row.get(f"steps{n}", 0) for n in range(measures)],
        [row.get(f"filled{n}", 0) for n in range(measures)],
    )
