"""The queue with many workers on many machines, over a real PostgreSQL."""

from __future__ import annotations

import threading
from collections import Counter

from thruline.backends.postgres import PostgresDatabase
from thruline.core.clock import SystemClock
from thruline.infra.jobs import LEASE_S, Job, Jobs
from thruline.infra.work import Worker
from thruline.ledger.ledger import SqlLedger
from thruline.ports.compute import JobSpec, JobStatus
from thruline.testing.memory import MemoryPayloads
from thruline.testing.postgres import empty_database
from thruline.testing.scripted_compute import HandClock, ScriptedCompute

SPEC = JobSpec(command=("x",), cpus=2)
DONE = JobStatus(state="succeeded")


def test_workers_of_four_machines_take_each_job_once_and_overfill_none(postgres: str) -> None:
    with empty_database(postgres, "many_workers") as url:
        database = PostgresDatabase(url)
        ledger, payloads = SqlLedger(database), MemoryPayloads()
        machines = [ScriptedCompute() for _ in range(4)]
        queues = [Jobs(database, ledger, payloads, machine, SystemClock()) for machine in machines]  # type: ignore[arg-type]
        ids = [queues[0].submit(SPEC) for _ in range(40)]
        taken: list[Job] = []

        def drain(jobs: Jobs, name: str) -> None:
            held: list[Job] = []
            while (job := jobs.take(name)) or held:
                if job:
                    held.append(job)
                    taken.append(job)
                    assert sum(one.cpus for one in jobs.list(state="running") if one.pool == job.pool) <= 4
                else:
                    jobs.finish(held.pop(), DONE)

        threads = [
            threading.Thread(target=drain, args=(jobs, f"{i}-{n}")) for i, jobs in enumerate(queues) for n in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Counter(job.id for job in taken) == dict.fromkeys(ids, 1)
        finished = Counter(event.inputs[0] for event in ledger.read(verbs=["job.finished"]))
        assert finished == dict.fromkeys(ids, 1)
        database.close()


def test_a_silent_machine_s_job_is_given_to_one_of_many(postgres: str) -> None:
    with empty_database(postgres, "silent_machine") as url:
        database, clock, payloads = PostgresDatabase(url), HandClock(), MemoryPayloads()
        ledger = SqlLedger(database)
        queues = [Jobs(database, ledger, payloads, ScriptedCompute(), clock) for _ in range(4)]  # type: ignore[arg-type]
        id = queues[0].submit(SPEC)
        Worker(queues[0]).step()
        clock.pass_seconds(LEASE_S + 1)
        found: list[Job | None] = []
        threads = [threading.Thread(target=lambda q=q: found.append(q.take("late"))) for q in queues[1:]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [(job.id, job.attempts, job.epoch) for job in found if job] == [(id, 2, 2)]
        database.close()
