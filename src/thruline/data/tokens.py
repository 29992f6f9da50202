"""The vault of tokens: what stands for somebody in a text, and, encrypted under a key of its own, what it stands for.

The same value has the same token throughout a home. When no record uses a token any more, or whom it stands for is
erased, its entry goes with its key: the token is then a word that means nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from thruline.core.errors import NotFound
from thruline.core.ids import ArtifactId, Ids, random_id
from thruline.core.sql import load_queries, load_schema
from thruline.data.token_forms import compact, drawn
from thruline.ledger.payloads import Payloads
from thruline.ports.database import Database

KIND = "token"


class Meaning(NamedTuple):
    """What a token stands for. id: of its entry."""

    id: ArtifactId
    kind: str
    value: str


class Tokens:
    """Rows and payloads; joins the caller's transaction, writes no events."""

    def __init__(self, database: Database, payloads: Payloads, ids: Ids) -> None:
        database.script(load_schema("thruline.data", database.dialect))
        self._db = database
        self._payloads = payloads
        self._ids = ids
        self._q = load_queries("thruline.data", database.dialect)

    def token(self, kind: str, value: str, *, formed: bool, record: str) -> str:
        """The token for a value in a record; drawn when the home has none for it yet.

        formed: of the value's own form; the value is then compared by its letters and digits.
        """
        digest = self._ids.digest(KIND, "formed" if formed else "called", kind, value.casefold())
        with self._db.transaction():
            rows = self._db.query(self._q.token_of, {"digest": digest})
            token = rows[0][0] if rows else self._draw(digest, kind, value, formed=formed)
            self._db.execute(self._q.use_token, {"token": compact(token), "record": record})
        return token

    def meaning(self, token: str) -> Meaning:
        """What a token stands for, written in any way; raises NotFound for none of ours, and for a forgotten one."""
        rows = self._db.query(self._q.token_entry, {"token": compact(token)})
        kept = self._payloads.get_many([rows[0][0]]) if rows else {}
        if not kept:
            raise NotFound(f"no token {token!r} here", hint="whom it stood for may have been erased")
        said = msgspec.json.decode(kept[rows[0][0]], type=dict[str, str])
        return Meaning(rows[0][0], said["kind"], said["value"])

    def release(self, records: Sequence[str]) -> None:
        """These records use tokens no more; entries that nothing uses go."""
        self._db.execute(self._q.unuse_tokens, {"ids": json.dumps(list(records))})
        self.forget([row[0] for row in self._db.query(self._q.unused_tokens)])

    def forget(self, entries: Sequence[str]) -> None:
        """Nobody learns again what these stood for."""
        self._payloads.delete(entries)
        self._db.execute(self._q.delete_tokens, {"ids": json.dumps(list(entries))})

    def count(self) -> int:
        """How many there are."""
        return self._db.query(self._q.count_tokens)[0][0]

    def _draw(self, digest: str, kind: str, value: str, *, formed: bool) -> str:
        free = (t for t in drawn(kind, value, formed=formed) if not self._is_taken(t))
        token, entry = next(free), random_id(KIND)
        row = {"digest": digest, "token": compact(token), "shown": token, "entry": entry}
        self._db.execute(self._q.insert_token, row)
        self._payloads.put(entry, msgspec.json.encode({"kind": kind, "value": value}), owner=entry)
        return token

    def _is_taken(self, token: str) -> bool:
        return bool(self._db.query(self._q.token_entry, {"token": compact(token)}))
