"""A home whose index moves to a PostgreSQL and back: answers, a server that goes away, an erasure that reaches it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psycopg
import pytest

from thruline.app.platform import Platform
from thruline.app.render import render
from thruline.backends.flat4_dense import Flat4Dense
from thruline.core.errors import Denied, Unavailable
from thruline.flows.elsewhere import rows_that_serve
from thruline.flows.tune import tune
from thruline.ports.dense import DenseIndex
from thruline.testing.homes import FastEngines, killed_at, open_home, write
from thruline.testing.postgres import empty_database, running_server
from thruline.vectors.goals import Goals
from thruline.vectors.plans import FIRST, DensePlan
from thruline.vectors.standby import Standby

TEXTS = {
    f"d{n}": f"# {word.title()}\n\nThe {word} is {n} years old and stands alone."
    for n, word in enumerate(("gate", "pump", "orchard", "ledger", "harbour", "lantern", "violin", "copper"))
}
PERSON = {"p1": "# Visit\n\nOttilie Kvasthoug (ottilie@kvasthoug.example) came to see the violin."}


@pytest.fixture
def server(postgres: str) -> Iterator[str]:
    with empty_database(postgres, "moved") as url:
        yield url


@pytest.fixture
def secret(tmp_path: Path, server: str) -> Path:
    path = tmp_path / "url"
    path.write_text(server)
    return path


def settings(secret: Path, **more: str) -> dict[str, str]:
    return {"THRULINE_VECTORS__PGVECTOR": f"file:{secret}", **more}


@pytest.fixture
def home(tmp_path: Path, secret: Path) -> Iterator[Platform]:
    folder = tmp_path / "docs"
    folder.mkdir()
    with open_home(tmp_path / "home", settings(secret)) as platform:
        platform.data.add(path=str(write(folder, **TEXTS, **PERSON)))
        platform.data.sync()
        yield platform


def rows_there(server: str) -> list[tuple[str, int]]:
    with psycopg.connect(server) as connection:
        names = connection.execute(
            "SELECT tablename FROM pg_tables WHERE tablename ~ '^thruline_[0-9a-f]{24}'"
        ).fetchall()
        return [(n, connection.execute(f"SELECT count(*) FROM {n}".encode()).fetchall()[0][0]) for (n,) in names]


def found(home: Platform) -> list[str]:
    return [p.chunk for p in home.vectors.search(question="how old is the violin", k=5).passages]


def test_the_index_moves_to_a_server_and_back_with_the_same_answers(home: Platform, server: str) -> None:
    before = found(home)
    assert home.vectors.move_index(to="pgvector").moved
    assert found(home) == before
    ((_, rows),) = rows_there(server)
    assert rows == 9
    assert {c.name: c.state for c in home.ledger.doctor()}["engine"] == "ok"
    home.vectors.rollback_plan()
    assert found(home) == before
    assert rows_there(server) == []


def test_a_later_process_sends_nothing_again(home: Platform, server: str, secret: Path) -> None:
    home.vectors.move_index(to="pgvector")
    before = found(home)
    with psycopg.connect(server) as connection:
        ((table, _),) = rows_there(server)
        last = connection.execute(f"SELECT max(slot) FROM {table}".encode()).fetchall()
    with open_home(home.home.path, settings(secret)) as again:
        assert found(again) == before
    with psycopg.connect(server) as connection:
        assert connection.execute(f"SELECT max(slot) FROM {table}".encode()).fetchall() == last


def test_a_dry_run_leaves_nothing_on_the_server(home: Platform, server: str) -> None:
    assert home.vectors.move_index(to="pgvector", dry_run=True).ok
    assert rows_there(server) == []


def test_a_server_that_goes_away_is_stood_in_for_and_returned_to(home: Platform, server: str, secret: Path) -> None:
    home.vectors.move_index(to="pgvector")
    before = found(home)
    secret.write_text("postgresql://nobody@/none?host=/nowhere")
    with open_home(home.home.path, settings(secret)) as away:
        assert found(away) == before
        check = {c.name: c for c in away.ledger.doctor()}["engine"]
        assert check.state == "fail"
        assert "index move --to flat4" in check.cure
        with pytest.raises(Unavailable):
            away.data.erase(identifiers=["ottilie@kvasthoug.example"])
        assert away.vectors.rollback_plan()[0].plan == "flat4"
    with (
        open_home(home.home.path, settings(secret, THRULINE_VECTORS__STANDBY="off")) as strict,
    ):
        assert found(strict) == before


def test_an_erasure_takes_the_vectors_out_of_the_server(home: Platform, server: str) -> None:
    home.vectors.move_index(to="pgvector")
    line = home.line
    (record,) = [r for r in line.records.list(state="live", limit=100) if "Ottilie" in str(home.data.text(record=r.id))]
    (vectors,) = (held.vectors for held in line.generations.load([record.vectors]).values())
    ((table, rows),) = rows_there(server)
    data = data_folder(server)
    checkpoint(server)
    assert holding(data, vectors[0])
    report = home.data.erase(identifiers=["ottilie@kvasthoug.example", "Ottilie Kvasthoug"])
    assert report.residue == 0
    assert any("write-ahead log" in said and "PostgreSQL" in said for said in report.out_of_scope)
    assert rows_there(server) == [(table, rows - 1)]
    checkpoint(server)
    assert holding(data, vectors[0]) == []
    assert len(found(home)) == 5


def test_a_source_that_may_not_leave_its_region_keeps_the_index_at_home(home: Platform) -> None:
    (source,) = home.line.records.sources()
    home.data.change(source=source.name, options=("residency=eu",))
    with pytest.raises(Denied, match="vectors' PostgreSQL"):
        home.vectors.move_index(to="pgvector")


def test_two_homes_on_one_server_do_not_meet(home: Platform, server: str, secret: Path, tmp_path: Path) -> None:
    folder = tmp_path / "others"
    folder.mkdir()
    home.vectors.move_index(to="pgvector")
    before = found(home)
    with open_home(tmp_path / "other", settings(secret)) as other:
        other.data.add(path=str(write(folder, **TEXTS)))
        other.data.sync()
        assert other.vectors.move_index(to="pgvector").moved
        assert len(rows_there(server)) == 2
        other.vectors.rollback_plan()
    assert len(rows_there(server)) == 1
    assert found(home) == before


@pytest.mark.parametrize("stage", ["reading", "building", "comparing", "switching"])
def test_a_move_that_is_killed_has_not_moved_and_the_next_one_does(
    home: Platform, server: str, secret: Path, stage: str
) -> None:
    before, path = found(home), home.home.path
    home.close()
    (path / "thruline.toml").write_text(f'[vectors]\npgvector = "file:{secret}"\n')
    killed_at(stage, path, "vectors.move_index", {"to": "pgvector"})
    assert [rows for _, rows in rows_there(server)] == ([9] if stage in ("comparing", "switching") else [])
    with open_home(path) as again:
        assert again.line.plans.current("main") == FIRST
        assert found(again) == before
        assert again.vectors.move_index(to="pgvector").moved
        assert found(again) == before
        assert [rows for _, rows in rows_there(server)] == [9]
        assert again.ledger.verify().ok


def test_what_a_killed_move_sent_goes_with_the_next_erasure(home: Platform, server: str, secret: Path) -> None:
    path = home.home.path
    home.close()
    (path / "thruline.toml").write_text(f'[vectors]\npgvector = "file:{secret}"\n')
    killed_at("switching", path, "vectors.move_index", {"to": "pgvector"})
    assert rows_there(server)
    with open_home(path) as again:
        assert again.data.erase(identifiers=["ottilie@kvasthoug.example", "Ottilie Kvasthoug"]).residue == 0
    assert rows_there(server) == []


@pytest.fixture
def cramped(tmp_path: Path, server: str) -> Iterator[Path]:
    """The disk of a table space without room, which is that of every new table."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts file systems")
    with TemporaryDirectory(prefix="thruline-pg-") as folder:  # where the server's account may look
        Path(folder).chmod(0o755)
        disk = Path(folder, "disk")
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40k", "tmpfs", disk], check=False).returncode:
            pytest.skip("no tmpfs here")
        shutil.chown(disk, "nobody")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE cramped LOCATION '{disk}'".encode())
        yield disk
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("DROP TABLE IF EXISTS thruline_vectors")
            connection.execute("DROP TABLESPACE cramped")
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_server_without_room_is_told_apart_from_one_that_is_away_and_moved_to_when_it_has_some(
    home: Platform, server: str, secret: Path, cramped: Path
) -> None:
    secret.write_text(f"{server}&options=-c%20default_tablespace%3Dcramped")
    before = found(home)
    with pytest.raises(Unavailable, match="has no room"):
        home.vectors.move_index(to="pgvector")
    assert home.line.plans.current("main") == FIRST
    assert found(home) == before
    subprocess.run(["mount", "-o", "remount,size=20m", cramped], check=True)
    assert home.vectors.move_index(to="pgvector").moved
    assert found(home) == before
    home.vectors.rollback_plan()
    assert rows_there(server) == []


