"""The ledger in SQL: a hash chain, and its projections as artifacts and edges."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from thruline.core.clock import Clock, SystemClock
from thruline.core.errors import Corrupt, Invalid
from thruline.core.facts import check_facts
from thruline.core.ids import ArtifactId, is_id, kind_of
from thruline.core.nouns import Artifact, Draft, Edge, Event, Head, Role
from thruline.core.sql import load_queries, load_schema
from thruline.ports.database import Database
from thruline.ports.ledger import Direction

GENESIS = Head(seq=0, hash="0" * 64)
PAGE = 5000

_encode = msgspec.json.Encoder(order="sorted").encode


class SqlLedger:
    """The five verbs over any Database; see ports.ledger for what they promise."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._db = database
        self._clock = clock or SystemClock()
        self._q = load_queries("thruline.ledger", database.dialect)
        database.script(load_schema("thruline.ledger", database.dialect))

    def append(self, drafts: Sequence[Draft]) -> list[Event]:
        """Put drafts on the chain; joins the caller's transaction if there is one."""
        for draft in drafts:
            check_draft(draft)
        with self._db.transaction():
            self._db.query(self._q.lock_chain)
            events = chain(drafts, self.head(), self._clock.now())
            rows = ({"seq": e.seq, "verb": e.verb, "run": e.run, "body": b, "hash": e.hash} for e, b in events)
            self._db.execute_many(self._q.insert_event, list(rows))
            self._project([event for event, _ in events])
        return [event for event, _ in events]

    def head(self) -> Head:
        """Where the chain ends."""
        rows = self._db.query(self._q.head)
        return Head(seq=rows[0][0], hash=rows[0][1]) if rows else GENESIS

    def read(self, *, after: int = 0, verbs: Sequence[str] = (), run: str = "", limit: int = 1000) -> Iterator[Event]:
        """Events in order; see ports.ledger."""
        params: dict[str, int | str] = {"after": after, "limit": limit}
        if run:
            rows = self._db.query(self._q.read_run, params | {"run": run, "verbs": json.dumps(list(verbs))})
        elif verbs:
            rows = self._db.query(self._q.read_verbs, params | {"verbs": json.dumps(list(verbs))})
        else:
            rows = self._db.query(self._q.read, params)
        return (decode(body, hash_) for body, hash_ in rows)

    def artifacts(self, ids: Sequence[ArtifactId]) -> list[Artifact]:
        """Those of the ids that exist."""
        rows = self._db.query(self._q.artifacts, {"ids": json.dumps(list(ids))})
        return [Artifact(id=ArtifactId(i), kind=kind, seq=seq) for i, kind, seq in rows]

    def edges(self, ids: Sequence[ArtifactId], direction: Direction, *, depth: int = 64) -> list[Edge]:
        """Every edge on the way up or down."""
        sql = self._q.up if direction == "up" else self._q.down
        rows = self._db.query(sql, {"ids": json.dumps(list(ids)), "depth": depth})
        return [Edge(parent=ArtifactId(p), child=ArtifactId(c), role=r, seq=s) for p, c, r, s in rows]

    def rows(self, after: int = 0) -> Iterator[tuple[int, str, str, str, str]]:
        """Stored rows (seq, verb, run, body, hash) in order, for verification."""
        while page := self._db.query(self._q.read_rows, {"after": after, "limit": PAGE}):
            yield from page
            after = page[-1][0]

    def stored_edges(self) -> dict[str, int]:
        """The edge projection as it stands: `parent -> child (role)` to the event that made it."""
        return dict(self._db.query(self._q.all_edges))

    def stored_artifacts(self) -> dict[str, int]:
        """The artifact projection as it stands: id to the event that first named it."""
        return dict(self._db.query(self._q.all_artifacts))

    def rebuild(self) -> None:
        """Drop the projections and make them again from the chain."""
        with self._db.transaction():
            self._db.execute(self._q.drop_artifacts)
            self._db.execute(self._q.drop_edges)
            self._project([decode(body, hash_) for _, _, _, body, hash_ in self.rows()])

    def _project(self, events: Sequence[Event]) -> None:
        # in the order of their keys: neighbours lie on the same pages of the index
        artifacts = sorted({i: e.seq for e in reversed(events) for i in (*e.inputs, *e.via, *e.outputs)}.items())
        edges = sorted((p, c, r, e.seq) for e in events for p, c, r in edges_of(e))
        if artifacts:
            rows = [{"id": i, "kind": kind_of(i), "seq": seq} for i, seq in artifacts]
            self._db.execute_many(self._q.insert_artifact, rows)
        if edges:
            rows = [{"parent": p, "child": c, "role": r, "seq": seq} for p, c, r, seq in edges]
            self._db.execute_many(self._q.insert_edge, rows)


def check_draft(draft: Draft) -> None:
    """Raises Invalid unless verb, facts and ids are of the declared forms."""
    check_facts(draft.verb, draft.facts)
    named = (*draft.inputs, *draft.outputs, *draft.via, *filter(None, (draft.run, draft.actor)))
    for i in named:
        if not is_id(i):
            raise Invalid(f"{i!r} is not an id", hint="the ledger carries ids of the form kind:32 hex digits")


def chain(drafts: Sequence[Draft], head: Head, at: int) -> list[tuple[Event, str]]:
    """The events that follow head, each with its canonical body."""
    out: list[tuple[Event, str]] = []
    for draft in drafts:
        fields: dict[str, Any] = {
            "seq": head.seq + 1, "at": at, "verb": draft.verb, "run": draft.run, "actor": draft.actor,
            "inputs": draft.inputs, "outputs": draft.outputs, "via": draft.via, "facts": dict(draft.facts),
            "prev": head.hash,
        }  # fmt: skip
        body = _encode(fields)
        event = Event(**fields, hash=hashlib.sha256(body).hexdigest())
        head = Head(seq=event.seq, hash=event.hash)
        out.append((event, body.decode()))
    return out


def decode(body: str, hash_: str) -> Event:
    """The event of a stored body; raises Corrupt when the body is not one."""
    try:
        return Event(**_fields(body), hash=hash_)
    except (msgspec.DecodeError, TypeError, KeyError, AttributeError) as error:
        raise Corrupt(f"an event cannot be read: {error}", hint="run `thruline verify`") from error


def _fields(body: str) -> dict[str, Any]:
    fields = msgspec.json.decode(body)
    return fields | {name: tuple(fields[name]) for name in ("inputs", "outputs", "via")}


def edges_of(event: Event) -> Iterator[tuple[ArtifactId, ArtifactId, Role]]:
    """(parent, child, role) for everything that the event says was made."""
    for child in event.outputs:
        for parent in event.inputs:
            yield parent, child, "from"
        for parent in event.via:
            yield parent, child, "via"
