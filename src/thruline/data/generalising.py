"""Coarser words for a column's values: numbers in bands, dates by month or year, codes by their first characters.

Each step of a ladder joins values that the step before kept apart, so that groups can only grow. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from thruline.data.cells import ROWS
from thruline.data.contracts import ColumnType
from thruline.data.tables import as_type, type_of

ALL = "*"
RARE = "(rare)"
_COVER = "*"
_STEPS = 4  # between the values themselves and nothing at all
_BANDS = 15  # about so many are the finest: more would hardly be a step
_READ_AS: Sequence[ColumnType] = ("boolean", "integer", "number", "date", "timestamp")
# What is a number by its digits and a code by what it is for, as in English, German, French, Spanish and Italian forms.
_CODES = ("zip", "postcode", "postal", "plz", "code", "icd", "cap", "fips")


class Step(NamedTuple):
    """says: how values are told. places: of each value its place in labels, which are texts but for step 0."""

    says: str
    places: np.ndarray
    labels: pl.Series

    @property
    def loss(self) -> float:
        """Share of distinctions that are gone, in [0, 1]."""
        return 1 - (len(self.labels) - 1) / max(1, len(self.places) - 1)


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """A column's steps, from its values as they are to nothing of them."""

    column: str
    steps: tuple[Step, ...]


def ladder(column: str, values: pl.Series, sizes: pl.DataFrame, k: int) -> Ladder:
    """values: each once. sizes: the column's indexes into them with ROWS; values of fewer than k rows are rare."""
    labels = list(_between(column, values, sizes, k))
    as_is = Step("as it is", np.arange(len(values), dtype=np.uint32), values)
    steps = [as_is]
    for says, texts in (*labels, ("left out", pl.Series([ALL] * len(values), dtype=pl.String))):
        step = _step(says, texts)
        if len(step.labels) < len(steps[-1].labels):
            steps.append(step)
    return Ladder(column=column, steps=tuple(steps))


def is_code(column: str) -> bool:
    """Whether a column's name says that its numbers are codes."""
    return any(word in column.lower() for word in _CODES)


def _step(says: str, texts: pl.Series) -> Step:
    labels = texts.unique().sort(nulls_last=True)
    places = pl.DataFrame({"label": labels}).with_row_index("place")
    index = pl.DataFrame({"label": texts}).join(
        places, on="label", how="left", nulls_equal=True, maintain_order="left"
    )["place"]
    return Step(says, index.to_numpy(), labels)


def _between(column: str, values: pl.Series, sizes: pl.DataFrame, k: int) -> Iterator[tuple[str, pl.Series]]:
    kind, read = _read(column, values)
    if kind in ("integer", "number"):
        yield from _bands(read, whole=kind == "integer")
    elif kind in ("date", "timestamp"):
        yield from _calendar(read)
    elif kind == "string" and (length := _code_length(read)):
        yield from _prefixes(read, length)
    else:
        yield from _rare(read.cast(pl.String), sizes, column, k)


def _read(column: str, values: pl.Series) -> tuple[ColumnType, pl.Series]:
    """The values as what they all read as."""
    kind = type_of(values.dtype) or "string"
    if is_code(column):
        return "string", values.cast(pl.String)
    if kind != "string" or values.drop_nulls().is_empty():
        return kind, values
    frame = values.to_frame(column)
    for narrow in _READ_AS:
        read = frame.select(as_type(column, narrow, values.dtype).alias(column))[column]
        if read.null_count() == values.null_count() and not _has_leading_zeros(values, narrow):
            return narrow, read
    return "string", values


def _has_leading_zeros(values: pl.Series, kind: ColumnType) -> bool:
    """Digits that begin with a zero are a code: no number is written so."""
    return kind in ("integer", "number") and bool(values.str.contains(r"^0\d").any())


def _bands(values: pl.Series, *, whole: bool) -> Iterator[tuple[str, pl.Series]]:
    filled = values.cast(pl.Float64).fill_nan(None).drop_nulls()
    low, high = filled.min(), filled.max()
    if not isinstance(low, float) or not isinstance(high, float) or not np.isfinite(high - low) or low == high:
        return
    for width in _widths(high - low, whole=whole):
        starts = (values.cast(pl.Float64) / width).floor() * width
        last = starts + width - (1 if whole else 0)
        text = pl.DataFrame({"a": starts, "b": last}).select(
            pl.when(pl.col("a").is_not_null()).then(
                pl.format("{} to {}" if whole else "{} to under {}", _written(pl.col("a")), _written(pl.col("b")))
            )
        )
        yield f"in bands of {width:g}", text.to_series()


def _written(number: pl.Expr) -> pl.Expr:
    """Without the `.0` of whole numbers."""
    return number.round(10).cast(pl.String).str.strip_suffix(".0")


def _widths(span: float, *, whole: bool) -> list[float]:
    """The first of 1, 2 and 5 times a power of ten that makes no more than some 15 bands, then doubled: bands nest."""
    power = 10.0 ** np.floor(np.log10(span / _BANDS))
    first = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= span / _BANDS)
    widths = [max(first, 2.0) * 2**n if whole else first * 2**n for n in range(_STEPS)]
    return [width for width in widths if width <= span]


def _calendar(values: pl.Series) -> Iterator[tuple[str, pl.Series]]:
    yield "by month", values.dt.strftime("%Y-%m")
    yield "by year", values.dt.strftime("%Y")
    decade = (values.dt.year() // 10 * 10).cast(pl.String)
    yield "by decade", decade + "s"


def _code_length(values: pl.Series) -> int:
    """Characters of a code that all values are; 0 where they are words."""
    filled = values.drop_nulls()
    lengths = filled.str.len_chars().unique().to_list()
    if len(lengths) != 1 or not 2 <= lengths[0] <= 12:
        return 0
    return lengths[0] if filled.str.contains(r"^[A-Za-z0-9][A-Za-z0-9 .-]*$").all() and _has_digits(filled) else 0


def _has_digits(values: pl.Series) -> bool:
    return bool(values.str.contains(r"\d").all())


def _prefixes(values: pl.Series, length: int) -> Iterator[tuple[str, pl.Series]]:
    for kept in range(length - 1, max(0, length - 1 - _STEPS), -1):
        says = f"by its first {kept} characters" if kept > 1 else "by its first character"
        yield says, values.str.slice(0, kept) + _COVER * (length - kept)


def _rare(values: pl.Series, sizes: pl.DataFrame, column: str, k: int) -> Iterator[tuple[str, pl.Series]]:
    counts: Mapping[int, int] = dict(sizes.select(column, ROWS).iter_rows())
    rare = pl.Series([counts.get(place, 0) < k for place in range(len(values))], dtype=pl.Boolean)
    if 1 < rare.sum() < len(values):
        frame = pl.DataFrame({"value": values, "rare": rare})
        merged = frame.select(pl.when("rare").then(pl.lit(RARE)).otherwise("value").alias("value"))["value"]
        yield f"values of fewer than {k} rows as one", merged