@pytest.mark.parametrize("stage", ["deleting", "scrubbing", "looking for residue"])
def test_an_erasure_that_is_killed_is_finished_on_the_server_by_the_same_words(
    home: Platform, server: str, secret: Path, stage: str
) -> None:
    path, who = home.home.path, ["ottilie@kvasthoug.example", "Ottilie Kvasthoug"]
    home.vectors.move_index(to="pgvector")
    home.close()
    (path / "thruline.toml").write_text(f'[vectors]\npgvector = "file:{secret}"\n')
    killed_at(stage, path, "data.erase", {"identifiers": who})
    with open_home(path) as again:
        assert again.data.erase(identifiers=who).residue == 0
        assert [rows for _, rows in rows_there(server)] == [8]
        assert len(found(again)) == 5


def test_a_tuning_measures_the_server_too_and_leaves_nothing_there(home: Platform, server: str) -> None:
    report = home.vectors.tune_index(recall=0.9, p95="1h")
    (there,) = (one for one in report.measured if one.plan == "pgvector")
    assert (there.recall.value, there.elsewhere > 0, there.taken, report.unmeasured) == (1.0, True, False, ())
    assert rows_there(server) == []
    assert all(len(line) <= 120 for line in render(report).splitlines())


def test_a_tuning_that_finds_a_cheaper_engine_takes_the_rows_off_the_server(home: Platform, server: str) -> None:
    home.vectors.move_index(to="pgvector")
    assert rows_there(server)
    report = home.vectors.tune_index(recall=0.9, p95="1h")
    assert (report.before, report.changed) == ("pgvector", True)
    assert not report.plan.startswith("pgvector")
    assert rows_there(server) == []


