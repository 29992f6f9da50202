"""The queue, by its public door: real SQLite, real ledger, encrypted payloads, and processes where they matter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from thruline.backends.local_compute import LocalCompute
from thruline.backends.local_vault import LocalVault
from thruline.backends.sqlite import SqliteDatabase
from thruline.core.clock import SystemClock
from thruline.core.errors import Conflict, Invalid, NotFound, Unavailable
from thruline.core.ids import random_id
from thruline.core.nouns import Target
from thruline.infra.jobs import LEASE_S, Jobs
from thruline.infra.meter import Prices
from thruline.infra.work import Worker, run_one, work
from thruline.ledger.ledger import SqlLedger
from thruline.ledger.payloads import Payloads
from thruline.ports.compute import JobSpec, JobStatus
from thruline.testing.scripted_compute import HandClock, ScriptedCompute

GB = 10**9
DONE = JobStatus(state="succeeded", exit_code=0)
LOST = JobStatus(state="lost")


def sh(script: str, **limits: object) -> JobSpec:
    return JobSpec(command=("sh", "-c", script), **limits)  # type: ignore[arg-type]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    opened = SqliteDatabase(str(tmp_path / "home.db"))
    yield opened
    opened.close()


@pytest.fixture
def ledger(database: SqliteDatabase) -> SqlLedger:
    return SqlLedger(database)


@pytest.fixture
def payloads(database: SqliteDatabase) -> Payloads:
    return Payloads(database, LocalVault(database, b"k" * 32))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def compute() -> ScriptedCompute:
    return ScriptedCompute()


@pytest.fixture
def jobs(
    database: SqliteDatabase, ledger: SqlLedger, payloads: Payloads, compute: ScriptedCompute, clock: HandClock
) -> Jobs:
    return Jobs(database, ledger, payloads, compute, clock, prices=Prices(cpu_hour=1.0))


@pytest.fixture
def real(database: SqliteDatabase, ledger: SqlLedger, payloads: Payloads, tmp_path: Path) -> Jobs:
    """A queue over this machine's processes."""
    machine = Target(id=random_id("machine"), name="here", backend="local", cpus=2, memory=4 * GB, disk_free=0)
    return Jobs(database, ledger, payloads, LocalCompute(tmp_path / "jobs", machine), SystemClock())


def test_a_job_goes_from_the_queue_to_its_end_and_the_ledger_tells_it(real: Jobs, ledger: SqlLedger) -> None:
    said: list[bytes] = []
    actor, run = random_id("user"), random_id("run")
    job = run_one(real, sh("echo hello; sleep 0.1; echo bye; exit 3"), actor=actor, run=run, on_log=said.append)
    assert (job.state, job.exit_code, b"".join(said)) == ("failed", 3, b"hello\nbye\n")
    queued, started, finished = ledger.read()
    assert [e.verb for e in (queued, started, finished)] == ["job.queued", "job.started", "job.finished"]
    assert queued.outputs == started.inputs == finished.inputs == (job.id,)
    assert {e.run for e in (queued, started, finished)} == {run}
    assert {e.actor for e in (queued, started, finished)} == {actor}
    assert finished.facts["machine"] == real.compute.pool
    assert finished.facts["exit_code"] == 3
    assert finished.facts["peak_memory"] > 0


