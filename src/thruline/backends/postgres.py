"""PostgreSQL as the store of record, for homes that several machines share."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Literal

import psycopg
from psycopg.adapt import Loader
from psycopg.pq import TransactionStatus

from thruline.core.errors import Conflict, Corrupt, Denied, Invalid, ThrulineError, Unavailable, Unsupported
from thruline.ports.database import Params, Row

CONNECTIONS = 16  # a server allows 100 by default; six processes fit
_SCHEMA_LOCK = "SELECT pg_advisory_xact_lock(7070002)"  # processes that open one home at once collide in the catalogue
_OUR_TABLES = "SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"


# SQLite's table function over a JSON array, by its own name
_JSON_EACH = """
CREATE OR REPLACE FUNCTION json_each(list text) RETURNS TABLE (key bigint, value text) LANGUAGE sql IMMUTABLE AS $$
  SELECT place - 1, element FROM jsonb_array_elements_text(list::jsonb) WITH ORDINALITY AS items (element, place)
$$"""

_TYPES = {"INTEGER": "BIGINT", "BLOB": "BYTEA", "REAL": "DOUBLE PRECISION"}
_TOKEN = re.compile(
    r"""(?P<kept>'(?:[^']|'')*'|"[^"]*"|--[^\n]*|\$\$.*?\$\$|::)
      | :(?P<name>[A-Za-z_]\w*)
      | \b(?P<type>INTEGER|BLOB|REAL)\b
      | (?P<cast>\bAS[ ]TEXT\))
      | (?P<percent>%)""",
    re.VERBOSE | re.DOTALL,
)
_TABLE = re.compile(r"\s*(?:--[^\n]*\n\s*)*CREATE TABLE\b")
_OPTIONS = re.compile(r"\)\s*(?:STRICT|WITHOUT ROWID)(?:\s*,\s*(?:STRICT|WITHOUT ROWID))?\s*$")
_TEXT_COLUMN = re.compile(r"\bTEXT\b")


class PostgresDatabase:
    """A database (or the first schema of the search path) that is ours alone; READ COMMITTED, durable at commit.

    url: a libpq connection string. Nothing is tried twice: a lost server is Unavailable and the caller decides.
    """

    dialect: Literal["postgresql"] = "postgresql"
    out_of_scope: tuple[str, ...] = (
        "write-ahead log segments that wait to be overwritten or were archived, and replicas that lag",
        "the server's own files: deleted rows were vacuumed, their bytes were not searched for",
        "the file system's journal and the disk's spare blocks",
    )

    def __init__(self, url: str) -> None:
        self._url = url
        self._local = threading.local()  # .connection: that of the transaction which this thread is in
        self._idle: list[psycopg.Connection] = []
        self._lock = threading.Lock()  # guards _idle
        self._slots = threading.BoundedSemaphore(CONNECTIONS)
        self._writer = threading.RLock()  # one writing transaction in this process, as the port promises
        self.script([_JSON_EACH])

    def query(self, sql: str, params: Params = {}) -> list[Row]:
        """All rows of a statement."""
        with self._connection() as connection, _translated():
            cursor = connection.execute(to_postgres(sql), _plain(params))
            return cursor.fetchall() if cursor.description else []

    def execute(self, sql: str, params: Params = {}) -> int:
        """Run one statement; the number of rows it touched."""
        with self.transaction(), self._connection() as connection, _translated():
            return connection.execute(to_postgres(sql), _plain(params)).rowcount

    def execute_many(self, sql: str, rows: Iterable[Params]) -> None:
        """Run one statement for each set of parameters, in one round trip."""
        with self.transaction(), self._connection() as connection, _translated():
            connection.cursor().executemany(to_postgres(sql), [_plain(row) for row in rows])

    def script(self, statements: Sequence[str]) -> None:
        """Run schema statements in one transaction."""
        with self.transaction(), self._connection() as connection, _translated():
            connection.execute(_SCHEMA_LOCK)
            for statement in statements:
                connection.execute(to_postgres(statement), {})

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; nested use joins the outer one. A statement that was refused undoes all of it."""
        if self._held() is not None:
            yield
            return
        with self._writer, self._borrowed() as connection:
            self._local.connection = connection
            try:
                with _translated():
                    connection.execute("BEGIN")
                yield
                _commit(connection)
            except BaseException:
                _roll_back(connection)
                raise
            finally:
                self._local.connection = None

    def scrub(self) -> None:
        """Rewrite every table without its dead rows, then let the server drop the old files.

        Rows that an open transaction elsewhere can still see stay until it has ended; see also `out_of_scope`.
        """
        tables = ", ".join(row[0] for row in self.query(_OUR_TABLES))
        with self._borrowed() as connection, _translated():
            if tables:
                connection.execute(f"VACUUM (FULL) {tables}".encode())
            connection.execute("CHECKPOINT")

    def copy_to(self, path: str) -> None:
        """Not from here: the server's own tools copy it consistently."""
        raise Unsupported(f"PostgreSQL is not copied to {path!r} by thruline", hint="use pg_dump or pg_basebackup")

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _held(self) -> psycopg.Connection | None:
        return getattr(self._local, "connection", None)

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        held = self._held()
        if held is not None:
            yield held
            return
        with self._borrowed() as connection:
            yield connection

    @contextmanager
    def _borrowed(self) -> Iterator[psycopg.Connection]:
        with self._slots:
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)

    def _take(self) -> psycopg.Connection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return _connect(self._url)

    def _give_back(self, connection: psycopg.Connection) -> None:
        if connection.info.transaction_status is TransactionStatus.IDLE:
            with self._lock:
                self._idle.append(connection)
        else:
            connection.close()


