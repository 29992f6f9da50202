"""A file of rows: read through once, and then row by row at the places that were found."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

Values = Mapping[str, Any]  # column -> value


class Found(NamedTuple):
    """A row. at: what `Table.row` finds it by. place: where a person finds it, as `line 17`."""

    at: int
    place: str
    values: Values


class Broken(NamedTuple):
    """Something that is no row."""

    place: str
    reason: str


class Table(Protocol):
    """One format. Used by several threads at once.

    Raises OSError and Unavailable where the file cannot be had, and Invalid for one that is no such table.
    """

    def columns(self) -> Sequence[str] | None:
        """The columns of every row; nothing where each row has its own."""
        ...

    def counted(self, within_s: float, /) -> str:
        """How many rows there are, in words; nothing where they cannot be counted in time."""
        ...

    def rows(self) -> Generator[Found | Broken, None, None]:
        """Everything, in the file's order."""
        ...

    def row(self, at: int) -> Values:
        """A row again; raises ValueError where there is none any more."""
        ...
