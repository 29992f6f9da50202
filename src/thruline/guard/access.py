"""Who may do what, and whose documents they see. Deny by default.

A name is personal data: it lies in the payloads under a random id `user:…`, and the chain knows the id only.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from thruline.core.clock import Clock, Micros, SystemClock
from thruline.core.errors import Denied, Invalid, NotFound
from thruline.core.facts import INDIRECT_KINDS, MENTION_KINDS
from thruline.core.ids import ArtifactId, Ids, random_id
from thruline.core.nouns import Actor, Draft
from thruline.core.sql import load_queries, load_schema
from thruline.ledger.payloads import Payloads
from thruline.ports.database import Database
from thruline.ports.ledger import Ledger

Role = Literal["reader", "writer", "operator"]
EVERYONE = "everyone"
ALL = "*"
OPERATOR = "operator"  # what the trail calls whoever may open the home's files; no user can be called so
REMEMBERED_S = 0.5  # a revoked key works at most this long in another process
REMEMBERED_KEYS = 10_000

_SECRET = re.compile(r"tl_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
_GROUP = re.compile(r"[\w][\w .@/-]{0,63}|\*")
_LONGEST_NAME = 200


@dataclass(frozen=True, kw_only=True)
class User:
    """A person or program that may ask."""

    id: ArtifactId
    name: str
    role: Role
    groups: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class KeyInfo:
    """An API key without its secret. public: the eight digits that stand in the secret."""

    id: ArtifactId
    public: str
    user: ArtifactId
    made: Micros


class NewKey(NamedTuple):
    """secret is shown this once."""

    id: ArtifactId
    secret: str


class _Known(NamedTuple):
    digest: bytes
    actor: Actor


def may(role: Role) -> frozenset[str]:
    """What a role may do: each role may do what the ones before it may."""
    roles = get_args(Role)
    return frozenset(roles[: roles.index(role) + 1])


class Access:
    """Users, groups and API keys of one home."""

    def __init__(
        self, database: Database, ledger: Ledger, payloads: Payloads, ids: Ids, clock: Clock | None = None
    ) -> None:
        database.script(load_schema("thruline.guard", database.dialect))
        self._db = database
        self._ledger = ledger
        self._payloads = payloads
        self._ids = ids
        self._clock = clock or SystemClock()
        self._q = load_queries("thruline.guard", database.dialect)
        self._lock = threading.Lock()  # guards the three below
        self._known: dict[str, _Known] = {}
        self._version = -1
        self._looked = 0.0

    def set_user(self, name: str, groups: Iterable[str], *, role: Role = "reader", actor: str = "") -> User:
        """A new user, or another role and other groups for the one with this name. `*` in groups means all."""
        user = User(
            id=self._id_of(name) or random_id("user"), name=_checked_name(name), role=role, groups=_checked(groups)
        )
        row = {"id": user.id, "name_digest": self._digest(name), "role": _checked_role(role)}
        draft = Draft(verb="user.changed", outputs=(user.id,), facts={"groups": len(user.groups)}, actor=actor)
        with self._db.transaction():
            self._db.execute(self._q.put_user, row | {"user_groups": json.dumps(user.groups)})
            self._payloads.put(user.id, name.encode(), owner=user.id)
            self._changed(draft)
        return user

    def users(self) -> list[User]:
        """All users by name."""
        rows = self._db.query(self._q.users)
        names = self._payloads.get_many([row[0] for row in rows])
        found = [
            User(id=ArtifactId(i), name=names.get(i, b"").decode(), role=role, groups=tuple(json.loads(groups)))
            for i, role, groups in rows
        ]
        return sorted(found, key=lambda user: user.name)

    def remove_user(self, name: str, *, actor: str = "") -> None:
        """Forget a user and withdraw all their keys; raises NotFound."""
        id = self.actor(name).id
        with self._db.transaction():
            self._db.execute(self._q.delete_user, {"id": id})
            self._payloads.delete([id])
            self._changed(Draft(verb="user.changed", inputs=(id,), facts={"groups": 0}, actor=actor))

    def actor(self, name: str) -> Actor:
        """The user of this name as one who asks; raises NotFound."""
        rows = self._db.query(self._q.user_by_name, {"name_digest": self._digest(name)})
        if not rows:
            raise NotFound(
                f"no user named {name!r}", hint="`thruline users list` lists them; add one with `thruline users set`"
            )
        id, role, groups = rows[0]
        return _actor(id, role, groups, name)

    def clearances(self) -> dict[str, frozenset[str]]:
        """The kinds of personal data that each group sees, where that was set."""
        return {group: frozenset(json.loads(kinds)) for group, kinds in self._db.query(self._q.clearances)}

    def set_clearance(self, group: str, kinds: Iterable[str], *, actor: str = "") -> None:
        """Set the kinds of personal data that the members of a group see; the next question already knows."""
        (named,) = _checked([group])
        seen = sorted(set(kinds))
        facts = {"kinds": len(seen), "named": self._ids.digest("groups", named)}
        with self._db.transaction():
            self._db.execute(self._q.put_clearance, {"member_of": named, "kinds": json.dumps(seen)})
            self._ledger.append([Draft(verb="clearance.set", facts=facts, actor=actor)])

    def hidden_from(self, actor: Actor) -> frozenset[str]:
        """Kinds of personal data that none of the actor's groups sees; none while `everyone` sees all."""
        set_ = {} if actor.sees_all else self.clearances()
        if EVERYONE not in set_:
            return frozenset()
        seen = frozenset[str]().union(*(set_[group] for group in actor.groups if group in set_))
        return frozenset(MENTION_KINDS) - INDIRECT_KINDS - seen

    def create_key(self, user: str, *, actor: str = "") -> NewKey:
        """A key for the user of this name; only a digest of its secret is kept."""
        owner = self.actor(user)
        public, hidden, id = secrets.token_hex(4), secrets.token_urlsafe(32), random_id("key")
        secret = f"tl_{public}_{hidden}"
        row = {"id": id, "public": public, "user_id": owner.id, "digest": _digest(secret), "made": self._clock.now()}
        draft = Draft(
            verb="key.created", inputs=(owner.id,), outputs=(id,), facts={"groups": len(owner.groups)}, actor=actor
        )
        with self._db.transaction():
            self._db.execute(self._q.insert_key, row)
            self._changed(draft)
        return NewKey(id, secret)

    def keys(self) -> list[KeyInfo]:
        """All keys, the latest first."""
        return [
            KeyInfo(id=ArtifactId(i), public=public, user=ArtifactId(user), made=made)
            for i, public, user, made in self._db.query(self._q.keys)
        ]

    def revoke(self, key: str, *, actor: str = "") -> None:
        """Withdraw a key, given its id or its eight public digits; raises NotFound."""
        rows = self._db.query(self._q.key_id, {"id": key})
        if not rows:
            raise NotFound(f"no key {key!r}", hint="`thruline keys` lists them")
        with self._db.transaction():
            self._db.execute(self._q.delete_key, {"id": key})
            self._changed(Draft(verb="key.revoked", inputs=(rows[0][0],), actor=actor))

    def authenticate(self, secret: str) -> Actor:
        """Whose key this is; raises Denied for any other text. About 4 us once a key has been seen."""
        known = self._remembered(secret[3:11]) or self._look_up(secret)
        if known is None or not hmac.compare_digest(known.digest, _digest(secret)):
            raise Denied("this API key is not valid", hint="it was mistyped or revoked: ask for a new one")
        return known.actor

    def holder(self, public: str) -> Actor:
        """Whose key has these eight public digits, for a session that it began; raises Denied once it is withdrawn."""
        rows = self._db.query(self._q.key, {"public": public})
        if not rows:
            raise Denied("the key of this session was revoked", hint="sign in with another key")
        _, _, user, role, groups = rows[0]
        return _actor(user, role, groups, self._payloads.get_many([user]).get(user, b"").decode())

    def _remembered(self, public: str) -> _Known | None:
        if time.monotonic() - self._looked < REMEMBERED_S:
            return self._known.get(public)
        version = self._stored_version()
        with self._lock:
            if version != self._version:
                self._known, self._version = {}, version
            self._looked = time.monotonic()
        return self._known.get(public)

    def _look_up(self, secret: str) -> _Known | None:
        form = _SECRET.fullmatch(secret)
        version = self._version
        rows = self._db.query(self._q.key, {"public": form[1]}) if form else []
        if not form or not rows:
            return None
        _, digest, user, role, groups = rows[0]
        name = self._payloads.get_many([user]).get(user, b"").decode()
        known = _Known(bytes(digest), _actor(user, role, groups, name))
        if hmac.compare_digest(known.digest, _digest(secret)):
            self._remember(form[1], known, version)
        return known

    def _remember(self, public: str, known: _Known, version: int) -> None:
        """Unless somebody's change was noticed since the row was read."""
        with self._lock:
            if version == self._version and len(self._known) < REMEMBERED_KEYS:
                self._known[public] = known

    def _stored_version(self) -> int:
        rows = self._db.query(self._q.version)
        return rows[0][0] if rows else 0

    def _changed(self, draft: Draft) -> None:
        self._db.execute(self._q.raise_version)
        self._ledger.append([draft])
        with self._lock:
            self._looked = 0.0

    def _id_of(self, name: str) -> ArtifactId | None:
        rows = self._db.query(self._q.user_by_name, {"name_digest": self._digest(name)})
        return ArtifactId(rows[0][0]) if rows else None

    def _digest(self, name: str) -> str:
        return self._ids.digest("user name", name)


