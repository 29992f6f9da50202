"""A fake of the nodes of a cluster: tasks are done in this process, as bytes, on the thread that asks."""

from __future__ import annotations

from importlib import import_module

from thruline.core.errors import Conflict
from thruline.ports.workers import Bench, Worker


class WorkersHere:
    """One worker, which the threads share; done: the tasks that it did."""

    at_once = 3

    def __init__(self, bench: Bench) -> None:
        module, _, name = bench.opens.partition(":")
        self._worker: Worker = getattr(import_module(module), name)(bench.settings)
        self._version = bench.version
        self.done: list[bytes] = []

    def do(self, task: bytes) -> bytes:
        """See ports.workers."""
        if self._worker.version != self._version:
            raise Conflict(f"the worker is {self._worker.version!r} and not {self._version!r}")
        self.done.append(task)
        return self._worker(task)

    def close(self) -> None:
        """Close the worker."""
        self._worker.close()
