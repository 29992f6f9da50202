"""Rows of a database answer, change, move and go; and no failure of the database reads as a deletion."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Denied, Invalid, Unavailable
from thruline.core.nouns import Source
from thruline.flows.reports import SyncReport
from thruline.ports.origin import Item, Origin, Reading
from thruline.testing.homes import SETTINGS, FastEngines, open_home
from thruline.testing.postgres import postgres_server

VALVE = "The blue valve opens at nine in the morning and closes at noon."
PUMP = "The red pump runs at night, when power is cheap, and rests by day."
CRANE = "The yellow crane lifts crates of oranges on Tuesdays."


class Machines:
    """A table of machines that a test writes to."""

    def __init__(self, connection: Any, address: str) -> None:
        self.connection = connection
        self.address = address
        self.run("CREATE TABLE machines (name VARCHAR(40) PRIMARY KEY, about TEXT)")
        self.put("valve", VALVE)
        self.put("pump", PUMP)

    def run(self, statement: str) -> None:
        self.connection.execute(statement)
        self.connection.commit()

    def put(self, name: str, about: str) -> None:
        self.run(f"INSERT INTO machines VALUES ('{name}', '{about}')")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite"])
def machines(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machines]:
    if request.param == "sqlite":
        with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
            yield Machines(connection, f"sqlite://{tmp_path}/shop.db")
        return
    url = request.getfixturevalue("server")
    with psycopg.connect(url) as connection:
        yield Machines(connection, url)
        connection.execute("DROP TABLE machines")


@pytest.fixture
def synced(home: Platform, machines: Machines) -> Machines:
    """A table that a home has read."""
    home.data.add(path=machines.address, name="shop", options=("table=machines",))
    report = sync(home)
    assert (report.added, report.indexed) == (2, 2)
    return machines


class Interrupted:
    """An origin that something happens to after so many readings."""

    def __init__(self, origin: Origin, happens: Callable[[], object], after: int) -> None:
        self.marks_content = origin.marks_content
        self.list, self.close, self.look, self._read = origin.list, origin.close, origin.look, origin.read
        self._happens = happens
        self._left = after

    def read(self, item: Item, *, limit: int) -> Reading:
        if self._left == 0:
            self._happens()
        self._left -= 1
        return self._read(item, limit=limit)


def engines_that_call(happens: Callable[[], object], *, after: int) -> type[FastEngines]:
    class Engines(FastEngines):
        def origin(self, source: Source) -> Origin:
            return Interrupted(super().origin(source), happens, after)

    return Engines


def sync(home: Platform, **arguments: Any) -> SyncReport:
    (report,) = home.data.sync(source="shop", **arguments)
    assert report.indexed + report.duplicates + report.quarantined + len(report.refused) == report.seen
    return report


def paths_found(home: Platform, question: str) -> set[str]:
    return {p.path for p in home.vectors.search(question=question).passages}


def paths(home: Platform) -> set[str]:
    return {d.path for d in home.data.documents(state="live")}


@pytest.mark.parametrize("machines", ["sqlite", "postgresql"], indirect=True)
def test_an_inserted_row_answers_after_the_next_sync(home: Platform, synced: Machines) -> None:
    synced.put("crane", CRANE)
    report = sync(home)
    assert (report.added, report.unchanged) == (1, 2)
    assert "machines/crane.txt" in paths_found(home, "When does the yellow crane lift crates?")


@pytest.mark.parametrize("machines", ["sqlite", "postgresql"], indirect=True)
def test_an_updated_row_answers_with_its_new_words_only(home: Platform, synced: Machines) -> None:
    synced.run("UPDATE machines SET about = replace(about, 'nine', 'seven') WHERE name = 'valve'")
    assert sync(home).changed == 1
    texts = [p.text for p in home.vectors.search(question="When does the blue valve open?").passages]
    assert any("seven" in text for text in texts)
    assert not any("nine" in text for text in texts)


@pytest.mark.parametrize("machines", ["sqlite", "postgresql"], indirect=True)
def test_a_deleted_row_is_gone_from_answers(home: Platform, synced: Machines) -> None:
    synced.run("DELETE FROM machines WHERE name = 'valve'")
    assert sync(home).deleted == 1
    assert paths_found(home, "blue valve") == {"machines/pump.txt"}


def test_a_row_with_another_key_is_a_new_document(home: Platform, synced: Machines) -> None:
    synced.run("UPDATE machines SET name = 'gate' WHERE name = 'valve'")
    report = sync(home)
    assert (report.added, report.deleted) == (1, 1)
    assert paths(home) == {"machines/gate.txt", "machines/pump.txt"}


def test_a_row_whose_document_does_not_show_its_key_moves_with_it(home: Platform, machines: Machines) -> None:
    options = ("table=machines", "columns=about", "title=about")
    home.data.add(path=machines.address, name="shop", options=options)
    before = sync(home)
    machines.run("UPDATE machines SET name = 'gate' WHERE name = 'valve'")
    after = sync(home)
    assert (after.moved, after.added, after.deleted, after.generation) == (1, 0, 0, before.generation)


def test_a_new_column_is_read_for_every_row(home: Platform, synced: Machines) -> None:
    synced.run("ALTER TABLE machines ADD COLUMN hall VARCHAR(20)")
    synced.run("UPDATE machines SET hall = 'north'")
    assert sync(home).changed == 2
    assert all("hall: north" in p.text for p in home.vectors.search(question="red pump").passages)


def test_an_unchanged_table_makes_no_new_generation(home: Platform, synced: Machines) -> None:
    first, second = sync(home), sync(home)
    assert (second.unchanged, second.chunks, second.generation) == (2, 0, first.generation)


@pytest.mark.parametrize("machines", ["sqlite", "postgresql"], indirect=True)
def test_with_a_cursor_column_only_rows_that_moved_on_are_read(home: Platform, machines: Machines) -> None:
    machines.run("ALTER TABLE machines ADD COLUMN rev INTEGER DEFAULT 1")
    home.data.add(path=machines.address, name="shop", options=("table=machines", "cursor=rev"))
    sync(home)
    machines.run("UPDATE machines SET about = 'The green gate is shut.', rev = 2 WHERE name = 'valve'")
    report = sync(home)
    assert (report.changed, report.unchanged) == (1, 1)
    assert "machines/valve.txt" in paths_found(home, "green gate")


@pytest.mark.parametrize("machines", ["sqlite", "postgresql"], indirect=True)
def test_a_row_of_an_erased_person_does_not_come_back(home: Platform, synced: Machines) -> None:
    synced.put("lathe", "Marit Oslovsen (marit.oslovsen@example.org) looks after the lathe.")
    sync(home)
    home.data.erase(identifiers=("Marit Oslovsen", "marit.oslovsen@example.org"))
    for _ in range(2):
        report = sync(home)
        assert [(r.path, r.reason) for r in report.refused] == [("machines/lathe.txt", "suppressed")]
    assert "machines/lathe.txt" not in paths_found(home, "Who looks after the lathe?")


def test_a_key_that_names_an_erased_person_is_not_kept(home: Platform, synced: Machines) -> None:
    synced.put("Marit Oslovsen", "looks after the lathe, marit.oslovsen@example.org")
    sync(home)
    receipt = home.data.erase(identifiers=("Marit Oslovsen", "marit.oslovsen@example.org"))
    assert receipt.residue == 0
    report = sync(home)
    assert [(r.path, r.reason) for r in report.refused] == [("", "suppressed")]


def test_two_rows_of_one_key_are_refused_and_the_rest_goes_on(home: Platform, machines: Machines) -> None:
    machines.run(
        "CREATE VIEW halls AS SELECT 'north' AS hall, name FROM machines UNION ALL SELECT name, about FROM machines"
    )
    home.data.add(path=machines.address, name="shop", options=("table=halls", "key=hall"))
    report = sync(home)
    machines.run("DROP VIEW halls")
    assert [(r.path, r.reason) for r in report.refused] == [("halls/north.txt", "duplicate_key")]
    assert report.indexed == 2


def test_a_table_that_went_is_said_and_deletes_nothing(home: Platform, synced: Machines) -> None:
    synced.run("ALTER TABLE machines RENAME TO elsewhere")
    with pytest.raises(Invalid, match="no table 'machines'"):
        sync(home)
    synced.run("ALTER TABLE elsewhere RENAME TO machines")
    assert len(paths(home)) == 2


def test_an_option_that_is_unknown_is_refused_when_the_source_is_added(home: Platform, machines: Machines) -> None:
    with pytest.raises(Invalid, match="'where' is no option"):
        home.data.add(path=machines.address, options=("table=machines", "where=1=1"))
    assert home.data.sources() == ()


def test_rights_that_are_withdrawn_in_mid_sync_delete_nothing_but_what_was_seen_to_be_gone(
    tmp_path: Path, server: str
) -> None:
    with psycopg.connect(server, autocommit=True) as owner:
        owner.execute("CREATE TABLE notes (id int PRIMARY KEY, at text)")
        owner.execute(
            "INSERT INTO notes SELECT n, 'Note ' || n || ' is about machine ' || n FROM generate_series(1, 40) n"
        )
        owner.execute("CREATE ROLE clerk LOGIN")
        owner.execute("GRANT SELECT ON notes TO clerk")
        address = server.replace("thruline@", "clerk@")
        with open_home(tmp_path / "home") as home:
            home.data.add(path=address, name="shop", options=("table=notes", "tries=1"))
            sync(home)
        owner.execute("UPDATE notes SET at = at || ', and was serviced'")
        owner.execute("DELETE FROM notes WHERE id = 40")
        revoked = engines_that_call(lambda: owner.execute("REVOKE SELECT ON notes FROM clerk"), after=5)
        with Platform.open(tmp_path / "home", overrides=SETTINGS, engines=revoked) as home:
            with pytest.raises(Denied, match="notes"):
                sync(home)
            assert len(paths(home)) == 39
        owner.execute("GRANT SELECT ON notes TO clerk")
        with open_home(tmp_path / "home") as home:
            report = sync(home)
            assert (report.deleted, report.seen, report.changed) == (0, 39, 39)
        owner.execute("DROP TABLE notes")
        owner.execute("DROP ROLE clerk")


def test_a_column_that_is_renamed_in_mid_sync_deletes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as owner, owner:
        owner.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, at TEXT)")
        owner.executemany("INSERT INTO notes VALUES (?, ?)", [(n, f"Note {n} on machine {n}") for n in range(40)])
    with open_home(tmp_path / "home") as home:
        home.data.add(path=f"sqlite://{path}", name="shop", options=("table=notes", "tries=1"))
        sync(home)
    with closing(sqlite3.connect(path)) as owner, owner:
        owner.execute("UPDATE notes SET at = at || ', serviced'")

    def renamed() -> None:
        with closing(sqlite3.connect(path)) as owner, owner:
            owner.execute("ALTER TABLE notes RENAME COLUMN at TO said")

    changed = engines_that_call(renamed, after=5)
    with Platform.open(tmp_path / "home", overrides=SETTINGS, engines=changed) as home:
        report = sync(home)
        assert report.deleted == 0
        assert {r.reason for r in report.refused} == {"changed_while_read"}  # those under way: read again next time
    with open_home(tmp_path / "home") as home:
        report = sync(home)
        assert (report.seen, report.deleted) == (40, 0)
        assert (
            "said: Note 7 on machine 7, serviced" in home.vectors.search(question="Note 7 machine 7").passages[0].text
        )


def test_a_database_that_is_away_deletes_nothing(home: Platform, tmp_path: Path) -> None:
    with postgres_server() as url, psycopg.connect(url) as connection:
        Machines(connection, url)
        home.data.add(path=url, name="shop", options=("table=machines", "tries=1"))
        sync(home)
    with pytest.raises(Unavailable):
        sync(home)
    assert "machines/valve.txt" in paths_found(home, "blue valve")


def test_a_database_that_was_emptied_is_not_believed_at_once(home: Platform, synced: Machines) -> None:
    for n in range(10):
        synced.put(f"spare {n}", f"Spare part number {n}.")
    sync(home)
    synced.run("DELETE FROM machines")
    with pytest.raises(Unavailable, match="is empty"):
        sync(home)
    assert len(paths(home)) == 12
    assert sync(home, allow_empty=True).deleted == 12
