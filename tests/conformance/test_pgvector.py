"""The index in PostgreSQL keeps the promises of a dense index, and those of a store that others can look into."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import psycopg
import pytest

from thruline.backends.pgvector_dense import PgvectorDense
from thruline.core.errors import Corrupt, Invalid, Unavailable
from thruline.testing.dense_suite import DenseSuite, clustered, recall, truth, without_nearest
from thruline.testing.postgres import empty_database

OWNER = "app"  # no superuser: row-level security does not hold for those


@pytest.fixture(scope="module")
def admin(postgres: str) -> Iterator[str]:
    """A database with pgvector whose schema belongs to a role that is nobody special."""
    with empty_database(postgres, "vectors") as url:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute("CREATE EXTENSION vector")
            server.execute(f"CREATE ROLE {OWNER} LOGIN".encode())
            server.execute("CREATE ROLE stranger LOGIN")
            server.execute(f"ALTER SCHEMA public OWNER TO {OWNER}".encode())
            server.execute("GRANT USAGE ON SCHEMA public TO stranger")
        yield url
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(f"DROP ROLE {OWNER}".encode())
        server.execute("DROP ROLE stranger")


@pytest.fixture(scope="module")
def url(admin: str) -> str:
    return as_role(admin, OWNER)


def as_role(url: str, role: str) -> str:
    return url.replace("//thruline@", f"//{role}@")


class TestPgvectorDense(DenseSuite):
    url: str
    opened: list[PgvectorDense]

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _server(cls, url: str) -> None:
        cls.url = url

    @pytest.fixture(autouse=True)
    def _closing(self) -> Iterator[None]:
        self.opened = []
        yield
        for index in self.opened:
            index.close()

    def open(self, name: str = "one") -> PgvectorDense:
        index = PgvectorDense(url=self.url, name=name)
        if name != "built":  # that one outlives a test
            self.opened.append(index)
        return index


@pytest.fixture
def index(url: str) -> Iterator[PgvectorDense]:
    index = PgvectorDense(url=url, name="mine")
    yield index
    index.close()
    index.drop()
    index.close()


def tables(admin: str) -> list[str]:
    with psycopg.connect(admin) as server:
        return [n for (n,) in server.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE 'thruline_mine_%'")]


def rows_in(admin: str, table: str) -> int:
    with psycopg.connect(admin) as server:
        return server.execute(f"SELECT count(*) FROM {table}".encode()).fetchall()[0][0]


def test_where_the_graph_ends_short_all_allowed_rows_are_looked_at(url: str) -> None:
    vectors = clustered(6000)
    short = PgvectorDense(url=f"{url}&options=-c%20hnsw.max_scan_tuples%3D50", name="mine", ef=10)
    short.build(vectors)
    for query in clustered(12, seed=8):  # more often than a driver waits before it lets the server keep a plan
        for clusters in (10, 45):  # of fifty
            mask = without_nearest(vectors, query, clusters)
            assert recall(short.search(query, 10, mask), truth(vectors, query, 10, mask)) == 1
    short.drop()


def test_what_is_there_is_not_sent_again(index: PgvectorDense, url: str, admin: str) -> None:
    vectors = clustered(500).astype(np.float16)
    index.build(vectors)
    (table,) = tables(admin)
    with psycopg.connect(admin) as server:
        before = server.execute(f"SELECT max(slot) FROM {table}".encode()).fetchall()
    other = PgvectorDense(url=url, name="mine")
    other.build(np.concatenate([clustered(1, seed=5).astype(np.float16), vectors[::-1]]))
    with psycopg.connect(admin) as server:
        assert server.execute(f"SELECT max(slot) FROM {table}".encode()).fetchall() == [(before[0][0] + 1,)]
    assert other.search(vectors[7].astype(np.float32), 1).rows.tolist() == [500 - 7]
    other.close()


def test_a_session_that_does_not_say_what_it_may_see_sees_no_row(index: PgvectorDense, url: str, admin: str) -> None:
    index.build(clustered(64))
    (table,) = tables(admin)
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute(f"GRANT SELECT ON {table} TO stranger".encode())
    for role in (OWNER, "stranger"):
        with psycopg.connect(as_role(admin, role)) as session:
            count = f"SELECT count(*) FROM {table}".encode()
            assert session.execute(count).fetchall() == [(0,)]
            session.execute("SELECT set_config('thruline.sees', encode('\\x05'::bytea, 'base64'), true)")
            assert session.execute(f"SELECT slot FROM {table} ORDER BY slot".encode()).fetchall() == [(2,)]
            session.rollback()
            assert session.execute(count).fetchall() == [(0,)]


def test_a_row_that_was_not_sent_is_refused(index: PgvectorDense, admin: str) -> None:
    index.build(clustered(50))
    (table,) = tables(admin)
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute(f"UPDATE {table} SET v = (SELECT v FROM {table} LIMIT 1)".encode())
    with pytest.raises(Corrupt, match="was not sent"):
        index.search(clustered(1)[0], 40)


def test_another_process_that_takes_rows_out_is_noticed(index: PgvectorDense, url: str) -> None:
    vectors = clustered(50)
    index.build(vectors)
    other = PgvectorDense(url=url, name="mine")
    other.build(vectors)
    other.delete(np.array([3]))
    other.close()
    with pytest.raises(Unavailable, match="1 rows out"):
        index.search(vectors[3], 5)
    index.build(vectors)
    assert index.search(vectors[3], 1).rows.tolist() == [3]


_BUILD = """\
import sys
from thruline.backends.pgvector_dense import PgvectorDense
from thruline.testing.dense_suite import clustered
PgvectorDense(url=sys.argv[1], name="mine").build(clustered(8000, dims=32))
"""


def test_a_build_that_is_killed_goes_on_where_it_was(index: PgvectorDense, url: str, admin: str) -> None:
    child = subprocess.Popen([sys.executable, "-c", _BUILD, url])
    deadline = time.monotonic() + 60
    while not (made := tables(admin)) or not rows_in(admin, made[0]) > 0:
        assert child.poll() is None
        assert time.monotonic() < deadline
    child.kill()
    child.wait()
    kept = rows_in(admin, made[0])
    vectors = clustered(8000, dims=32)
    assert 0 < kept < len(vectors)
    index.build(vectors)
    assert rows_in(admin, made[0]) == len(vectors)
    assert index.search(vectors[11], 1).rows.tolist() == [11]


def test_after_scrubbing_no_file_of_the_server_holds_a_deleted_row(index: PgvectorDense, admin: str) -> None:
    vectors = clustered(5000).astype(np.float16)
    index.build(vectors)
    data = Path(parse_qs(urlsplit(admin).query)["host"][0], "data")
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute("CHECKPOINT")
    assert files_with(data, vectors[17])
    assert files_with(data, vectors[18])
    index.delete(np.array([17]))
    index.scrub()
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute("CHECKPOINT")
    assert files_with(data, vectors[17]) == []
    assert files_with(data, vectors[18])
    index.drop()
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute("CHECKPOINT")
    assert files_with(data, vectors[18]) == []
    assert tables(admin) == []


def files_with(data: Path, row: np.ndarray) -> list[str]:
    """Of the server's, but for the write-ahead log, which receipts name as out of scope."""
    files = (f for f in data.rglob("*") if f.is_file() and "pg_wal" not in f.parts)
    return [f.name for f in files if row.tobytes() in f.read_bytes()]


def test_a_server_that_is_away_is_said(tmp_path: Path) -> None:
    index = PgvectorDense(url=f"postgresql://nobody@/none?host={tmp_path}", name="mine")
    with pytest.raises(Unavailable, match="is not there"):
        index.build(clustered(3))


@pytest.mark.parametrize("options", [{"m": 1}, {"ef": 0}, {"build_ef": 8}])
def test_a_plan_that_pgvector_cannot_follow_is_refused(options: dict[str, int]) -> None:
    with pytest.raises(Invalid, match="no plan for 'pgvector'"):
        PgvectorDense(url="", name="mine", **options)
