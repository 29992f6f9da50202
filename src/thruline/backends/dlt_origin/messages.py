"""What a process that runs a resource says: length-prefixed MessagePack, and `End` when it has said everything."""

from __future__ import annotations

import struct
from typing import Any

import msgspec

LENGTH = struct.Struct("<I")
WIDEST = 16_000_000  # bytes of a row; larger ones are refused where they are made
ONLY_HEAD = "head"  # what a process is told that is to say no rows


class Head(msgspec.Struct, frozen=True, tag=True):
    """What the rows belong to. key: the columns of the resource's own primary key."""

    name: str
    key: tuple[str, ...]


class Row(msgspec.Struct, frozen=True, tag=True):
    """A row, its values in words; bytes and null as they are."""

    values: dict[str, Any]


class NoRow(msgspec.Struct, frozen=True, tag=True):
    """Something that came and cannot be taken in, and which of facts.REASONS says why."""

    reason: str


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The resource cannot go on; a problem as `core.errors` writes it."""

    problem: dict[str, str | int]


class End(msgspec.Struct, frozen=True, tag=True):
    """That was all. rows: how many there were, those that cannot be taken in with them."""

    rows: int


Message = Head | Row | NoRow | Failed | End
