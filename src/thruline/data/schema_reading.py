"""Reads the schema of a table from its columns. Needs the extra `train`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import polars as pl

from thruline.data.contracts import ColumnType
from thruline.data.distinct import sketch
from thruline.data.table_schema import SKETCH, Field
from thruline.data.tables import Scan, Table, as_type, reading, scan, type_of

# A column of texts is the first of these that all its values read as.
_NARROWEST: Sequence[ColumnType] = ("boolean", "integer", "number", "date", "timestamp")


def schema_of(table: Table, *, sketched: bool = True) -> tuple[Field, ...]:
    """A field for each column, in their order; in CSV and JSON lines a column has the narrowest type that fits.

    sketched: also with sketches of their values, for which each column is read once more. Raises NotFound, and Invalid
    for what cannot be read.
    """
    with reading(table):
        scanned = scan(table)
        asked = [expression for name in scanned.schema for expression in _questions(name, scanned)]
        found = scanned.frame.select(asked).collect(engine="streaming").row(0, named=True) if asked else {}
        fields = tuple(_field(name, scanned, found) for name in scanned.schema)
    return with_sketches(fields, table, scanned.schema.keys()) if sketched else fields


def with_sketches(fields: Sequence[Field], table: Table, names: Collection[str]) -> tuple[Field, ...]:
    """The same fields, those of these names with sketches of the values that the table has in them."""
    with reading(table):
        scanned = scan(table)
        return tuple(_sketched(f, scanned) if f.name in names else f for f in fields)


def _questions(name: str, scanned: Scan) -> list[pl.Expr]:
    filled = pl.col(name).is_not_null()
    questions = [filled.all().alias(f"{name} full"), filled.any().alias(f"{name} filled")]
    if not scanned.typed and type_of(scanned.schema[name]) == "string":
        questions += [
            (filled & as_type(name, kind, scanned.schema[name]).is_null()).any().alias(f"{name} no {kind}")
            for kind in _NARROWEST
        ]
    return questions


def _field(name: str, scanned: Scan, found: dict[str, bool]) -> Field:
    has_empty = not found[f"{name} full"]
    return Field(name=name, type=_type(name, scanned, found), has_empty=has_empty)


def _sketched(field: Field, scanned: Scan) -> Field:
    if field.type in ("other", "empty") or field.name not in scanned.schema:
        return field
    return replace(field, sketch=sketch(scanned.frame, pl.col(field.name).cast(pl.String), SKETCH))


def _type(name: str, scanned: Scan, found: dict[str, bool]) -> str:
    kind = type_of(scanned.schema[name])
    if kind is None or (not scanned.typed and not found[f"{name} filled"]):
        return "other" if found[f"{name} filled"] else "empty"
    if scanned.typed or kind != "string":
        return kind
    return next((narrow for narrow in _NARROWEST if not found[f"{name} no {narrow}"]), "string")
