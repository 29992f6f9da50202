"""SQL lives in `.sql` files: named queries with a comment each, and schemas.

A query's text may differ by dialect: `-- name: vacuum [postgresql]` beside `-- name: vacuum [sqlite]`.
"""

from __future__ import annotations

import re
from importlib.resources import files
from types import SimpleNamespace

_NAME = re.compile(r"^-- name: (\w+)(?: \[(\w+)\])?\s*$", re.MULTILINE)


def load_queries(package: str, dialect: str = "sqlite") -> SimpleNamespace:
    """The statements of `queries.sql` in package as attributes, in the given dialect."""
    parts = _NAME.split((files(package) / "queries.sql").read_text("utf-8"))[1:]
    named = {
        name: text.strip().rstrip(";")
        for name, of, text in zip(parts[0::3], parts[1::3], parts[2::3], strict=True)
        if of in (None, dialect)
    }
    return SimpleNamespace(**named)


def load_schema(package: str, dialect: str = "sqlite") -> list[str]:
    """The statements of `schema.sql` in package.

    A line `-- only: sqlite` starts a part for one dialect, a line `-- only: all` ends it.
    """
    statements: list[str] = []
    for part in re.split(
        r"^-- only: ", "all\n" + (files(package) / "schema.sql").read_text("utf-8"), flags=re.MULTILINE
    ):
        of, _, text = part.partition("\n")
        if of.strip() in ("all", dialect):
            statements += [s.strip() for s in re.split(r";\s*$", text, flags=re.MULTILINE) if _code(s)]
    return statements


def _code(statement: str) -> str:
    return re.sub(r"^\s*--.*$", "", statement, flags=re.MULTILINE).strip()