def test_a_tuning_that_nobody_asked_for_sends_nothing_to_a_server(home: Platform, server: str) -> None:
    report = tune(home.line, Goals(recall=0.9, p95_ms=1e6), dry_run=False, actor="", why="retuned")
    assert not [one for one in report.measured if one.plan == "pgvector"]


def test_a_tuning_says_of_a_server_that_is_away_that_it_was_not_measured(home: Platform, secret: Path) -> None:
    secret.write_text("postgresql://nobody@/none?host=/nowhere")
    report = home.vectors.tune_index(recall=0.9, p95="1h")
    assert report.ok
    (said,) = report.unmeasured
    assert said.startswith("pgvector: the vectors' PostgreSQL is not there")
    assert "not measured: pgvector" in " ".join(render(report).split())


def test_a_tuning_sends_no_vectors_where_a_source_may_not_be(home: Platform, server: str) -> None:
    (source,) = home.line.records.sources()
    home.data.change(source=source.name, options=("residency=eu",))
    report = home.vectors.tune_index(recall=0.9, p95="1h")
    assert not [one for one in report.measured if one.plan == "pgvector"]


def test_what_a_killed_tuning_left_on_the_server_goes_with_the_next_erasure(home: Platform, server: str) -> None:
    left = home.line.engines.server(DensePlan(engine="pgvector"), trial=True)
    left.build(rows_that_serve(home.line).astype(np.float32))
    left.close()
    home.vectors.move_index(to="pgvector")
    assert len(rows_there(server)) == 2
    assert home.data.erase(identifiers=["ottilie@kvasthoug.example", "Ottilie Kvasthoug"]).residue == 0
    assert [rows for _, rows in rows_there(server)] == [8]


