"""Every ledger keeps the port's promises; those in SQL keep them against the database's own users too."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from thruline.core.errors import Conflict
from thruline.ledger.ledger import SqlLedger
from thruline.testing.drafts import made, new
from thruline.testing.ledger_suite import LedgerSuite, assert_unforked
from thruline.testing.memory import MemoryLedger

PROCESSES, APPENDS = 4, 20


class TestMemoryLedger(LedgerSuite):
    @pytest.fixture
    def ledger(self) -> MemoryLedger:
        return MemoryLedger()


class TestSqlLedger(LedgerSuite):
    @pytest.fixture
    def ledger(self, database) -> SqlLedger:
        return SqlLedger(database)

    @pytest.mark.parametrize("change", ["UPDATE events SET run = ''", "DELETE FROM events WHERE seq = 1"])
    def test_the_database_itself_refuses_change(self, ledger, database, change) -> None:
        ledger.append([made(*new(1))])
        with pytest.raises(Conflict, match="append-only"):
            database.execute(change)
        assert_unforked(list(ledger.read()))

    def test_postgresql_refuses_to_empty_the_ledger(self, ledger, database) -> None:
        ledger.append([made(*new(1))])
        if database.dialect == "sqlite":
            pytest.skip("SQLite has no TRUNCATE")
        with pytest.raises(Conflict, match="append-only"):
            database.execute("TRUNCATE events")

    def test_state_and_event_commit_together_or_not_at_all(self, ledger, database) -> None:
        database.script(["CREATE TABLE IF NOT EXISTS notes (id TEXT PRIMARY KEY) STRICT"])

        def note(fail: bool) -> None:
            with database.transaction():
                database.execute("INSERT INTO notes (id) VALUES (:id)", {"id": "one"})
                ledger.append([made(*new(1))])
                if fail:
                    raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            note(fail=True)
        assert (ledger.head().seq, database.query("SELECT * FROM notes")) == (0, [])
        note(fail=False)
        assert (ledger.head().seq, database.query("SELECT * FROM notes")) == (1, [("one",)])

    def test_projections_come_back_from_the_chain(self, ledger, database) -> None:
        a, b, c = new(3)
        ledger.append([made(b, of=(a,)), made(c, of=(b,), via=(a,)), made(b, of=(a,))])
        before = (ledger.stored_artifacts(), ledger.stored_edges())
        database.execute("DELETE FROM edges")
        database.execute("UPDATE artifacts SET seq = 7")
        ledger.rebuild()
        assert (ledger.stored_artifacts(), ledger.stored_edges()) == before

    def test_processes_append_one_unforked_chain(self, ledger, database_address) -> None:
        def write(_: int) -> list[int]:
            command = [sys.executable, "-m", "thruline.testing.appender", database_address, str(APPENDS)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            return [int(line) for line in done.stdout.split()]

        with ThreadPoolExecutor(PROCESSES) as pool:
            acknowledged = [seq for seqs in pool.map(write, range(PROCESSES)) for seq in seqs]
        events = list(ledger.read(limit=10_000))
        batches = PROCESSES * APPENDS
        assert len(acknowledged) == batches
        assert set(acknowledged) <= {e.seq for e in events}
        assert_unforked(events)
