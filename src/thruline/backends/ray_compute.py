"""Jobs on a Ray cluster: Ray finds the room and holds it, the local backend supervises on the node.

A placement group reserves cpus, memory and GPUs for a job on one node without starting a process. An agent, one
detached actor a node, runs the command there. A desk, one detached actor on the head node, remembers which job is
where, so that handles outlive the caller. A Ray worker takes a second to start; so a job costs two messages, not two
workers.
"""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayActorError, RayTaskError
from ray.util.placement_group import PlacementGroup, placement_group, placement_group_table, remove_placement_group
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from thruline.backends.local_compute import LocalCompute
from thruline.backends.ray_link import NAMESPACE, Link, awaited
from thruline.core.errors import Conflict, NotFound, ThrulineError, Unavailable
from thruline.core.ids import DIGEST_BYTES, ArtifactId
from thruline.core.nouns import Target
from thruline.ports.compute import ENDED, ComputeAbilities, JobSpec, JobStatus, check_spec

START_S = 60.0  # an agent's first answer waits for its worker to start: seconds, on a busy node tens of them
_ON_HEAD = {"node:__internal_head__": 0.001}  # without the head there is no cluster; any other node may go
ROUND_S = 0.2  # between two looks at all jobs
SILENCE_S = 2.0  # how long one node that does not answer may hold up the desk


class _Gone(Unavailable):
    """The actor is dead, not merely silent."""


class RayCompute:
    """A cluster that is up already. address: as `ray start` printed it, `host:port`."""

    name = "ray"
    abilities = ComputeAbilities(enforces_memory=True, enforces_cpus=True, measures_usage=True)

    def __init__(self, address: str) -> None:
        self._link = Link(address)
        self.pool = _id("cluster", ray.get_runtime_context().worker.gcs_client.cluster_id.hex())
        self._found: tuple[str, Any] = ("", None)

    def targets(self) -> list[Target]:
        """The nodes that are up; their disks are not looked at."""
        self._link.session()
        return [_target(node) for node in ray.nodes() if node["Alive"]]

    def start(self, job: str, spec: JobSpec) -> str:
        """Reserve room for the job; it starts as soon as there is some."""
        check_spec(job, spec, self.targets())
        return _ask(self._desk().start.remote(job, spec))

    def status(self, handle: str) -> JobStatus:
        """How the job stands; `queued` while Ray has no room for it."""
        return _ask(self._desk().status.remote(handle))

    def logs(self, handle: str, *, offset: int = 0) -> bytes:
        """The log from a byte offset on; of a lost node's job there is none."""
        return _ask(self._desk().logs.remote(handle, offset))

    def cancel(self, handle: str) -> None:
        """End the job, or give up its place in the queue."""
        _ask(self._desk().cancel.remote(handle))

    def forget(self, handle: str) -> None:
        """Delete the job's files on its node and its place on the desk."""
        _ask(self._desk().forget.remote(handle))

    def close(self) -> None:
        """Disconnect, when it was this instance that connected."""
        self._link.close()

    def _desk(self) -> Any:
        session = self._link.session()
        if self._found[0] != session:
            options = {"name": "desk", "namespace": NAMESPACE, "lifetime": "detached", "get_if_exists": True}
            desk = ray.remote(_Desk).options(**options, num_cpus=0, resources=_ON_HEAD)
            self._found = (session, desk.remote())
        return self._found[1]


class _Agent:
    """Runs jobs on its node; they end with it."""

    def __init__(self, machine: Target) -> None:
        home = Path(tempfile.gettempdir()) / f"thruline-{os.getuid()}" / machine.id.partition(":")[2]
        self._compute = LocalCompute(home, machine, bound=True)

    def start(self, job: str, spec: JobSpec) -> str:
        return self._compute.start(job, spec)

    def status(self, job: str) -> JobStatus:
        return self._compute.status(job)

    def logs(self, job: str, offset: int) -> bytes:
        return self._compute.logs(job, offset=offset)

    def cancel(self, job: str) -> None:
        self._compute.cancel(job)

    def forget(self, job: str) -> None:
        self._compute.forget(job)


@dataclass
class _Entry:
    """A job on the desk: its room, the agent once there is room, its status once it has ended."""

    spec: JobSpec
    room: PlacementGroup
    agent: Any = None
    machine: str = ""
    ended: JobStatus | None = None


