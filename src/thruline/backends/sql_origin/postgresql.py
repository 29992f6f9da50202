"""PostgreSQL: every question in a READ ONLY transaction, listings by a cursor that the server keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, LiteralString, cast

import psycopg
from psycopg import RawCursor, RawServerCursor
from psycopg import sql as names
from psycopg.adapt import Loader
from psycopg.conninfo import conninfo_to_dict

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
from thruline.core.errors import Denied, Invalid, ThrulineError, Unavailable
from thruline.core.rows import said
from thruline.core.unreachable import cause_of
from thruline.ports.origin import Secret

_BYTEA = 17
_SESSION = "SET timezone = 'UTC'; SET datestyle = 'ISO'; SET intervalstyle = 'iso_8601'; SET statement_timeout = {}"
_PRIMARY_KEY = """
SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
WHERE i.indrelid = to_regclass($1) AND i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)"""
_TABLES = """
SELECT CASE WHEN pg_table_is_visible(c.oid) THEN c.relname ELSE n.nspname || '.' || c.relname END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^(pg_|information_schema$)'
  AND has_table_privilege(c.oid, 'SELECT')
ORDER BY 1 LIMIT 1000"""
# The library keeps no SQLSTATE of a connection that was refused, so that only its words tell.
_REFUSED = re.compile(
    "authentication failed|no pg_hba.conf entry|permission denied|not permitted to log in|no password supplied"
    '|role ".*" does not exist'
)
_NO_DATABASE = re.compile('database ".*" does not exist')


class PostgresqlEngine:
    """A PostgreSQL server, by a libpq address."""

    def __init__(self, location: str, secret: Secret | None, timeout_s: float) -> None:
        try:
            given = conninfo_to_dict(location)
        except psycopg.Error as error:
            raise Invalid(
                f"{location!r} is no address of a PostgreSQL server", hint="postgresql://me@host/db"
            ) from error
        if given.get("password"):
            raise Invalid("the address holds a password", hint="leave it out, and name it: --secret env:NAME")
        self._location = location
        self._secret = secret
        self._timeout_ms = round(timeout_s * 1000)
        self._pool = Pool(self._connect, psycopg.Connection.close)

    def quoted(self, name: str) -> str:
        """By the driver."""
        return names.Identifier(name).as_string(None)

    def verbatim(self, query: str) -> str:
        """As it is."""
        return query

    def parameter(self, number: int) -> str:
        """The protocol's own."""
        return f"${number}"

    def columns(self, what: str, relation: str) -> list[Column]:
        """As the server describes the statement."""
        with self._pool_cursor() as cursor:
            cursor.execute(_sql(select(what, relation, "false")))
            described = cursor.description or []
        return [self._column(d.name, d.type_code) for d in described]

    def tables(self) -> list[str]:
        """With their schema, where that has to be said."""
        return [row[0] for row in self.fetch(_TABLES, [])]

    def primary_key(self, table: Sequence[str]) -> list[str]:
        """As the catalogue says."""
        return [row[0] for row in self.fetch(_PRIMARY_KEY, [".".join(map(self.quoted, table))])]

    def stream(self, sql: str) -> Generator[Row, None, None]:
        """Row after row; the timeout is that of a batch."""
        with self._pool_cursor() as cursor:
            cursor.execute(_sql(sql))
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield from rows

    def fetch(self, sql: str, params: Sequence[Any]) -> list[Row]:
        """All rows at once."""
        with self._borrowed() as connection, RawCursor(connection) as cursor:
            return cursor.execute(_sql(sql), params).fetchall()

    def meanings(self, word: Word) -> list[Word]:
        """The server reads words as the column's type, whatever that is."""
        return [word]

    def close(self) -> None:
        """Close the connections that wait."""
        self._pool.close()

    def _column(self, name: str, type_code: int) -> Column:
        value = f"q.{self.quoted(name)}"
        if type_code == _BYTEA:
            return Column(name, value, f"octet_length({value}) || ' bytes'", "0")
        return Column(name, value, value, f"coalesce(octet_length({value}::text), 0)")

    def _connect(self) -> psycopg.Connection:
        with self._translated():
            connection = psycopg.connect(
                self._location, password=self._secret() if self._secret else None,
                connect_timeout=max(2, min(CONNECT_S, self._timeout_ms // 1000)),  # the library's least is 2
                application_name="thruline", client_encoding="utf8",
                keepalives_idle=30, keepalives_interval=10, keepalives_count=3,
            )  # fmt: skip
            connection.execute(_sql(_SESSION.format(self._timeout_ms)))
            connection.commit()
            connection.read_only = True
        for kind, loader in _LOADERS.items():
            connection.adapters.register_loader(kind, loader)
        return connection

    @contextmanager
    def _borrowed(self) -> Iterator[psycopg.Connection]:
        with self._translated(), self._pool.borrowed() as connection:
            yield connection
            connection.rollback()

    @contextmanager
    def _pool_cursor(self) -> Iterator[RawServerCursor]:
        """A cursor on the server. It takes one SELECT and nothing else."""
        with self._borrowed() as connection, RawServerCursor(connection, "thruline") as cursor:
            yield cursor

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise _ours(error, self._location) from error


def _sql(text: str) -> LiteralString:
    # names are quoted by the driver, values are parameters, and the query is the operator's own
    return cast("LiteralString", text)


class _Text(Loader):
    """Texts of databases that do not know their own encoding may be no UTF-8; dates may lie beyond Python's."""

    def load(self, data: Any) -> str:
        return bytes(data).decode("utf-8", "replace")


class _Stamp(Loader):
    """`2026-01-31 10:00:00+00` in ISO 8601; `infinity` stays."""

    def load(self, data: Any) -> str:
        return bytes(data).decode().replace(" ", "T", 1)


class _Json(Loader):
    """JSON, compact."""

    def load(self, data: Any) -> str:
        text = bytes(data).decode("utf-8", "replace")
        with suppress(ValueError, RecursionError):
            return said([json.loads(text)])[1:-1]
        return text


_LOADERS: dict[str, type[Loader]] = {
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "date", "time", "timetz", "interval"), _Text),
    **dict.fromkeys(("timestamp", "timestamptz"), _Stamp),
    **dict.fromkeys(("json", "jsonb"), _Json),
}
_DENIED = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.InvalidPassword,
    psycopg.errors.InvalidAuthorizationSpecification,
)
# SQLSTATEs: of values, of names and rights, of what is not built in, and of writing where one may only read.
_MEANINGLESS = ("22", "42", "0A", "25001", "25006")


def _ours(error: psycopg.Error, location: str) -> ThrulineError:
    reason = error.diag.message_primary or ""
    if isinstance(error, _DENIED) or (error.sqlstate is None and _REFUSED.search(str(error))):
        return Denied(
            f"{location!r} refuses us: {reason or 'no login'}", hint="check the role, its password and rights"
        )
    if isinstance(error, psycopg.errors.QueryCanceled):
        return Unavailable(f"{location!r} took too long to answer", hint="give it more time with timeout=, or an index")
    if (error.sqlstate or "").startswith(_MEANINGLESS):
        return NotUnderstood(f"{location!r} cannot answer: {reason}", hint="check the table, the columns and the query")
    if (error.sqlstate or "") == "3D000" or _NO_DATABASE.search(str(error)):
        return Unavailable(f"{location!r} names a database that is not there", hint="is its name right?")
    what, hint = cause_of(str(error)) or (reason or "no connection", "does it run, is its address right?")
    return Unavailable(f"{location!r} is not there: {what}", hint=hint)
