"""Contracts as the Open Data Contract Standard writes them (v3.0 and v3.1), read into our sections.

What ODCS has no word for (actions, personal data, languages, references, extra columns) stands in `customProperties`
whose names begin with `thruline.`. What it says and we cannot check is refused by name, never skipped; what only
describes is let be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from thruline.core.errors import Invalid, Unsupported
from thruline.data.contract_odcs_quality import add, column_check, lenient, mapping, rows, table_check, unknown

_VERSION = re.compile(r"v3\.[01]\.\d+")
OURS = "thruline."
FILES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx")  # table files
_DESCRIBES = frozenset((
    "id", "name", "description", "businessName", "physicalName", "tags", "authoritativeDefinitions", "logicalType",
    "physicalType", "logicalTypeOptions", "properties", "quality", "customProperties", "dataGranularityDescription",
    "required", "unique", "primaryKey", "primaryKeyPosition", "partitioned", "partitionKeyPosition", "classification",
    "encryptedName", "transformSourceObjects", "transformLogic", "transformDescription", "examples",
    "criticalDataElement",
))  # fmt: skip
# Promises about the service; they say nothing about the rows.
_SERVICE = frozenset((
    "availability", "throughput", "errorrate", "generalavailability", "endofsupport", "endoflife", "retention",
    "frequency", "timetodetect", "timetonotify", "timetorepair", "timeofavailability",
))  # fmt: skip
_FRESH = ("latency", "ly", "freshness")
_OPTIONS = {"minimum": "min", "maximum": "max", "minLength": "min_length", "maxLength": "max_length",
            "pattern": "pattern"}  # fmt: skip
_UNITS = {"s": "s", "second": "s", "seconds": "s", "m": "m", "min": "m", "minute": "m", "minutes": "m", "h": "h",
          "hour": "h", "hours": "h", "d": "d", "day": "d", "days": "d"}  # fmt: skip
_TIMESTAMP = re.compile(r"timestamp|datetime", re.IGNORECASE)


def from_odcs(text: str, file: str, *, table: str = "") -> dict[str, Any]:
    """The sections `contract`, `columns`, `table` and `files` that an ODCS document states, to be read as TOML's are.

    table: which of its schemas, where there are several; else those whose `physicalName` is a pattern of table files
    promise something of each file. Raises Invalid, and Unsupported for rules that nobody here can check.
    """
    document = mapping(_load(text, file), "the contract", file)
    version = str(document.get("apiVersion", ""))
    if document.get("kind") != "DataContract" or not _VERSION.fullmatch(version):
        raise Invalid(
            f"{file}: kind {document.get('kind')!r} with apiVersion {version!r} is no ODCS contract that is known",
            hint="kind: DataContract, apiVersion: v3.0.x or v3.1.x",
        )
    schemas = _schemas(document, file)
    files = {} if table in schemas else {str(s["physicalName"]): s for s in schemas.values() if _is_of_files(s)}
    others = [name for name, s in schemas.items() if not files or not _is_of_files(s)]
    ours = _ours(document, file, ("action",))
    head = {"name": document.get("name") or document.get("id"), "version": str(document.get("version", "")), **ours}
    if owner := _owner(document):
        head["owner"] = owner
    sections: dict[str, Any] = {"contract": head}
    if others or not files:
        sections |= _section(_chosen(schemas, others, file, table), document, file)
        head |= {"action": sections.pop("action")} if "action" in sections else {}
    if files:
        sections["files"] = {pattern: _section(schema, document, file) for pattern, schema in files.items()}
    return sections


def _section(schema: Mapping[str, Any], document: Mapping[str, Any], file: str) -> dict[str, Any]:
    table = _whole(schema, document, file)
    own = {"action": table.pop("action")} if "action" in table else {}
    sections = {"columns": _columns(schema, file), "table": table}
    return own | {name: section for name, section in sections.items() if section}


def _columns(schema: Mapping[str, Any], file: str) -> dict[str, Any]:
    keys = _primary_keys(schema, file)
    columns: dict[str, Any] = {}
    for given in rows(schema.get("properties"), "properties", file):
        name = str(given.get("name") or "")
        if not name or name in columns:
            raise Invalid(f"{file}: a property is called {name!r}", hint="each has a name of its own")
        columns[name] = _column(given, f"{file}: property {name!r}", keys)
    return columns


def _column(given: Mapping[str, Any], where: str, keys: Sequence[str]) -> dict[str, Any]:
    _refuse_unknown(given, where)
    column: dict[str, Any] = {"type": _type_of(given), **_options(given, where)}
    if given.get("required") or given.get("primaryKey"):
        column["required"] = True
    if given.get("unique") or keys == [given.get("name")]:
        column["unique"] = True
    actions: dict[str, str] = {}
    for check in rows(given.get("quality"), "quality", where):
        found = column_check(check, where)
        add(column, found, where)
        actions |= lenient(check, found)
    return _with_actions(column, actions, _ours(given, where, ("pii", "languages", "references", "actions")))


def _whole(schema: Mapping[str, Any], document: Mapping[str, Any], file: str) -> dict[str, Any]:
    where = f"{file}: schema {schema.get('name')!r}"
    _refuse_unknown(schema, where)
    keys = _primary_keys(schema, file)
    table: dict[str, Any] = {"unique_together": [keys] if len(keys) > 1 else []}
    actions: dict[str, str] = {}
    for check in rows(schema.get("quality"), "quality", where):
        found = table_check(check, where)
        actions |= lenient(check, tuple(found))
        table["unique_together"] += found.pop("unique_together", [])
        add(table, found, where)
    table |= _fresh(document, schema, file)
    stated = {rule: value for rule, value in table.items() if value != []}
    return _with_actions(stated, actions, _ours(schema, where, ("extra_columns", "actions", "action")))


def _primary_keys(schema: Mapping[str, Any], file: str) -> list[str]:
    properties = rows(schema.get("properties"), "properties", file)
    return [str(p.get("name")) for p in properties if p.get("primaryKey")]


def _with_actions(rules: dict[str, Any], actions: dict[str, str], ours: dict[str, Any]) -> dict[str, Any]:
    """Our own words come last and win over what was read from severities."""
    merged = {**actions, **ours.pop("actions", {})}
    return rules | ours | ({"actions": merged} if merged else {})


def _options(given: Mapping[str, Any], where: str) -> dict[str, Any]:
    options = mapping(given.get("logicalTypeOptions", {}), "logicalTypeOptions", where)
    unknown = [k for k, v in options.items() if k not in _OPTIONS and k != "format" and v is not False]
    if unknown:
        raise Unsupported(
            f"{where}: logicalTypeOptions.{unknown[0]} cannot be checked", hint=f"known: {', '.join(_OPTIONS)}, format"
        )
    return {_OPTIONS[key]: value for key, value in options.items() if key in _OPTIONS}


def _fresh(document: Mapping[str, Any], schema: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Latency, where it is promised of a column of this schema; its unit and column are judged as TOML's are."""
    columns = [p.get("name") for p in rows(schema.get("properties"), "properties", file)]
    found: dict[str, Any] = {}
    for sla in rows(document.get("slaProperties"), "slaProperties", file):
        name = str(sla.get("property", ""))
        column = str(sla.get("element", "")).removeprefix(f"{schema.get('name')}.")
        if name.lower() in _FRESH and (column in columns or len(document["schema"]) == 1):
            found = {"fresh": {"column": column, "within": f"{sla.get('value')}{_unit(sla, file)}"}}
        elif name.lower() not in (*_FRESH, *_SERVICE):
            raise unknown(f"{file}: slaProperties", name, (*_FRESH, *sorted(_SERVICE)))
    return found