def test_a_new_home_is_searched_by_what_the_settings_name(tmp_path: Path, server: str, secret: Path) -> None:
    given = settings(secret, THRULINE_VECTORS__ENGINE="pgvector ef=64")
    with open_home(tmp_path / "new", given) as home:
        home.data.add(path=str(write(tmp_path / "texts", **TEXTS)))
        home.data.sync()
        assert len(found(home)) == 5
        assert home.vectors.plans()[-1].plan == "pgvector ef=64"
        assert [rows for _, rows in rows_there(server)] == [8]


class Hasty(FastEngines):
    """A home that asks a server that was away again at once."""

    def dense(self, plan: DensePlan) -> DenseIndex:
        if plan.engine != "pgvector":
            return super().dense(plan)
        return Standby(self.server(plan), Flat4Dense, now=lambda: time.monotonic() * 1000)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT], ids=["shut down", "crashed"])
def test_what_changed_while_the_server_was_away_is_on_it_when_it_is_back(
    tmp_path: Path, number: signal.Signals
) -> None:
    docs, secret = write(tmp_path / "docs", **TEXTS, **PERSON), tmp_path / "url"
    with running_server() as server, open_home(tmp_path / "home", settings(secret), engines=Hasty) as home:
        secret.write_text(server.url)
        home.data.add(path=str(docs))
        home.data.sync()
        assert home.vectors.move_index(to="pgvector").moved
        assert scan(home) == "gather"
        server.stop(number)
        assert scan(home) == "standby"
        (docs / "d1.md").unlink()
        write(docs, d7="# Copper\n\nThe copper kettle was mended.", d8="# Anvil\n\nThe anvil is 8 years old.")
        home.data.sync()
        changed = home.vectors.search(question="how old is the anvil", k=20)
        assert {p.path for p in changed.passages} == {"p1.md", *(f"d{n}.md" for n in (0, 2, 3, 4, 5, 6, 7, 8))}
        assert changed.searched is not None
        assert changed.searched.scan == "standby"
        with pytest.raises(Unavailable):
            home.data.erase(identifiers=["ottilie@kvasthoug.example"])
        server.start()
        home.vectors.search(
            question="how old is the anvil"
        )  # a standby looks whether it is back, and brings it up to date
        back = home.vectors.search(question="how old is the anvil", k=20)
        assert back.searched is not None
        assert back.searched.scan == "gather"
        assert [p.chunk for p in back.passages] == [p.chunk for p in changed.passages]
        assert home.data.erase(identifiers=["ottilie@kvasthoug.example", "Ottilie Kvasthoug"]).residue == 0
        assert [rows for _, rows in rows_there(server.url)] == [8]
        home.vectors.rollback_plan()
        assert rows_there(server.url) == []


def scan(home: Platform) -> str:
    searched = home.vectors.search(question="how old is the violin").searched
    assert searched is not None
    return searched.scan


def data_folder(server: str) -> Path:
    return Path(server.partition("host=")[2], "data")


def checkpoint(server: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CHECKPOINT")


def holding(data: Path, row: np.ndarray) -> list[str]:
    files = (f for f in data.rglob("*") if f.is_file() and "pg_wal" not in f.parts)
    return [f.name for f in files if row.astype(np.float16).tobytes() in f.read_bytes()]
