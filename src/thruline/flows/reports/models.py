"""Which parts of which models hold a record or a person, and what an erasure makes of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ShardView:
    """A part of a model's training: `number` of `of`, from 1 on."""

    model: str
    number: int
    of: int
    shard: str


@dataclass(frozen=True, kw_only=True)
class RebuildView:
    """A model that an erasure takes out of service, and the one that is made anew without them.

    held: which of its shards held them, from 1 on; rows: of theirs. outcome: planned, serves, refused (by its gate),
    failed, pending. made: the new one. seconds: expected while planned, 0 when nobody can tell, else taken.
    """

    model: str
    shards: int
    held: tuple[int, ...]
    rows: int
    outcome: str
    made: str
    seconds: float
    proof: str
