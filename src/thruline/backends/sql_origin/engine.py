"""What a kind of database must do so that its tables can be read as documents."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from thruline.core.errors import Invalid

Row = tuple[Any, ...]
Word = str | bytes
ROWS_AT_ONCE = 500  # of a listing that are held; a thousandth of a second of a local network's time for each batch
CONNECT_S = 10
C = TypeVar("C")


class NotUnderstood(Invalid):
    """The database cannot make sense of a statement: what it names went, or was never there."""


class Column(NamedTuple):
    """A column of the relation `q`, as SQL: its value, what is shown of it (bytes by their number), and its size."""

    name: str
    value: str
    shown: str
    size: str


class Engine(Protocol):
    """A database, only ever read from, by several threads at once.

    Drivers' errors come out as ours: Denied, Unavailable and NotUnderstood.
    """

    def quoted(self, name: str) -> str:
        """An identifier as SQL."""
        ...

    def verbatim(self, query: str) -> str:
        """A query of the user's as it has to stand in ours."""
        ...

    def parameter(self, number: int, /) -> str:
        """What stands for the parameter of this number, from 1."""
        ...

    def columns(self, what: str, relation: str) -> Sequence[Column]:
        """The columns of a statement: all (`*`) or some of what stands after FROM and is called `q`."""
        ...

    def tables(self) -> Sequence[str]:
        """The tables and views that may be read, as an option names them."""
        ...

    def primary_key(self, table: Sequence[str]) -> Sequence[str]:
        """The columns of a table's primary key, in its order; none where it has none."""
        ...

    def stream(self, sql: str) -> Generator[Row, None, None]:
        """The rows of a statement that may have many."""
        ...

    def fetch(self, sql: str, params: Sequence[Any]) -> list[Row]:
        """The rows of a statement that has few."""
        ...

    def meanings(self, word: Word) -> Sequence[Any]:
        """The values that a word of a path may stand for in a key."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...


def select(what: str, relation: str, condition: str = "") -> str:
    """A statement of names that an engine has quoted, parameters, and the operator's own query; of no value."""
    return " ".join(("SELECT", what, "FROM", relation, f"WHERE {condition}" if condition else ""))


class Pool(Generic[C]):
    """Connections that wait for the next question; one that met an error is not used again."""

    def __init__(self, connect: Callable[[], C], close: Callable[[C], None]) -> None:
        self._connect = connect
        self._close = close
        self._lock = threading.Lock()  # guards _idle
        self._idle: list[C] = []

    @contextmanager
    def borrowed(self) -> Iterator[C]:
        """A connection for one question."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection if connection is not None else self._connect()
        try:
            yield connection
        except BaseException:
            self._close(connection)
            raise
        with self._lock:
            self._idle.append(connection)

    def close(self) -> None:
        """Close those that wait."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            self._close(connection)
