"""What a column may be to a person's privacy: proposed by its name, its values and how many rows share them. Pure.

A proposal is for a person to look at: nothing here knows what others know.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

import polars as pl

from thruline.core.facts import MENTION_KINDS
from thruline.data.cells import comparable
from thruline.data.distinct import sample
from thruline.data.privacy import find_mentions
from thruline.data.tables import Scan, type_of
from thruline.ports.names import NameDetector

Role = Literal["identifier", "quasi", "sensitive", "other"]
SAMPLE = 200  # values that are looked at
_MOST = 0.5  # of them that say the same
_UNIQUE = 0.95  # of the rows have a value of their own
_ROWS = 20  # fewer rows say nothing of uniqueness
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
# Kinds that others may know without being told, and that many people share; all other kinds are one person's.
_SHARED_KINDS = frozenset(("place", "organisation", "address", "postcode", "birth_date", "age", "origin", "geo"))


class Proposal(NamedTuple):
    """What a column seems to be, and why."""

    column: str
    role: Role
    why: str


def propose(scan: Scan, rows: int, names: NameDetector | None) -> list[Proposal]:
    """A proposal for each column that can be compared."""
    frame = comparable(scan)
    return [_proposed(frame, n, t, rows, names) for n, t in scan.schema.items() if type_of(t) is not None]


def _proposed(frame: pl.LazyFrame, column: str, dtype: pl.DataType, rows: int, names: NameDetector | None) -> Proposal:
    if said := _by_name(column):
        return said
    met = sample(frame, pl.col(column).cast(pl.String), SAMPLE)
    if kind := _kind(column, met.values.to_list(), names):
        role: Role = "quasi" if kind in _SHARED_KINDS else "identifier"
        return Proposal(column, role, f"its values read as {kind.replace('_', ' ')}")
    if type_of(dtype) in ("date", "timestamp"):
        return Proposal(column, "quasi", "others may know when something happened to a person")
    if rows >= _ROWS and met.distinct >= _UNIQUE * rows:
        return Proposal(column, "identifier", "nearly every row has a value of its own")
    return Proposal(column, "other", f"{met.distinct} different values; whether others know them is yours to say")


def _by_name(column: str) -> Proposal | None:
    words = {part.lower() for part in _PARTS.findall(column)} | {column.lower()}
    for role, known in _words().items():
        if both := words & known:
            return Proposal(column, role, f"it is called {sorted(both)[0]!r}")
    return None


@cache
def _words() -> Mapping[Role, frozenset[str]]:
    told = tomllib.loads((files("thruline.data") / "column_roles.toml").read_text("utf-8"))
    roles: Sequence[Role] = ("sensitive", "identifier", "quasi")
    return {role: frozenset(told[role].split()) for role in roles}


def _kind(column: str, values: Sequence[str], names: NameDetector | None) -> str:
    """The kind of personal data that most values are; empty where they are none. The name is read with them."""
    met = Counter(
        kind for value in values
        for kind in {m.kind for m in find_mentions(f"{column}: {value}", names) if m.score >= _MOST}
    )  # fmt: skip
    kind, count = met.most_common(1)[0] if met else ("", 0)
    return kind if kind in MENTION_KINDS and count > _MOST * len(values) else ""
