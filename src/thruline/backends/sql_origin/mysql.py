"""MySQL and MariaDB: sessions that are read only, listings that the server sends row by row."""

from __future__ import annotations

import ssl
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.cursors import Cursor, SSCursor

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
from thruline.core.unreachable import cause_of
from thruline.ports.origin import Secret

_PORT = 3306
_QUERY = {"unix_socket", "ssl", "ssl_ca"}
_MAY_BE_BYTES = {
    FIELD_TYPE.BLOB, FIELD_TYPE.TINY_BLOB, FIELD_TYPE.MEDIUM_BLOB, FIELD_TYPE.LONG_BLOB, FIELD_TYPE.VAR_STRING,
    FIELD_TYPE.STRING, FIELD_TYPE.VARCHAR,
}  # fmt: skip
_PRIMARY_KEY = """
SELECT column_name FROM information_schema.key_column_usage
WHERE constraint_name = 'PRIMARY' AND table_schema = coalesce(%s, database()) AND table_name = %s
ORDER BY ordinal_position"""
_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = database() ORDER BY 1 LIMIT 1000"
# Numbers of the servers' error lists.
_NO_DATABASE = 1049
_DENIED = {1044, 1045, 1142, 1143, 1227, 1370, 1698, 1820, 1862, 3118, 3955, 4151}
_SLOW = {1969, 3024}
_AWAY = {1040, 1053, 1077, 1152, 1158, 1159, 1160, 1161, 1203, 1205, 1226, *range(2000, 2062)}


class MysqlEngine:
    """A server, by an address `mysql://me@host/database`."""

    def __init__(self, location: str, secret: Secret | None, timeout_s: float) -> None:
        self._location = location
        self._address = _address(location)
        self._secret = secret
        self._timeout_s = timeout_s
        self._pool = Pool(self._connect, _close)

    def quoted(self, name: str) -> str:
        """In backticks, which hold in every mode of the server."""
        return "`" + name.replace("`", "``").replace("%", "%%") + "`"

    def verbatim(self, query: str) -> str:
        """With its per cent signs doubled, as beside parameters they must be."""
        return query.replace("%", "%%")

    def parameter(self, _number: int) -> str:
        """The driver's."""
        return "%s"

    def columns(self, what: str, relation: str) -> list[Column]:
        """As the server describes the statement."""
        with self._cursor(Cursor) as cursor:
            cursor.execute(select(what, relation, "1 = 0"), ())
            described = [(str(d[0]), int(d[1])) for d in cursor.description or ()]
            charsets = ", ".join(f"charset(q.{self.quoted(name)})" for name, _ in described)
            cursor.execute(select(charsets, f"(SELECT 1) AS one LEFT JOIN {relation} ON 1 = 0"), ())
            (found,) = cursor.fetchall()
        return [
            self._column(name, kind, is_bytes=kind in _MAY_BE_BYTES and charset == "binary")
            for (name, kind), charset in zip(described, found, strict=True)
        ]

    def tables(self) -> list[str]:
        """Those of the database that the address names."""
        return [row[0] for row in self.fetch(_TABLES, [])]

    def primary_key(self, table: Sequence[str]) -> list[str]:
        """As the catalogue says."""
        schema = table[0] if len(table) > 1 else None
        return [row[0] for row in self.fetch(_PRIMARY_KEY, [schema, table[-1]])]

    def stream(self, sql: str) -> Generator[Row, None, None]:
        """Row after row, as the server sends them; the timeout is that of the whole."""
        with self._cursor(SSCursor) as cursor:
            cursor.execute(sql, ())
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield from rows

    def fetch(self, sql: str, params: Sequence[Any]) -> list[Row]:
        """All rows at once."""
        with self._cursor(Cursor) as cursor:
            cursor.execute(sql, tuple(params))
            return list(cursor.fetchall())

    def meanings(self, word: Word) -> list[Word]:
        """The server reads words as the column's type, whatever that is."""
        return [word]

    def close(self) -> None:
        """Close the connections that wait."""
        self._pool.close()

    def _column(self, name: str, kind: int, *, is_bytes: bool) -> Column:
        value = f"q.{self.quoted(name)}"
        if is_bytes:
            return Column(name, value, f"concat(octet_length({value}), ' bytes')", "0")
        shown = f"{value} + 0" if kind == FIELD_TYPE.BIT else value
        return Column(name, value, shown, f"coalesce(octet_length({value}), 0)")

    def _connect(self) -> pymysql.Connection:
        connect_s = min(CONNECT_S, self._timeout_s)
        with self._translated():
            connection = pymysql.connect(
                **self._address, password=self._secret() if self._secret else "", charset="utf8mb4", autocommit=True,
                connect_timeout=connect_s, read_timeout=self._timeout_s + connect_s,
                init_command="SET SESSION TRANSACTION READ ONLY",
            )  # fmt: skip
            is_mariadb = "mariadb" in connection.get_server_info().lower()
            seconds = self._timeout_s
            limit = f"max_statement_time = {seconds}" if is_mariadb else f"max_execution_time = {seconds * 1000:.0f}"
            with connection.cursor() as cursor:
                cursor.execute(f"SET SESSION time_zone = '+00:00', {limit}")
            return connection

    @contextmanager
    def _cursor(self, kind: type[Cursor]) -> Iterator[Cursor]:
        with self._translated(), self._pool.borrowed() as connection:
            cursor = connection.cursor(kind)
            yield cursor
            cursor.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except pymysql.MySQLError as error:
            raise _ours(error, self._location) from error


def _address(location: str) -> dict[str, Any]:
    try:
        url = urlsplit(location)
        query, port = dict(parse_qsl(url.query, strict_parsing=bool(url.query))), url.port or _PORT
    except ValueError as error:
        raise Invalid(f"{location!r} is no address of a MySQL server", hint="mysql://me@host/database") from error
    if url.password:
        raise Invalid("the address holds a password", hint="leave it out, and name it: --secret env:NAME")
    if query.keys() - _QUERY or not url.path.strip("/"):
        raise Invalid(f"{location!r} is no address of a database", hint=f"mysql://me@host/database; {_KNOWN}")
    found = {
        "host": url.hostname or "localhost", "port": port, "user": unquote(url.username or ""),
        "database": unquote(url.path.strip("/")), "unix_socket": query.get("unix_socket"),
    }  # fmt: skip
    wants_tls = "ssl_ca" in query or query.get("ssl") == "true"
    return found | ({"ssl": ssl.create_default_context(cafile=query.get("ssl_ca"))} if wants_tls else {})


_KNOWN = "after a question mark unix_socket=, ssl=true or ssl_ca="


def _close(connection: pymysql.Connection) -> None:
    """Without a farewell, where an answer may still be on its way."""
    with suppress(pymysql.MySQLError, OSError):
        connection.close()


def _ours(error: pymysql.MySQLError, location: str) -> ThrulineError:
    number, reason = (*error.args, "", "")[:2]
    if number in _DENIED:
        return Denied(f"{location!r} refuses us: error {number}", hint="check the user, the password and the rights")
    if number in _SLOW:
        return Unavailable(f"{location!r} took too long to answer", hint="give it more time with timeout=, or an index")
    if number == _NO_DATABASE:
        return Unavailable(f"{location!r} names a database that is not there", hint="is its name right?")
    if number in _AWAY or not isinstance(number, int):
        what, hint = cause_of(str(reason)) or (f"error {number}", "does it run, is its address right?")
        return Unavailable(f"{location!r} is not there: {what}", hint=hint)
    return NotUnderstood(f"{location!r} cannot answer: {reason}", hint="check the table, the columns and the query")