def test_logs_and_commands_move_into_the_encrypted_store(real: Jobs, tmp_path: Path) -> None:
    job = run_one(real, sh("echo marzipan"))
    assert real.logs(job.id) == b"marzipan\n"
    assert real.logs(job.id, offset=4) == b"ipan\n"
    assert real.spec(job.id) == sh("echo marzipan")
    assert not any(b"marzipan" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_command_that_is_not_there_is_told_in_words(real: Jobs) -> None:
    job = run_one(real, JobSpec(command=("no-such-command",)))
    assert (job.state, job.exit_code) == ("failed", 127)
    assert "no-such-command" in real.reason(job.id)


def test_a_folder_that_is_not_there_fails_the_job_not_the_worker(real: Jobs) -> None:
    job = run_one(real, sh("true", cwd="/no/such/folder"))
    assert job.state == "failed"
    assert "/no/such/folder" in real.reason(job.id)


def test_control_c_cancels_the_job_and_still_says_how_it_ended(real: Jobs) -> None:
    def interrupt(_: bytes) -> None:
        raise KeyboardInterrupt

    job = run_one(real, sh("echo ready; sleep 600"), on_log=interrupt)
    assert job.state == "cancelled"


def test_a_second_worker_goes_on_with_the_process_of_one_that_was_killed(real: Jobs, tmp_path: Path) -> None:
    id = real.submit(sh("echo first; while [ ! -e go ]; do sleep 0.02; done; echo last", cwd=str(tmp_path)))
    dead = Worker(real)
    dead.step()
    pid_of = real.job(id).handle
    real.release(real.job(id))  # as its lease would run out
    (tmp_path / "go").touch()
    stop = threading.Event()
    worker = threading.Thread(target=work, args=(real, stop))
    worker.start()
    job = real.wait(id, timeout_s=30)
    stop.set()
    worker.join()
    assert (job.state, job.attempts, job.epoch, job.handle) == ("succeeded", 1, 2, pid_of)
    assert real.logs(id) == b"first\nlast\n"


def test_a_worker_process_that_is_killed_loses_no_job(real: Jobs, tmp_path: Path) -> None:
    ids = [real.submit(sh("sleep 0.2; echo done")) for _ in range(4)]
    machine = real.compute.targets()[0]
    script = f"""
import sys, threading; from pathlib import Path
from thruline.backends.local_compute import LocalCompute; from thruline.backends.local_vault import LocalVault
from thruline.backends.sqlite import SqliteDatabase; from thruline.core.clock import SystemClock
from thruline.core.nouns import Target; from thruline.infra.jobs import Jobs; from thruline.infra.work import work
from thruline.ledger.ledger import SqlLedger; from thruline.ledger.payloads import Payloads
db = SqliteDatabase({str(tmp_path / "home.db")!r})
machine = Target(id={machine.id!r}, name="", backend="local", cpus=2, memory={4 * GB}, disk_free=0)
compute = LocalCompute(Path({str(tmp_path / "jobs")!r}), machine)
jobs = Jobs(db, SqlLedger(db), Payloads(db, LocalVault(db, b"k" * 32)), compute, SystemClock())
print("ready", flush=True)
work(jobs, threading.Event())
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline()
        while all(real.job(id).state == "queued" for id in ids):
            pass
        os.kill(process.pid, signal.SIGKILL)
    for id in ids:
        if real.job(id).state == "running":
            real.release(real.job(id))
    last = run_one(real, sh("true"))
    worker = Worker(real)
    while not all(real.job(id).is_ended for id in ids):
        worker.step()
    assert last.state == "succeeded"
    assert [real.logs(id) for id in ids] == [b"done\n"] * 4
    assert [real.job(id).attempts for id in ids] == [1] * 4


def test_a_job_whose_process_is_lost_is_tried_again_and_at_last_given_up(
    jobs: Jobs, compute: ScriptedCompute, ledger: SqlLedger
) -> None:
    id = jobs.submit(sh("true"))
    worker = Worker(jobs)
    for _ in range(3):
        worker.step()
        compute.end(compute.running()[0], "lost")
        worker.step()
    worker.step()
    job = jobs.job(id)
    assert (job.state, job.attempts) == ("lost", 3)
    assert list(compute.started.values()) == [1, 1, 1]
    assert [e.facts["outcome"] for e in ledger.read(verbs=["job.finished"])] == ["lost"]


def in_turn(jobs: Jobs, clock: HandClock, *specs: JobSpec) -> list[str]:
    """Submit the specs, a second apart."""
    ids = []
    for spec in specs:
        ids.append(jobs.submit(spec))
        clock.pass_seconds(1)
    return ids


def test_only_what_fits_beside_the_running_jobs_is_taken(jobs: Jobs, clock: HandClock) -> None:
    big, other, small = in_turn(jobs, clock, *(sh("true", cpus=cpus) for cpus in (3, 2, 1)))
    taken = [jobs.take("a"), jobs.take("b"), jobs.take("b")]
    assert [job and job.id for job in taken] == [big, small, None]
    assert jobs.job(other).state == "queued"


def test_memory_counts_too(jobs: Jobs, clock: HandClock) -> None:
    first, _ = in_turn(jobs, clock, sh("true", memory=6 * GB), sh("true", memory=3 * GB))
    assert [job and job.id for job in (jobs.take("a"), jobs.take("a"))] == [first, None]


def test_a_higher_priority_goes_first_then_the_older(jobs: Jobs, clock: HandClock) -> None:
    late = jobs.submit(sh("true"))
    clock.pass_seconds(1)
    later = jobs.submit(sh("true"))
    urgent = jobs.submit(sh("true"), priority=5)
    assert [job.id for job in (jobs.take("a"), jobs.take("a"), jobs.take("a")) if job] == [urgent, late, later]


def test_a_worker_that_slept_through_its_lease_cannot_commit(jobs: Jobs, clock: HandClock, ledger: SqlLedger) -> None:
    jobs.submit(sh("true"))
    sleeper = jobs.take("sleeper")
    assert sleeper
    assert jobs.take("other") is None
    clock.pass_seconds(LEASE_S + 1)
    successor = jobs.take("other")
    assert successor
    assert (successor.id, successor.epoch, successor.attempts) == (sleeper.id, 2, 1)
    for commit in (
        lambda: jobs.keep(sleeper, "h"),
        lambda: jobs.finish(sleeper, DONE),
        lambda: jobs.finish(sleeper, LOST),
    ):
        with pytest.raises(Conflict):
            commit()
    jobs.finish(successor, DONE)
    with pytest.raises(Conflict):
        jobs.finish(successor, DONE)
    assert len(list(ledger.read(verbs=["job.finished"]))) == 1


def test_a_kept_lease_does_not_run_out(jobs: Jobs, clock: HandClock) -> None:
    jobs.submit(sh("true"))
    job = jobs.take("a")
    assert job
    clock.pass_seconds(LEASE_S - 1)
    jobs.keep(job, "handle")
    clock.pass_seconds(LEASE_S - 1)
    assert jobs.take("b") is None
    assert jobs.job(job.id).handle == "handle"


def test_a_job_of_a_machine_that_went_silent_is_run_anew_elsewhere(
    jobs: Jobs, database: SqliteDatabase, ledger: SqlLedger, payloads: Payloads, clock: HandClock
) -> None:
    id = jobs.submit(sh("true"))
    here = Worker(jobs)
    here.step()
    elsewhere = Jobs(database, ledger, payloads, ScriptedCompute(), clock)
    clock.pass_seconds(LEASE_S + 1)
    there = elsewhere.take("there")
    assert there
    assert (there.id, there.attempts, there.epoch) == (id, 2, 2)
    assert isinstance(jobs.compute, ScriptedCompute)
    jobs.compute.end(f"{id}.1", "succeeded")
    here.step()
    assert jobs.job(id).state == "running"
    assert not jobs.compute.processes
    elsewhere.finish(there, DONE)
    assert jobs.job(id).state == "succeeded"


def test_a_waiting_job_is_cancelled_at_once_and_an_ended_one_not_at_all(jobs: Jobs) -> None:
    id = jobs.submit(sh("true"))
    assert jobs.cancel(id) == "cancelled"
    assert jobs.take("a") is None
    with pytest.raises(Conflict, match="cancelled"):
        jobs.cancel(id)


def test_a_running_job_is_cancelled_by_its_worker(jobs: Jobs, compute: ScriptedCompute) -> None:
    id = jobs.submit(sh("true"))
    worker = Worker(jobs)
    worker.step()
    assert jobs.cancel(id) == "running"
    worker.step()
    assert jobs.job(id).state == "cancelled"


def test_what_a_dead_worker_left_with_the_backend_is_swept(jobs: Jobs, compute: ScriptedCompute) -> None:
    jobs.submit(sh("true"))
    job = jobs.take("a")
    assert job
    jobs.keep(job, compute.start(job.attempt, jobs.spec(job.id)))
    compute.end(job.attempt, "succeeded")
    jobs.finish(job, DONE)  # and here it dies
    assert jobs.sweep() == 1
    assert not compute.processes
    assert jobs.sweep() == 0


def test_a_process_that_runs_on_after_its_job_was_given_up_is_ended_by_the_next_sweep(
    jobs: Jobs, compute: ScriptedCompute
) -> None:
    id = jobs.submit(sh("true"))
    job = jobs.take("a")
    assert job
    jobs.keep(job, compute.start(job.attempt, jobs.spec(id)))
    jobs.finish(job, JobStatus(state="failed"))  # settled by somebody who could not see that it runs
    assert jobs.sweep() == 0
    assert not compute.running()
    assert jobs.sweep() == 1
    assert not compute.processes


def test_the_cost_is_what_was_used_times_its_price(jobs: Jobs) -> None:
    id = jobs.submit(sh("true"))
    job = jobs.take("a")
    assert job
    jobs.finish(job, JobStatus(state="succeeded", cpu_seconds=1800.0))
    assert jobs.job(id).cost == pytest.approx(0.5)


def test_jobs_are_listed_latest_first_and_by_state(jobs: Jobs, clock: HandClock) -> None:
    first = jobs.submit(sh("true"))
    clock.pass_seconds(1)
    second = jobs.submit(sh("true"))
    jobs.cancel(first)
    assert [job.id for job in jobs.list()] == [second, first]
    assert [job.id for job in jobs.list(state="queued")] == [second]
    assert [job.id for job in jobs.list(limit=1)] == [second]


def test_a_job_that_no_machine_can_hold_never_enters_the_queue(jobs: Jobs) -> None:
    with pytest.raises(Invalid, match="9 cpus") as refused:
        jobs.submit(sh("true", cpus=9))
    assert "4 cpus, 8.0 GB" in refused.value.hint
    assert not jobs.list()


def test_an_unknown_job_is_not_found(jobs: Jobs) -> None:
    with pytest.raises(NotFound, match="job:nope"):
        jobs.job("job:nope")


def test_waiting_for_a_job_that_nobody_runs_ends_with_a_hint(jobs: Jobs) -> None:
    with pytest.raises(Unavailable, match="still queued"):
        jobs.wait(jobs.submit(sh("true")), timeout_s=0)
