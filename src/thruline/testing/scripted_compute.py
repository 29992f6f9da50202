"""A compute backend whose processes end when the test says so."""

from __future__ import annotations

from dataclasses import replace

from thruline.core.clock import Micros
from thruline.core.errors import Conflict, NotFound
from thruline.core.ids import random_id
from thruline.core.nouns import Target
from thruline.ports.compute import ENDED, ComputeAbilities, JobSpec, JobState, JobStatus, check_spec


class HandClock:
    """Time that moves by hand."""

    def __init__(self) -> None:
        self.at: Micros = 1_000_000_000

    def now(self) -> Micros:
        """See core.clock."""
        return self.at

    def pass_seconds(self, seconds: float) -> None:
        """Move the time on."""
        self.at += int(seconds * 1e6)


class ScriptedCompute:
    """Four cores and 8 GB; `started` counts the processes of each name."""

    name = "scripted"
    abilities = ComputeAbilities(enforces_memory=False, enforces_cpus=False, measures_usage=False)

    def __init__(self) -> None:
        self.pool = random_id("machine")
        self.processes: dict[str, JobStatus] = {}
        self.started: dict[str, int] = {}

    def targets(self) -> list[Target]:
        """One machine."""
        return [Target(id=self.pool, name="", backend="scripted", cpus=4, memory=8 * 10**9, disk_free=0)]

    def start(self, job: str, spec: JobSpec) -> str:
        """See ports.compute."""
        check_spec(job, spec, self.targets())
        if job not in self.processes:
            self.started[job] = self.started.get(job, 0) + 1
            self.processes[job] = JobStatus(state="running", machine=self.pool)
        return job

    def status(self, handle: str) -> JobStatus:
        """See ports.compute."""
        if handle not in self.processes:
            raise NotFound(handle)
        return self.processes[handle]

    def logs(self, handle: str, *, offset: int = 0) -> bytes:
        """A line that names the job."""
        return f"log of {handle}".encode()[offset:]

    def cancel(self, handle: str) -> None:
        """The process ends at once."""
        if self.status(handle).state not in ENDED:
            self.end(handle, "cancelled")

    def end(self, handle: str, state: JobState) -> None:
        """Make a process end."""
        self.processes[handle] = replace(self.processes[handle], state=state, exit_code=0, started=1, ended=2)

    def running(self) -> list[str]:
        """Names of the processes that have not ended."""
        return [name for name, status in self.processes.items() if status.state == "running"]

    def forget(self, handle: str) -> None:
        """See ports.compute."""
        if handle in self.running():
            raise Conflict(handle)
        self.processes.pop(handle, None)

    def vanish(self, handle: str) -> None:
        """As if it had never been: what a lost backend looks like."""
        del self.processes[handle]

    def close(self) -> None:
        """Nothing to give back."""
