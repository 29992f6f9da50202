"""A table is the same source in PostgreSQL, MariaDB and SQLite."""

from __future__ import annotations

import socket
import sqlite3
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from thruline.backends.sql_origin import SqlOrigin
from thruline.core.errors import Corrupt, Denied, Invalid, Refused, Unavailable
from thruline.core.ids import random_id
from thruline.core.rows import key_in
from thruline.ports.origin import Item
from thruline.testing import mysql
from thruline.testing.postgres import empty_database

LIMIT = 1_000_000
LOOK_S = 5.0
ENDLESS = (
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 100000000) SELECT max(n) AS n FROM c"
)
PASSWORD = "correct horse"
PEOPLE = "CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(200), town VARCHAR(200), rev INTEGER)"
WIDE = "CREATE TABLE wide (id INTEGER PRIMARY KEY, rev INTEGER, text_ LONGTEXT)"
ANNA = "INSERT INTO people VALUES (1, 'Anna', 'Oslo', 1)"
BEN = "INSERT INTO people VALUES (2, 'Ben', 'Bergen', 1)"


@dataclass
class Shop:
    """A database that a test fills, and how it is opened."""

    kind: str
    location: str
    server: str = ""

    def run(self, *statements: str) -> None:
        if self.kind == "mysql":
            mysql.run(self.server, *statements, database=urlsplit(self.location).path.strip("/"))
        elif self.kind == "sqlite":
            with closing(sqlite3.connect(self.location.removeprefix("sqlite://"))) as connection, connection:
                for statement in statements:
                    connection.execute(statement)
        else:
            with psycopg.connect(self.location) as connection:
                for statement in statements:
                    connection.execute(statement.replace("LONGTEXT", "TEXT").encode())

    def filler(self, length: int) -> str:
        """SQL of a text of so many characters."""
        return f"hex(zeroblob({length // 2}))" if self.kind == "sqlite" else f"repeat('x', {length})"

    def origin(self, **options: str) -> SqlOrigin:
        return SqlOrigin(self.location, options or {"table": "people"})


