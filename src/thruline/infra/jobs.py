"""The queue of jobs: who waits, who runs under whose lease, how each ended.

A worker takes a job under a lease with a fencing epoch: each taking raises the epoch, and a commit with an older
one is refused. So a job's end is written once, whoever died, slept or was cut off in between.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from thruline.core.clock import Clock, Micros
from thruline.core.errors import Conflict, NotFound, Unavailable
from thruline.core.facts import Fact
from thruline.core.ids import ArtifactId, is_id, random_id
from thruline.core.nouns import Draft
from thruline.core.sql import load_queries, load_schema
from thruline.core.units import Bytes
from thruline.infra.meter import Prices, cost, seconds, usage
from thruline.infra.states import ATTEMPTS, next_state
from thruline.ledger.payloads import Payloads
from thruline.ports.compute import ENDED, Compute, JobSpec, JobState, JobStatus, check_spec
from thruline.ports.database import Database, Row
from thruline.ports.ledger import Ledger

LEASE_S = 30.0
WAIT_LOOK_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as the queue knows it. started is of the last attempt; epoch counts how often it was taken."""

    id: ArtifactId
    state: JobState
    cpus: int
    memory: Bytes
    gpus: int
    priority: int
    actor: str
    run: str
    queued: Micros
    started: Micros
    ended: Micros
    attempts: int
    epoch: int
    pool: str
    worker: str
    handle: str
    cancel: bool
    machine: str
    exit_code: int
    cpu_seconds: float
    gpu_seconds: float
    peak_memory: Bytes
    cost: float

    @property
    def attempt(self) -> str:
        """What the compute backend knows this attempt as."""
        return f"{self.id}.{self.attempts}"

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED


