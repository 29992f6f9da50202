"""A place that runs commands: local processes, Ray, Slurm, Kubernetes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from thruline.core.clock import Micros
from thruline.core.errors import Invalid
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Target
from thruline.core.units import Bytes, show_size

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled", "timed_out", "out_of_memory", "lost"]
ENDED: frozenset[JobState] = frozenset(("succeeded", "failed", "cancelled", "timed_out", "out_of_memory", "lost"))
JOB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """A command and what it may use. `memory` 0 means no limit; `timeout_s` 0 means none.

    env is all that the command gets besides PATH, HOME, LANG, THRULINE_JOB (the job's name) and the thread
    counts of numeric libraries. cwd "" means an empty folder of the job's own.
    """

    command: tuple[str, ...]
    cpus: int = 1
    memory: Bytes = 0
    gpus: int = 0
    timeout_s: float = 0.0
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = ""


@dataclass(frozen=True, kw_only=True)
class JobStatus:
    """How a job stands. exit_code is -1 until it has one (signals are given as 128 + signal).

    cpu_seconds covers the command and all its children; peak_memory is the largest the whole tree was seen to hold;
    gpu_seconds is GPUs held times time held. reason says why in words where the state alone does not.
    """

    state: JobState
    exit_code: int = -1
    started: Micros = 0
    ended: Micros = 0
    cpu_seconds: float = 0.0
    peak_memory: Bytes = 0
    gpu_seconds: float = 0.0
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
    """Starts, watches and stops commands; it keeps no queue of its own beyond its engine's.

    handle: what the backend calls the job; opaque, survives a restart of the caller.
    pool: what its targets share; workers with the same pool count against the same capacity.
    """

    name: str
    pool: ArtifactId
    abilities: ComputeAbilities

    def targets(self) -> list[Target]:
        """The machines behind it as they are now."""
        ...

    def start(self, job: str, spec: JobSpec) -> str:
        """Start the job `job` and give its handle; a name that was started before gives the same handle and starts
        nothing, so a caller that died half-way through may just call again.

        Raises Invalid when no machine could ever hold it.
        """
        ...

    def status(self, handle: str) -> JobStatus:
        """How it stands; a job whose process is gone without a trace is `lost`. Raises NotFound."""
        ...

    def logs(self, handle: str, *, offset: int = 0) -> bytes:
        """Standard output and error, interleaved as written, from byte offset on."""
        ...

    def cancel(self, handle: str) -> None:
        """Ask the job and all its children to end, and make them after five seconds; returns at once.

        Ended jobs stay as they are.
        """
        ...

    def forget(self, handle: str) -> None:
        """Delete what is kept of an ended job, its log too; unknown handles are forgotten already."""
        ...

    def close(self) -> None:
        """Let go; running jobs go on where the backend can keep them."""
        ...


def check_spec(job: str, spec: JobSpec, targets: list[Target]) -> None:
    """Raises Invalid for what no machine among targets could ever run, quoting the largest."""
    if not JOB_NAME.fullmatch(job):
        raise Invalid(f"{job!r} is not a job name", hint="letters, digits, '.', '_', ':' and '-', at most 100")
    if not spec.command or not spec.command[0]:
        raise Invalid("a job needs a command", hint="for example: thruline run -- python train.py")
    if any("\0" in text for text in (*spec.command, spec.cwd, *spec.env, *spec.env.values())):
        raise Invalid("a command, folder or variable holds a NUL byte", hint="no process can be given one")
    if spec.cpus < 1 or spec.memory < 0 or spec.gpus < 0 or spec.timeout_s < 0:
        raise Invalid(f"a job cannot use {spec.cpus} cpus, {spec.memory} bytes, {spec.gpus} gpus, {spec.timeout_s} s")
    if not any(fits(spec, target) for target in targets):
        raise Invalid(
            f"no machine can hold {spec.cpus} cpus, {show_size(spec.memory)} and {spec.gpus} GPUs",
            hint=f"the largest has {_describe(targets)}",
        )


def fits(spec: JobSpec, target: Target) -> bool:
    """Whether an idle target could hold the job."""
    return spec.cpus <= target.cpus and spec.memory <= target.memory and spec.gpus <= len(target.gpus)


def _describe(targets: list[Target]) -> str:
    if not targets:
        return "nothing: no machine is up"
    largest = max(targets, key=lambda t: (len(t.gpus), t.cpus, t.memory))
    return f"{largest.cpus} cpus, {show_size(largest.memory)} and {len(largest.gpus)} GPUs"
