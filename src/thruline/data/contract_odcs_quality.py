"""The quality rules of an ODCS contract, as rules of ours: the library's metrics that can be checked here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from thruline.core.errors import Invalid, Unsupported

_NO_NULLS = ("nullValues", "nullCheck", "nullCount")
_NO_REPEATS = ("duplicateValues", "duplicateCount")
_VALID = ("invalidValues", "validValues")


def column_check(check: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What a rule of a property sets in a column; nothing for a text. Raises Invalid and Unsupported."""
    name = _metric(check, where)
    if not name:
        return {}
    if name in _NO_NULLS:
        rules: dict[str, Any] = {"required": True}
    elif name in _NO_REPEATS:
        rules = {"unique": True}
    elif name in _VALID:
        rules = _valid(check, where)
    else:
        raise unknown(where, name, (*_NO_NULLS, *_NO_REPEATS, *_VALID))
    if name != "validValues":
        _none_may(check, name, where)
    return rules


def _valid(check: Mapping[str, Any], where: str) -> dict[str, Any]:
    stated = {**check, **mapping(check.get("arguments", {}), "arguments", where)}
    found = {ours: stated[key] for key, ours in (("validValues", "allowed"), ("pattern", "pattern")) if key in stated}
    if not found:
        raise Invalid(f"{where}: invalidValues says nothing of what is valid", hint="arguments: validValues, pattern")
    return found


def table_check(check: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What a rule of a schema sets in the table; nothing for a text. Raises Invalid and Unsupported."""
    name = _metric(check, where)
    if name == "rowCount":
        return _row_count(check, where)
    if name in _NO_REPEATS:
        _none_may(check, name, where)
        return {"unique_together": [mapping(check.get("arguments", {}), "arguments", where).get("properties")]}
    if name:
        raise unknown(where, name, ("rowCount", *_NO_REPEATS))
    return {}


_COUNTS: Mapping[str, Callable[[Any], dict[str, int]]] = {
    "mustBe": lambda n: {"min_rows": n, "max_rows": n},
    "mustBeGreaterThan": lambda n: {"min_rows": n + 1},
    "mustBeGreaterOrEqualTo": lambda n: {"min_rows": n},
    "mustBeLessThan": lambda n: {"max_rows": n - 1},
    "mustBeLessOrEqualTo": lambda n: {"max_rows": n},
    "mustBeBetween": lambda pair: {"min_rows": pair[0], "max_rows": pair[1]},
}


def _row_count(check: Mapping[str, Any], where: str) -> dict[str, int]:
    bounds: dict[str, int] = {}
    for operator, value in _operators(check):
        numbers = value if isinstance(value, list) else [value]
        wanted = 2 if operator == "mustBeBetween" else 1
        whole = len(numbers) == wanted and all(isinstance(n, int) and not isinstance(n, bool) for n in numbers)
        if operator not in _COUNTS or not whole:
            raise Unsupported(
                f"{where}: rowCount with {operator} {value!r} cannot be checked", hint=f"known: {', '.join(_COUNTS)}"
            )
        bounds |= _COUNTS[operator](value)
    return bounds


def _none_may(check: Mapping[str, Any], name: str, where: str) -> None:
    """A rule of ours lets no row break it; a tolerance is refused rather than read as none."""
    for operator, value in _operators(check):
        if (operator, value) not in (("mustBe", 0), ("mustBeLessThan", 1), ("mustBeLessOrEqualTo", 0)):
            raise Unsupported(
                f"{where}: {name} with {operator} {value!r} cannot be checked",
                hint="a rule lets no row break it: mustBe: 0",
            )
        if operator == "mustBeLessThan" and check.get("unit", "rows") != "rows":
            raise Unsupported(f"{where}: {name} below {value} {check['unit']} cannot be checked", hint="mustBe: 0")


def _metric(check: Mapping[str, Any], where: str) -> str:
    """The name of a library rule; empty for a text, which only describes."""
    kind = check.get("type", "library")
    if kind == "text":
        return ""
    if kind != "library":
        raise Unsupported(f"{where}: a quality rule of type {kind!r} cannot be checked", hint="known: library, text")
    name = str(check.get("metric") or check.get("rule") or "")
    if not name:
        raise Invalid(f"{where}: a quality rule without a name", hint="metric: nullValues")
    return name


def lenient(check: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    """What only warns by its severity."""
    warns = str(check.get("severity", "")).lower() in ("info", "warning")
    return dict.fromkeys(names, "warn") if warns else {}


def add(stated: dict[str, Any], found: Mapping[str, Any], where: str) -> None:
    """Add rules to those that are stated; raises Unsupported for a second one of the same name that says otherwise."""
    for name, value in found.items():
        if stated.get(name, value) != value:
            raise Unsupported(
                f"{where}: {name} is both {stated[name]!r} and {value!r}", hint="one of them can be checked"
            )
        stated[name] = value


def _operators(check: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(key, value) for key, value in check.items() if key.startswith(("mustBe", "mustNot"))]


def unknown(where: str, name: str, known: Sequence[str]) -> Unsupported:
    """What to raise for a rule by a name that is not known."""
    return Unsupported(f"{where}: the rule {name!r} cannot be checked", hint=f"known: {', '.join(known)}")


def rows(value: Any, key: str, where: str) -> list[Mapping[str, Any]]:
    """A list of mappings, empty when there is none; raises Invalid."""
    found = value or []
    if not isinstance(found, list) or not all(isinstance(row, Mapping) for row in found):
        raise Invalid(f"{where}: {key} is {value!r}, not a list of mappings")
    return found


def mapping(value: Any, key: str, where: str) -> Mapping[str, Any]:
    """The value, which is a mapping; raises Invalid."""
    if not isinstance(value, Mapping):
        raise Invalid(f"{where}: {key} is {value!r}, not a mapping")
    return value
