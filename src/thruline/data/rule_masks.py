"""What each rule of a contract means for the rows of one table: an expression that is true where a row fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from thruline.core.clock import Micros
from thruline.core.errors import Invalid, NotFound, Unsupported
from thruline.data.contracts import WORTH_A_LINK, Column, Contract, Rule, rules
from thruline.data.distinct import repeats, sample
from thruline.data.privacy import find_mentions
from thruline.data.tables import STORED, Scan, Table, as_type, scan, type_of
from thruline.ports.names import NameDetector

ROW = "_row"
DISTINCT = 10_000  # values looked at one by one: 1 to 3 s of CPU
LanguageOf = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """All that a check is given beside the contract. rows: how many there are; newest: of the column `fresh` names."""

    scan: Scan
    now: Micros
    rows: int = 0
    newest: Micros | None = None
    tables: Mapping[str, Table] = field(default_factory=dict)
    language_of: LanguageOf | None = None
    names: NameDetector | None = None


class Mask(NamedTuple):
    """Where a rule fails; True or False for all rows alike, None where its column is missing and nothing can be told.

    looked, distinct: how many distinct values were looked at, of how many.
    """

    rule: Rule
    fails: pl.Expr | bool | None
    looked: int = 0
    distinct: int = 0


def masks(contract: Contract, asked: Asked) -> list[Mask]:
    """One for each rule, in the contract's order.

    Raises Invalid for a pattern that cannot be understood, NotFound for a table that is not given, and Unsupported for
    languages when nothing tells them.
    """
    return [_mask(rule, contract, asked) for rule in rules(contract)]


def value_of(contract: Contract, name: str, scan: Scan) -> pl.Expr:
    """The column's values as the type that it promises."""
    return as_type(name, contract.column(name).type, scan.schema[name])


def _mask(rule: Rule, contract: Contract, asked: Asked) -> Mask:
    present = all(name in asked.scan.schema for name in rule.columns)
    if rule.name == "present":
        return Mask(rule, not present)
    if not present:
        return Mask(rule, None)
    if rule.is_about_the_table:
        return Mask(rule, _TABLE[rule.name](contract, asked))
    values = [value_of(contract, name, asked.scan) for name in rule.columns]
    if rule.name in ("unique", "unique_together"):
        rows = repeats(asked.scan.frame.with_row_index(ROW, offset=1), ROW, values)
        return Mask(rule, pl.col(ROW).is_in(rows.implode()) if len(rows) else False)
    column = contract.column(rule.columns[0])
    if rule.name in _LOOKED_AT:
        return _looked_at(rule, column, values[0].cast(pl.String), asked)
    if rule.name in _BESIDE:
        return Mask(rule, _BESIDE[rule.name](column, values[0], asked))
    return Mask(rule, _OF_VALUE[rule.name](column, values[0]))


def _looked_at(rule: Rule, column: Column, value: pl.Expr, asked: Asked) -> Mask:
    """Rules that a program must judge value by value: distinct values, and no more than DISTINCT of them."""
    fails = _LOOKED_AT[rule.name](column, asked)
    found = sample(asked.scan.frame, value, DISTINCT)
    bad = found.values.filter(pl.Series([fails(text) for text in found.values], dtype=pl.Boolean))
    return Mask(rule, value.is_in(bad.implode()) if len(bad) else False, len(found.values), found.distinct)


def _personal(asked: Asked) -> Callable[[str], bool]:
    return lambda text: any(mention.score >= WORTH_A_LINK for mention in find_mentions(text, asked.names))


def _foreign(column: Column, asked: Asked) -> Callable[[str], bool]:
    language_of = asked.language_of
    if language_of is None:
        raise Unsupported(
            f"{column.name!r} may hold only {', '.join(column.languages)}, and nothing here tells languages",
            hint="give the check a `language_of`",
        )
    return lambda text: language_of(text) not in column.languages


def _type(column: Column, value: pl.Expr, asked: Asked) -> pl.Expr | bool:
    """A typed column is of its type or not; a text is of the type that it reads as."""
    filled = pl.col(column.name).is_not_null()
    dtype = asked.scan.schema[column.name]
    found = type_of(dtype)
    if not asked.scan.typed and found == "string":
        return False if column.type == "string" else filled & value.is_null()
    fits = found == column.type or (found == "integer" and column.type == "number")
    return False if fits else filled


def _pattern(column: Column, value: pl.Expr) -> pl.Expr:
    try:
        pl.Series([""]).str.contains(column.pattern)
    except pl.exceptions.ComputeError as error:
        raise Invalid(
            f"{column.name!r}: the pattern {column.pattern!r} is not understood",
            hint="regular expressions without look-around and back-references",
        ) from error
    return ~value.str.contains(column.pattern)


def _allowed(column: Column, value: pl.Expr) -> pl.Expr:
    return ~value.is_in(pl.Series(list(column.allowed), dtype=STORED[column.type]).implode())


def _references(column: Column, value: pl.Expr, asked: Asked) -> pl.Expr:
    table, _, name = column.references.partition(".")
    if table not in asked.tables:
        known = ", ".join(asked.tables) or "none"
        raise NotFound(f"{column.name!r} refers to a table {table!r} that is not here", hint=f"given: {known}")
    other = scan(asked.tables[table])
    if name not in other.schema:
        raise NotFound(f"{table!r} has no column {name!r}", hint=f"it has: {', '.join(other.schema)}")
    keys = other.frame.select(as_type(name, column.type, other.schema[name]).unique().drop_nulls())
    return ~value.is_in(keys.collect(engine="streaming").to_series().implode())


def _is_stale(contract: Contract, asked: Asked) -> bool:
    fresh = contract.table.fresh
    assert fresh is not None
    return asked.newest is None or asked.now - asked.newest > fresh.within_s * 1e6


_OF_VALUE: Mapping[str, Callable[[Column, pl.Expr], pl.Expr]] = {
    "required": lambda column, _: pl.col(column.name).is_null(),
    "min": lambda column, value: value < column.min,
    "max": lambda column, value: value > column.max,
    "min_length": lambda column, value: value.str.len_chars() < column.min_length,
    "max_length": lambda column, value: value.str.len_chars() > column.max_length,
    "pattern": _pattern,
    "allowed": _allowed,
}
_BESIDE: Mapping[str, Callable[[Column, pl.Expr, Asked], pl.Expr | bool]] = {"type": _type, "references": _references}
_LOOKED_AT: Mapping[str, Callable[[Column, Asked], Callable[[str], bool]]] = {
    "pii": lambda _, asked: _personal(asked),
    "languages": _foreign,
}
_TABLE: Mapping[str, Callable[[Contract, Asked], bool]] = {
    "min_rows": lambda contract, asked: asked.rows < (contract.table.min_rows or 0),
    "max_rows": lambda contract, asked: asked.rows > (contract.table.max_rows or 0),
    "fresh": _is_stale,
    "extra_columns": lambda contract, asked: not asked.scan.schema.keys() <= {c.name for c in contract.columns},
}