class Jobs:
    """The queue over a database; commands, logs and reasons lie in the payload store, owned by the job's id."""

    def __init__(
        self, database: Database, ledger: Ledger, payloads: Payloads, compute: Compute, clock: Clock,
        *, prices: Prices | None = None, attempts: int = ATTEMPTS,
    ) -> None:  # fmt: skip
        self._db = database
        self._ledger = ledger
        self._payloads = payloads
        self._clock = clock
        self._prices = prices or Prices()
        self._attempts = attempts
        self._q = load_queries("thruline.infra", database.dialect)
        self.compute = compute
        database.script(load_schema("thruline.infra", database.dialect))

    def submit(self, spec: JobSpec, *, actor: str = "", run: str = "", priority: int = 0) -> ArtifactId:
        """Queue a job; higher priorities go first, then the older. Raises Invalid when no machine could hold it."""
        job = random_id("job")
        check_spec(job, spec, self.compute.targets())
        asks = {"cpus": spec.cpus, "memory": spec.memory, "gpus": spec.gpus}
        draft = Draft(verb="job.queued", outputs=(job,), run=run, actor=actor, facts=asks | {"seconds": spec.timeout_s})
        row = asks | {"id": job, "priority": priority, "actor": actor, "run": run, "now": self._clock.now()}
        with self._db.transaction():
            self._db.execute(self._q.insert_job, row)
            self._payloads.put(job, json.dumps(asdict(spec)).encode(), job)
            self._ledger.append([draft])
        return job

    def take(self, worker: str) -> Job | None:
        """The next job for this worker: one that its pool's dead left, else the first waiting one that fits."""
        if not self._db.query(self._q.has_work, {"now": self._clock.now()}):
            return None
        pool = self.compute.pool
        params = {"pool": pool, "worker": worker, "now": self._clock.now(), "until": self._until()}
        with self._db.transaction():
            self._db.query(self._q.lock_pool, {"pool": pool})
            self._give_up_what_is_out_of_reach()
            taken = self._db.query(self._q.take_over, params) or self._db.query(self._q.take, params | self._free())
            if not taken:
                return None
            job = self.job(taken[0][0])
            self._tell(job, "job.started", {"epoch": job.epoch, "cpus": job.cpus, "machine": pool})
        return job

    def keep(self, job: Job, handle: str) -> None:
        """Extend the lease, and note the handle; raises Conflict when the lease has gone to somebody else."""
        params = {"id": job.id, "epoch": job.epoch, "until": self._until(), "handle": handle}
        _fence(job, self._db.execute(self._q.keep, params))

    def release(self, job: Job) -> None:
        """End the lease and leave the process running, for another worker to go on with."""
        self._db.execute(self._q.release, {"id": job.id, "epoch": job.epoch})

    def finish(self, job: Job, status: JobStatus, log: bytes = b"") -> JobState:
        """Settle how a taken job's process ended; the state that follows, `queued` where a lost job gets another try.

        Raises Conflict when the lease has gone to somebody else: their word counts.
        """
        with self._db.transaction():
            now = self.job(job.id)
            state = next_state(
                now.state, status.state, attempts=now.attempts, allowed=self._attempts, cancelling=now.cancel
            )
            if state == "queued":
                _fence(job, self._db.execute(self._q.requeue, {"id": job.id, "epoch": job.epoch}))
            else:
                self._end(job, state, status, log)
        return state

    def cancel(self, id: str) -> JobState:
        """End a waiting job now, or ask the worker of a running one; raises Conflict when it has ended already."""
        with self._db.transaction():
            job = self.job(id)
            state = next_state(job.state, "cancel")
            if state == "cancelled":
                self._end(job, state, JobStatus(state=state), b"")
            else:
                self._db.execute(self._q.ask_to_cancel, {"id": id})
        return state

    def asked_to_cancel(self, worker: str) -> set[str]:
        """Which of the worker's jobs somebody wants to end."""
        return {row[0] for row in self._db.query(self._q.asked_to_cancel, {"worker": worker})}

    def job(self, id: str) -> Job:
        """One job; raises NotFound."""
        rows = self._db.query(self._q.job, {"id": id})
        if not rows:
            raise NotFound(f"no job {id!r}", hint="`thruline jobs` lists them")
        return _job(rows[0])

    def list(self, *, state: JobState | None = None, limit: int = 100) -> Sequence[Job]:
        """The latest first."""
        return [_job(row) for row in self._db.query(self._q.jobs, {"state": state or "", "limit": limit})]

    def spec(self, id: str) -> JobSpec:
        """What was asked for; raises NotFound when it was erased."""
        said = json.loads(self._payloads.get(id))
        return JobSpec(**said | {"command": tuple(said["command"])})

    def reason(self, id: str) -> str:
        """Why it ended as it did, in words; empty where its state says all."""
        return self._payload("job_reason", id).decode()

    def logs(self, id: str, *, offset: int = 0) -> bytes:
        """Output and errors from byte offset on: of the running attempt, or of the last one."""
        job = self.job(id)
        if job.state == "running" and job.handle:
            try:
                return self.compute.logs(job.handle, offset=offset)
            except NotFound:
                pass  # it has just ended, and its log has moved
        return self._payload("job_log", id)[offset:]

    def texts_of(self, id: str) -> list[str]:
        """The payloads of a job: command, reason and log."""
        return [id, _beside("job_reason", id), _beside("job_log", id)]

    def wait(self, id: str, timeout_s: float = float("inf")) -> Job:
        """The job once it has ended, by the work of others; raises Unavailable when that takes too long."""
        give_up = time.monotonic() + timeout_s
        while not (job := self.job(id)).is_ended:
            if time.monotonic() > give_up:
                raise Unavailable(f"job {id!r} is still {job.state}", hint="wait longer, or cancel it")
            time.sleep(WAIT_LOOK_S)
        return job

    def sweep(self) -> int:
        """Delete what a worker that died between settling and tidying left with the backend; how many jobs' worth."""
        swept: list[str] = []
        for id, handle in self._db.query(self._q.leftovers, {"pool": self.compute.pool}):
            try:
                self.compute.forget(handle)
                swept.append(id)
            except Conflict:
                self.compute.cancel(handle)  # it was given up while out of reach, and runs on: the next sweep tidies up
        self._db.execute_many(self._q.swept, [{"id": id} for id in swept])
        return len(swept)

    def _end(self, job: Job, state: JobState, status: JobStatus, log: bytes) -> None:
        used = {name: getattr(status, name) for name in ("exit_code", "cpu_seconds", "gpu_seconds", "peak_memory")}
        used |= {"cost": cost(usage(status), self._prices)}
        row = used | {"id": job.id, "epoch": job.epoch, "state": state, "now": self._clock.now()}
        _fence(job, self._db.execute(self._q.end, row | {"machine": status.machine}))
        said = [("job_log", log), ("job_reason", status.reason.encode())]
        self._payloads.put_many([(_beside(kind, job.id), data, job.id) for kind, data in said if data])
        facts = used | {"outcome": state, "seconds": seconds(status), "epoch": job.epoch}
        self._tell(job, "job.finished", facts | ({"machine": status.machine} if is_id(status.machine) else {}))

    def _give_up_what_is_out_of_reach(self) -> None:
        params = {"pool": self.compute.pool, "now": self._clock.now()}
        for (id,) in self._db.query(self._q.out_of_reach, params):
            self.finish(
                self.job(id), JobStatus(state="lost", reason="its worker is gone, and its machine out of reach")
            )

    def _free(self) -> dict[str, int]:
        targets = self.compute.targets()
        cpus, memory, gpus = self._db.query(self._q.held, {"pool": self.compute.pool})[0]
        return {
            "cpus": sum(target.cpus for target in targets) - cpus,
            "memory": sum(target.memory for target in targets) - memory,
            "gpus": sum(len(target.gpus) for target in targets) - gpus,
        }

    def _tell(self, job: Job, verb: str, facts: Mapping[str, Fact]) -> None:
        self._ledger.append([Draft(verb=verb, inputs=(job.id,), run=job.run, actor=job.actor, facts=facts)])

    def _payload(self, kind: str, id: str) -> bytes:
        return self._payloads.get_many([_beside(kind, id)]).get(_beside(kind, id), b"")

    def _until(self) -> Micros:
        return self._clock.now() + int(LEASE_S * 1e6)


def _beside(kind: str, job: str) -> str:
    return f"{kind}:{job.partition(':')[2]}"


def _fence(job: Job, rows: int) -> None:
    if rows != 1:
        raise Conflict(f"job {job.id!r} is no longer held under epoch {job.epoch}", hint="another worker has it")


def _job(row: Row) -> Job:
    named: dict[str, Any] = dict(zip((field.name for field in fields(Job)), row, strict=True))
    named["cancel"] = bool(named["cancel"])
    return Job(**named)
