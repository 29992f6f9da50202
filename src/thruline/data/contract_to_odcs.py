"""A contract written in the Open Data Contract Standard, so that other tools can read it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from thruline.data.contract_odcs import OURS, load_yaml
from thruline.data.contracts import Column, Contract, Scalar

VERSION = "v3.0.2"


def to_odcs(contract: Contract) -> str:
    """The contract as YAML, from which `read_contract` reads the same contract again.

    Raises Unsupported without PyYAML.
    """
    document: dict[str, Any] = {
        "apiVersion": VERSION,
        "kind": "DataContract",
        "id": contract.name,
        "name": contract.name,
        "version": contract.version,
        "status": "active",
        "schema": [*([_schema(contract)] if contract.columns else []), *_of_files(contract)],
        **_custom(action=contract.action),
    }
    if contract.owner:
        document["team"] = [{"username": contract.owner, "role": "owner"}]
    if promises := list(_fresh(contract)):
        document["slaProperties"] = promises
    return load_yaml().safe_dump(document, sort_keys=False, allow_unicode=True)


def _fresh(contract: Contract) -> Iterator[dict[str, Any]]:
    for name, promise in {contract.name: contract, **contract.files}.items():
        if fresh := promise.table.fresh:
            element = f"{name}.{fresh.column}"
            yield {"property": "latency", "value": fresh.within_s, "unit": "s", "element": element}


def _of_files(contract: Contract) -> Iterator[dict[str, Any]]:
    for pattern, promise in contract.files.items():
        schema = {**_schema(promise, action=promise.action), "name": pattern, "physicalName": pattern}
        yield schema


def _schema(contract: Contract, **ours: str) -> dict[str, Any]:
    table = contract.table
    extra = table.extra_columns if table.extra_columns == "forbidden" else None
    checks = [*_row_counts(contract), *(_together(columns) for columns in table.unique_together)]
    return {
        "name": contract.name,
        "logicalType": "object",
        "properties": [_property(column) for column in contract.columns],
        **({"quality": checks} if checks else {}),
        **_custom(extra_columns=extra, actions=dict(table.actions), **ours),
    }


def _property(column: Column) -> dict[str, Any]:
    options = {
        "minLength": column.min_length,
        "maxLength": column.max_length,
        "pattern": column.pattern or None,
        "minimum": _bound(column.min),
        "maximum": _bound(column.max),
    }
    stated = {name: value for name, value in options.items() if value is not None}
    valid = {"type": "library", "rule": "validValues", "validValues": [_bound(value) for value in column.allowed]}
    return {
        "name": column.name,
        "logicalType": "date" if column.type == "timestamp" else column.type,
        **({"physicalType": "timestamp"} if column.type == "timestamp" else {}),
        **({"required": True} if column.required else {}),
        **({"unique": True} if column.unique else {}),
        **({"logicalTypeOptions": stated} if stated else {}),
        **({"quality": [valid]} if column.allowed else {}),
        **_custom(
            pii="forbidden" if column.pii == "forbidden" else None,
            languages=list(column.languages),
            references=column.references,
            actions=dict(column.actions),
        ),
    }


def _row_counts(contract: Contract) -> Iterator[dict[str, Any]]:
    for operator, count in (
        ("mustBeGreaterOrEqualTo", contract.table.min_rows),
        ("mustBeLessOrEqualTo", contract.table.max_rows),
    ):
        if count is not None:
            yield {"type": "library", "rule": "rowCount", operator: count}


def _together(columns: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "library", "rule": "duplicateValues", "mustBe": 0, "arguments": {"properties": list(columns)}}


def _bound(value: Scalar | None) -> Any:
    """Dates and timestamps are texts there."""
    return value.isoformat() if isinstance(value, date) else value


def _custom(**stated: Any) -> dict[str, Any]:
    """Our own properties, those that say something."""
    rows = [{"property": OURS + name, "value": value} for name, value in stated.items() if value]
    return {"customProperties": rows} if rows else {}
