"""Rows as documents: a title, then `column: value` lines; and the path that a row's key gives it.

Equal rows give equal bytes, and no value can pass for a column: whatever stands on a further line is indented.
A path holds its key in words that a person reads, so that an erasure finds a name in it, and can be read back.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

SUFFIX = ".txt"
_PLAIN = re.compile(r"[A-Za-z0-9_@-][A-Za-z0-9_@.-]*")
_HOSTILE = re.compile(r"""^\.|^ +| +$|[/%,\\~<>"|]""")
_BYTES = "~x"
_AS_THEY_ARE = (str, int, float)
_NOTHING = "~null"
_EMPTY = "~"


def document(title: str, values: Iterable[tuple[str, Any]]) -> bytes:
    """The row as text: the title, then a line for each (column, value) that says something."""
    lines = [f"{column}: {_folded(text)}" for column, value in values if (text := said(value))]
    return "\n".join((_on_one_line(title), "", *lines, "")).encode("utf-8", "replace")


def values_in(data: bytes) -> dict[str, str]:
    """The columns that a document of `document` tells, in words; a column that says nothing is not told."""
    values: dict[str, str] = {}
    name = ""
    for line in data.decode("utf-8", "replace").split("\n")[2:]:
        if line.startswith("  ") and name:
            values[name] += f"\n{line[2:]}"
        elif ": " in line:
            name, _, value = line.partition(": ")
            values[name] = value
    return values


def said(value: Any) -> str:
    """A value in words: dates in ISO 8601, lists and objects as compact JSON, bytes by how many; null says nothing."""
    if value is None:
        return ""
    if type(value) in _AS_THEY_ARE:
        return str(value)
    match value:
        case bool():
            return "true" if value else "false"
        case date() | time():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case bytes() | bytearray() | memoryview():
            return f"{len(value)} bytes"
        case dict() | list() | tuple():
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=said)
        case _:
            return str(value)


def mark_of(data: bytes) -> str:
    """What tells a document's bytes from others."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def path_of(table: str, key: Sequence[Any]) -> str:
    """`table/key.txt`, or `key.txt` without a table; another one for every other key, its parts parted by commas."""
    return f"{_safe(table)}{'/' if table else ''}{','.join(map(_part, key))}{SUFFIX}"


def key_in(path: str) -> tuple[str | bytes, ...]:
    """The key that `path_of` was given, in words; bytes stay bytes."""
    parts = path.rpartition("/")[2].removesuffix(SUFFIX).split(",")
    return tuple(_read(part) for part in parts)


@lru_cache(maxsize=1024)
def column_name(name: str) -> str:
    """A column's name on one line."""
    return _on_one_line(name).replace(":", ";")


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _folded(text: str) -> str:
    """Line ends of every kind, as parsers of text know them, cannot begin a column."""
    return text if text.isprintable() else "\n  ".join(text.splitlines())


def _part(value: Any) -> str:
    if value is None:
        return _NOTHING
    if isinstance(value, bytes | bytearray | memoryview):
        return _BYTES + bytes(value).hex()
    return _safe(said(value)) or _EMPTY


def _safe(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    text = _HOSTILE.sub(lambda found: _percent(found[0]), text)
    return text if text.isprintable() else "".join(c if c.isprintable() else _percent(c) for c in text)


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def _read(part: str) -> str | bytes:
    if part.startswith(_BYTES):
        return bytes.fromhex(part.removeprefix(_BYTES))
    return "" if part == _EMPTY else unquote(part, errors="surrogatepass")
