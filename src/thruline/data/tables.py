"""Tables as columns that are read piece by piece: CSV, Parquet, JSON lines, and frames. Needs the extra `train`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from thruline.core.errors import Invalid, NotFound
from thruline.data.contracts import ColumnType

ENDINGS = (".csv", ".parquet", ".jsonl", ".ndjson")
_UTC = "UTC"
_WIDE = (pl.UInt64, pl.Int128, pl.UInt128)  # what they hold may not fit 64 bits with a sign


class Texts(NamedTuple):
    """A frame of texts, whose columns have no types of their own."""

    frame: pl.DataFrame | pl.LazyFrame


NOTHING = Texts(pl.LazyFrame())  # no columns
Table = pl.DataFrame | pl.LazyFrame | Path | Texts


@dataclass(frozen=True, kw_only=True)
class Scan:
    """A table that has not been read yet. typed: its columns have types of their own; in texts, what reads as a type
    is of that type."""

    frame: pl.LazyFrame
    schema: Mapping[str, pl.DataType]
    typed: bool


def scan(table: Table) -> Scan:
    """The table, of which only the names and types of columns have been read.

    Raises NotFound, and Invalid for a file of another kind or one that cannot be read as what its name says.
    """
    if isinstance(table, Texts):
        frame = table.frame.lazy()
        return Scan(frame=frame, schema=frame.collect_schema(), typed=False)
    if isinstance(table, pl.DataFrame | pl.LazyFrame):
        frame = table.lazy()
        return Scan(frame=frame, schema=frame.collect_schema(), typed=True)
    if not table.is_file():
        raise NotFound(f"there is no table {str(table)!r}", hint=f"known endings: {', '.join(ENDINGS)}")
    if table.suffix.lower() not in _OPEN:
        raise Invalid(f"{table.name!r} is no table that can be read", hint=f"known endings: {', '.join(ENDINGS)}")
    with reading(table):
        frame = _OPEN[table.suffix.lower()](table)
        return Scan(frame=frame, schema=frame.collect_schema(), typed=table.suffix.lower() == ".parquet")


def frame_of(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """The rows as a frame with every column that one of them has."""
    names = dict.fromkeys(name for row in rows for name in row)
    return pl.DataFrame({name: [row.get(name) for row in rows] for name in names})


def mark(table: Table) -> tuple[int, ...]:
    """Another mark means that a file is not what it was; frames do not change."""
    if not isinstance(table, Path):
        return ()
    stat = table.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


@contextmanager
def reading(table: Table) -> Iterator[None]:
    """Turns the engine's errors into ours, without the values that its messages quote: they may be personal."""
    try:
        yield
    except (pl.exceptions.ComputeError, pl.exceptions.NoDataError) as error:
        name = table.name if isinstance(table, Path) else "the table"
        raise Invalid(
            f"{name!r} cannot be read to its end as what its name says",
            hint="in CSV every row has the header's number of fields, in JSON lines every line is one object, in UTF-8",
        ) from error


def type_of(dtype: pl.DataType) -> ColumnType | None:
    """What a contract calls a column of this type; None for lists, structs and the like."""
    if dtype.is_integer():
        return "integer"
    if dtype.is_numeric():
        return "number"
    kind = dtype.base_type()
    return next((name for types, name in _NAMES if kind in types), None)


def as_type(name: str, kind: ColumnType, dtype: pl.DataType) -> pl.Expr:
    """The column's values as that type; null where a value does not read as it. Timestamps are in UTC."""
    column = pl.col(name)
    found = type_of(dtype)
    if found == "timestamp" and kind == "timestamp":
        return _in_utc(column, dtype)
    if found == kind == "integer" and dtype in _WIDE:
        return column.cast(pl.Int128, strict=False)
    if found == kind or (kind == "number" and found == "integer"):
        return column.cast(STORED[kind], strict=False)
    return _FROM_TEXT[kind](column) if found == "string" else pl.lit(None, STORED[kind])


def _csv(path: Path) -> pl.LazyFrame:
    return pl.scan_csv(path, infer_schema=False)


def _json_lines(path: Path) -> pl.LazyFrame:
    """All lines are looked at for names; a table whose last line has one more column is not taken for complete."""
    names = pl.scan_ndjson(path, infer_schema_length=None).collect_schema().names()
    return pl.scan_ndjson(path, schema=dict.fromkeys(names, pl.String))


_OPEN: Mapping[str, Callable[[Path], pl.LazyFrame]] = {
    ".csv": _csv,
    ".parquet": pl.scan_parquet,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
}
_NAMES: Sequence[tuple[Sequence[type[pl.DataType]], ColumnType]] = (
    ((pl.String, pl.Categorical, pl.Enum), "string"),
    ((pl.Boolean,), "boolean"),
    ((pl.Date,), "date"),
    ((pl.Datetime,), "timestamp"),
)
STORED: Mapping[str, pl.DataType] = {
    "string": pl.String(), "integer": pl.Int64(), "number": pl.Float64(), "boolean": pl.Boolean(), "date": pl.Date(),
    "timestamp": pl.Datetime("us", _UTC),
}  # fmt: skip


def _in_utc(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    zone = getattr(dtype, "time_zone", None)
    utc = column.dt.convert_time_zone(_UTC) if zone else column.dt.replace_time_zone(_UTC)
    return utc.dt.cast_time_unit("us")


def _boolean(column: pl.Expr) -> pl.Expr:
    word = column.str.to_lowercase()
    return pl.when(word == "true").then(True).when(word == "false").then(False).otherwise(None)


def _timestamp(column: pl.Expr) -> pl.Expr:
    """ISO 8601 with seconds, a `T` or a blank between; without an offset it is UTC."""
    text = column.str.replace(" ", "T", literal=True)
    zoned = pl.when(text.str.contains(r"(?:Z|[+-]\d\d:?\d\d)$")).then(text).otherwise(text + "Z")
    return zoned.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", time_zone=_UTC, strict=False)


_FROM_TEXT: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "string": lambda column: column,
    "integer": lambda column: column.cast(pl.Int64, strict=False),
    "number": lambda column: column.cast(pl.Float64, strict=False),
    "boolean": _boolean,
    "date": lambda column: column.str.to_date("%Y-%m-%d", strict=False),
    "timestamp": _timestamp,
}
