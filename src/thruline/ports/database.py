"""A relational store: the one place where state, text and ledger commit together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

Row = tuple[Any, ...]
Params = Mapping[str, Any]


class Database(Protocol):
    """SQL with `:name` parameters. Many readers, one writing transaction at a time in a process.

    Statements are written once, in the part of SQL that SQLite and PostgreSQL share; where they must differ, a
    named query has one text per dialect. Drivers' errors come out as ours: a constraint as Conflict, a full disk or
    a lost server as Unavailable, a damaged file as Corrupt. After a refused statement let its transaction go: whether
    it could go on differs.
    """

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """Which text of a named query it takes."""
        ...

    @property
    def out_of_scope(self) -> tuple[str, ...]:
        """Where deleted bytes can still lie after `scrub`, as a receipt of erasure has to say."""
        ...

    def query(self, sql: str, params: Params = {}) -> list[Row]:
        """All rows; inside a transaction it sees that transaction's own writes."""
        ...

    def execute(self, sql: str, params: Params = {}) -> int:
        """Run one statement and give the number of rows it touched."""
        ...

    def execute_many(self, sql: str, rows: Iterable[Params]) -> None:
        """Run one statement for each set of parameters."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when it returns. Nested use joins the outer transaction."""
        ...

    def script(self, statements: Sequence[str]) -> None:
        """Run schema statements in one transaction."""
        ...

    def scrub(self) -> None:
        """Make what was deleted unrecoverable from this store's files: write-ahead log, free pages, segments."""
        ...

    def copy_to(self, path: str) -> None:
        """A consistent copy of the whole store in one new file at path; raises Unsupported where there is none."""
        ...

    def close(self) -> None:
        """Give everything back; twice is as good as once."""
        ...
