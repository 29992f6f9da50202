"""Both databases run the same statements to the same effect."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from thruline.backends.postgres import PostgresDatabase, to_postgres
from thruline.backends.sqlite import SqliteDatabase
from thruline.core.errors import Conflict, Invalid, Unavailable, Unsupported
from thruline.ledger.residue import residue
from thruline.testing.canary import canary

SCHEMA = """CREATE TABLE IF NOT EXISTS things (
  id TEXT PRIMARY KEY,
  n INTEGER NOT NULL CHECK (n >= 0),
  data BLOB,
  f REAL
) STRICT, WITHOUT ROWID"""
PUT = "INSERT INTO things (id, n, data, f) VALUES (:id, :n, :data, :f)"


@pytest.fixture
def database(open_database):
    database = open_database()
    database.script([SCHEMA])
    return database


def thing(id: str, n: int = 1, data: bytes | None = None, f: float = 0.5) -> dict[str, object]:
    return {"id": id, "n": n, "data": data, "f": f}


def ids(database) -> list[str]:
    return [row[0] for row in database.query("SELECT id FROM things ORDER BY id")]


def test_values_come_back_as_they_went_in(database) -> None:
    row = ("Zoë ' \" % : \\ \n", 2**62, bytes(range(256)), 1e-300)
    assert database.execute(PUT, dict(zip(("id", "n", "data", "f"), row, strict=True))) == 1
    assert database.query("SELECT id, n, data, f FROM things") == [row]


def test_aggregates_and_casts_have_the_types_of_sqlite(database) -> None:
    database.execute_many(PUT, [thing("a", 2**40), thing("b", 2**40)])
    (row,) = database.query("SELECT sum(n), avg(f), count(*), CAST(max(n) AS INTEGER), max(n) = 5 FROM things")
    assert row == (2**41, 0.5, 2, 2**40, 0)
    assert [type(value) for value in row[:4]] == [int, float, int, int]


def test_truth_is_stored_as_a_number(database) -> None:
    database.execute(PUT, thing("a", n=True))
    assert database.query("SELECT n FROM things WHERE n = :one", {"one": True}) == [(1,)]


def test_texts_compare_by_byte(database) -> None:
    names = ["a:1", "a_b:1", "A:1", "ä", "b", "a:2", "a;"]
    database.execute_many(PUT, [thing(name) for name in names])
    assert ids(database) == sorted(names, key=str.encode)
    found = database.query(
        "SELECT id FROM things WHERE id >= :kind || ':' AND id < :kind || ';' ORDER BY id", {"kind": "a"}
    )
    assert found == [("a:1",), ("a:2",)]


def test_a_list_is_passed_as_json(database) -> None:
    database.execute_many(PUT, [thing("a"), thing("b"), thing("c")])
    sql = "SELECT id FROM things WHERE id IN (SELECT value FROM json_each(CAST(:ids AS TEXT))) ORDER BY id"
    assert database.query(sql, {"ids": '["a", "c", "x"]'}) == [("a",), ("c",)]
    assert database.query(sql, {"ids": "[]"}) == []


def test_names_in_quotes_and_comments_are_no_parameters(database) -> None:
    assert database.query("SELECT ':n', '50%', :n + 0 -- not :this\n", {"n": 3}) == [(":n", "50%", 3)]


def test_a_transaction_is_all_or_nothing(database) -> None:
    def both(fail: bool) -> None:
        with database.transaction():
            database.execute(PUT, thing("a"))
            with database.transaction():  # joins
                database.execute(PUT, thing("b"))
            if fail:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        both(fail=True)
    assert ids(database) == []
    both(fail=False)
    assert ids(database) == ["a", "b"]


def test_a_transaction_sees_its_own_writes_and_others_do_not(database, open_database) -> None:
    other = open_database()
    with database.transaction():
        database.execute(PUT, thing("a"))
        assert ids(database) == ["a"]
        assert ids(other) == []
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(ids, database).result() == []
    assert ids(other) == ["a"]


def test_a_refused_statement_undoes_its_transaction(database) -> None:
    database.execute(PUT, thing("a"))

    def clash() -> None:
        with database.transaction():
            database.execute(PUT, thing("b"))
            database.execute(PUT, thing("a"))

    with pytest.raises(Conflict):
        clash()
    assert ids(database) == ["a"]


def test_many_rows_are_all_or_none(database) -> None:
    with pytest.raises(Conflict):
        database.execute_many(PUT, [thing("a"), thing("b"), thing("a")])
    assert ids(database) == []
    database.execute_many(PUT, [])


@pytest.mark.parametrize("row", [thing("a", n=-1), thing("a") | {"n": None}, thing("a") | {"id": None}])
def test_a_broken_constraint_is_a_conflict(database, row: dict[str, object]) -> None:
    with pytest.raises(Conflict):
        database.execute(PUT, row)


def test_a_wrong_statement_is_invalid(database) -> None:
    for sql in ("SELECT * FROM nowhere", "SELEC 1", "SELECT nothing FROM things"):
        with pytest.raises(Invalid):
            database.query(sql)
    assert ids(database) == []


def test_threads_wait_for_one_another(database) -> None:
    database.execute(PUT, thing("count", n=0))

    def increase(_: int) -> None:
        with database.transaction():
            ((n,),) = database.query("SELECT n FROM things WHERE id = 'count'")
            database.execute("UPDATE things SET n = :n WHERE id = 'count'", {"n": n + 1})

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(increase, range(100)))
    assert database.query("SELECT n FROM things") == [(100,)]


def test_schemas_may_be_made_by_many_at_once(open_database) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(
            pool.map(
                lambda _: open_database().script([SCHEMA, "CREATE INDEX IF NOT EXISTS by_n ON things (n)"]), range(6)
            )
        )
    assert ids(open_database()) == []


def test_a_closed_database_closes_again(database) -> None:
    database.close()
    database.close()


def test_scrubbed_rows_leave_no_byte_in_sqlite(tmp_path: Path) -> None:
    name = canary()
    database = SqliteDatabase(str(tmp_path / "thruline.db"))
    database.script([SCHEMA])
    database.execute_many(PUT, [thing(f"{name} {n}", data=name.encode() * 300) for n in range(200)])
    assert residue(tmp_path, [name.encode()])
    database.execute("DELETE FROM things")
    database.scrub()
    assert residue(tmp_path, [name.encode()]) == []
    assert ids(database) == []
    database.close()


def test_a_copy_is_whole_and_its_own(tmp_path: Path) -> None:
    database, copy = SqliteDatabase(str(tmp_path / "a.db")), str(tmp_path / "copy.db")
    database.script([SCHEMA])
    database.execute(PUT, thing("a"))
    database.copy_to(copy)
    database.execute(PUT, thing("b"))
    assert ids(SqliteDatabase(copy)) == ["a"]
    database.close()


def test_threads_that_ended_leave_no_connection_open(tmp_path: Path) -> None:
    database = SqliteDatabase(str(tmp_path / "a.db"))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        thread = threading.Thread(target=lambda: database.query("SELECT 1"))
        thread.start()
        thread.join()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 2
    database.close()


class TestPostgres:
    """What only a server can do to us."""

    @pytest.fixture
    def database_address(self, postgres: str) -> str:
        return postgres

    def test_a_server_that_is_not_there_is_unavailable(self) -> None:
        with pytest.raises(Unavailable, match="server is not there"):
            PostgresDatabase("postgresql://nobody@127.0.0.1:9/none?connect_timeout=2")

    def test_a_lost_connection_is_unavailable_once_and_replaced(self, open_database) -> None:
        database, killer = open_database(), open_database()
        ((pid,),) = database.query("SELECT pg_backend_pid()")
        killer.query("SELECT pg_terminate_backend(CAST(:pid AS INT))", {"pid": pid})
        with pytest.raises(Unavailable):
            database.query("SELECT 1")
        assert database.query("SELECT 1") == [(1,)]

    def test_a_connection_lost_in_a_transaction_undoes_it(self, open_database) -> None:
        database, killer = open_database(), open_database()
        database.script(["CREATE TABLE IF NOT EXISTS lost (id TEXT) STRICT"])

        def lose() -> None:
            with database.transaction():
                database.execute("INSERT INTO lost (id) VALUES ('a')")
                ((pid,),) = database.query("SELECT pg_backend_pid()")
                killer.query("SELECT pg_terminate_backend(CAST(:pid AS INT))", {"pid": pid})
                database.execute("INSERT INTO lost (id) VALUES ('b')")

        with pytest.raises(Unavailable):
            lose()
        assert database.query("SELECT * FROM lost") == []

    def test_a_refusal_that_was_swallowed_does_not_commit_half(self, open_database) -> None:
        database = open_database()
        database.script([SCHEMA])

        def swallow() -> None:
            with database.transaction():
                database.execute(PUT, thing("a"))
                try:
                    database.execute(PUT, thing("a"))
                except Conflict:
                    return

        with pytest.raises(Conflict, match="all of it is undone"):
            swallow()
        assert ids(database) == []

    def test_scrubbing_rewrites_the_tables_without_their_dead_rows(self, open_database) -> None:
        database = open_database()
        database.script([SCHEMA])
        database.execute_many(PUT, [thing(str(n), data=bytes(2000)) for n in range(500)])
        database.execute("DELETE FROM things")
        database.scrub()
        assert database.query("SELECT pg_relation_size('things')") == [(0,)]
        assert "write-ahead log" in database.out_of_scope[0]

    def test_it_is_copied_by_the_servers_own_tools(self, open_database) -> None:
        with pytest.raises(Unsupported) as refused:
            open_database().copy_to("/somewhere")
        assert "pg_dump" in refused.value.hint

    def test_statements_are_translated(self) -> None:
        assert to_postgres("SELECT a::text, ':b', :c -- :d 100%") == b"SELECT a::text, ':b', %(c)s -- :d 100%%"
        assert to_postgres("CREATE TABLE t (a INTEGER, b BLOB, c TEXT, d REAL) STRICT, WITHOUT ROWID") == (
            b'CREATE TABLE t (a BIGINT, b BYTEA, c TEXT COLLATE "C", d DOUBLE PRECISION)'
        )
