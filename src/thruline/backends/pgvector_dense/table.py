"""The table of an index on the server: its statements, its connections, and what its driver's errors mean."""

from __future__ import annotations

import struct
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import psycopg
from psycopg import Connection
from psycopg.pq import TransactionStatus

from thruline.core.errors import Denied, Invalid, ThrulineError, Unavailable, Unsupported
from thruline.core.sql import load_queries

_CONNECT_S = 5
_COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_COPY_END = struct.pack(">h", -1)
_TYPES = {"float16": ("halfvec", ">f2"), "float32": ("vector", ">f4")}
_LOCK = "SELECT pg_advisory_xact_lock(7070003)"  # two that make the same table collide in the catalogue


class Table:
    """One table; threads may share it. Statements run in transactions that end with the block."""

    def __init__(self, url: str, prefix: str, dims: int, dtype: np.dtype, m: int, build_ef: int) -> None:
        self._url = url
        self._type, self._order = _TYPES[dtype.name]
        self.dims, self.dtype, self.prefix = dims, dtype, prefix
        self.name = f"{prefix}_{dims}{self._type[0]}_m{m}_{build_ef}"
        told = {
            "table": self.name, "type": self._type, "column": f"{self._type}({dims})", "m": m, "build_ef": build_ef,
            "prefix": f"{prefix}_",
        }  # fmt: skip
        queries = load_queries("thruline.backends.pgvector_dense")
        self._q = {name: _filled(text, told) for name, text in vars(queries).items()}
        self._idle: list[Connection] = []
        self._lock = threading.Lock()  # guards _idle
        weakref.finalize(self, _hang_up, self._idle)

    def make(self) -> None:
        """The table with its policies, where it is not there yet; raises Unsupported without pgvector."""
        with self._translated(), self._connection() as connection:
            try:
                connection.execute(_LOCK)
                self._do(connection, "extension")
            except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile) as error:
                raise Unsupported(
                    "the PostgreSQL server has no pgvector", hint="install pgvector 0.8 or newer on it"
                ) from error
            for name in ("versions", "table", "register", "secure"):
                self._do(connection, name)
            if not self._do(connection, "policies").fetchall()[0][0]:
                self._do(connection, "may_see")
                self._do(connection, "may_keep")

    @contextmanager
    def keeping(self) -> Iterator[Statements]:
        """A transaction that reads and writes every row."""
        with self._translated(), self._connection() as connection:
            self._do(connection, "keep")
            yield Statements(connection, self._q, self._order)

    @contextmanager
    def seeing(self, mask: str) -> Iterator[Statements]:
        """A transaction that sees the rows whose bits are set in a mask of base64."""
        with self._translated(), self._connection() as connection:
            self._do(connection, "see", {"mask": mask})
            yield Statements(connection, self._q, self._order)

    def outside(self, *statements: str) -> None:
        """Statements that no transaction may hold."""
        with self._translated(), self._borrowed() as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def checkpoint(self) -> None:
        """Let the server drop the files of what was dropped now, where our role may ask for that."""
        with suppress(Denied):
            self.outside("CHECKPOINT")

    def read(self, value: bytes) -> np.ndarray:
        """A vector as the server sends it, in this table's precision."""
        return np.frombuffer(value, self._order, offset=4).astype(self.dtype)

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            _hang_up(self._idle)

    def _do(self, connection: Connection, name: str, params: dict[str, Any] | None = None) -> psycopg.Cursor:
        return connection.execute(self._q[name].encode(), params)

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with self._borrowed() as connection, connection.transaction():
            yield connection

    @contextmanager
    def _borrowed(self) -> Iterator[Connection]:
        connection = self._take()
        try:
            yield connection
        finally:
            if connection.info.transaction_status is TransactionStatus.IDLE:
                with self._lock:
                    self._idle.append(connection)
            else:
                connection.close()

    def _take(self) -> Connection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return psycopg.connect(
            self._url, autocommit=True, application_name="thruline", client_encoding="utf8",
            connect_timeout=_CONNECT_S,
        )  # fmt: skip

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            self.close()  # whichever went wrong, the others are as old
            raise _ours(error) from error


class Statements:
    """What a transaction may ask."""

    def __init__(self, connection: Connection, queries: dict[str, str], order: str) -> None:
        self._connection, self._q, self._order = connection, queries, order

    def rows(self, name: str, /, **params: Any) -> list[tuple[Any, ...]]:
        """Of a named query, as bytes."""
        return self._connection.execute(self._q[name].encode(), params or None, binary=True).fetchall()

    def do(self, name: str, /, **params: Any) -> int:
        """A named statement; how many rows it touched."""
        return self._connection.execute(self._q[name].encode(), params or None).rowcount

    def set(self, **settings: str) -> None:
        """Settings of the server, until the transaction ends."""
        for name, value in settings.items():
            self._connection.execute("SELECT set_config(%s, %s, true)", (name.replace("__", "."), value))

    def put(self, keys: Sequence[bytes], rows: np.ndarray) -> None:
        """Rows, where they are not there yet."""
        self.do("stage")
        with self._connection.cursor().copy(self._q["copy"].encode()) as copy:
            copy.write(b"".join(_copied(keys, rows.astype(self._order))))
        self.do("take")


def _hang_up(idle: list[Connection]) -> None:
    while idle:
        idle.pop().close()


def _copied(keys: Sequence[bytes], rows: np.ndarray) -> Iterable[bytes]:
    yield _COPY_HEAD
    head = struct.pack(">HH", rows.shape[1], 0)
    for key, row in zip(keys, rows, strict=True):
        value = row.tobytes()
        yield struct.pack(">hi", 2, len(key)) + key + struct.pack(">i", len(head) + len(value)) + head + value
    yield _COPY_END


def _filled(text: str, told: dict[str, Any]) -> str:
    """The statement with the names that no parameter can stand for."""
    for name, value in told.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def _ours(error: psycopg.Error) -> ThrulineError:
    said = error.diag.message_primary or str(error).strip()
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return Denied(f"the vectors' PostgreSQL does not let us: {said}", hint="check the rights of its role")
    if isinstance(error, psycopg.errors.DiskFull):
        return Unavailable(f"the vectors' PostgreSQL has no room: {said}", hint="make some on its disk, then try again")
    if isinstance(error, psycopg.OperationalError | psycopg.errors.UndefinedTable):
        return Unavailable(f"the vectors' PostgreSQL is not there: {said}", hint="check that it runs and its address")
    return Invalid(f"the vectors' PostgreSQL refused a statement: {said}")
