"""Users, groups and keys over a real database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from thruline.backends.local_vault import LocalVault
from thruline.backends.sqlite import SqliteDatabase
from thruline.core.errors import Denied, Invalid, NotFound
from thruline.core.ids import Ids
from thruline.guard import access as module
from thruline.guard.access import Access, may
from thruline.ledger.ledger import SqlLedger
from thruline.ledger.payloads import Payloads

IDS = Ids(bytes(32))


class Door:
    """Access to the home in a file; two of them are two processes' views of one home."""

    def __init__(self, folder: Path) -> None:
        self.database = SqliteDatabase(str(folder / "home.db"))
        self.ledger = SqlLedger(self.database)
        vault = LocalVault(SqliteDatabase(str(folder / "keys.db")), bytes(32))
        self.access = Access(self.database, self.ledger, Payloads(self.database, vault), IDS)


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def test_a_key_shows_who_asks_and_what_they_may(door: Door) -> None:
    door.access.set_user("Ada Ahlgren", ["staff"], role="writer")
    actor = door.access.authenticate(door.access.create_key("Ada Ahlgren").secret)
    assert actor == door.access.actor("Ada Ahlgren")
    assert actor.groups == {"staff", "everyone"}
    assert actor.may == {"reader", "writer"}
    assert not actor.sees_all


def test_each_role_may_what_the_ones_before_it_may() -> None:
    assert may("reader") < may("writer") < may("operator")


def test_a_secret_has_the_promised_form_and_is_stored_nowhere(door: Door, tmp_path: Path) -> None:
    door.access.set_user("Ada Ahlgren", [])
    secret = door.access.create_key("Ada Ahlgren").secret
    assert module._SECRET.fullmatch(secret)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert secret[12:].encode() not in stored
    assert b"Ahlgren" not in stored


@pytest.mark.parametrize("wrong", ["", "tl_", "tl_00000000_" + "a" * 43, "Bearer x", "\ud800", "ключ"])
def test_anything_else_is_denied(door: Door, wrong: str) -> None:
    with pytest.raises(Denied):
        door.access.authenticate(wrong)


def test_a_known_key_with_another_secret_is_denied(door: Door) -> None:
    door.access.set_user("ada", [])
    secret = door.access.create_key("ada").secret
    door.access.authenticate(secret)
    for wrong in (secret[:-1] + ("b" if secret[-1] == "a" else "a"), secret[:12], secret + "\ud800"):
        with pytest.raises(Denied):
            door.access.authenticate(wrong)


def test_a_revoked_key_is_denied_at_once_here(door: Door) -> None:
    door.access.set_user("ada", [])
    key = door.access.create_key("ada")
    door.access.authenticate(key.secret)
    door.access.revoke(key.id)
    with pytest.raises(Denied):
        door.access.authenticate(key.secret)
    assert door.access.keys() == []


def test_a_key_revoked_in_another_process_is_denied_when_the_memory_is_old(door: Door, tmp_path: Path) -> None:
    door.access.set_user("ada", ["staff"])
    key = door.access.create_key("ada")
    other = Door(tmp_path)
    assert other.access.authenticate(key.secret).groups == {"staff", "everyone"}
    door.access.revoke(key.secret[3:11])
    other.access._looked -= module.REMEMBERED_S
    with pytest.raises(Denied):
        other.access.authenticate(key.secret)


def test_new_groups_hold_for_keys_that_were_seen_before(door: Door) -> None:
    door.access.set_user("ada", ["staff"])
    secret = door.access.create_key("ada").secret
    door.access.authenticate(secret)
    before = door.access.actor("ada").id
    door.access.set_user("ada", ["board"], role="operator")
    actor = door.access.authenticate(secret)
    assert (actor.id, actor.groups) == (before, {"board", "everyone", "*"})
    assert "operator" in actor.may


def test_a_removed_user_leaves_no_name_and_no_key(door: Door) -> None:
    door.access.set_user("ada", [])
    secret = door.access.create_key("ada").secret
    door.access.remove_user("ada")
    assert door.access.users() == []
    with pytest.raises(Denied):
        door.access.authenticate(secret)
    with pytest.raises(NotFound, match="'ada'"):
        door.access.actor("ada")


def test_the_chain_says_who_but_never_by_name(door: Door) -> None:
    user = door.access.set_user("Ada Ahlgren", ["staff", "board"])
    key = door.access.create_key("Ada Ahlgren")
    door.access.revoke(key.id)
    events = list(door.ledger.read())
    assert [(e.verb, dict(e.facts)) for e in events] == [
        ("user.changed", {"groups": 2}), ("key.created", {"groups": 3}), ("key.revoked", {}),
    ]  # fmt: skip
    assert events[1].inputs == (user.id,)
    assert "Ahlgren" not in json.dumps([repr(e) for e in events])


@pytest.mark.parametrize(
    ("name", "groups", "role"),
    [("", [], "reader"), ("a\nb", [], "reader"), ("a", ["gr\0up"], "reader"), ("a", [""], "reader"), ("a", [], "god")],
)
def test_what_cannot_be_a_user_is_refused(door: Door, name: str, groups: list[str], role) -> None:
    with pytest.raises(Invalid):
        door.access.set_user(name, groups, role=role)
    assert door.access.users() == []


def test_unknown_keys_and_users_are_not_found(door: Door) -> None:
    with pytest.raises(NotFound):
        door.access.revoke("key:" + "0" * 32)
    with pytest.raises(NotFound):
        door.access.create_key("nobody")
