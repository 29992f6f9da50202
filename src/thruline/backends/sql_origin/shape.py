"""What is asked of a table or a query, and what becomes of its rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from thruline.backends.sql_origin.engine import Column, Engine, NotUnderstood, Row, Word, select
from thruline.core.errors import Denied, Invalid
from thruline.core.groups import groups_in
from thruline.core.nearest import meant
from thruline.core.rows import column_name, document, mark_of, path_of, said
from thruline.core.units import Bytes
from thruline.ports.origin import Item, Reading

MANY = 1_000_000  # rows that are counted: a tenth of a second or so
_KEY = "--options key=COLUMN names what tells its rows apart"
_READS = re.compile(r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*(?:SELECT|WITH)\b", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a source's options ask for."""

    table: str
    query: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    title: str
    cursor: str
    groups: str

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Wanted:
        """The options, read; raises Invalid where they contradict each other."""
        table, query = options.get("table", ""), options.get("query", "").rstrip("; \n\t")
        if bool(table) == bool(query):
            raise Invalid("a database is read by one table or one query", hint="--options table=NAME or query=SELECT…")
        if query and not _READS.match(query):
            raise Invalid(f"{query!r} is not a SELECT", hint="a source is only read")
        if query and not options.get("key"):
            raise Invalid("a query has no primary key", hint=_KEY)
        return cls(
            table=table, query=query, key=listed(options.get("key", "")), columns=listed(options.get("columns", "")),
            title=options.get("title", ""), cursor=options.get("cursor", ""),
            groups=options.get("groups_column", ""),
        )  # fmt: skip


class Answer(NamedTuple):
    """A row of a listing. key: its values; None among them where it has none."""

    item: Item
    key: Row


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The SQL that lists rows and finds one, and how each is read. relation: what stands after FROM, called q."""

    name: str
    relation: str
    key: tuple[Column, ...]
    shown: tuple[Column, ...]
    title: Column | None
    cursor: Column | None
    groups: Column | None

    @property
    def listing(self) -> str:
        """The statement that lists: with a cursor column only keys and cursors, else everything."""
        return select(self._short if self.cursor else self._whole, self.relation)

    @property
    def counting(self) -> str:
        """The statement that counts the rows, up to MANY."""
        some = select("1 AS one", self.relation)
        return select("count(*)", f"({some} LIMIT {MANY}) AS n")

    def finding(self, engine: Engine, words: Sequence[Word], limit: Bytes | None) -> tuple[str, list[Any]]:
        """The statement that finds the rows whose key may read so, and its parameters.

        With a limit the whole rows, but for those that are larger; without one their keys only.
        """
        params: list[Any] = []
        tests: list[str] = []
        for column, word in zip(self.key, words, strict=True):
            meanings = engine.meanings(word)
            marks = ", ".join(engine.parameter(len(params) + n) for n in range(1, len(meanings) + 1))
            tests.append(f"{column.value} IN ({marks})")
            params += meanings
        if limit is not None:
            read = (*self.shown, *([self.title] if self.title else []))
            tests.append(f"{' + '.join(c.size for c in read)} <= {limit}")
        what = self._short if limit is None else self._whole
        return select(what, self.relation, " AND ".join(tests)), params

    def listed(self, row: Row) -> Answer:
        """A row of the listing."""
        key = row[: len(self.key)]
        if self.cursor:
            return Answer(Item(self.path(row), self._seen(row[len(self.key)]), 0, self._readers(row)), key)
        reading = self.reading(row)
        return Answer(Item(self.path(row), reading.mark, len(reading.data), self._readers(row)), key)

    def path(self, row: Row) -> str:
        """What a row is called."""
        return path_of(self.name, row[: len(self.key)])

    def reading(self, row: Row) -> Reading:
        """A whole row as a document."""
        seen, _, title, *values = row[len(self.key) :]
        named = said(title) or f"{self.name} {', '.join(map(said, row[: len(self.key)]))}"
        data = document(named, zip(self._names, values, strict=True))
        return Reading(data, self._seen(seen) if self.cursor else mark_of(data))

    @property
    def _short(self) -> str:
        beside = (c.value if c else "NULL" for c in (self.cursor, self.groups))
        return ", ".join([*(c.value for c in self.key), *beside])

    @property
    def _whole(self) -> str:
        title = self.title.shown if self.title else "NULL"
        return ", ".join([self._short, title, *(c.shown for c in self.shown)])

    def _readers(self, row: Row) -> tuple[frozenset[str], ...]:
        return (groups_in(row[len(self.key) + 1]),) if self.groups else ()

    @cached_property
    def _names(self) -> list[str]:
        return [column_name(c.name) for c in self.shown]

    def _seen(self, cursor: Any) -> str:
        """The cursor's value, and what the columns are: rows are others when a column comes or goes."""
        if cursor is None:
            return ""
        shape = mark_of("\0".join([self.title.name if self.title else "", *self._names]).encode())[:8]
        return f"{shape}:{said(cursor)}"


def shape_of(engine: Engine, wanted: Wanted, name: str) -> Shape:
    """How the rows are asked for now; raises Invalid for columns that are not there."""
    table = wanted.table.split(".")
    if wanted.query:
        relation = f"({engine.verbatim(wanted.query)}\n) AS q"  # its last line may be a comment
    else:
        relation = f"{'.'.join(map(engine.quoted, table))} AS q"
    keys = wanted.key or tuple(engine.primary_key(table))
    # other columns may be closed to us where some are named
    asked = (
        (*keys, *wanted.columns, *filter(None, (wanted.title, wanted.cursor, wanted.groups))) if wanted.columns else ()
    )
    what = ", ".join(f"q.{engine.quoted(name)}" for name in dict.fromkeys(asked)) or "*"
    try:
        columns = {column.name: column for column in engine.columns(what, relation)}
    except NotUnderstood as error:
        raise _explained(engine, wanted, relation, asked, error) from error
    if not keys:
        raise Invalid(f"{wanted.table!r} has no primary key", hint=_KEY)

    def column(named: str) -> Column:
        if named not in columns:
            raise _no_column(wanted, named, columns)
        return columns[named]

    shown = wanted.columns or [name for name in columns if name != wanted.groups]
    return Shape(
        name=name, relation=relation, key=tuple(map(column, keys)),
        shown=tuple(map(column, shown)), title=column(wanted.title) if wanted.title else None,
        cursor=column(wanted.cursor) if wanted.cursor else None,
        groups=column(wanted.groups) if wanted.groups else None,
    )  # fmt: skip


def _explained(
    engine: Engine, wanted: Wanted, relation: str, asked: Sequence[str], error: NotUnderstood
) -> NotUnderstood:
    """The same with the name that was not understood, where it is one of ours."""
    known = engine.tables() if wanted.table else ()
    if wanted.table and wanted.table not in known and wanted.table.rpartition(".")[2] not in known:
        return NotUnderstood(f"there is no table {wanted.table!r}", hint=meant(wanted.table, known))
    try:
        there = [column.name for column in engine.columns("*", relation)]
    except (Denied, NotUnderstood):
        return error
    missing = [name for name in asked if name not in there]
    return _no_column(wanted, missing[0], there) if missing else error


def _no_column(wanted: Wanted, named: str, there: Iterable[str]) -> NotUnderstood:
    whose = repr(wanted.table) if wanted.table else "the query"
    return NotUnderstood(f"{whose} has no column {named!r}", hint=meant(named, there))


def listed(names: str) -> tuple[str, ...]:
    """Names parted by commas."""
    return tuple(name for part in names.split(",") if (name := part.strip()))
