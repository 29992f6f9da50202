"""A table file's bytes as columns. Runs in the parsers' child: the file may be anything. Needs the extra `train`.

Columns travel as an Arrow stream. Text files have columns of texts; a value that says nothing is empty.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence

import polars as pl

from thruline.core.decoding import decode
from thruline.core.errors import Refused
from thruline.data.encodings import as_utf8
from thruline.data.tables import Table, Texts

PARQUET = "application/vnd.apache.parquet"
LARGEST = 400_000_000  # bytes of columns: a small file can unfold to many, and its reader has 1 GB of address space
_BATCH = 100_000
_DELIMITERS = ",;\t|"
_BOM = b"\xef\xbb\xbf"
RowsOf = Callable[[bytes, str], Iterator[Sequence[str]]]


def columns_of(data: bytes, kind: str, name: str, rows_of: RowsOf | None) -> bytes:
    """The table as an Arrow stream; raises Refused for what is no table to its end, or unfolds to too much.

    kind: its media type. rows_of: reads a format of sheets.
    """
    try:
        frame = _unfolded(_frame(data, kind, name, rows_of), name)
    except (pl.exceptions.PolarsError, csv.Error, ValueError) as error:
        raise Refused(f"{name!r} cannot be read to its end", reason="broken_row") from error
    out = io.BytesIO()
    frame.write_ipc_stream(out, compression="lz4")
    return out.getvalue()


def frame_of(stream: bytes, kind: str) -> Table:
    """The table that `columns_of` gave."""
    frame = pl.read_ipc_stream(io.BytesIO(stream))
    return frame if kind == PARQUET else Texts(frame)


def _frame(data: bytes, kind: str, name: str, rows_of: RowsOf | None) -> pl.LazyFrame:
    if rows_of:
        return _of_rows(rows_of(data, name), name)
    match kind:
        case "application/vnd.apache.parquet":
            return pl.scan_parquet(io.BytesIO(data))
        case "text/csv" | "text/tab-separated-values":
            return _csv(_utf8(data), kind, name)
        case "application/x-ndjson":
            return _objects(_utf8(data))
        case "application/json":
            return _objects(_lines(_utf8(data), name))
        case _:
            raise Refused(f"{name!r} is no file of rows", reason="unsupported_type")


def _unfolded(frame: pl.LazyFrame, name: str) -> pl.DataFrame:
    """Batch by batch, so that what unfolds to too much is given up on the way."""
    read: list[pl.DataFrame] = []
    size = 0
    for batch in frame.collect_batches(chunk_size=_BATCH, maintain_order=True, engine="streaming"):
        read.append(batch)
        size += batch.estimated_size()
        if size > LARGEST:
            raise Refused(f"{name!r} unfolds to more than {LARGEST:,} bytes", reason="too_large")
    return pl.concat(read) if read else frame.collect_schema().to_frame()


def _utf8(data: bytes) -> bytes:
    """The bytes as they are where they are UTF-8 without a mark; texts of other encodings in it."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        found = as_utf8(data)
        return decode(data).encode() if found is data else found
    return data.removeprefix(_BOM) if b"\0" not in data else decode(data).encode()


def _csv(data: bytes, kind: str, name: str) -> pl.LazyFrame:
    header, _, _ = data.partition(b"\n")
    first = header.decode()
    delimiter = "\t" if kind == "text/tab-separated-values" else max(_DELIMITERS, key=first.count)
    names = _names(next(csv.reader([first], delimiter=delimiter, strict=True), []), name)
    *_, last = data.rsplit(b"\n", 1)
    if last.strip() and len(next(csv.reader([last.decode()], delimiter=delimiter))) < len(names):
        raise Refused(f"{name!r} ends in the middle of a row", reason="broken_row")
    return pl.scan_csv(
        io.BytesIO(data),
        separator=delimiter,
        infer_schema=False,
        with_column_names=lambda _: names,
        raise_if_empty=False,
    )


def _objects(data: bytes) -> pl.LazyFrame:
    """Lines of one object each; all of them are looked at for names."""
    names = pl.read_ndjson(io.BytesIO(data), infer_schema_length=None).columns
    return pl.read_ndjson(io.BytesIO(data), schema=dict.fromkeys(names, pl.String())).lazy()


def _lines(data: bytes, name: str) -> bytes:
    """A list of objects as lines of one each."""
    found = json.loads(data)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Refused(f"{name!r} is no list of objects", reason="unsupported_type")
    return "\n".join(json.dumps(item, ensure_ascii=False) for item in found).encode()


def _of_rows(rows: Iterator[Sequence[str]], name: str) -> pl.LazyFrame:
    names = _names(next(rows, ()), name)
    held: list[Sequence[str | None]] = []
    for number, row in enumerate(rows, 2):
        if len(row) > len(names):
            raise Refused(f"row {number} of {name!r} has more cells than names of columns", reason="broken_row")
        held.append([*(cell or None for cell in row), *[None] * (len(names) - len(row))])
    return pl.DataFrame(held, schema=dict.fromkeys(names, pl.String()), orient="row").lazy()


def _names(cells: Sequence[str], name: str) -> list[str]:
    names = [cell.strip() or f"column {number}" for number, cell in enumerate(cells, 1)]
    if not names or len(set(names)) < len(names):
        raise Refused(f"{name!r} has no header that names each column once", reason="broken_row")
    return names
