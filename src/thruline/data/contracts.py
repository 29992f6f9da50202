"""A contract: what a table promises, rule by rule, and what happens to the rows that break a rule.

Nothing here touches a table; `checks.check` does. `contract_files.read_contract` reads a contract from TOML or ODCS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from thruline.data.patterns import matches

ColumnType = Literal["string", "integer", "number", "boolean", "date", "timestamp"]
Action = Literal["block", "quarantine", "warn"]
Presence = Literal["allowed", "forbidden"]
Scalar = str | int | float | bool | date | datetime

TYPES: tuple[ColumnType, ...] = ("string", "integer", "number", "boolean", "date", "timestamp")
ACTIONS: tuple[Action, ...] = ("block", "quarantine", "warn")
_ORDERED = ("integer", "number", "date", "timestamp")
WORTH_A_LINK = 0.5  # a mention below it, as data/privacy scores them, breaks no promise
# rule -> the types of column that can carry it.
COLUMN_RULES: Mapping[str, tuple[str, ...]] = {
    "present": TYPES,
    "type": TYPES,
    "required": TYPES,
    "unique": TYPES,
    "min": _ORDERED,
    "max": _ORDERED,
    "min_length": ("string",),
    "max_length": ("string",),
    "pattern": ("string",),
    "allowed": TYPES,
    "references": ("string", "integer"),
    "pii": ("string", "integer"),
    "languages": ("string",),
}
TABLE_RULES = ("min_rows", "max_rows", "fresh", "extra_columns", "unique_together")
READABLE = "readable"  # of a table file: that it is one, to its end; it can have an action, and is always judged
# Rules that judge the table: when one of them fails, every row does.
WHOLE_TABLE = frozenset(("present", "min_rows", "max_rows", "fresh", "extra_columns"))


@dataclass(frozen=True, kw_only=True)
class Column:
    """What one column promises. Everything but `required` lets empty values pass.

    min, max: inclusive; timestamps are UTC. min_length, max_length: characters. pattern: a regular expression that is
    found somewhere in the value. references: `table.column` whose values these are. actions: rule -> what its failing
    rows meet, where that is not the contract's own action.
    """

    name: str
    type: ColumnType
    required: bool = False
    unique: bool = False
    min: Scalar | None = None
    max: Scalar | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    allowed: tuple[Scalar, ...] = ()
    references: str = ""
    pii: Presence = "allowed"
    languages: tuple[str, ...] = ()
    actions: Mapping[str, Action] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Fresh:
    """The newest value of a date or timestamp column is at most this old."""

    column: str
    within_s: float


@dataclass(frozen=True, kw_only=True)
class Whole:
    """What the table as a whole promises."""

    min_rows: int | None = None
    max_rows: int | None = None
    fresh: Fresh | None = None
    extra_columns: Presence = "allowed"
    unique_together: tuple[tuple[str, ...], ...] = ()
    actions: Mapping[str, Action] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What a table promises. action: what failing rows meet unless a rule says otherwise.

    files: pattern of paths -> what each table file promises that lies there; columns may then be none.
    """

    name: str
    version: str
    owner: str
    columns: tuple[Column, ...]
    action: Action = "quarantine"
    table: Whole = field(default_factory=Whole)
    files: Mapping[str, Contract] = field(default_factory=dict)

    def pattern_of(self, path: str) -> str:
        """The first of its patterns that a file's path fits; nothing where none does."""
        return next((pattern for pattern in self.files if matches(pattern, path)), "")

    def column(self, name: str) -> Column:
        """The column of that name, which is there."""
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that is checked and gets one verdict. columns: what it reads; none for a rule about the table."""

    name: str
    columns: tuple[str, ...]
    action: Action

    @property
    def label(self) -> str:
        """`email.pattern`, `min_rows`, `unique_together(a, b)`: how verdicts and reasons call it."""
        if self.name == "unique_together":
            return f"{self.name}({', '.join(self.columns)})"
        return ".".join((*self.columns, self.name)) if self.name in COLUMN_RULES else self.name

    @property
    def is_about_the_table(self) -> bool:
        """Whether all rows fail it or none."""
        return self.name in WHOLE_TABLE


def rules(contract: Contract) -> tuple[Rule, ...]:
    """Everything that the contract has checked: the columns' rules in their order, then the table's."""
    return (*_column_rules(contract), *_table_rules(contract))


def rules_of(column: Column) -> tuple[str, ...]:
    """The names of a column's rules; that it is there and has its type are always among them."""
    stated = {
        "present": True,
        "type": True,
        "required": column.required,
        "unique": column.unique,
        "min": column.min is not None,
        "max": column.max is not None,
        "min_length": column.min_length is not None,
        "max_length": column.max_length is not None,
        "pattern": bool(column.pattern),
        "allowed": bool(column.allowed),
        "references": bool(column.references),
        "pii": column.pii == "forbidden",
        "languages": bool(column.languages),
    }
    return tuple(name for name in COLUMN_RULES if stated[name])


def rules_of_table(table: Whole) -> tuple[str, ...]:
    """The names of the table's own rules."""
    stated = {
        "min_rows": table.min_rows is not None,
        "max_rows": table.max_rows is not None,
        "fresh": table.fresh is not None,
        "extra_columns": table.extra_columns == "forbidden",
        "unique_together": bool(table.unique_together),
    }
    return tuple(name for name in TABLE_RULES if stated[name])


def _column_rules(contract: Contract) -> Iterator[Rule]:
    for column in contract.columns:
        for name in rules_of(column):
            yield Rule(name=name, columns=(column.name,), action=column.actions.get(name, contract.action))


def _table_rules(contract: Contract) -> Iterator[Rule]:
    table = contract.table
    for name in rules_of_table(table):
        action = table.actions.get(name, contract.action)
        if name == "unique_together":
            yield from (Rule(name=name, columns=columns, action=action) for columns in table.unique_together)
        else:
            columns = (table.fresh.column,) if name == "fresh" and table.fresh else ()
            yield Rule(name=name, columns=columns, action=action)
