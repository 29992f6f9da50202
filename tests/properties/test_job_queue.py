"""Whatever workers do, die or sleep through: each attempt starts once, each job ends once, no machine is overfull."""

from __future__ import annotations

import tempfile
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from thruline.backends.sqlite import SqliteDatabase
from thruline.core.errors import Conflict
from thruline.core.ids import ArtifactId
from thruline.infra.jobs import LEASE_S, Job, Jobs
from thruline.infra.work import Worker
from thruline.ledger.ledger import SqlLedger
from thruline.ports.compute import ENDED, JobSpec, JobState, JobStatus
from thruline.testing.memory import MemoryPayloads
from thruline.testing.scripted_compute import HandClock, ScriptedCompute

either = st.integers(0, 1)
outcomes = st.sampled_from(sorted(ENDED))


class TwoWorkers(RuleBasedStateMachine):
    """Two workers, each with its own connection to one database file, over one machine of four cores."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = HandClock()
        self.compute = ScriptedCompute()
        self.payloads = MemoryPayloads()
        path = str(Path(self.folder.name) / "home.db")
        self.databases = [SqliteDatabase(path) for _ in range(2)]
        self.ledgers = [SqlLedger(database) for database in self.databases]
        self.queues = [
            Jobs(database, ledger, self.payloads, self.compute, self.clock)  # type: ignore[arg-type]
            for database, ledger in zip(self.databases, self.ledgers, strict=True)
        ]
        self.workers = [Worker(queue) for queue in self.queues]
        self.stale: list[Job] = []

    @rule(cpus=st.integers(1, 4), priority=st.integers(0, 2))
    def submit(self, cpus: int, priority: int) -> None:
        self.clock.at += 1  # so that the order of the queue does not hang on random ids
        self.queues[0].submit(JobSpec(command=("x",), cpus=cpus), priority=priority)

    @rule(which=either)
    def work(self, which: int) -> None:
        self.workers[which].step()

    @rule(which=either)
    def a_worker_dies_between_taking_and_starting(self, which: int) -> None:
        if job := self.queues[which].take("victim"):
            self.stale.append(job)

    @rule(which=either)
    def a_worker_is_killed_and_another_begins(self, which: int) -> None:
        self.workers[which] = Worker(self.queues[which])

    @rule(which=either)
    def a_worker_stops_in_order(self, which: int) -> None:
        self.workers[which].release()

    @rule(state=outcomes, data=st.data())
    def a_process_ends(self, state: JobState, data: st.DataObject) -> None:
        if running := self.compute.running():
            self.compute.end(data.draw(st.sampled_from(running)), state)

    @rule(data=st.data())
    def the_backend_forgets(self, data: st.DataObject) -> None:
        if running := self.compute.running():
            self.compute.vanish(data.draw(st.sampled_from(running)))
            self.compute.started = dict.fromkeys(self.compute.started, 0)

    @rule(which=either)
    def somebody_sweeps(self, which: int) -> None:
        self.queues[which].sweep()

    @rule(seconds=st.sampled_from([1, LEASE_S + 1]))
    def time_passes(self, seconds: float) -> None:
        self.clock.pass_seconds(seconds)

    @rule(data=st.data(), which=either)
    def somebody_cancels(self, data: st.DataObject, which: int) -> None:
        if open_jobs := [job for job in self.queues[which].list() if not job.is_ended]:
            self.queues[which].cancel(data.draw(st.sampled_from(open_jobs)).id)

    @rule(data=st.data(), state=outcomes)
    def the_dead_come_back_and_commit(self, data: st.DataObject, state: JobState) -> None:
        if not self.stale:
            return
        job = data.draw(st.sampled_from(self.stale))
        now = self.queues[0].job(job.id)
        is_holder = now.state == "running" and now.epoch == job.epoch
        try:
            self.queues[1].finish(job, JobStatus(state=state))
        except Conflict:
            assert not is_holder
        else:
            assert is_holder

    @invariant()
    def each_job_ends_once(self) -> None:
        finished = [event.inputs[0] for event in self.ledgers[0].read(verbs=["job.finished"], limit=10_000)]
        ended = {job.id for job in self.queues[0].list(limit=10_000) if job.is_ended}
        assert len(finished) == len(set(finished))
        assert set(finished) == ended

    @invariant()
    def each_attempt_starts_once(self) -> None:
        assert all(count <= 1 for count in self.compute.started.values())

    @invariant()
    def the_machine_is_never_overfull(self) -> None:
        assert sum(job.cpus for job in self.queues[0].list(state="running")) <= 4

    def teardown(self) -> None:
        for database in self.databases:
            database.close()
        self.folder.cleanup()


TestTwoWorkers = TwoWorkers.TestCase
TestTwoWorkers.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)


def test_a_job_that_was_to_be_cancelled_and_that_its_backend_has_lost_ends() -> None:
    machine = TwoWorkers()
    machine.begin()
    machine.submit(cpus=1, priority=0)
    machine.work(0)
    (handle,) = machine.compute.running()
    job = ArtifactId(handle.rpartition(".")[0])
    machine.queues[1].cancel(job)
    machine.compute.vanish(handle)
    machine.work(0)
    assert machine.queues[0].job(job).state in ENDED | {"queued"}
    machine.teardown()
