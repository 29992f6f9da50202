"""Parquet files, by polars: a batch of rows held at a time."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from thruline.backends.rows_origin.table import Broken, Found, Values
from thruline.core.errors import Unavailable
from thruline.core.glimpse import counted

_BATCH = 20_000


class ParquetTable:
    """Rows by their number."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def columns(self) -> list[str]:
        """Those of the file's schema."""
        with self._translated():
            return self._scan().collect_schema().names()

    def counted(self, _within_s: float) -> str:
        """As the file itself says."""
        with self._translated():
            return counted(self._scan().select(pl.len()).collect().item(), "row")

    def rows(self) -> Generator[Found | Broken, None, None]:
        """Every row."""
        start = 0
        while len(batch := self._batch(start, _BATCH)):
            for at, values in enumerate(batch.iter_rows(named=True), start):
                yield Found(at, f"row {at + 1}", values)
            start += len(batch)

    def row(self, at: int) -> Values:
        """The row of this number; some milliseconds, as a group of rows is decoded for it."""
        found = self._batch(at, 1)
        if found.is_empty():
            raise ValueError("there is no such row")
        return found.row(0, named=True)

    def _batch(self, at: int, rows: int) -> pl.DataFrame:
        with self._translated():
            return self._scan().slice(at, rows).collect()

    def _scan(self) -> pl.LazyFrame:
        return pl.scan_parquet(self._path, glob=False, hive_partitioning=False)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except pl.exceptions.PolarsError as error:
            raise Unavailable(
                f"{self._path.name!r} is no whole Parquet file", hint="is it still being written?"
            ) from error
