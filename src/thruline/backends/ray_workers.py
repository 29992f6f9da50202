"""Pure work on the nodes of a Ray cluster: a task that its node took with it is done again on another.

Ray keeps a worker process for the next task, so a bench is opened once a process. A task holds one cpu.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module

import ray
from ray.exceptions import ObjectStoreFullError, OutOfDiskError, OutOfMemoryError, RayError, RayTaskError

from thruline.backends.ray_link import DEATHS, Link, awaited
from thruline.core.errors import Conflict, ThrulineError, Unavailable
from thruline.ports.workers import Bench, Worker

UNDER_WAY = 256 * 2**20  # bytes of tasks that wait or are worked at: they lie in the object store of this machine
_SAME = "install the same thruline and the same weights on every node, and start Ray there again"
_NOT_IMPORTED = "failed to import"  # what Ray says where a node has no thruline at all
_FULL: dict[type[RayError], tuple[str, str]] = {
    OutOfMemoryError: (
        "the nodes ran out of memory over a task", "give each fewer tasks at a time: `ray start --num-cpus`",
    ),
    OutOfDiskError: ("the disk is full that Ray keeps tasks on", "`df` on this machine and on the nodes says which"),
    ObjectStoreFullError: (
        "the memory is full that Ray keeps tasks in", "give it more where you start Ray: `--object-store-memory`",
    ),
}  # fmt: skip
_AHEAD = 2  # tasks for each cpu: one that is worked at, and the next


class RayWorkers:
    """The cpus of a cluster that is up already. address: as `ray start` printed it, `host:port`."""

    def __init__(self, address: str, bench: Bench) -> None:
        self._link = Link(address)
        self._bench = bench
        self._room = _Room(UNDER_WAY)
        self._task = ray.remote(_do).options(num_cpus=1, max_retries=DEATHS)
        self.at_once = max(1, int(ray.cluster_resources().get("CPU", 1))) * _AHEAD

    def do(self, task: bytes) -> bytes:
        """See ports.workers."""
        with self._room.taken(len(task)):
            self._link.session()
            try:
                return awaited(self._task.remote(self._bench, task))
            except RayError as error:
                raise _said(error) from error

    def close(self) -> None:
        """Disconnect, when it was this instance that connected."""
        self._link.close()


class _Room:
    """So many bytes and no more at a time; what is larger than the whole goes alone."""

    def __init__(self, size: int) -> None:
        self._size = self._left = size
        self._changed = threading.Condition()  # guards _left

    @contextmanager
    def taken(self, asked: int) -> Iterator[None]:
        """Waits for the room, and gives it back."""
        asked = min(asked, self._size)
        with self._changed:
            self._changed.wait_for(lambda: self._left >= asked)
            self._left -= asked
        try:
            yield
        finally:
            with self._changed:
                self._left += asked
                self._changed.notify_all()


def _said(error: RayError) -> Exception:
    """What became of a task, in our words; a fault of our own code as it is."""
    if isinstance(error, RayTaskError):
        if isinstance(error.cause, ImportError | AttributeError) or _NOT_IMPORTED in str(error):
            last = str(error).strip().splitlines()[-1]
            return Conflict(f"a node cannot open what it is to work with: {last}", hint=_SAME)
        if isinstance(error.cause, OSError | MemoryError):
            return Unavailable(f"a node could not do a task: {error.cause!r}", hint="look at its memory and its disks")
        return error.cause if isinstance(error.cause, ThrulineError) else error
    for kind, (said, hint) in _FULL.items():
        if isinstance(error, kind):
            return Unavailable(said, hint=hint)
    return Unavailable(f"a task was lost {DEATHS + 1} times with its node", hint="`ray status` says which nodes are up")


def _do(bench: Bench, task: bytes) -> bytes:
    """On a node: the reply to one task."""
    worker = _opened(bench)
    if worker.version != bench.version:
        raise Conflict(
            f"the node {ray.util.get_node_ip_address()!r} is {worker.version!r} and this machine {bench.version!r}",
            hint=_SAME,
        )
    return worker(task)


@cache
def _opened(bench: Bench) -> Worker:
    module, _, name = bench.opens.partition(":")
    return getattr(import_module(module), name)(bench.settings)