@pytest.fixture(scope="session")
def mariadb() -> Iterator[str]:
    """The socket of a server."""
    if not mysql.is_installed():
        pytest.skip("mariadb-server is not installed")
    with mysql.mysql_server() as socket:
        yield socket


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    name = random_id("db").replace(":", "_")
    if request.param == "sqlite":
        yield Shop("sqlite", f"sqlite://{tmp_path}/shop.db")
    elif request.param == "postgresql":
        with empty_database(request.getfixturevalue("postgres"), name) as url:
            yield Shop("postgresql", url)
    else:
        socket = request.getfixturevalue("mariadb")
        mysql.run(socket, f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        yield Shop("mysql", f"mysql://root@localhost/{name}?unix_socket={socket}", socket)
        mysql.run(socket, f"DROP DATABASE {name}")


@pytest.fixture
def people(shop: Shop) -> Shop:
    shop.run(PEOPLE, ANNA, BEN)
    return shop


def documents(shop: Shop, **options: str) -> dict[str, str]:
    with closing(shop.origin(**options)) as origin:
        return {item.path: origin.read(item, limit=LIMIT).data.decode() for item in origin.list().items}


def marks(shop: Shop, **options: str) -> dict[str, str]:
    with closing(shop.origin(**options)) as origin:
        return {item.path: item.mark for item in origin.list().items}


def test_a_row_is_a_title_and_a_line_for_each_column_that_says_something(people: Shop) -> None:
    people.run("INSERT INTO people VALUES (3, NULL, 'Bodø', NULL)")
    assert documents(people) == {
        "people/1.txt": "people 1\n\nid: 1\nname: Anna\ntown: Oslo\nrev: 1\n",
        "people/2.txt": "people 2\n\nid: 2\nname: Ben\ntown: Bergen\nrev: 1\n",
        "people/3.txt": "people 3\n\nid: 3\ntown: Bodø\n",
    }


def test_columns_and_title_are_those_that_were_chosen(people: Shop) -> None:
    found = documents(people, table="people", columns="town, name", title="name")
    assert found["people/1.txt"] == "Anna\n\ntown: Oslo\nname: Anna\n"


def test_a_query_is_read_as_a_table_is(people: Shop) -> None:
    query = "SELECT town, count(*) AS n FROM people WHERE town NOT LIKE '%x' GROUP BY town -- the towns"
    found = documents(people, query=query, key="town")
    assert sorted(path.rpartition("/")[2] for path in found) == ["Bergen.txt", "Oslo.txt"]
    assert all(text.endswith("n: 1\n") for text in found.values())


def test_a_view_is_read_by_the_key_that_is_named(people: Shop) -> None:
    people.run("CREATE VIEW names AS SELECT name FROM people")
    assert set(documents(people, table="names", key="name")) == {"names/Anna.txt", "names/Ben.txt"}
    with pytest.raises(Invalid, match="no primary key"), closing(people.origin(table="names")) as origin:
        origin.list()


def test_marks_tell_what_changed_and_a_reading_has_the_mark_of_the_listing(people: Shop) -> None:
    before = marks(people)
    people.run("UPDATE people SET town = 'Moss' WHERE id = 2")
    after = marks(people)
    assert after["people/1.txt"] == before["people/1.txt"]
    assert after["people/2.txt"] != before["people/2.txt"]
    with closing(people.origin()) as origin:
        assert origin.read(Item("people/2.txt", ""), limit=LIMIT).mark == after["people/2.txt"]


def test_with_a_cursor_column_its_value_is_the_mark(people: Shop) -> None:
    options = {"table": "people", "cursor": "rev"}
    before = marks(people, **options)
    people.run("UPDATE people SET town = 'Moss', rev = 2 WHERE id = 2", "UPDATE people SET town = 'Hamar' WHERE id = 1")
    after = marks(people, **options)
    assert after["people/1.txt"] == before["people/1.txt"]
    assert after["people/2.txt"] != before["people/2.txt"]
    with closing(people.origin(**options)) as origin:
        assert not origin.marks_content
        assert origin.read(Item("people/2.txt", ""), limit=LIMIT).mark == after["people/2.txt"]


def test_a_row_without_a_cursor_value_is_always_read(people: Shop) -> None:
    people.run("UPDATE people SET rev = NULL WHERE id = 2")
    assert marks(people, table="people", cursor="rev")["people/2.txt"] == ""


def test_another_column_is_another_document_for_every_row(people: Shop) -> None:
    before = marks(people, table="people", cursor="rev")
    people.run("ALTER TABLE people ADD COLUMN job VARCHAR(20)", "UPDATE people SET job = 'smith' WHERE id = 1")
    after = marks(people, table="people", cursor="rev")
    assert all(after[path] != before[path] for path in before)
    assert documents(people)["people/1.txt"].endswith("job: smith\n")


def test_a_key_column_that_went_is_said(people: Shop) -> None:
    people.run("CREATE VIEW named AS SELECT name, town FROM people")
    assert len(documents(people, table="named", key="name")) == 2
    people.run("DROP VIEW named", "CREATE VIEW named AS SELECT town FROM people")
    with pytest.raises(Invalid, match="no column 'name'"), closing(people.origin(table="named", key="name")) as origin:
        origin.list()


def test_a_column_that_goes_in_mid_sync_is_read_again_without_it(people: Shop) -> None:
    with closing(people.origin()) as origin:
        first, second = origin.list().items
        people.run("CREATE TABLE fewer AS SELECT id, name FROM people", "DROP TABLE people")
        people.run(
            "CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(200))", "INSERT INTO people SELECT * FROM fewer"
        )
        with pytest.raises(Refused) as refused:
            origin.read(first, limit=LIMIT)
        assert refused.value.reason == "changed_while_read"
        assert origin.read(second, limit=LIMIT).data == b"people 2\n\nid: 2\nname: Ben\n"


def test_a_row_that_went_after_the_listing_is_unreadable(people: Shop) -> None:
    with closing(people.origin()) as origin:
        first, _ = origin.list().items
        people.run("DELETE FROM people WHERE id = 1")
        with pytest.raises(Refused) as refused:
            origin.read(first, limit=LIMIT)
    assert refused.value.reason == "unreadable"


def test_rows_without_a_key_and_rows_with_the_same_are_refused_and_the_rest_is_read(shop: Shop) -> None:
    shop.run("CREATE TABLE loose (k VARCHAR(20), v INTEGER)")
    shop.run("INSERT INTO loose VALUES ('a', 1), ('b', 2), ('a', 3), (NULL, 4), ('c', 5)")
    with closing(shop.origin(table="loose", key="k")) as origin:
        listing = origin.list()
        assert {item.path for item in listing.items} == {"loose/b.txt", "loose/c.txt"}
        assert dict(listing.refused) == {"loose/a.txt": "duplicate_key", "loose/~null.txt": "broken_row"}
        with pytest.raises(Refused) as refused:
            origin.read(Item("loose/a.txt", ""), limit=LIMIT)
    assert refused.value.reason == "duplicate_key"


def test_hostile_keys_are_safe_paths_and_found_again(shop: Shop) -> None:
    keys = (
        "../../etc/passwd", "..", ".hidden", "a/b", "a%2Fb", "it's; DROP TABLE odd", "x,y", "Zoë O'Brien", "~", "",
        "new\nline", " padded ", "\u202egnp.exe", "日本", '"quoted"', "%s", "~null",
    )  # fmt: skip
    values = ", ".join(f"('{key.replace(chr(39), chr(39) * 2)}', {n})" for n, key in enumerate(keys))
    shop.run("CREATE TABLE odd (k VARCHAR(100) PRIMARY KEY, v INTEGER)", f"INSERT INTO odd VALUES {values}")
    found = documents(shop, table="odd", columns="v")
    names = [path.removeprefix("odd/") for path in found]
    assert all(name.isprintable() and not name.startswith(".") and "/" not in name for name in names)
    assert {key_in(path)[0]: text.splitlines()[-1] for path, text in found.items()} == {
        key: f"v: {n}" for n, key in enumerate(keys)
    }


def test_a_key_of_several_columns_is_one_path(shop: Shop) -> None:
    shop.run("CREATE TABLE parts (orderno INTEGER, part VARCHAR(9), what VARCHAR(20), PRIMARY KEY (orderno, part))")
    shop.run("INSERT INTO parts VALUES (7, 'a,b', 'bolt'), (7, 'a', 'nut')")
    found = documents(shop, table="parts", columns="what")
    assert set(found) == {"parts/7,a%2Cb.txt", "parts/7,a.txt"}
    assert found["parts/7,a.txt"] == "parts 7, a\n\nwhat: nut\n"


def test_names_of_tables_and_columns_can_hold_anything(shop: Shop) -> None:
    q = "`" if shop.kind == "mysql" else '"'
    shop.run(f"CREATE TABLE {q}or%der s{q} ({q}the%s 'key'{q} INTEGER PRIMARY KEY, {q}a: b{q} INTEGER)")
    shop.run(f"INSERT INTO {q}or%der s{q} VALUES (1, 2)")
    assert documents(shop, table="or%der s") == {"or%25der s/1.txt": "or%der s 1\n\nthe%s 'key': 1\na; b: 2\n"}


def test_no_value_passes_for_a_column(shop: Shop) -> None:
    shop.run(PEOPLE, "INSERT INTO people VALUES (1, 'Eve\nrole: admin\r\n\nx', 'a\u2028rev: 9', 1)")
    (text,) = documents(shop).values()
    assert [line for line in text.splitlines() if line.startswith(("role", "rev"))] == ["rev: 1"]


def test_bytes_are_left_out_with_their_number(shop: Shop) -> None:
    kind = {"sqlite": "BLOB", "postgresql": "BYTEA", "mysql": "LONGBLOB"}[shop.kind]
    value = "'\\x00ff10'" if shop.kind == "postgresql" else "x'00ff10'"
    shop.run(f"CREATE TABLE files (id INTEGER PRIMARY KEY, scan {kind}, note VARCHAR(9))")
    shop.run(f"INSERT INTO files VALUES (1, {value}, 'ok'), (2, NULL, 'no')")
    found = documents(shop, table="files")
    assert found["files/1.txt"] == "files 1\n\nid: 1\nscan: 3 bytes\nnote: ok\n"
    assert found["files/2.txt"] == "files 2\n\nid: 2\nnote: no\n"


def test_a_key_of_bytes_is_found_again(shop: Shop) -> None:
    kind = {"sqlite": "BLOB", "postgresql": "BYTEA", "mysql": "BINARY(3)"}[shop.kind]
    value = "'\\x00ff10'" if shop.kind == "postgresql" else "x'00ff10'"
    shop.run(
        f"CREATE TABLE files (id {kind} PRIMARY KEY, note VARCHAR(9))", f"INSERT INTO files VALUES ({value}, 'ok')"
    )
    assert documents(shop, table="files", columns="note") == {"files/~x00ff10.txt": "files 3 bytes\n\nnote: ok\n"}


def test_a_row_that_is_too_large_is_refused_before_it_is_held(shop: Shop) -> None:
    shop.run(WIDE, f"INSERT INTO wide VALUES (1, 1, {shop.filler(10_000_000)}), (2, 1, 'small')")
    with closing(shop.origin(table="wide", cursor="rev")) as origin:
        items = {item.path: item for item in origin.list().items}
        tracemalloc.start()
        try:
            with pytest.raises(Refused) as refused:
                origin.read(items["wide/1.txt"], limit=LIMIT)
            assert tracemalloc.get_traced_memory()[1] < 3 * LIMIT
        finally:
            tracemalloc.stop()
        assert origin.read(items["wide/2.txt"], limit=LIMIT).data.endswith(b"text_: small\n")
    assert refused.value.reason == "too_large"


def test_a_listing_holds_few_rows_at_a_time(shop: Shop) -> None:
    shop.run(WIDE, f"INSERT INTO wide VALUES (0, 1, {shop.filler(20_000)})")
    shop.run(*(f"INSERT INTO wide SELECT id + {2**n}, rev, text_ FROM wide" for n in range(12)))
    with closing(shop.origin(table="wide")) as origin:
        tracemalloc.start()
        try:
            assert len(origin.list().items) == 4096
            assert tracemalloc.get_traced_memory()[1] < 30_000_000
        finally:
            tracemalloc.stop()


def test_a_document_of_just_the_limit_is_read_and_one_byte_more_is_refused(people: Shop) -> None:
    with closing(people.origin()) as origin:
        item = origin.list().items[0]
        assert len(origin.read(item, limit=item.size).data) == item.size
        with pytest.raises(Refused) as refused:
            origin.read(item, limit=item.size - 1)
    assert refused.value.reason == "too_large"


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM people",
        "SELECT id FROM people) AS q; DROP TABLE people; --",
        "SELECT id FROM people; DROP TABLE people",
        "WITH gone AS (DELETE FROM people RETURNING id) SELECT id FROM gone",
    ],
)
def test_a_query_cannot_write(people: Shop, query: str) -> None:
    with pytest.raises(Invalid), closing(people.origin(query=query, key="id")) as origin:
        origin.list()
    assert len(documents(people)) == 2


