"""Rebuilds: models that an erasure took out of service, and what became of making them anew without whom it erased.

A plan is written in the transaction that deletes, so it outlives whatever process was to carry it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from thruline.core.clock import Clock
from thruline.core.ids import ArtifactId, random_id
from thruline.core.sql import load_queries
from thruline.models.deployments import ModelRole
from thruline.ports.database import Database

State = Literal["pending", "serves", "refused", "failed", "superseded"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A model that is off the shelf, and how to make it anew.

    dataset: what is left of its rows, empty where nothing could be saved. shards: those that stay, "" for one that has
    to be trained again; before: their SHA-256. rows: of the erased, that went. made, after, seconds: once it is made.
    """

    model: ArtifactId
    dataset: ArtifactId
    seed: int
    shards: tuple[str, ...]
    before: tuple[str, ...]
    rows: int
    expected_s: float
    made: str = ""
    after: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def lost(self) -> tuple[int, ...]:
        """Which shards have to be trained again; numbers begin with 0."""
        return tuple(n for n, shard in enumerate(self.shards) if not shard)


@dataclass(frozen=True, kw_only=True)
class Rebuild:
    """A plan, and how it stands. receipt: the one that tells of it, or empty."""

    id: ArtifactId
    role: str
    state: State
    plan: Plan
    receipt: str


class Rebuilds:
    """The plans of one home; their callers hold the transactions. At most one of a role is pending."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock
        self._q = load_queries("thruline.models", database.dialect)

    def list(self) -> list[Rebuild]:
        """All, the latest last."""
        return [
            Rebuild(
                id=ArtifactId(id), role=role, state=state, plan=msgspec.json.decode(plan, type=Plan), receipt=receipt
            )
            for id, role, state, plan, _, receipt in self._db.query(self._q.rebuilds)
        ]

    def pending(self, role: ModelRole) -> Rebuild | None:
        """What is still to be made."""
        return next((r for r in self.list() if r.state == "pending" and r.role == role), None)

    def latest(self, role: ModelRole) -> Rebuild | None:
        """The last of a role, whatever became of it."""
        return next((r for r in reversed(self.list()) if r.role == role), None)

    def open(self, role: ModelRole, plan: Plan) -> ArtifactId:
        """A new plan."""
        id = random_id("rebuild")
        text = msgspec.json.encode(plan).decode()
        self._db.execute(self._q.insert_rebuild, {"id": id, "role": role, "plan": text, "made": self._clock.now()})
        return id

    def settle(self, id: str, state: State, plan: Plan) -> None:
        """What became of it; still pending when more was taken out of it."""
        text = msgspec.json.encode(plan).decode()
        self._db.execute(self._q.settle_rebuild, {"id": id, "state": state, "plan": text})

    def untold(self) -> list[Rebuild]:
        """What no receipt tells of yet."""
        return [r for r in self.list() if not r.receipt and r.state != "superseded"]

    def told(self, ids: list[ArtifactId], receipt: str) -> None:
        """A receipt tells of these now."""
        self._db.execute_many(self._q.sign_rebuild, [{"id": id, "receipt": receipt} for id in ids])

    def spared(self) -> set[str]:
        """Shards that a pending one needs."""
        return {shard for r in self.list() if r.state == "pending" for shard in r.plan.shards if shard}
