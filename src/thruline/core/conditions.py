"""Conditions on fields: what of a document is asked for, as `price<100`, `department=legal,hr`, `due` or `!due`."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from thruline.core.clock import Micros, exact
from thruline.core.errors import Invalid
from thruline.core.fields import FieldType, Value, span, understood

Op = Literal["has", "lacks", "=", "!=", "<", "<=", ">", ">="]
LONGEST = 500  # characters of a condition
MOST = 20  # conditions of a question
_FORM = re.compile(r"([^=<>!]+?)\s*(<=|>=|!=|=|<|>)\s*(.+)", re.DOTALL)
_BARE = re.compile(r"(!?)\s*([^=<>!]+)")
_PARTS = re.compile(r"""((?:"[^"]*(?:"|\Z)|[^";])*)(?:;|\Z)""")
_AGE = re.compile(r"\d+(?:\.\d+)?\s*[a-z]+")
_OPS: Mapping[str, Op] = {op: op for op in get_args(Op)}
_ORDERED = ("number", "date")
_A = {"number": "a number", "date": "a date", "flag": "true or false", "text": "a text", "list": "a list of words"}
HINT = "as 'price<100', 'department=legal,hr', 'due' or '!due'"


class Condition(NamedTuple):
    """One of them, as it is meant. values: of a text or list in small letters; of a date (from, before).

    text: the same again, with every moment absolute.
    """

    name: str
    type: FieldType
    op: Op
    values: tuple[Value, ...]
    text: str


class Asked(NamedTuple):
    """One of them, as it was said."""

    name: str
    op: Op
    values: tuple[str, ...]


def parts(texts: Sequence[str]) -> Iterator[str]:
    """Each condition alone, of texts that may hold several with semicolons between."""
    for text in texts:
        yield from (part.strip() for part in _PARTS.findall(text) if part.strip())


def asked(text: str) -> Asked:
    """A condition as it was said; raises Invalid for what is none."""
    if len(text) > LONGEST:
        raise Invalid(f"a condition has {len(text)} characters", hint=f"at most {LONGEST}")
    if (bare := _BARE.fullmatch(text)) and bare[2].strip():
        return Asked(bare[2].strip().casefold(), "lacks" if bare[1] else "has", ())
    found = _FORM.fullmatch(text)
    if not found or not found[1].strip():
        raise Invalid(f"{text!r} is no condition", hint=HINT)
    values = _values(found[3])
    return Asked(found[1].strip().casefold(), _OPS[found[2]], values)


def meant(said: Asked, kind: FieldType, moment: Callable[[str], Micros]) -> Condition:
    """A condition on a field of a type; moment: of a time ago. Raises Invalid for a value of another type."""
    if said.op in ("has", "lacks"):
        return Condition(said.name, kind, said.op, (), said.name if said.op == "has" else f"!{said.name}")
    if said.op not in ("=", "!="):
        if kind not in _ORDERED:
            raise Invalid(f"{said.name!r} is {_A[kind]}, without an order", hint=f"{said.name}={said.values[0]}")
        if len(said.values) > 1:
            raise Invalid(f"{said.op!r} takes one value", hint=HINT)
    if kind == "date":
        spans = [_span(said.name, value, moment) for value in said.values]
        values: tuple[Value, ...] = tuple(edge for one in spans for edge in one.edges)
        words = [one.text for one in spans]
    else:
        values, words = tuple(_value(said.name, kind, value) for value in said.values), list(said.values)
    return Condition(said.name, kind, said.op, values, f"{said.name}{said.op}{','.join(map(_quoted, words))}")


class _Span(NamedTuple):
    edges: tuple[Micros, Micros]
    text: str


def _span(name: str, text: str, moment: Callable[[str], Micros]) -> _Span:
    if _AGE.fullmatch(text):
        at = moment(text)
        return _Span((at, at + 1), exact(at))
    found = span(text)
    if found is None:
        raise Invalid(f"{text!r} is no date", hint=f"{name!r} is a date: 2026, 2026-11, 2026-11-22, or 30d ago")
    return _Span(found, text)


def _value(name: str, kind: FieldType, text: str) -> Value:
    value = text if kind == "list" else understood(kind, (text,))
    if value is None:
        raise Invalid(f"{text!r} is not {_A[kind]}", hint=f"the field {name!r} is {_A[kind]}")
    return value.casefold() if isinstance(value, str) else value


def _values(text: str) -> tuple[str, ...]:
    """Values between commas; one that holds a sign of a condition, or a comma, stands in quotes."""
    try:
        values = next(csv.reader([text], skipinitialspace=True, strict=True), [])
    except csv.Error as error:
        raise Invalid(f"{text!r} has a quote that does not end", hint=HINT) from error
    if '"' not in text and re.search(r"[=<>]", text):
        raise Invalid(f"{text!r} looks like two conditions", hint="part conditions by `;`, or put the value in quotes")
    kept = tuple(value.strip() for value in values if value.strip())
    if not kept:
        raise Invalid(f"{text!r} names no value", hint=HINT)
    return kept


def _quoted(text: str) -> str:
    return (
        text if re.fullmatch(r"[^\s\",;=<>](?:[^\",;=<>]*[^\s\",;=<>])?", text) else '"' + text.replace('"', '""') + '"'
    )
