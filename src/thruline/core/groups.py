"""Groups as a column of a row holds them: a JSON list, or names parted by commas."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any


def groups_in(value: Any) -> frozenset[str]:
    """The names in a column's value; none for null, which is nobody."""
    if value is None:
        return frozenset()
    if isinstance(value, bytes | bytearray | memoryview):
        value = bytes(value).decode("utf-8", "replace")
    if isinstance(value, str):
        value = _listed(value)
    named: Iterable[Any] = value if isinstance(value, list | tuple | set) else [value]
    return frozenset(text for name in named if name is not None and (text := str(name).strip()))


def _listed(text: str) -> Any:
    """Of a JSON list its members; PostgreSQL writes an array of its own in braces."""
    if text.lstrip().startswith("["):
        with suppress(ValueError):
            return json.loads(text)
    bare = text.strip().removeprefix("{").removesuffix("}")
    return [name.strip().strip('"') for name in bare.split(",")]