def _unit(sla: Mapping[str, Any], file: str) -> str:
    unit = _UNITS.get(str(sla.get("unit", "")))
    if unit is None:
        raise Invalid(f"{file}: latency has the unit {sla.get('unit')!r}", hint=f"known: {', '.join(_UNITS)}")
    return unit


def _type_of(given: Mapping[str, Any]) -> str:
    """Up to v3.0 a timestamp is a `date` whose physical type says more."""
    logical = str(given.get("logicalType", ""))
    says_time = _TIMESTAMP.search(str(given.get("physicalType", ""))) is not None
    return "timestamp" if logical == "date" and says_time else logical


def _schemas(document: Mapping[str, Any], file: str) -> dict[str, Mapping[str, Any]]:
    schemas = {str(s.get("name")): s for s in rows(document.get("schema"), "schema", file)}
    patterns = [s["physicalName"] for s in schemas.values() if _is_of_files(s)]
    if twice := next((p for p in patterns if patterns.count(p) > 1), ""):
        raise Invalid(f"{file}: two schemas have the physicalName {twice!r}", hint="each file keeps one promise")
    return schemas


def _is_of_files(schema: Mapping[str, Any]) -> bool:
    name = str(schema.get("physicalName", ""))
    return name.lower().endswith(FILES) or any(sign in name for sign in "*?/")


def _chosen(
    schemas: Mapping[str, Mapping[str, Any]], others: Sequence[str], file: str, table: str
) -> Mapping[str, Any]:  # fmt: skip
    if not table and len(others) == 1:
        return schemas[others[0]]
    if table not in schemas:
        raise Invalid(f"{file}: which of its schemas? {table!r} is none", hint=f"known: {', '.join(schemas) or 'none'}")
    return schemas[table]


def _owner(document: Mapping[str, Any]) -> str:
    """v3.0 lists the team; v3.1 lists it under `members`."""
    team = document.get("team") or []
    members = team.get("members", []) if isinstance(team, Mapping) else team
    return next((str(m.get("username", "")) for m in members if str(m.get("role", "")).lower() == "owner"), "")


def _ours(given: Mapping[str, Any], where: str, known: Sequence[str]) -> dict[str, Any]:
    """What the custom properties of ours say; those of others are let be."""
    found: dict[str, Any] = {}
    for custom in rows(given.get("customProperties"), "customProperties", where):
        prefix, ours, name = str(custom.get("property", "")).partition(OURS)
        if ours and not prefix:
            if name not in known:
                raise unknown(where, OURS + name, tuple(OURS + one for one in known))
            found[name] = custom.get("value")
    return found


def _refuse_unknown(given: Mapping[str, Any], where: str) -> None:
    for key in given:
        if key not in _DESCRIBES:
            raise Unsupported(f"{where}: {key!r} cannot be checked", hint=f"known: {', '.join(sorted(_DESCRIBES))}")


def _load(text: str, file: str) -> Any:
    yaml = load_yaml()
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Invalid(
            f"{file}: not YAML: {' '.join(str(error).split())}", hint="the reference page `Contract format` shows one"
        ) from error


def load_yaml() -> ModuleType:
    """PyYAML; raises Unsupported where it is not installed."""
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise Unsupported("ODCS contracts are YAML, and PyYAML is not installed", hint="pip install pyyaml") from error
    return yaml
