"""Rows that are met one by one, as a table that can be read again and again without being held in memory.

They wait in pieces, sealed under a key that only this process knows: in memory while they are few, then in a file
without a name. Nothing of them outlives the process, and nobody reads them off the disk. Needs the extra `train`.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, NamedTuple

import polars as pl
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from polars.io.plugins import register_io_source

from thruline.data.contracts import ColumnType
from thruline.data.tables import STORED

IN_MEMORY = 32_000_000  # bytes of pieces
PIECE = 20_000  # rows, or
_HEAVY = 4_000_000  # characters: what is held of them while they are read
_NONCE = 12


class _Piece(NamedTuple):
    start: int
    size: int
    rows: int


class Spool:
    """Rows, in their order, each with its columns. Add all of them before the first look at the table.

    folder: where the file lies, once there is one. types: of columns that are no texts. piece: rows that are sealed
    together. in_memory: bytes that need no file.
    """

    def __init__(
        self, folder: Path, types: Mapping[str, ColumnType] | None = None, *, piece: int = PIECE,
        in_memory: int = IN_MEMORY,
    ) -> None:  # fmt: skip
        self._types = {name: STORED[kind] for name, kind in (types or {}).items()}
        self._schema: dict[str, pl.DataType] = {}
        self._piece = piece
        self._waiting: list[Mapping[str, Any]] = []
        self._weight = 0
        self._pieces: list[_Piece] = []
        self._seal = AESGCM(AESGCM.generate_key(256))
        self._file = SpooledTemporaryFile(max_size=in_memory, dir=str(folder))  # noqa: SIM115 - closed by close()
        self._lock = threading.Lock()  # guards the file's position: the engine reads from several threads

    def add(self, row: Mapping[str, Any]) -> None:
        """One more row; a column that it lacks is empty in it."""
        self._waiting.append(row)
        self._weight += sum(len(value) for value in row.values() if isinstance(value, str))
        if self._weight >= _HEAVY or len(self._waiting) >= self._piece:
            self._put()

    def table(self) -> pl.LazyFrame:
        """All rows, with every column that one of them has, in the order in which they were met."""
        self._put()
        if not self._schema:
            return pl.LazyFrame()
        return register_io_source(self._read, schema=self._schema)

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _put(self) -> None:
        if not self._waiting:
            return
        names = dict.fromkeys(name for row in self._waiting for name in row)
        types = {name: self._types.get(name, pl.String()) for name in names}
        frame = pl.DataFrame({name: [row.get(name) for row in self._waiting] for name in names}, schema=types)
        packed = io.BytesIO()
        frame.write_ipc_stream(packed, compression="lz4")
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._seal.encrypt(nonce, packed.getvalue(), None)
        self._pieces.append(_Piece(self._file.seek(0, io.SEEK_END), len(sealed), len(self._waiting)))
        self._file.write(sealed)
        self._schema |= types
        self._waiting, self._weight = [], 0

    def _read(
        self, columns: Sequence[str] | None, predicate: pl.Expr | None, rows: int | None, _batch: int | None
    ) -> Iterator[pl.DataFrame]:
        wanted = list(columns if columns is not None else self._schema)
        left = rows
        for piece in self._pieces:
            frame = self._opened(piece, wanted)
            frame = frame if left is None else frame.head(left)
            left = None if left is None else left - len(frame)
            yield frame if predicate is None else frame.filter(predicate)
            if left == 0:
                return

    def _opened(self, piece: _Piece, wanted: Sequence[str]) -> pl.DataFrame:
        with self._lock:
            self._file.seek(piece.start)
            sealed = self._file.read(piece.size)
        found = pl.read_ipc_stream(io.BytesIO(self._seal.decrypt(sealed[:_NONCE], sealed[_NONCE:], None)))
        return pl.DataFrame([found[name] if name in found.columns else self._empty(name, piece) for name in wanted])

    def _empty(self, name: str, piece: _Piece) -> pl.Series:
        return pl.Series(name, [], self._schema[name]).extend_constant(None, piece.rows)