def _connect(url: str) -> psycopg.Connection:
    with _translated():
        connection = psycopg.connect(url, autocommit=True, application_name="thruline", client_encoding="utf8")
        connection.adapters.register_loader("numeric", _WholeOrReal)
        connection.execute("SET synchronous_commit = on")
    return connection


def _commit(connection: psycopg.Connection) -> None:
    if connection.info.transaction_status is TransactionStatus.INERROR:
        # COMMIT would roll back without a word
        raise Conflict("a statement of this transaction was refused, so all of it is undone")
    with _translated():
        connection.execute("COMMIT")


def _roll_back(connection: psycopg.Connection) -> None:
    if connection.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
        with _translated():
            connection.execute("ROLLBACK")


@lru_cache(maxsize=1024)
def to_postgres(sql: str) -> bytes:
    """The statement with `%(name)s` parameters, PostgreSQL's types, and texts that compare by byte as in SQLite."""
    if _TABLE.match(sql):
        sql = _TEXT_COLUMN.sub('TEXT COLLATE "C"', _OPTIONS.sub(")", sql))
    return _TOKEN.sub(_replace, sql).encode()


def _replace(token: re.Match[str]) -> str:
    if token["name"]:
        return f"%({token['name']})s"
    if token["type"]:
        return _TYPES[token["type"]]
    if token["cast"]:
        return 'AS TEXT) COLLATE "C"'
    return token[0].replace("%", "%%")


def _plain(params: Params) -> dict[str, Any]:
    # our schema has no booleans, and PostgreSQL puts none into a number column
    return {name: int(value) if isinstance(value, bool) else value for name, value in params.items()}


class _WholeOrReal(Loader):
    """`sum()` of whole numbers is NUMERIC here and an integer in SQLite: give what SQLite gives."""

    def load(self, data: Any) -> int | float:
        text = bytes(data)
        return int(text) if text.lstrip(b"-").isdigit() else float(text)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise _ours(error) from error


_LATER = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure, psycopg.errors.LockNotAvailable)


def _ours(error: psycopg.Error) -> ThrulineError:
    said = error.diag.message_primary or str(error).strip()
    if isinstance(error, psycopg.IntegrityError):
        return Conflict(f"the database refused the change: {said}")
    if isinstance(error, psycopg.errors.InsufficientPrivilege | psycopg.errors.ReadOnlySqlTransaction):
        return Denied(f"the database does not let us: {said}", hint="check the rights of the database's role")
    if isinstance(error, _LATER):
        return Unavailable(f"another process is writing to the database: {said}", hint="try again in a moment")
    if isinstance(error, psycopg.errors.DiskFull):
        return Unavailable(f"the server's disk is full: {said}", hint="free some space; nothing was changed")
    if isinstance(error, psycopg.errors.DataCorrupted | psycopg.errors.IndexCorrupted):
        return Corrupt(f"the database is damaged: {said}", hint="restore the last backup")
    if isinstance(error, psycopg.OperationalError):
        return Unavailable(f"the database server is not there: {said}", hint="check that it runs and its address")
    return Invalid(f"the database refused a statement: {said}")
