"""Runs: steps done once, maps in order, cancelling, leases that fence, and runs whose process is gone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from thruline.backends.sqlite import SqliteDatabase
from thruline.core.errors import Conflict, Invalid, NotFound
from thruline.core.ids import Ids, random_id
from thruline.ledger.ledger import SqlLedger
from thruline.runs.lease import LEASE_S
from thruline.runs.runner import Cancelled, Run, Runs, Step
from thruline.testing.memory import MemoryPayloads

A, B = "record:" + "a" * 32, "record:" + "b" * 32


@dataclass
class HandClock:
    """Time that a test moves."""

    at: int = 1_000_000

    def now(self) -> int:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += int(seconds * 1e6)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def runs(tmp_path: Path, clock: HandClock) -> Iterator[Runs]:
    database = SqliteDatabase(str(tmp_path / "runs.db"))
    yield Runs(database, SqlLedger(database, clock), MemoryPayloads(), Ids(b"k" * 32), clock)
    database.close()


@pytest.fixture
def code(tmp_path: Path) -> ModuleType:
    """A module whose text decides a step's result."""
    module = ModuleType("code")
    module.__file__ = str(tmp_path / "code.py")
    Path(module.__file__).write_text("x = 1")
    return module


class Work:
    """Counts how often it is done."""

    def __init__(self, run: Run, code: ModuleType) -> None:
        self.run, self.step, self.done = run, Step(name="work", modules=(code,)), 0

    def __call__(self, *inputs: str, config: object = None) -> int:
        def work() -> int:
            self.done += 1
            return self.done

        return self.run.step(self.step, inputs, config, work, int, owner=lambda _: A).value


def test_a_step_is_done_once_for_the_same_code_config_and_inputs(runs: Runs, code: ModuleType) -> None:
    with runs.start("sync") as run:
        work = Work(run, code)
        assert [work(A), work(A), work(A, config={"n": 1}), work(A, config={"n": 1}), work(B), work(A)] == [
            1,
            1,
            2,
            2,
            3,
            1,
        ]


def test_a_step_is_remembered_by_the_next_run(runs: Runs, code: ModuleType) -> None:
    with runs.start("sync") as run:
        assert Work(run, code)(A) == 1
    with runs.start("sync") as run:
        work = Work(run, code)
        assert (work(A), work.done) == (1, 0)


def test_changed_code_does_the_step_again(runs: Runs, code: ModuleType) -> None:
    with runs.start("sync") as run:
        Work(run, code)(A)
    Path(str(code.__file__)).write_text("x = 2")
    with runs.start("sync") as run:
        work = Work(run, code)
        assert (work(A), work.done) == (1, 1)


def test_a_step_that_fails_is_not_remembered(runs: Runs, code: ModuleType) -> None:
    with runs.start("sync") as run:
        step = Step(name="work", modules=(code,))
        with pytest.raises(Invalid):
            run.step(step, (A,), None, lambda: _fail(), int, owner=lambda _: A)
        assert run.step(step, (A,), None, lambda: 7, int, owner=lambda _: A).value == 7


def _fail() -> int:
    raise Invalid("no")


def test_forgetting_an_input_forgets_what_was_made_of_it_and_nothing_else(runs: Runs, code: ModuleType) -> None:
    with runs.start("sync") as run:
        work = Work(run, code)
        work(A), work(B), work(A, B)
        forgotten = runs.forget([A])
        assert len(forgotten) == 2
        assert runs.inputs_of(forgotten) == []
        assert [work(B), work(A)] == [2, 4]


def test_a_map_keeps_its_order_and_bounds_what_waits(runs: Runs) -> None:
    started: list[int] = []
    with runs.start("sync") as run:
        results = run.map(lambda n: started.append(n) or n * n, range(100), workers=2)
        assert next(results) == 0
        assert len(started) <= 2 * 2 + 1
        assert list(results) == [n * n for n in range(1, 100)]


