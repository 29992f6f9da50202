"""infra: jobs, runs and the machines they run on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from thruline.app.operations import operation
from thruline.app.platform import Platform
from thruline.core.lazy import lazy

if TYPE_CHECKING:
    from thruline.app import computing, results
    from thruline.flows import reports
else:
    results = lazy("thruline.app.results")
    reports = lazy("thruline.flows.reports")
    computing = lazy("thruline.app.computing")

JobId = Annotated[str, "id of a job"]


@operation(role="operator", cli="run", positional=("command",))
def run(
    p: Platform, *,
    command: Annotated[tuple[str, ...], "program and arguments, after --"],
    cpus: Annotated[int, "cores it may use"] = 1,
    memory: Annotated[str, "memory it may use, for example 4GB; empty for no limit"] = "",
    gpus: Annotated[int, "GPUs it needs"] = 0,
    timeout: Annotated[str, "longest run, for example 2h; empty for none"] = "",
    detach: Annotated[bool, "queue it for `thruline work` or `thruline up` and return"] = False,
) -> results.JobView:  # fmt: skip
    """Run a command under limits, with its log, cost and machine on the ledger."""
    spec = computing.spec_of(command, cpus=cpus, memory=memory, gpus=gpus, timeout=timeout)
    return computing.run(p, spec, detach)


@operation(role="operator", cli="jobs", reads=True)
def jobs(p: Platform, *, limit: Annotated[int, "at most this many"] = 50) -> tuple[results.JobView, ...]:
    """Jobs, the latest first."""
    return computing.jobs(p, limit)


@operation(role="operator", cli="logs", positional=("job",), reads=True)
def logs(p: Platform, *, job: JobId, offset: Annotated[int, "from this byte on"] = 0) -> str:
    """What a job has printed so far."""
    return computing.logs(p, job, offset)


@operation(role="operator", cli="cancel", positional=("id",))
def cancel(p: Platform, *, id: Annotated[str, "id of a job or a run"]) -> str:
    """Stop a job with all its children, or ask a run to stop."""
    return computing.cancel(p, id)


@operation(role="operator", cli="work")
def work(p: Platform, *, once: Annotated[bool, "end when the queue is empty"] = False) -> str:
    """Take jobs off the queue and run them on this machine, until stopped."""
    return computing.work(p, once)


@operation(role="operator", cli="runs", reads=True)
def runs(p: Platform, *, limit: Annotated[int, "at most this many"] = 50) -> tuple[reports.RunView, ...]:
    """Runs of flows, the latest first."""
    return computing.runs(p, limit)


@operation(role="operator", cli="nodes", reads=True)
def nodes(p: Platform) -> tuple[results.NodeView, ...]:
    """The machines that jobs may run on."""
    return computing.nodes(p)
