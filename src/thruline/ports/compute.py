"""A place that runs commands: local processes, Ray, Slurm, Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from thruline.core.clock import Micros
from thruline.core.nouns import Target
from thruline.core.units import Bytes

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled", "timed_out", "out_of_memory", "lost"]
ENDED: frozenset[JobState] = frozenset(("succeeded", "failed", "cancelled", "timed_out", "out_of_memory", "lost"))


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """A command and what it may use. `memory` 0 means no limit; `timeout_s` 0 means none."""

    command: tuple[str, ...]
    cpus: int = 1
    memory: Bytes = 0
    gpus: int = 0
    timeout_s: float = 0.0
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = ""


@dataclass(frozen=True, kw_only=True)
class JobStatus:
    """How a job stands. exit_code is -1 until it has one (negative signal numbers are given as 128 + signal)."""

    state: JobState
    exit_code: int = -1
    started: Micros = 0
    ended: Micros = 0
    cpu_seconds: float = 0.0
    peak_memory: Bytes = 0
    machine: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ComputeAbilities:
    """What a backend enforces itself; a gap is a strict skip in the conformance suite, with this as its reason."""

    enforces_memory: bool
    enforces_cpus: bool
    measures_usage: bool
    gang: bool = False


class Compute(Protocol):
    """Starts, watches and stops one command at a time per call; it keeps no queue of its own beyond its engine's.

    handle: what the backend calls the job; opaque, survives a restart of the caller.
    """

    name: str
    abilities: ComputeAbilities

    def targets(self) -> list[Target]:
        """The machines behind it as they are now."""
        ...

    def start(self, job: str, spec: JobSpec) -> str:
        """Start the job `job` and give its handle; raises Invalid when no machine could ever hold it."""
        ...

    def status(self, handle: str) -> JobStatus:
        """How it stands; a job whose process is gone without a trace is `lost`."""
        ...

    def logs(self, handle: str, *, offset: int = 0) -> bytes:
        """Standard output and error, interleaved as written, from byte offset on."""
        ...

    def cancel(self, handle: str) -> None:
        """Ask the job and all its children to end, and make them after five seconds; ended jobs stay as they are."""
        ...

    def close(self) -> None:
        """Let go; running jobs go on where the backend can keep them."""
        ...
