"""Parquet files as rows in words, by polars: a batch held at a time, however much the file would unfold to."""

from __future__ import annotations

import io
from collections.abc import Iterator

from thruline.core.composing import Composer
from thruline.core.documents import Parsed
from thruline.core.errors import Refused
from thruline.core.rows import column_name, said
from thruline.core.tables import pieces

_BATCH = 5_000
_LONGEST = 50_000_000  # characters of text: more than a file of the largest size that is taken in would say as CSV


class ParquetParser:
    """Rows in pieces that begin with the header, as those of CSV files do."""

    version = "parquet 1"

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """The document, titled with its file's name."""
        out = Composer(media_type, self.version, title=name.rpartition("/")[2])
        left = _LONGEST
        for piece in pieces(_rows(data, name)):
            left -= len(piece)
            if left < 0:
                raise _too_large(name)
            out.block(piece, kind="table")
        return out.done()


def _rows(data: bytes, name: str) -> Iterator[list[str]]:
    try:
        import polars as pl
    except ModuleNotFoundError as error:
        hint = "pip install 'thruline[train]'"
        raise Refused(f"{name!r} is read with {error.name!r}", reason="unsupported_type", hint=hint) from error
    try:
        table = pl.scan_parquet(io.BytesIO(data))
        names = table.collect_schema().names()
        if table.select(pl.len()).collect().item() * len(names) > _LONGEST:  # told before anything unfolds
            raise _too_large(name)
        yield [column_name(column) for column in names]
        for batch in table.collect_batches(chunk_size=_BATCH, maintain_order=True, engine="streaming"):
            for row in batch.iter_rows():
                yield [said(value) for value in row]
    except pl.exceptions.PolarsError as error:
        raise Refused(f"{name!r} is no whole Parquet file", reason="parser_failed", hint="is it damaged?") from error


def _too_large(name: str) -> Refused:
    return Refused(f"{name!r} unfolds to more than {_LONGEST:,} characters", reason="too_large")
