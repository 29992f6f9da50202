"""Contracts from files: our TOML, or the YAML of the Open Data Contract Standard, which is first turned into it.

Whatever is wrong is said with its file, its key, its value and the names that are known.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from thruline.core.errors import Invalid, NotFound
from thruline.core.units import parse_duration
from thruline.data.contract_odcs import from_odcs
from thruline.data.contracts import (
    ACTIONS,
    COLUMN_RULES,
    READABLE,
    TABLE_RULES,
    TYPES,
    Column,
    Contract,
    Fresh,
    Scalar,
    Whole,
    rules_of,
    rules_of_table,
)

_PRESENCE = ("allowed", "forbidden")
_NAMED = ("name", "version", "owner", "action")


class Value(NamedTuple):
    """A value of a contract and where it stands."""

    file: str
    key: str
    value: Any

    def wrong(self, wanted: str, *, hint: str = "") -> Invalid:
        """What to raise when it is not what was wanted."""
        return Invalid(f"{self.file}: {self.key} is {self.value!r}, not {wanted}", hint=hint)

    def at(self, key: str) -> Value:
        """The value under a key of this table."""
        return Value(self.file, f"{self.key}.{key}" if self.key else key, self.value[key])


def read_contract(path: Path, *, table: str = "") -> Contract:
    """The contract in a `.toml` file, or an ODCS one in a `.yaml` or `.yml` file.

    table: which one, where an ODCS contract describes several. Raises NotFound, Invalid and Unsupported.
    """
    if not path.is_file():
        raise NotFound(f"there is no contract {str(path)!r}", hint="give the path of a .toml or .yaml file")
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(f"{path.name}: not UTF-8 at byte {error.start}", hint="save it as UTF-8") from error
    if path.suffix in (".yaml", ".yml"):
        return contract_of(from_odcs(text, path.name, table=table), path.name)
    if path.suffix != ".toml":
        raise Invalid(f"{path.name!r} is no contract file", hint="known endings: .toml, .yaml, .yml")
    return from_toml(text, path.name)


def from_toml(text: str, file: str = "contract.toml") -> Contract:
    """The contract that a TOML text states; raises Invalid with the line or the key."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{file}: not TOML: {error}", hint="the reference page `Contract format` shows one") from error
    return contract_of(document, file)


def contract_of(document: Mapping[str, Any], file: str) -> Contract:
    """The contract that a document of sections `contract`, `columns`, `table` and `files` states; raises Invalid."""
    top = Value(file, "", dict(document))
    _only(top, ("contract", "columns", "table", "files"), needed=("contract",))
    head = _section(top.at("contract"), _NAMED, needed=("name", "version"))
    files = _table(top.at("files")) if "files" in top.value else top._replace(value={})
    if not files.value or "table" in top.value:
        _only(top, tuple(top.value), needed=("columns",))
    read = _columns(top)
    whole = Contract(
        name=_text(head.at("name")),
        version=_text(head.at("version")),
        owner=_text(head.at("owner")) if "owner" in head.value else "",
        action=_member(head.at("action"), ACTIONS) if "action" in head.value else "quarantine",
        columns=read,
        table=_whole(top.at("table"), read) if "table" in top.value else Whole(),
    )
    return replace(whole, files={pattern: _file(whole, files.at(pattern)) for pattern in files.value})


def _file(whole: Contract, value: Value) -> Contract:
    """What the table files of a pattern promise, in the same words."""
    section = _section(value, ("action", "columns", "table"), needed=("columns",))
    read = _columns(section)
    action = _member(section.at("action"), ACTIONS) if "action" in section.value else whole.action
    table = _whole(section.at("table"), read, READABLE) if "table" in section.value else Whole()
    return replace(whole, columns=read, action=action, table=table)


def _columns(section: Value) -> tuple[Column, ...]:
    if "columns" not in section.value:
        return ()
    columns = _table(section.at("columns"))
    if not columns.value:
        raise columns.wrong("a table of columns", hint="[columns.id]")
    return tuple(_column(name, columns.at(name)) for name in columns.value)


def _column(name: str, value: Value) -> Column:
    readers = {k: r for k, r in _COLUMN.items() if k != "type"}
    section = _section(value, ("type", *readers, "actions"), needed=("type",))
    kind = _member(section.at("type"), TYPES)
    given: dict[str, Any] = {}
    for key in section.value.keys() & readers.keys():
        if kind not in COLUMN_RULES[key]:
            known = ", ".join(rule for rule, types in COLUMN_RULES.items() if kind in types)
            raise Invalid(f"{value.file}: {value.key}.{key} does not fit the type {kind!r}", hint=f"it takes: {known}")
        given[key] = readers[key](section.at(key), kind)
    column = Column(name=name, type=kind, **given)
    _check_bounds(section, given)
    return replace(column, actions=_actions(section, rules_of(column)))


def _whole(value: Value, columns: tuple[Column, ...], *always: str) -> Whole:
    section = _section(value, (*TABLE_RULES, "actions"))
    names = tuple(column.name for column in columns)
    given: dict[str, Any] = {k: _count(section.at(k)) for k in ("min_rows", "max_rows") if k in section.value}
    if "fresh" in section.value:
        given["fresh"] = _fresh(section.at("fresh"), columns)
    if "extra_columns" in section.value:
        given["extra_columns"] = _member(section.at("extra_columns"), _PRESENCE)
    if "unique_together" in section.value:
        sets = _list(section.at("unique_together"))
        given["unique_together"] = tuple(_set_of_columns(section.at("unique_together"), one, names) for one in sets)
    _check_bounds(section, given)
    whole = Whole(**given)
    return replace(whole, actions=_actions(section, (*rules_of_table(whole), *always)))


