"""Drives the queue: takes what fits, starts it, watches it and settles how it ended."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import chain, repeat

from thruline.core.errors import Conflict, Invalid, NotFound, ThrulineError, Unavailable
from thruline.core.ids import ArtifactId, random_id
from thruline.infra.jobs import LEASE_S, Job, Jobs
from thruline.ports.compute import ENDED, JobSpec, JobState, JobStatus

BUSY_LOOK_S = 0.02
IDLE_LOOK_S = 0.2
AWAY_LOOK_S = 1.0

logger = logging.getLogger(__name__)


class Worker:
    """Holds the leases of the jobs that it took; one thread drives as many as the machine has room for."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._compute = jobs.compute
        self._held: dict[ArtifactId, Job] = {}
        self._handles: dict[ArtifactId, str] = {}
        self._kept: dict[ArtifactId, float] = {}  # when each lease was last extended
        self._strays: set[str] = set()  # processes whose job somebody else has; they are ending
        self.name = random_id("worker")

    def step(self) -> bool:
        """Take what fits and look once at everything that runs; whether there was anything to look at."""
        while job := self._jobs.take(self.name):
            self._held[job.id] = job
        unwanted = self._jobs.asked_to_cancel(self.name) if self._held else set()
        held = list(self._held.values())
        for job in held:
            self._look(job, job.id in unwanted)
        self._strays = {handle for handle in self._strays if not self._is_tidied(handle)}
        return bool(held)

    def release(self) -> None:
        """Let every job run on for another worker of the pool."""
        for job in self._held.values():
            self._jobs.release(job)
        self._held.clear()

    def _look(self, job: Job, is_unwanted: bool) -> None:
        try:
            handle = self._handles.get(job.id) or self._start(job)
            if not handle:
                return
            if is_unwanted:
                with suppress(NotFound):  # the backend has lost it, as its status says
                    self._compute.cancel(handle)
            status = self._status(handle)
            if status.state in ENDED:
                self._settle(job, handle, status)
            elif time.monotonic() > self._kept.get(job.id, 0.0) + LEASE_S / 3:
                self._keep(job, handle)
        except Conflict:
            self._let_go(job)
        except Unavailable:
            return  # the next look tries again; if it stays away, the lease runs out

    def _start(self, job: Job) -> str:
        """The handle; empty when the backend refused the job, which is then settled."""
        try:
            handle = self._compute.start(job.attempt, self._jobs.spec(job.id))
        except (Invalid, NotFound) as refused:
            return self._refuse(job, "failed", refused)
        except Unavailable as refused:
            return self._refuse(job, "lost", refused)
        self._handles[job.id] = handle
        self._keep(job, handle)
        return handle

    def _refuse(self, job: Job, state: JobState, why: ThrulineError) -> str:
        self._jobs.finish(job, JobStatus(state=state, reason=f"{why.message} {why.hint}".strip()))
        self._drop(job)
        return ""

    def _keep(self, job: Job, handle: str) -> None:
        self._jobs.keep(job, handle)
        self._kept[job.id] = time.monotonic()

    def _status(self, handle: str) -> JobStatus:
        try:
            return self._compute.status(handle)
        except NotFound:
            return JobStatus(state="lost", reason="the backend no longer knows it")

    def _settle(self, job: Job, handle: str, status: JobStatus) -> None:
        try:
            log = self._compute.logs(handle)
        except NotFound:
            log = b""
        self._jobs.finish(job, status, log)
        self._drop(job)
        self._compute.forget(handle)

    def _let_go(self, job: Job) -> None:
        """Somebody else has the job: in this pool they watch our process, elsewhere they run it anew."""
        handle = self._handles.get(job.id, "")
        self._drop(job)
        now = self._jobs.job(job.id)
        goes_on_here = now.state == "running" and now.pool == job.pool and now.attempts == job.attempts
        if handle and not goes_on_here:
            self._strays.add(handle)

    def _is_tidied(self, stray: str) -> bool:
        try:
            self._compute.cancel(stray)
            self._compute.forget(stray)
        except NotFound:
            return True  # whoever settled it has tidied up
        except (Conflict, Unavailable):
            return False
        return True

    def _drop(self, job: Job) -> None:
        for known in (self._held, self._handles, self._kept):
            known.pop(job.id, None)


def work(jobs: Jobs, stop: threading.Event) -> None:
    """Work the queue until stop is set; what then runs goes on, for the next worker.

    A database that is busy or away for a while does not end the worker: it says so and looks again.
    """
    worker = Worker(jobs)
    pause = 0.0
    try:
        for look in chain((jobs.sweep,), repeat(worker.step)):
            if stop.wait(pause):
                return
            pause = _after(look)
    finally:
        worker.release()


def _after(look: Callable[[], int]) -> float:
    """Look, and give the seconds to wait before the next one."""
    try:
        return BUSY_LOOK_S if look() else IDLE_LOOK_S
    except Unavailable as away:
        logger.warning("the queue cannot be worked now", extra={"reason": away.message})
        return AWAY_LOOK_S


def run_one(
    jobs: Jobs, spec: JobSpec, *, actor: str = "", run: str = "", on_log: Callable[[bytes], None] = lambda _: None,
    check: Callable[[], None] = lambda: None,
) -> Job:  # fmt: skip
    """Queue a job and work the queue in this thread until it has ended; on_log gets its output as it comes.

    Ctrl-C cancels the job, and this still returns how it ended. check is called at each look: an error of ours that
    it raises cancels the job, and comes out when the job has ended.
    """
    id = jobs.submit(spec, actor=actor, run=run)
    worker = Worker(jobs)
    jobs.sweep()
    seen = 0
    stopped: ThrulineError | None = None
    try:
        while True:
            try:
                worker.step()
                job = jobs.job(id)  # looked at before its log: what ended has said all
                if new := jobs.logs(id, offset=seen):
                    seen += len(new)
                    on_log(new)
                if job.is_ended and stopped:
                    raise stopped
                if job.is_ended:
                    return job
                if stopped is None and (stopped := _raised(check)):
                    _cancel(jobs, id)
                time.sleep(BUSY_LOOK_S)
            except KeyboardInterrupt:
                _cancel(jobs, id)
    finally:
        worker.release()


def _raised(check: Callable[[], None]) -> ThrulineError | None:
    try:
        check()
    except ThrulineError as error:
        return error
    return None


def _cancel(jobs: Jobs, id: str) -> None:
    try:
        jobs.cancel(id)
    except Conflict:
        return  # it has just ended
