from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from thruline.backends.sqlite import SqliteDatabase
from thruline.core.errors import Invalid
from thruline.core.ids import random_id
from thruline.core.nouns import Draft
from thruline.ledger.group import GroupCommit
from thruline.ledger.ledger import SqlLedger


@pytest.fixture
def ledger(tmp_path: Path):
    database = SqliteDatabase(str(tmp_path / "a.db"))
    database.script(["CREATE TABLE notes (id TEXT PRIMARY KEY) STRICT"])
    yield SqlLedger(database), database
    database.close()


def note(database: SqliteDatabase, name: str, verb: str = "key.revoked"):
    def change() -> list[Draft]:
        database.execute("INSERT INTO notes (id) VALUES (:id)", {"id": name})
        return [Draft(verb=verb, inputs=(random_id("key"),))]

    return change


def notes(database: SqliteDatabase) -> list[str]:
    return [row[0] for row in database.query("SELECT id FROM notes ORDER BY rowid")]


def test_what_many_write_at_once_is_kept_in_their_order(ledger):
    chain, database = ledger

    async def run() -> None:
        group = GroupCommit(database, chain)
        await asyncio.gather(*(group.submit(note(database, f"n{i:03}")) for i in range(300)))
        await group.close()

    asyncio.run(run())
    assert notes(database) == [f"n{i:03}" for i in range(300)]
    assert chain.head().seq == 300


def test_a_refused_change_leaves_its_neighbours_alone_and_tells_only_its_own_waiter(ledger):
    chain, database = ledger

    async def run() -> list[object]:
        group = GroupCommit(database, chain)
        changes = [note(database, "a"), note(database, "b", verb="no.such_verb"), note(database, "c")]
        outcomes = await asyncio.gather(*(group.submit(c) for c in changes), return_exceptions=True)
        await group.close()
        return outcomes

    first, second, third = asyncio.run(run())
    assert (first, third) == (None, None)
    assert isinstance(second, Invalid)
    assert notes(database) == ["a", "c"]
    assert chain.head().seq == 2


def test_a_change_is_written_although_the_one_who_waited_for_it_left(ledger):
    chain, database = ledger

    async def run() -> None:
        group = GroupCommit(database, chain)
        left = group.submit(note(database, "a"))
        left.cancel()
        await group.close()

    asyncio.run(run())
    assert notes(database) == ["a"]


def test_events_and_state_of_a_group_are_one(ledger):
    chain, database = ledger

    def broken() -> list[Draft]:
        database.execute("INSERT INTO notes (id) VALUES ('half')")
        raise Invalid("changed its mind")

    async def run() -> None:
        group = GroupCommit(database, chain)
        with pytest.raises(Invalid):
            await group.submit(broken)
        await group.close()

    asyncio.run(run())
    assert notes(database) == []
    assert chain.head().seq == 0