def _fresh(value: Value, columns: tuple[Column, ...]) -> Fresh:
    section = _section(value, ("column", "within"), needed=("column", "within"))
    timed = tuple(c.name for c in columns if c.type in ("date", "timestamp"))
    within = section.at("within")
    try:
        seconds = parse_duration(_text(within))
    except Invalid as error:
        raise within.wrong("a duration", hint=error.hint) from error
    return Fresh(column=_member(section.at("column"), timed), within_s=seconds)


def _set_of_columns(value: Value, names: Any, known: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(names, list) or len(names) < 2 or len(set(names)) < len(names):
        raise value.wrong("a list of lists of two or more columns", hint='[["tenant", "number"]]')
    return tuple(_member(Value(value.file, value.key, name), known) for name in names)


def _actions(section: Value, stated: tuple[str, ...]) -> dict[str, Any]:
    if "actions" not in section.value:
        return {}
    actions = _section(section.at("actions"), stated)
    return {rule: _member(actions.at(rule), ACTIONS) for rule in actions.value}


def _check_bounds(section: Value, given: Mapping[str, Any]) -> None:
    for low, high in (("min", "max"), ("min_length", "max_length"), ("min_rows", "max_rows")):
        if low in given and high in given and given[low] > given[high]:
            raise section.at(low).wrong(f"at most {high}, {section.value[high]!r}")


def _section(value: Value, known: tuple[str, ...], needed: tuple[str, ...] = ()) -> Value:
    table = _table(value)
    _only(table, known, needed)
    return table


def _only(table: Value, known: tuple[str, ...], needed: tuple[str, ...]) -> None:
    where = table.key or "the contract"
    hint = f"known: {', '.join(known)}" if known else "it has none"
    for key in table.value:
        if key not in known:
            raise Invalid(f"{table.file}: {where} has no {key!r} to set", hint=hint)
    for key in needed:
        if key not in table.value:
            raise Invalid(f"{table.file}: {where} lacks {key!r}", hint=hint)


def _table(value: Value) -> Value:
    if not isinstance(value.value, Mapping):
        raise value.wrong("a table", hint=f"[{value.key}]")
    return value


def _list(value: Value) -> list[Any]:
    if not isinstance(value.value, list) or not value.value:
        raise value.wrong("a list of one or more")
    return value.value


def _text(value: Value) -> str:
    if not isinstance(value.value, str) or not value.value:
        raise value.wrong("a text")
    return value.value


def _flag(value: Value) -> bool:
    if not isinstance(value.value, bool):
        raise value.wrong("true or false")
    return value.value


def _count(value: Value) -> int:
    if isinstance(value.value, bool) or not isinstance(value.value, int) or value.value < 0:
        raise value.wrong("a whole number from 0")
    return value.value


def _member(value: Value, known: tuple[Any, ...]) -> Any:
    if value.value not in known:
        raise value.wrong("one of the known", hint=f"known: {', '.join(known) or 'none'}")
    return value.value


def _reference(value: Value) -> str:
    table, _, column = _text(value).partition(".")
    if not table or not column:
        raise value.wrong("a table and its column", hint='"customers.id"')
    return value.value


def _scalar(value: Value, kind: str) -> Scalar:
    """A value of the column's type; raises Invalid."""
    found = _AS[kind](value.value)
    if found is None:
        raise value.wrong(f"{'an' if kind == 'integer' else 'a'} {kind}")
    return found


def _as_timestamp(value: Any) -> datetime | None:
    if isinstance(value, str):
        value = _parsed(datetime.fromisoformat, value)
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _as_date(value: Any) -> date | None:
    if isinstance(value, str):
        value = _parsed(date.fromisoformat, value)
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def _parsed(parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except ValueError:
        return None  # the caller says what was wanted


def _as_number(value: Any) -> float | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
    return value if fits else None


def _as_integer(value: Any) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
    return value if fits else None


_AS: Mapping[str, Callable[[Any], Scalar | None]] = {
    "string": lambda value: value if isinstance(value, str) else None,
    "integer": _as_integer,
    "number": _as_number,
    "boolean": lambda value: value if isinstance(value, bool) else None,
    "date": _as_date,
    "timestamp": _as_timestamp,
}
_COLUMN: Mapping[str, Callable[[Value, str], Any]] = {
    "required": lambda value, _: _flag(value),
    "unique": lambda value, _: _flag(value),
    "min": _scalar,
    "max": _scalar,
    "min_length": lambda value, _: _count(value),
    "max_length": lambda value, _: _count(value),
    "pattern": lambda value, _: _text(value),
    "allowed": lambda value, kind: tuple(_scalar(Value(value.file, value.key, one), kind) for one in _list(value)),
    "references": lambda value, _: _reference(value),
    "pii": lambda value, _: _member(value, _PRESENCE),
    "languages": lambda value, _: tuple(_text(Value(value.file, value.key, one)) for one in _list(value)),
}
