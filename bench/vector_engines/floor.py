"""What a durable store of encrypted rows costs at least: one table, one key, one transaction a batch.

No records, no events, no lineage, no words, no rights, nothing that finds who is in it; searched by NumPy.
"""

from __future__ import annotations

import os
import sqlite3

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from libraries import Numpy
from measures import Rows

NONCE = 12


class PlainSqlite(Numpy):
    """Vectors in half precision with their texts, sealed, a row each: as many bytes as ours are handed."""

    def store(self, rows: Rows) -> None:
        self.folder.mkdir(exist_ok=True)
        self._connect()
        self._database.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT")
        self._put(rows, 0)

    def open(self) -> None:
        super().open()
        self._room = np.concatenate([self._index, np.empty_like(self._index)])  # copying is not what is asked here
        self._index = self._room[: len(self._index)]
        self._connect()

    def insert(self, rows: Rows, first: int) -> None:
        self._put(rows, first)
        super().insert(rows, first)

    def _add(self, vectors: np.ndarray, first: int) -> None:
        self._room[first : first + len(vectors)] = vectors
        self._index = self._room[: first + len(vectors)]

    def count(self) -> int:
        return self._database.execute("SELECT count(*) FROM rows").fetchone()[0]

    def close(self) -> None:
        self._database.close()

    def _connect(self) -> None:
        self._key = AESGCM(bytes(32))
        self._database = sqlite3.connect(self.folder / "rows.db", isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            self._database.execute(f"PRAGMA {pragma}")

    def _put(self, rows: Rows, first: int) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        halves = rows.vectors.astype(np.float16)
        for number, (vector, text) in enumerate(zip(halves, rows.texts, strict=True), first):
            nonce = os.urandom(NONCE)
            sealed = nonce + self._key.encrypt(nonce, vector.tobytes() + text.encode(), str(number).encode())
            self._database.execute("INSERT INTO rows VALUES (?, ?)", (number, sealed))
        self._database.execute("COMMIT")
