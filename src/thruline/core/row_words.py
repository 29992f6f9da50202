"""What a row of a table is called, what its document says and who may read it, by the columns that a source names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from thruline.core.errors import Invalid
from thruline.core.groups import groups_in
from thruline.core.nearest import meant
from thruline.core.rows import column_name, document, path_of, said

_DIGEST = 16  # digits of a row's digest that call it where it has no key


@dataclass(frozen=True, kw_only=True)
class RowWords:
    """How a row is called and what it says.

    name: the table's. folder: what its rows' paths begin with. key: empty where rows are called by what they say.
    columns: all where empty. title, groups: a column's name, or "".
    """

    name: str
    folder: str = ""
    key: tuple[str, ...]
    columns: tuple[str, ...] = ()
    title: str = ""
    groups: str = ""

    def check(self, table: str, columns: Sequence[str] | None) -> None:
        """Raises Invalid for a column that the table does not have; None where each row has its own."""
        for column in (*self.key, *self.columns, *filter(None, [self.title, self.groups])):
            if columns is not None and column not in columns:
                raise Invalid(f"{table!r} has no column {column!r}", hint=meant(column, columns))

    def document(self, values: Mapping[str, Any]) -> bytes:
        """The row as text."""
        key = [values.get(column) for column in self.key]
        title = said(values.get(self.title)) or " ".join([self.name, ", ".join(map(said, key))]).strip()
        shown = self.columns or [column for column in values if column != self.groups]
        return document(title, [(column_name(column), values.get(column)) for column in shown])

    def readers(self, values: Mapping[str, Any]) -> tuple[frozenset[str], ...]:
        """Who may read the row, where a column says so."""
        return (groups_in(values.get(self.groups)),) if self.groups else ()

    def path(self, values: Mapping[str, Any], mark: str) -> str:
        """What the row is called; nothing where a part of its key is missing."""
        key = [values.get(column) for column in self.key] if self.key else [mark[:_DIGEST]]
        return "" if any(part is None or part == "" for part in key) else path_of(self.folder, key)

    def repeated(self, mark: str, number: int) -> str:
        """What the row is called that says the same as so many before it, where rows have no key."""
        return path_of(self.folder, [mark[:_DIGEST], number + 1])


def names_in(text: str) -> tuple[str, ...]:
    """Names parted by commas."""
    return tuple(name for part in text.split(",") if (name := part.strip()))
