"""Rows of a table or a query as documents. The server is only ever read from.

Every row is listed each time, so that deletions show. Without a cursor column the listing reads whole rows and marks
each by a digest of its document; with one it reads keys and cursors, and only rows that moved on are read whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from importlib import import_module
from urllib.parse import urlsplit

from thruline.backends.sql_origin.engine import Engine, NotUnderstood
from thruline.backends.sql_origin.shape import MANY, Shape, Wanted, shape_of
from thruline.core.errors import Invalid, Refused, Unavailable, Unsupported
from thruline.core.glimpse import counted, table_seen
from thruline.core.rows import key_in
from thruline.core.units import Bytes, parse_duration
from thruline.ports.origin import Item, Listing, Reading, Refusal, Secret

# scheme -> where its engine is, and the extra that brings its driver
_ENGINES = {
    "postgresql": ("postgresql", "PostgresqlEngine", "postgres"),
    "mysql": ("mysql", "MysqlEngine", "mysql"),
    "sqlite": ("sqlite", "SqliteEngine", ""),
}


class SqlOrigin:
    """A table, a view or a SELECT in PostgreSQL, MySQL, MariaDB or SQLite."""

    options: Mapping[str, str] = {
        "table": "the table or view to read, as `orders` or `shop.orders`",
        "query": "a SELECT to read instead of a table",
        "key": "the columns that tell rows apart, parted by commas; a table's primary key unless given",
        "columns": "the columns to take in, parted by commas; all unless given",
        "title": "the column that names a row",
        "groups_column": "the column that says who may read a row: groups parted by commas, a list or JSON",
        "cursor": "a column that changes with every change of a row, as `updated_at`; saves reading what is known",
        "timeout": "how long the database may take over a question; 10m unless given",
    }

    def __init__(self, location: str, options: Mapping[str, str], secret: Secret | None = None) -> None:
        self._wanted = Wanted.of(options)
        self._timeout_s = parse_duration(options.get("timeout", "10m"))
        self._opens = partial(_engine(location), location, secret)
        self._engine = self._opens(self._timeout_s)
        self._name = self._wanted.table.rpartition(".")[2] or _database(location)
        self._shape: Shape | None = None
        self.marks_content = not self._wanted.cursor

    def look(self, *, within_s: float) -> str:
        """What its statement would ask for, and how many rows that has where they can be counted in time."""
        with closing(self._opens(min(within_s, self._timeout_s))) as engine:
            shape = shape_of(engine, self._wanted, self._name)
            what = f"table {self._wanted.table!r}" if self._wanted.table else "query"
            return table_seen(what, len(shape.shown), _rows(engine, shape))

    def list(self) -> Listing:
        """Every row by its key; rows without a key, or with one that others have too, are refused."""
        shape = self._shape = shape_of(self._engine, self._wanted, self._name)
        items: dict[str, Item] = {}
        refused: dict[str, str] = {}
        with closing(self._engine.stream(shape.listing)) as rows:
            for item, key in map(shape.listed, rows):
                if None in key:
                    refused[item.path] = "broken_row"
                elif items.setdefault(item.path, item) is not item:
                    refused[item.path] = "duplicate_key"
        for path in refused.keys() & items.keys():
            del items[path]
        return Listing(items=list(items.values()), refused=[Refusal(*one) for one in refused.items()])

    def read(self, item: Item, *, limit: Bytes) -> Reading:
        """A row as it is now."""
        shape = self._shape or shape_of(self._engine, self._wanted, self._name)
        try:
            reading = self._find(shape, item.path, limit)
        except NotUnderstood as error:
            self._shape = None  # a column went since the listing
            raise Refused(f"{item.path!r} cannot be read: {error}", reason="changed_while_read") from error
        self._shape = shape
        if len(reading.data) > limit:
            raise _too_large(item.path, limit)
        return reading

    def close(self) -> None:
        """Close the connections."""
        self._engine.close()

    def _find(self, shape: Shape, path: str, limit: Bytes) -> Reading:
        words = key_in(path)
        if len(words) != len(shape.key):
            raise Refused(f"{path!r} has another key", reason="unreadable")
        rows = self._engine.fetch(*shape.finding(self._engine, words, limit))
        found = [row for row in rows if shape.path(row) == path]
        if len(found) == 1:
            return shape.reading(found[0])
        if found:
            raise Refused(f"{path!r} stands for several rows", reason="duplicate_key")
        there = self._engine.fetch(*shape.finding(self._engine, words, None))
        if any(shape.path(row) == path for row in there):
            raise _too_large(path, limit)
        raise Refused(f"{path!r} is no longer there", reason="unreadable")


def _rows(engine: Engine, shape: Shape) -> str:
    try:
        ((found,),) = engine.fetch(shape.counting, [])
    except Unavailable:
        return ""  # it takes too long, and is only said to whoever adds it
    return f"{MANY:,} rows or more" if found >= MANY else counted(found, "row")


def _too_large(path: str, limit: Bytes) -> Refused:
    return Refused(f"{path!r} has more than {limit} bytes", reason="too_large")


def _database(location: str) -> str:
    return urlsplit(location).path.rpartition("/")[2].partition(".")[0] or "row"


def _engine(location: str) -> Callable[[str, Secret | None, float], Engine]:
    scheme = urlsplit(location).scheme
    if scheme not in _ENGINES:
        raise Invalid(f"{scheme + '://'!r} is no database", hint=f"known: {', '.join(_ENGINES)}")
    module, name, extra = _ENGINES[scheme]
    try:
        return getattr(import_module(f"thruline.backends.sql_origin.{module}"), name)
    except ModuleNotFoundError as error:
        hint = f"pip install 'thruline[{extra}]'"
        raise Unsupported(f"a source in {scheme} needs {error.name!r}", hint=hint) from error
