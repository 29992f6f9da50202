"""Tables: how well people hide in them, and what may be told of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ColumnRole:
    """What a column seems to be - identifier, quasi, sensitive or other - and why; a person decides."""

    column: str
    role: str
    why: str


@dataclass(frozen=True, kw_only=True)
class GroupSizes:
    """Groups of low to high rows (high 0: or more), and the rows in them."""

    low: int
    high: int
    groups: int
    rows: int


@dataclass(frozen=True, kw_only=True)
class WorstGroup:
    """A group that is too small or tells too much, without its values. rows: numbers of the first of its rows, from 1
    after the header; records: in a source, the ids of these."""

    size: int
    rows: tuple[int, ...]
    records: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SensitiveColumn:
    """What a group's members share. distinct, entropy: the least l-diversity of a group; closeness: the largest t.

    at_risk: rows in groups of fewer than l values.
    """

    column: str
    distinct: int
    entropy: float
    closeness: float
    at_risk: int


@dataclass(frozen=True, kw_only=True)
class Driver:
    """A column, its distinct values, and how people would hide without it."""

    column: str
    values: int
    k_without: int
    at_risk_without: int


@dataclass(frozen=True, kw_only=True)
class Coarser:
    """Columns told less exactly, each `column: how`, and how people would then hide. loss: of distinctions, 0 to 1."""

    columns: tuple[str, ...]
    k: int
    at_risk: int
    loss: float


@dataclass(frozen=True, kw_only=True)
class AnonymousCopy:
    """A copy that was written. rows = those of the table - suppressed; k, distinct: as read back from the file.

    removed: columns that are not in it.
    """

    file: str
    rows: int
    suppressed: int
    k: int
    distinct: int
    told: tuple[str, ...]
    removed: tuple[str, ...]
    loss: float


@dataclass(frozen=True, kw_only=True)
class AnonymityReport:
    """How well people hide in a table. k: rows of the smallest group; asked_k, asked_l: what is to hold for ok, in the
    table or in the copy of it that was written.

    proposed: whether the quasi-identifiers were proposed, not given. at_risk: rows in groups that are too small or have
    too few sensitive values. average_risk: the chance that whoever knows somebody's quasi-identifiers picks their row,
    over all rows. left_out: rows of the source that may not be used. plan: what would hold, at most `allowance` of the
    rows left out; none where nothing does.
    """

    table: str
    rows: int
    left_out: int
    quasi: tuple[str, ...]
    proposed: bool
    k: int
    asked_k: int
    asked_l: int
    ok: bool
    groups: int
    at_risk: int
    average_risk: float
    sizes: tuple[GroupSizes, ...]
    worst: tuple[WorstGroup, ...]
    sensitive: tuple[SensitiveColumn, ...]
    drivers: tuple[Driver, ...]
    coarser: tuple[Coarser, ...]
    allowance: float
    plan: Coarser | None
    columns: tuple[ColumnRole, ...]
    copy: AnonymousCopy | None = None