def test_a_query_that_takes_too_long_is_given_up(people: Shop) -> None:
    query = {
        "sqlite": "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT count(*) AS id FROM n",
        "postgresql": "SELECT pg_sleep(60)::text AS id",
        "mysql": "SELECT sleep(60) AS id",
    }[people.kind]
    with (
        pytest.raises(Unavailable, match="too long"),
        closing(people.origin(query=query, key="id", timeout="300ms")) as origin,
    ):
        origin.list()


def test_threads_read_at_once(shop: Shop) -> None:
    shop.run(PEOPLE, *(f"INSERT INTO people VALUES ({n}, 'name {n}', 'x', 1)" for n in range(60)))
    with closing(shop.origin()) as origin, ThreadPoolExecutor(6) as pool:
        items = origin.list().items
        found = list(pool.map(lambda item: origin.read(item, limit=LIMIT), items))
    assert [reading.mark for reading in found] == [item.mark for item in items]


def test_closing_twice_is_fine(people: Shop) -> None:
    origin = people.origin()
    origin.list()
    origin.close()
    origin.close()


def test_a_table_that_is_not_there_is_said(shop: Shop) -> None:
    shop.run(PEOPLE)
    with pytest.raises(Invalid), closing(shop.origin(table="nothing")) as origin:
        origin.list()


