"""Shards on the shelf: each model's parts, kept once for all models that share one, so that one can be made anew."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import NamedTuple

from thruline.core.errors import Corrupt
from thruline.core.ids import ArtifactId, Ids
from thruline.core.nouns import Draft
from thruline.core.sql import load_queries
from thruline.ledger.payloads import Payloads
from thruline.ports.database import Database
from thruline.ports.ledger import Ledger

KIND = "shard"


class Making(NamedTuple):
    """What making a model took: its seed, seconds of one shard, and seconds of all else."""

    seed: int
    shard_s: float
    rest_s: float


class Place(NamedTuple):
    """A shard in a model; numbers begin with 0."""

    model: ArtifactId
    number: int
    shard: ArtifactId


class ShardShelf:
    """The shards of one home; its callers hold the transactions."""

    def __init__(self, database: Database, ledger: Ledger, payloads: Payloads, ids: Ids) -> None:
        self._db = database
        self._ledger = ledger
        self._payloads = payloads
        self._ids = ids
        self._q = load_queries("thruline.models", database.dialect)

    def keep(
        self, data: Sequence[bytes], taught: Sequence[Sequence[ArtifactId]], *, run: str = ""
    ) -> tuple[ArtifactId, ...]:
        """Keep these, the one in place n made of the records in taught[n]; one that is here already stays as it is."""
        return tuple(
            self._keep(n, found, records, run) for n, (found, records) in enumerate(zip(data, taught, strict=True))
        )

    def bind(self, model: ArtifactId, shards: Sequence[ArtifactId], making: Making) -> None:
        """Say what a model consists of and what it took."""
        rows = [{"model": model, "number": n, "shard": shard} for n, shard in enumerate(shards)]
        self._db.execute_many(self._q.insert_shard, rows)
        self._db.execute(self._q.insert_making, {"model": model, **making._asdict()})

    def of(self, model: str) -> tuple[ArtifactId, ...]:
        """A model's, in order; none for one that was made in one piece."""
        return tuple(ArtifactId(row[0]) for row in self._db.query(self._q.shards, {"model": model}))

    def places(self, shards: Collection[str]) -> list[Place]:
        """Which models on the shelf have these."""
        rows = self._db.query(self._q.models_of_shards, {"shards": json.dumps(sorted(shards))})
        return [Place(ArtifactId(m), n, ArtifactId(s)) for m, n, s in rows]

    def making(self, model: str) -> Making | None:
        """What it took; None for one that was made in one piece."""
        rows = self._db.query(self._q.making, {"model": model})
        return Making(*rows[0]) if rows else None

    def bytes_of(self, shard: ArtifactId) -> bytes:
        """What was kept; raises Corrupt where it is something else now, NotFound where it is gone."""
        data = self._payloads.get(shard)
        if self._ids.artifact(KIND, data) != shard:
            raise Corrupt(f"{shard!r} is not what was kept", hint="train again with `thruline train`")
        return data

    def drop(self, model: str, spared: Collection[str]) -> None:
        """The model is off the shelf: what no other has goes, but for the spared."""
        self._db.execute(self._q.delete_shards, {"model": model})
        self._db.execute(self._q.delete_making, {"model": model})
        self.sweep(spared)

    def sweep(self, spared: Collection[str]) -> None:
        """Delete what no model has, but for the spared."""
        bound = {row[0] for row in self._db.query(self._q.bound_shards)}
        self._payloads.delete([i for i in self._payloads.ids(KIND) if i not in bound and i not in spared])

    def _keep(self, number: int, data: bytes, records: Sequence[ArtifactId], run: str) -> ArtifactId:
        id = self._ids.artifact(KIND, data)
        if not self._payloads.exists(id):
            facts = {"number": number, "size": len(data)}
            self._payloads.put(id, data, owner=id)
            self._ledger.append(
                [Draft(verb="shard.trained", inputs=tuple(records), outputs=(id,), facts=facts, run=run)]
            )
        return id
