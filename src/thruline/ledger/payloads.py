"""Erasable bytes: texts, names, questions, parameters. The ledger knows their ids, this store holds them.

Small ones lie in the database, so that they commit with the events about them; large ones in the blob store.
All are encrypted for their owner; erasing means deleting them here and shredding the owner's key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from thruline.core.errors import NotFound
from thruline.core.ids import ArtifactId
from thruline.core.sql import load_queries, load_schema
from thruline.ports.blobs import Blobs
from thruline.ports.database import Database
from thruline.ports.vault import Vault

INLINE_BYTES = 256 * 1024  # SQLite reads blobs of this size as fast as files do


class Payloads:
    """Encrypted bytes by id."""

    def __init__(self, database: Database, vault: Vault, blobs: Blobs | None = None) -> None:
        self._db = database
        self._vault = vault
        self._blobs = blobs
        self._q = load_queries("thruline.ledger", database.dialect)
        database.script(load_schema("thruline.ledger", database.dialect))

    def put(self, id: str, data: bytes, owner: str) -> None:
        """Store or replace; joins the caller's transaction."""
        self.put_many([(id, data, owner)])

    def put_many(self, items: Iterable[tuple[str, bytes, str]]) -> None:
        """Store (id, data, owner) triples; a large one is durable as a blob before its row exists."""
        with self._db.transaction():  # `sweep` must not see a blob whose row is still to come
            rows = [self._place(id, data, owner) for id, data, owner in items]
            if rows:
                self._db.execute_many(self._q.put_payload, rows)

    def get(self, id: str) -> bytes:
        """The bytes; raises NotFound when they were erased or never here."""
        rows = self._db.query(self._q.get_payload, {"id": id})
        if not rows:
            raise NotFound(f"the bytes of {id!r} are not here", hint="they were erased, or never stored")
        return self._open(id, *rows[0])

    def get_many(self, ids: Sequence[str]) -> dict[str, bytes]:
        """Those that exist and whose key exists."""
        found: dict[str, bytes] = {}
        for id, owner, data in self._db.query(self._q.get_payloads, {"ids": json.dumps(list(ids))}):
            try:
                found[id] = self._open(id, owner, data)
            except NotFound:
                continue  # its key was shredded: erased
        return found

    def exists(self, id: str) -> bool:
        """Whether bytes are stored under id."""
        return bool(self._db.query(self._q.get_payload, {"id": id}))

    def there(self, ids: Sequence[str]) -> set[str]:
        """Those under which bytes are stored."""
        return {row[0] for row in self._db.query(self._q.payloads_there, {"ids": json.dumps(list(ids))})}

    def delete(self, ids: Sequence[str]) -> int:
        """Remove rows, then blobs; the number of rows. Physical after Database.scrub."""
        asked = {"ids": json.dumps(list(ids))}
        blobs = self._blobs
        with self._db.transaction():
            large = [row[0] for row in self._db.query(self._q.large_payloads, asked)] if blobs is not None else []
            gone = self._db.execute(self._q.delete_payloads, asked)
            for id in large:
                assert blobs is not None
                blobs.delete(id)
        return gone

    def owners(self, ids: Sequence[str]) -> list[str]:
        """Who owns these payloads."""
        return [row[0] for row in self._db.query(self._q.payload_owners, {"ids": json.dumps(list(ids))})]

    def shred_unused(self) -> int:
        """Destroy the keys of owners who own nothing any more; the number destroyed.

        Holds the write lock, so a writer whose key is made and whose row is still to come waits.
        """
        with self._db.transaction():
            owning = {row[0] for row in self._db.query(self._q.all_owners)}
            return self._vault.shred([o for o in self._vault.owners() if o not in owning])

    def ids(self, kind: str) -> list[ArtifactId]:
        """All ids of one kind that have bytes."""
        return [ArtifactId(row[0]) for row in self._db.query(self._q.payload_ids_like, {"kind": kind})]

    def sweep(self) -> int:
        """Delete blobs without a row, left by a process that died between the two; the number deleted.

        Holds the write lock, so a writer that is between the two in this database waits.
        """
        if self._blobs is None:
            return 0
        with self._db.transaction():
            known = {row[0] for row in self._db.query(self._q.payload_places)}
            orphans = [name for name in self._blobs.names() if name not in known]
            for name in orphans:
                self._blobs.delete(name)
        return len(orphans)

    def _place(self, id: str, data: bytes, owner: str) -> dict[str, str | bytes | None]:
        sealed = self._vault.encrypt(owner, data, bound_to=id)
        if self._blobs is None or len(sealed) <= INLINE_BYTES:
            return {"id": id, "owner": owner, "data": sealed}
        self._blobs.delete(id)  # the same content may have been written under a key that is gone
        self._blobs.put(id, sealed)
        return {"id": id, "owner": owner, "data": None}

    def _open(self, id: str, owner: str, data: bytes | None) -> bytes:
        if data is None:
            assert self._blobs is not None
            data = self._blobs.get(id)
        return self._vault.decrypt(owner, data, bound_to=id)
