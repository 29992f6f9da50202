"""Jobs, runs and machines, as people see them."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
from typing import TYPE_CHECKING

from thruline.app.results import JobView, NodeView
from thruline.core.clock import Micros, iso
from thruline.core.errors import NotFound
from thruline.core.ids import ArtifactId, kind_of
from thruline.core.units import parse_duration, parse_size, show_size
from thruline.flows.line import Line
from thruline.flows.reports import RunView
from thruline.infra.jobs import Job
from thruline.infra.work import run_one
from thruline.infra.work import work as work_queue
from thruline.ports.compute import JobSpec
from thruline.runs.runner import RunInfo

if TYPE_CHECKING:
    from thruline.app.platform import Platform

IDLE_S = 1.0


def spec_of(command: tuple[str, ...], *, cpus: int, memory: str, gpus: int, timeout: str) -> JobSpec:
    """A job's specification from what a person writes; raises Invalid for a size or duration that is none."""
    return JobSpec(
        command=command, cpus=cpus, memory=parse_size(memory) if memory else 0, gpus=gpus,
        timeout_s=parse_duration(timeout) if timeout else 0.0,
    )  # fmt: skip


def run(p: Platform, spec: JobSpec, detach: bool) -> JobView:
    """Queue a command and, unless it is to be detached, work the queue here until it has ended."""
    if detach:
        return _job(p.line, p.line.jobs.job(p.line.jobs.submit(spec, actor=p.actor.id)))
    show = _show if p.progress or p.via == "cli" else _hide
    return _job(p.line, run_one(p.line.jobs, spec, actor=p.actor.id, on_log=show))


def jobs(p: Platform, limit: int) -> tuple[JobView, ...]:
    """The latest first."""
    return tuple(_job(p.line, job) for job in p.line.jobs.list(limit=limit))


def logs(p: Platform, job: str, offset: int) -> str:
    """What a job has printed; bytes that are not UTF-8 are shown as such."""
    return p.line.jobs.logs(job, offset=offset).decode("utf-8", "backslashreplace")


def cancel(p: Platform, id: str) -> str:
    """Stop a job or a run."""
    if kind_of(id) == "run":
        p.line.runs.cancel(id)
        return f"{id} will stop at its next step"
    if kind_of(id) == "job":
        return f"{id} {p.line.jobs.cancel(id)}"
    raise NotFound(f"no job or run {id!r}", hint="`thruline jobs` and `thruline runs` list them")


def work(p: Platform, once: bool) -> str:
    """Work the queue until stopped or, if once, until nothing waits."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if once:
        threading.Thread(target=_stop_when_idle, args=(p.line, stop), daemon=True).start()
    work_queue(p.line.jobs, stop)
    return "stopped; what still runs goes on for the next worker"


def runs(p: Platform, limit: int) -> tuple[RunView, ...]:
    """The latest first."""
    names = {s.id: s.name for s in p.line.records.sources()}
    return tuple(_run(r, names.get(ArtifactId(r.subject), ""), p.line.clock.now()) for r in p.line.runs.list(limit))


def _run(run: RunInfo, source: str, now: Micros) -> RunView:
    took = ((run.ended or now) - run.started) / 1e6
    left = took * (run.total - run.done) / run.done if run.state == "running" and run.done else 0.0
    return RunView(
        id=run.id, flow=run.flow, source=source, state=run.state, started=iso(run.started), seconds=round(took, 3),
        done=run.done, total=run.total, left_s=round(left, 1), error=run.error,
    )  # fmt: skip


def nodes(p: Platform) -> tuple[NodeView, ...]:
    """The machines of the compute backend."""
    here = p.line.engines.machine()
    return tuple(
        NodeView(
            id=t.id, name=t.name, backend=t.backend, cpus=t.cpus, memory=show_size(t.memory),
            disk_free=show_size(t.disk_free), gpus=t.gpus, system=here.system if t.id == here.target.id else "",
            cpu_model=here.cpu_model if t.id == here.target.id else "",
            gpu_note=here.gpus.reason if t.id == here.target.id else "",
        )
        for t in p.line.compute.targets()
    )  # fmt: skip


def _stop_when_idle(line: Line, stop: threading.Event) -> None:
    while not stop.wait(IDLE_S):
        if not line.jobs.list(state="queued", limit=1) and not line.jobs.list(state="running", limit=1):
            stop.set()


def _job(line: Line, job: Job) -> JobView:
    try:
        command = shlex.join(line.jobs.spec(job.id).command)
    except NotFound:
        command = "(erased)"
    ended = job.ended or line.clock.now()
    return JobView(
        id=job.id, state=job.state, command=command, cpus=job.cpus,
        memory=show_size(job.memory) if job.memory else "", gpus=job.gpus, queued=iso(job.queued),
        seconds=round((ended - job.started) / 1e6, 2) if job.started else 0.0, cpu_seconds=round(job.cpu_seconds, 2),
        peak_memory=show_size(job.peak_memory) if job.peak_memory else "", cost=round(job.cost, 6),
        exit_code=job.exit_code, reason=line.jobs.reason(job.id),
    )  # fmt: skip


def _show(output: bytes) -> None:
    sys.stderr.buffer.write(output)
    sys.stderr.buffer.flush()


def _hide(_output: bytes) -> None:
    """Nobody watches: `thruline logs` has it."""
