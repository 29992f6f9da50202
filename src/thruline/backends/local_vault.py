"""A vault in a database of its own: data keys wrapped by one master key (AES-256-GCM, NIST SP 800-38D).

The key table lives apart from the data, so that a copy of the data alone is noise, and a shredded key takes every
copy with it that was made without the keys.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from thruline.core.errors import Corrupt, NotFound
from thruline.ports.database import Database

NONCE = 12
KEY_BITS = 256
CACHED_KEYS = 4096
STALE_S = 1.0  # how long a key that another process shredded may still open what was read before
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS data_keys (owner TEXT PRIMARY KEY, wrapped BLOB NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS shreddings (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT",
    "INSERT INTO shreddings (id, count) VALUES (1, 0) ON CONFLICT (id) DO NOTHING",
)
_IN = "owner IN (SELECT value FROM json_each(CAST(:owners AS TEXT)))"


class LocalVault:
    """Keys by owner; unwrapped ones are cached until they are shredded, here or by another process."""

    def __init__(self, database: Database, master_key: bytes) -> None:
        self._db = database
        self._master = AESGCM(master_key)
        self._keys: dict[str, AESGCM] = {}
        self._shreddings, self._looked = 0, 0.0
        self._lock = threading.Lock()  # guards _keys, _shreddings and _looked
        database.script(_SCHEMA)

    def encrypt(self, owner: str, data: bytes, *, bound_to: str) -> bytes:
        """Nonce, then ciphertext with its tag; the owner gets a key at first use."""
        self._forget_shredded()  # what a dead key encrypts, nobody ever reads
        nonce = os.urandom(NONCE)
        key = self._key(owner) or self._new_key(owner)
        return nonce + key.encrypt(nonce, data, bound_to.encode())

    def decrypt(self, owner: str, data: bytes, *, bound_to: str) -> bytes:
        """The data; NotFound when the key is gone, Corrupt when the bytes are not what was written."""
        if time.monotonic() - self._looked > STALE_S:
            self._forget_shredded()
        key = self._key(owner)
        if key is None:
            raise NotFound(f"the key of {owner!r} was destroyed", hint="its data was erased")
        return _open(key, data, bound_to)

    def owners(self) -> list[str]:
        """Everybody who has a key."""
        return [row[0] for row in self._db.query("SELECT owner FROM data_keys ORDER BY owner")]

    def shred(self, owners: Sequence[str]) -> int:
        """Destroy keys; the caller scrubs the database when it is done deleting."""
        with self._db.transaction():
            self._db.execute("UPDATE shreddings SET count = count + 1")
            gone = self._db.execute(f"DELETE FROM data_keys WHERE {_IN}", {"owners": json.dumps(list(owners))})  # noqa: S608
        with self._lock:
            for owner in owners:
                self._keys.pop(owner, None)
        return gone

    def _forget_shredded(self) -> None:
        shreddings = self._db.query("SELECT count FROM shreddings")[0][0]
        with self._lock:
            if shreddings != self._shreddings:
                self._keys.clear()
            self._shreddings, self._looked = shreddings, time.monotonic()

    def _key(self, owner: str) -> AESGCM | None:
        cached = self._keys.get(owner)
        if cached is not None:
            return cached
        rows = self._db.query("SELECT wrapped FROM data_keys WHERE owner = :owner", {"owner": owner})
        return self._cache(owner, AESGCM(_open(self._master, rows[0][0], owner))) if rows else None

    def _new_key(self, owner: str) -> AESGCM:
        raw, nonce = AESGCM.generate_key(KEY_BITS), os.urandom(NONCE)
        wrapped = nonce + self._master.encrypt(nonce, raw, owner.encode())
        self._db.execute(
            "INSERT INTO data_keys (owner, wrapped) VALUES (:owner, :wrapped) ON CONFLICT (owner) DO NOTHING",
            {"owner": owner, "wrapped": wrapped},
        )
        key = self._key(owner)  # another process may have been first
        assert key is not None
        return key

    def _cache(self, owner: str, key: AESGCM) -> AESGCM:
        with self._lock:
            if len(self._keys) >= CACHED_KEYS:
                self._keys.clear()
            self._keys[owner] = key
        return key


def _open(key: AESGCM, data: bytes, bound_to: str) -> bytes:
    try:
        return key.decrypt(data[:NONCE], data[NONCE:], bound_to.encode())
    except (InvalidTag, ValueError) as error:
        raise Corrupt(
            f"the encrypted bytes of {bound_to!r} do not open", hint="wrong master key, or damaged: restore a backup"
        ) from error