def _actor(id: str, role: Role, groups: str, name: str) -> Actor:
    """Operators could share every source with themselves: they see all to begin with."""
    implied = (EVERYONE, ALL) if role == "operator" else (EVERYONE,)
    return Actor(id=ArtifactId(id), name=name, groups=frozenset((*json.loads(groups), *implied)), may=may(role))


def _digest(secret: str) -> bytes:
    """256 random bits need no slow hash."""
    return hashlib.blake2b(secret.encode("utf-8", "surrogatepass"), digest_size=32, person=b"thruline key").digest()


def _checked_name(name: str) -> str:
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise Invalid(f"{name!r} is not a user name", hint=f"1 to {_LONGEST_NAME} printable characters")
    if name.strip().casefold() == OPERATOR:
        raise Invalid(f"{name!r} is who may open the home's files", hint="give the user another name")
    return name


def _checked_role(role: str) -> str:
    if role not in get_args(Role):
        raise Invalid(f"no role named {role!r}", hint=f"known: {', '.join(get_args(Role))}")
    return role


def _checked(groups: Iterable[str]) -> tuple[str, ...]:
    named = sorted(set(groups))
    for group in named:
        if not _GROUP.fullmatch(group):
            raise Invalid(f"{group!r} is not a group name", hint="letters, digits, space and . @ / -, at most 64")
    return tuple(named)