def look(shop: Shop, **options: str) -> str:
    with closing(shop.origin(**options)) as origin:
        return origin.look(within_s=LOOK_S)


def test_a_look_tells_columns_and_rows(people: Shop) -> None:
    assert look(people) == "table 'people': 4 columns, 2 rows"
    assert look(people, table="people", columns="name,town", cursor="rev") == "table 'people': 2 columns, 2 rows"
    assert look(people, query="SELECT town, name FROM people -- all", key="name") == "query: 2 columns, 2 rows"


@pytest.mark.parametrize(
    ("options", "said", "meant"),
    [
        ({"table": "poeple"}, "no table 'poeple'", "people"),
        ({"table": "people", "columns": "name,twon"}, "'people' has no column 'twon'", "town"),
        ({"table": "people", "title": "Name_"}, "'people' has no column 'Name_'", "name"),
        ({"table": "people", "cursor": "revision"}, "'people' has no column 'revision'", "rev"),
        ({"query": "SELECT name FROM people", "key": "nam"}, "the query has no column 'nam'", "name"),
    ],
)
def test_what_options_misspell_is_said_with_what_may_be_meant(
    people: Shop, options: dict[str, str], said: str, meant: str
) -> None:
    with pytest.raises(Invalid, match=said) as wrong:
        look(people, **options)
    assert meant in wrong.value.hint


