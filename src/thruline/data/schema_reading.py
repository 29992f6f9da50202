"""Reads the schema of a table from its columns. Needs the extra `train`."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from thruline.data.contracts import ColumnType
from thruline.data.distinct import sketch
from thruline.data.table_schema import SKETCH, Field
from thruline.data.tables import Scan, Table, as_type, reading, scan, type_of

# A column of texts is the first of these that all its values read as.
_NARROWEST: Sequence[ColumnType] = ("boolean", "integer", "number", "date", "timestamp")


def schema_of(table: Table) -> tuple[Field, ...]:
    """A field for each column, in their order; in CSV and JSON lines a column has the narrowest type that fits.

    Raises NotFound, and Invalid for what cannot be read.
    """
    with reading(table):
        scanned = scan(table)
        asked = [expression for name in scanned.schema for expression in _questions(name, scanned)]
        found = scanned.frame.select(asked).collect(engine="streaming").row(0, named=True)
        return tuple(_field(name, scanned, found) for name in scanned.schema)


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
    kind = _type(name, scanned, found)
    if kind in ("other", "empty"):
        return Field(name=name, type=kind, has_empty=has_empty)
    lowest = sketch(scanned.frame, pl.col(name).cast(pl.String), SKETCH)
    return Field(name=name, type=kind, has_empty=has_empty, sketch=lowest)


def _type(name: str, scanned: Scan, found: dict[str, bool]) -> str:
    kind = type_of(scanned.schema[name])
    if kind is None or (not scanned.typed and not found[f"{name} filled"]):
        return "other" if found[f"{name} filled"] else "empty"
    if scanned.typed or kind != "string":
        return kind
    return next((narrow for narrow in _NARROWEST if not found[f"{name} no {narrow}"]), "string")
