"""What every backend of ports.workers must do."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from thruline.core.errors import Conflict
from thruline.ports.workers import Bench, Workers

OpenWorkers = Callable[[Bench], Workers]
SLOW_S = 0.3


class Turner:
    """A worker that turns bytes round, slowly where they say so; its settings are its version."""

    def __init__(self, settings: bytes) -> None:
        self.version = settings.decode()

    def __call__(self, task: bytes) -> bytes:
        """See ports.workers."""
        if task.startswith(b"slow"):
            time.sleep(SLOW_S)
        return task[::-1]

    def close(self) -> None:
        """See ports.workers."""


def bench(version: str = "1", expected: str = "1") -> Bench:
    """A bench of which the worker is one version, and another may be expected."""
    return Bench(opens="thruline.testing.workers_suite:Turner", settings=version.encode(), version=expected)


class WorkersSuite:
    """Subclass it with a fixture `open_workers`."""

    @pytest.fixture
    def open_workers(self) -> OpenWorkers:
        """Opens the backend under test at a bench."""
        raise NotImplementedError

    def test_every_task_gets_its_own_reply_from_as_many_threads_as_are_worth_it(
        self, open_workers: OpenWorkers
    ) -> None:
        """Replies belong to their tasks."""
        workers = open_workers(bench())
        tasks = [f"task {n} {'x' * (n * 997)}".encode() for n in range(60)]
        with ThreadPoolExecutor(workers.at_once) as pool:
            assert list(pool.map(workers.do, tasks)) == [task[::-1] for task in tasks]
        workers.close()

    def test_a_worker_of_another_version_does_nothing_and_both_versions_are_named(
        self, open_workers: OpenWorkers
    ) -> None:
        """Other code or weights are refused."""
        workers = open_workers(bench("the old one", "the new one"))
        with pytest.raises(Conflict, match=r"the old one.*the new one"):
            workers.do(b"task")
        workers.close()

    def test_an_empty_task_and_a_large_one_are_tasks(self, open_workers: OpenWorkers) -> None:
        """No size is special."""
        workers = open_workers(bench())
        large = bytes(range(256)) * 2**15
        assert [workers.do(b""), workers.do(large)] == [b"", large[::-1]]
        workers.close()