class _Desk:
    """Knows every job of the cluster that was not forgotten; a name is started once."""

    def __init__(self) -> None:
        self._jobs: dict[str, _Entry] = {}
        self._went_round = 0.0

    def start(self, job: str, spec: JobSpec) -> str:
        if job not in self._jobs:
            room = placement_group([_bundle(spec)], name=job, lifetime="detached")
            self._jobs[job] = _Entry(spec=spec, room=room)
        self._look(job)
        return job

    def status(self, job: str) -> JobStatus:
        return self._look(job)

    def logs(self, job: str, offset: int) -> bytes:
        entry = self._entry(job)
        try:
            return _ask(entry.agent.logs.remote(job, offset), SILENCE_S) if entry.agent else b""
        except _Gone:
            return b""

    def cancel(self, job: str) -> None:
        entry = self._entry(job)
        if entry.ended is None and entry.agent:
            entry.agent.cancel.remote(job)
        elif entry.ended is None:
            self._end(entry, JobStatus(state="cancelled"))

    def forget(self, job: str) -> None:
        entry = self._jobs.get(job)
        if entry is None:
            return
        if self._look(job).state not in ENDED:
            raise Conflict(f"job {job!r} is still running", hint="cancel it first")
        if entry.agent:
            entry.agent.forget.remote(job)
        del self._jobs[job]

    def _look(self, job: str) -> JobStatus:
        """The status as of now; while this job waits, the others are looked at, too.

        Ray may give them their room first. It is free again only when they were started, ended and were seen to have.
        """
        status = self._seen(job)
        if status.state == "queued" and time.monotonic() - self._went_round > ROUND_S:
            for other in [other for other, entry in self._jobs.items() if not entry.ended]:
                self._seen(other)
            self._went_round = time.monotonic()
        return status

    def _seen(self, job: str) -> JobStatus:
        """Starts a job that has got room, and gives the room of an ended one back."""
        entry = self._entry(job)
        if entry.ended:
            return entry.ended
        try:
            if entry.agent is None and not self._place(job, entry):
                return JobStatus(state="queued")
            agent: Any = entry.agent
            status: JobStatus = _ask(agent.status.remote(job), SILENCE_S)
        except _Gone as gone:
            status = JobStatus(state="lost", machine=entry.machine, reason=f"its node is gone: {gone.message}")
        except Unavailable as silent:
            status = JobStatus(state="running", machine=entry.machine, reason=silent.message)
        except ThrulineError as refused:
            status = JobStatus(state="failed", machine=entry.machine, reason=refused.message)
        if status.state in ENDED:
            self._end(entry, status)
        return status

    def _place(self, job: str, entry: _Entry) -> bool:
        table = placement_group_table(entry.room)
        if table["state"] != "CREATED":
            return False
        node_id = table["bundles_to_node_id"][0]
        machine = next(_target(node) for node in ray.nodes() if node["NodeID"] == node_id)
        entry.machine = machine.id
        entry.agent = _agent(node_id, machine)
        _ask(entry.agent.start.remote(job, entry.spec), START_S)
        return True

    def _end(self, entry: _Entry, status: JobStatus) -> None:
        entry.ended = replace(status, machine=status.machine or entry.machine)
        remove_placement_group(entry.room)

    def _entry(self, job: str) -> _Entry:
        if job not in self._jobs:
            raise NotFound(f"no job with handle {job!r} on this cluster")
        return self._jobs[job]


def _agent(node_id: str, machine: Target) -> Any:
    options = {"name": f"agent-{node_id}", "namespace": NAMESPACE, "lifetime": "detached", "get_if_exists": True}
    on_node = NodeAffinitySchedulingStrategy(node_id, soft=False)
    return ray.remote(_Agent).options(**options, num_cpus=0, scheduling_strategy=on_node).remote(machine)


def _ask(answer: Any, patience_s: float = 2 * START_S) -> Any:
    """The answer of an actor; our own errors as themselves, a dead or silent actor as Unavailable."""
    try:
        return awaited(answer, patience_s)
    except RayTaskError as error:
        if isinstance(error.cause, ThrulineError):
            raise error.cause from None
        raise
    except RayActorError as error:
        raise _Gone(f"a Ray actor is gone: {error.error_msg}") from error
    except TimeoutError as error:
        raise Unavailable(f"a Ray actor did not answer within {patience_s:.0f} s") from error


def _bundle(spec: JobSpec) -> dict[str, float]:
    asks = {"CPU": float(spec.cpus), "memory": float(spec.memory), "GPU": float(spec.gpus)}
    return {name: amount for name, amount in asks.items() if amount}


def _target(node: dict[str, Any]) -> Target:
    has = node["Resources"]
    kinds = [name.partition(":")[2] for name in has if name.startswith("accelerator_type:")] or ["GPU"]
    return Target(
        id=_id("machine", node["NodeID"]), name=node["NodeName"], backend="ray", cpus=int(has.get("CPU", 0)),
        memory=int(has.get("memory", 0)), disk_free=0, gpus=(kinds[0],) * int(has.get("GPU", 0)),
    )  # fmt: skip


def _id(kind: str, hexadecimal: str) -> ArtifactId:
    return ArtifactId(f"{kind}:{hexadecimal[: 2 * DIGEST_BYTES]}")
