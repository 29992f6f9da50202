"""The line around one thing, bounded: what it was made of and what was made of it."""

from __future__ import annotations

from dataclasses import dataclass

from thruline.core.nouns import Role


@dataclass(frozen=True, kw_only=True)
class LineNode:
    """A thing on the line, or many of one kind as one. key: names it in this report; id: empty for many.

    step: how far from what was asked about; below 0 what it was made of, above 0 what was made of it.
    at_least: there are more than `count`. made: when the ledger first named it; empty for many.
    """

    key: str
    kind: str
    id: str
    count: int
    label: str
    detail: str
    step: int
    at_least: bool = False
    made: str = ""


@dataclass(frozen=True, kw_only=True)
class LineEdge:
    """Child was made from parent, or by way of it (`via`); keys of nodes."""

    parent: str
    child: str
    role: Role


@dataclass(frozen=True, kw_only=True)
class LineageReport:
    """What lies around an artifact. opened: the key of the many that are shown one by one, from the offset-th on."""

    id: str
    nodes: tuple[LineNode, ...]
    edges: tuple[LineEdge, ...]
    opened: str = ""
    offset: int = 0