def test_a_cancelled_run_stops_at_its_next_step(runs: Runs) -> None:
    def work() -> None:
        with runs.start("sync") as run:
            for n in run.map(lambda n: n, range(1000), workers=2):
                if n == 3:
                    runs.cancel(run.id)

    with pytest.raises(Cancelled):
        work()
    assert [(r.state, r.error) for r in runs.list()] == [("cancelled", "conflict")]
    with pytest.raises(Conflict, match="cancelled"):
        runs.cancel(runs.list()[0].id)


def test_an_error_in_a_map_ends_the_run_with_its_code(runs: Runs) -> None:
    with pytest.raises(Invalid), runs.start("sync") as run:
        list(run.map(lambda _: _fail(), range(9), workers=2))
    assert [(r.state, r.error) for r in runs.list()] == [("failed", "invalid")]


def test_one_name_has_one_holder_at_a_time(runs: Runs) -> None:
    with runs.start("sync", only="a") as run, runs.start("sync", only="b"), runs.start("erase", only="a"):
        second = runs.start("sync", only="a")
        with pytest.raises(Conflict, match=run.id):
            second.__enter__()
    with runs.start("sync", only="a"):
        pass


def test_a_holder_that_slept_through_its_lease_cannot_write(runs: Runs, clock: HandClock) -> None:
    first = runs.leases.take("sync:a", random_id("run"))
    clock.pass_by(LEASE_S + 1)
    second = runs.leases.take("sync:a", random_id("run"))
    assert (first.epoch, second.epoch) == (1, 2)
    with pytest.raises(Conflict, match="taken over"):
        runs.leases.check(first)
    assert not runs.leases.extend(first)
    runs.leases.end(first)
    runs.leases.check(second)
    assert runs.leases.extend(second)


def test_a_stale_runs_commit_writes_nothing(runs: Runs, clock: HandClock) -> None:
    def late() -> None:
        with runs.start("sync", only="a") as run:
            clock.pass_by(LEASE_S + 1)
            runs.leases.take("sync:a", random_id("run"))
            with run.commit():
                runs.database.execute("INSERT INTO memo (key, step, made) VALUES ('k', 's', 0)")

    with pytest.raises(Conflict, match="taken over"):
        late()
    assert runs.database.query("SELECT count(*) FROM memo") == [(0,)]


HOLD = """
import sys, time
from thruline.backends.sqlite import SqliteDatabase
from thruline.core.ids import Ids
from thruline.ledger.ledger import SqlLedger
from thruline.runs.runner import Runs
from thruline.testing.memory import MemoryPayloads
database = SqliteDatabase(sys.argv[1])
with Runs(database, SqlLedger(database), MemoryPayloads(), Ids(b"k" * 32)).start("sync", only="a"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_dead_process_holds_nothing_and_its_run_is_lost(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "runs.db")]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    database = SqliteDatabase(str(tmp_path / "runs.db"))
    runs = Runs(database, SqlLedger(database), MemoryPayloads(), Ids(b"k" * 32))
    with pytest.raises(Conflict, match="under way"):
        runs.start("sync", only="a").__enter__()
    assert runs.reap() == 0
    holder.kill()
    holder.communicate()
    with runs.start("sync", only="a"):
        assert sorted(r.state for r in runs.list()) == ["lost", "running"]
    assert runs.reap() == 0
    assert runs.leases.lost() == []
    database.close()


def test_an_unknown_run_is_not_found(runs: Runs) -> None:
    with pytest.raises(NotFound):
        runs.get(random_id("run"))


def test_progress_is_in_the_journal(runs: Runs) -> None:
    told: list[tuple[str, int, int]] = []
    with runs.start("sync", progress=lambda *said: told.append(said)) as run:
        run.tell("reading", 10, 10)
    assert (runs.list()[0].done, runs.list()[0].total, told) == (10, 10, [("reading", 10, 10)])
