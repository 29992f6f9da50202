"""SQLite files: opened for reading only, by the driver and by the file system's mode."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from thruline.backends.sql_origin.engine import (
    CONNECT_S,
    ROWS_AT_ONCE,
    Column,
    NotUnderstood,
    Pool,
    Row,
    Word,
    select,
)
from thruline.core.errors import Corrupt, Denied, Invalid, ThrulineError, Unavailable
from thruline.ports.origin import Secret

_STEPS = 100_000  # of SQLite's machine between two looks at the clock: some milliseconds


class SqliteEngine:
    """A database file, which other programs may be writing to."""

    def __init__(self, location: str, secret: Secret | None, timeout_s: float) -> None:
        address = urlsplit(location)
        if address.netloc or not address.path.strip("/"):
            raise Invalid(f"{location!r} names no file", hint="write three slashes: sqlite:///srv/shop.db")
        if secret is not None:
            raise Invalid("an SQLite file has no password", hint="leave --secret out")
        self._path = "/" + unquote(address.path).lstrip("/")
        self._timeout_s = timeout_s
        self._pool = Pool(self._connect, _Connection.close)

    def quoted(self, name: str) -> str:
        """In double quotes; only ever used behind a dot or FROM, where SQLite takes it for nothing but a name."""
        return '"' + name.replace('"', '""') + '"'

    def verbatim(self, query: str) -> str:
        """As it is."""
        return query

    def parameter(self, number: int) -> str:
        """A question mark with its number."""
        return f"?{number}"

    def columns(self, what: str, relation: str) -> list[Column]:
        """As the statement itself describes them."""
        with self._asked(select(what, relation, "1 = 0")) as cursor:
            names = [str(d[0]) for d in cursor.description]
        return [self._column(name) for name in names]

    def tables(self) -> list[str]:
        """All of the file."""
        return [row[0] for row in self.fetch("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')", [])]

    def primary_key(self, table: Sequence[str]) -> list[str]:
        """As the file's schema says."""
        rows = self.fetch("SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk", [table[-1]])
        return [row[0] for row in rows]

    def stream(self, sql: str) -> Generator[Row, None, None]:
        """Row after row; the timeout is that of a batch."""
        with self._asked(sql) as cursor:
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield from rows
                cursor.ask_again()

    def fetch(self, sql: str, params: Sequence[Any]) -> list[Row]:
        """All rows at once."""
        with self._asked(sql, params) as cursor:
            return cursor.fetchall()

    def meanings(self, word: Word) -> list[Any]:
        """A column may hold numbers and texts side by side, and 1 is not '1'."""
        return [word, *_numbers(word)] if isinstance(word, str) else [word]

    def close(self) -> None:
        """Close the file."""
        self._pool.close()

    def _column(self, name: str) -> Column:
        value = f"q.{self.quoted(name)}"
        shown = f"CASE typeof({value}) WHEN 'blob' THEN length({value}) || ' bytes' ELSE {value} END"
        size = f"CASE typeof({value}) WHEN 'blob' THEN 0 ELSE coalesce(length(CAST({value} AS BLOB)), 0) END"
        return Column(name, value, shown, size)

    def _connect(self) -> _Connection:
        with _translated(self._path):
            connection = sqlite3.connect(
                f"file:{quote(self._path)}?mode=ro", uri=True, timeout=CONNECT_S, isolation_level=None,
                check_same_thread=False, factory=_Connection,
            )  # fmt: skip
            connection.limit_to(self._timeout_s)
            return connection

    @contextmanager
    def _asked(self, sql: str, params: Sequence[Any] = ()) -> Iterator[_Cursor]:
        with (
            _translated(self._path),
            self._pool.borrowed() as connection,
            closing(connection.cursor(_Cursor)) as cursor,
        ):
            cursor.ask_again()
            cursor.execute(sql, params)
            yield cursor


class _Cursor(sqlite3.Cursor):
    """A question that ends after a time."""

    def ask_again(self) -> None:
        """Begin the time anew."""
        assert isinstance(self.connection, _Connection)
        self.connection.ask_again()


class _Connection(sqlite3.Connection):
    """A connection whose questions end after a time, and whose texts need not be UTF-8."""

    def limit_to(self, seconds: float) -> None:
        self._seconds = seconds
        self.text_factory = lambda data: data.decode("utf-8", "replace")
        self.ask_again()
        self.set_progress_handler(lambda: time.monotonic() > self._until, _STEPS)
        self.execute("PRAGMA query_only = ON")

    def ask_again(self) -> None:
        self._until = time.monotonic() + self._seconds


def _numbers(word: str) -> Iterator[int | float]:
    for kind in (int, float):
        try:
            number = kind(word)
        except (ValueError, OverflowError):
            continue
        if str(number) == word and (kind is float or -(2**63) <= number < 2**63):
            yield number


@contextmanager
def _translated(path: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _ours(error, path) from error


def _ours(error: sqlite3.Error, path: str) -> ThrulineError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code == sqlite3.SQLITE_CANTOPEN and os.path.exists(path) and not os.access(path, os.R_OK):
        return Denied(f"{path!r} may not be read by this program", hint="check the rights of the file")
    if code == sqlite3.SQLITE_CANTOPEN and not os.path.exists(path):
        return Unavailable(f"{path!r} is not there", hint="is its path right, the disk mounted?")
    if code in (sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return Denied(f"{path!r} may not be read by this program", hint="check the rights of the file")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return Corrupt(f"{path!r} is no SQLite database, or a damaged one: {error}", hint="was it copied while in use?")
    if code == sqlite3.SQLITE_INTERRUPT:
        return Unavailable(f"{path!r} took too long to answer", hint="give it more time with timeout=, or an index")
    if code in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_MISMATCH):
        return NotUnderstood(f"{path!r} cannot answer: {error}", hint="check the table, the columns and the query")
    return Unavailable(f"{path!r} cannot be read: {error}", hint="is the disk mounted, and is another program busy?")