def test_a_table_without_a_key_is_said_when_it_is_looked_at(people: Shop) -> None:
    people.run("CREATE TABLE loose (note VARCHAR(20))")
    with pytest.raises(Invalid, match="no primary key") as wrong:
        look(people, table="loose")
    assert "key=COLUMN" in wrong.value.hint


@pytest.mark.parametrize("shop", ["sqlite", "postgresql"], indirect=True)  # MariaDB ends a recursion by itself
def test_rows_that_take_too_long_to_count_are_not_told(people: Shop) -> None:
    people.run("CREATE VIEW endless AS " + ENDLESS)
    began = time.monotonic()
    with closing(people.origin(table="endless", key="n")) as origin:
        assert origin.look(within_s=0.5) == "table 'endless': 1 column"
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_look_at_a_server_that_is_silent_or_away_says_so_in_time(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"{kind}://me@127.0.0.1:{silent.getsockname()[1]}/shop"
        for place, said in (
            (address, "no answer came in time"), (f"{kind}://me@127.0.0.1:1/shop", "nothing listens there"),
            (f"{kind}://me@nowhere.invalid/shop", "no host has that name"),
        ):  # fmt: skip
            began = time.monotonic()
            with closing(SqlOrigin(place, {"table": "people"})) as origin, pytest.raises(Unavailable, match=said):
                origin.look(within_s=1)
            assert time.monotonic() - began < 10


@pytest.mark.parametrize("shop", ["postgresql", "mysql"], indirect=True)
def test_a_database_that_the_server_does_not_have_is_said(shop: Shop) -> None:
    name = urlsplit(shop.location).path
    gone = Shop(shop.kind, shop.location.replace(name, "/nothing_at_all"))
    with pytest.raises(Unavailable, match="names a database that is not there"):
        look(gone)


@pytest.mark.parametrize(
    "location",
    ["sqlite:///nowhere/shop.db", "postgresql://me@127.0.0.1:1/shop", "mysql://me@127.0.0.1:1/shop"],
)
def test_a_database_that_is_away_is_unavailable_and_says_no_password(location: str) -> None:
    secret = None if location.startswith("sqlite") else lambda: PASSWORD
    with closing(SqlOrigin(location, {"table": "people"}, secret)) as origin, pytest.raises(Unavailable) as away:
        origin.list()
    assert PASSWORD not in f"{away.value} {away.value.hint} {away.value.__cause__}"


@pytest.mark.parametrize(
    ("location", "options"),
    [
        ("sqlite://shop.db", {"table": "a"}),
        ("oracle://me@host/db", {"table": "a"}),
        ("postgresql://me@host/db?password=x", {"table": "a"}),
        ("mysql://me:x@host/db", {"table": "a"}),
        ("mysql://me@host/", {"table": "a"}),
        ("mysql://me@host/db?init_command=DROP", {"table": "a"}),
        ("sqlite:///a.db", {}),
        ("sqlite:///a.db", {"table": "a", "query": "SELECT 1"}),
        ("sqlite:///a.db", {"query": "SELECT 1 AS k"}),
        ("sqlite:///a.db", {"query": "DROP TABLE a", "key": "k"}),
        ("sqlite:///a.db", {"table": "a", "timeout": "soon"}),
    ],
)
def test_what_cannot_be_meant_is_refused_when_it_is_declared(location: str, options: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        SqlOrigin(location, options)


@pytest.mark.parametrize("shop", ["postgresql"], indirect=True)
def test_a_role_of_postgresql_without_the_right_is_denied_until_it_names_what_it_may_read(shop: Shop) -> None:
    role = random_id("role").replace(":", "_")
    shop.run(PEOPLE, ANNA, f"CREATE ROLE {role} LOGIN", f"GRANT SELECT (id, name) ON people TO {role}")
    reader = Shop("postgresql", shop.location.replace("thruline@", f"{role}@"))
    with closing(reader.origin()) as origin, pytest.raises(Denied):
        origin.list()
    assert documents(reader, table="people", columns="name") == {"people/1.txt": "people 1\n\nname: Anna\n"}
    nobody = Shop("postgresql", shop.location.replace("thruline@", "nobody_at_all@"))
    with closing(nobody.origin()) as origin, pytest.raises(Denied):
        origin.list()
    shop.run(f"DROP OWNED BY {role}", f"DROP ROLE {role}")


@pytest.mark.parametrize("shop", ["postgresql"], indirect=True)
def test_what_python_has_no_dates_for_is_read_from_postgresql(shop: Shop) -> None:
    shop.run(
        "CREATE TABLE odd (id int PRIMARY KEY, d date, at timestamptz, j jsonb, n numeric, ok bool, tags text[], i interval)"
    )
    shop.run(
        "INSERT INTO odd VALUES (1, '0044-03-15 BC', 'infinity', '{\"b\": 1, \"a\": [1, null]}', 1e20, true, '{a,b}', '1 day')",
        "INSERT INTO odd VALUES (2, '2024-01-31', '2024-01-31 10:00+02', '\"x\"', 1.50, false, NULL, NULL)",
    )
    assert documents(shop, table="odd") == {
        "odd/1.txt": "odd 1\n\nid: 1\nd: 0044-03-15 BC\nat: infinity\n"
        'j: {"a":[1,null],"b":1}\nn: 100000000000000000000\nok: true\ntags: ["a","b"]\ni: P1D\n',
        "odd/2.txt": 'odd 2\n\nid: 2\nd: 2024-01-31\nat: 2024-01-31T08:00:00+00\nj: "x"\nn: 1.50\nok: false\n',
    }


@pytest.mark.parametrize("shop", ["mysql"], indirect=True)
def test_a_user_of_mariadb_with_another_password_is_denied_and_none_is_said(shop: Shop) -> None:
    user = random_id("u")[:20].replace(":", "_")
    shop.run(
        PEOPLE,
        ANNA,
        f"CREATE USER {user}@localhost IDENTIFIED BY '{PASSWORD}'",
        f"GRANT SELECT ON people TO {user}@localhost",
    )
    location = shop.location.replace("root@", f"{user}@")
    with closing(SqlOrigin(location, {"table": "people"}, lambda: PASSWORD)) as origin:
        assert len(origin.list().items) == 1
    stranger = SqlOrigin(location, {"table": "people"}, lambda: f"not {PASSWORD}")
    with closing(stranger), pytest.raises(Denied) as denied:
        stranger.list()
    assert PASSWORD not in f"{denied.value} {denied.value.hint} {denied.value.__cause__}"
    shop.run(f"DROP USER {user}@localhost")


@pytest.mark.parametrize("shop", ["mysql"], indirect=True)
def test_dates_bits_and_decimals_of_mariadb_are_words(shop: Shop) -> None:
    shop.run(
        "CREATE TABLE odd (id int PRIMARY KEY, d date, at timestamp(3) NULL, ok bit(1), n decimal(10,2), j json, b varbinary(9))"
    )
    shop.run(
        "SET time_zone = '+02:00'",
        "INSERT INTO odd VALUES (1, '2024-01-31', '2024-01-31 10:00:00.5', b'1', 1.50, '{\"a\": 1}', 'xyz')",
    )
    (text,) = documents(shop, table="odd").values()
    assert (
        text
        == 'odd 1\n\nid: 1\nd: 2024-01-31\nat: 2024-01-31T08:00:00.500000\nok: 1\nn: 1.50\nj: {"a": 1}\nb: 3 bytes\n'
    )


@pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
def test_texts_of_sqlite_that_are_no_text_and_numbers_that_are_texts_are_read(shop: Shop) -> None:
    shop.run("CREATE TABLE odd (k PRIMARY KEY, v)", "INSERT INTO odd VALUES (1, CAST(x'ff41' AS TEXT)), ('2', 2.5)")
    assert documents(shop, table="odd") == {
        "odd/1.txt": "odd 1\n\nk: 1\nv: \ufffdA\n",
        "odd/2.txt": "odd 2\n\nk: 2\nv: 2.5\n",
    }


def test_a_file_that_is_no_database_is_damaged_not_empty(tmp_path: Path) -> None:
    (tmp_path / "shop.db").write_bytes(b"this is no database" * 100)
    with closing(SqlOrigin(f"sqlite://{tmp_path}/shop.db", {"table": "people"})) as origin, pytest.raises(Corrupt):
        origin.list()


def test_a_database_in_use_by_its_owner_is_read_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "shop #1.db"
    with closing(sqlite3.connect(path)) as owner:
        owner.execute("PRAGMA journal_mode = WAL")
        owner.execute(PEOPLE)
        owner.execute(ANNA)
        owner.commit()
        owner.execute(BEN)
        assert len(documents(Shop("sqlite", f"sqlite://{tmp_path}/shop%20%231.db"))) == 1
        owner.commit()
        assert len(documents(Shop("sqlite", f"sqlite://{tmp_path}/shop%20%231.db"))) == 2
