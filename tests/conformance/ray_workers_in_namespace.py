"""The workers suite and whole syncs on a real Ray cluster of two nodes; run by test_ray_compute.py."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import ray

from thruline.backends.ray_workers import RayWorkers
from thruline.core.errors import Conflict, Unavailable
from thruline.flows.apart import Tools
from thruline.ports.workers import Bench, Workers
from thruline.testing.homes import FastEngines, open_home, write
from thruline.testing.manifest import manifest
from thruline.testing.ray_cluster import ADDRESS, CPUS, Node, kill, two_nodes
from thruline.testing.workers_suite import OpenWorkers, WorkersSuite, bench

ON_RAY = {"THRULINE_INGEST__BACKEND": "ray", "THRULINE_COMPUTE__ADDRESS": ADDRESS}
FILES = 30
BEFORE_DEATH = 4  # replies


class SlowEngines(FastEngines):
    def _bench(self, tools: Tools) -> Bench:
        return replace(super()._bench(tools), opens="thruline.testing.homes:open_slow_worker")


class DeadlyWorkers:
    """Workers of which one node is killed when a few tasks are done, while it works at others."""

    def __init__(self, workers: Workers, node: Node) -> None:
        self.at_once = workers.at_once
        self.close = workers.close
        self.replies = 0
        self._workers, self._node = workers, node
        self._one = threading.Lock()

    def do(self, task: bytes) -> bytes:
        reply = self._workers.do(task)
        with self._one:
            self.replies += 1
            if self.replies == BEFORE_DEATH:
                kill(self._node)
        return reply


class OldEngines(FastEngines):
    def _bench(self, tools: Tools) -> Bench:
        return replace(super()._bench(tools), version="code of last year")


@pytest.fixture(scope="session")
def nodes() -> Iterator[list[Node]]:
    with two_nodes() as started:
        yield started


@pytest.fixture
def twins(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Two homes with one key and one source, one of them read."""
    docs = tmp_path / "docs"
    words = {
        f"page{n}": f"# Page {n}\n\n" + f"Valve {n} opens at {n % 24} for Ada{n} Lovelace. " * 20 for n in range(FILES)
    }
    write(docs, **words)
    (docs / "broken.pdf").write_bytes(b"%PDF-1.4 nothing of it is true")
    with open_home(tmp_path / "one") as home:
        home.data.add(path=str(docs))
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    with open_home(tmp_path / "one") as home:
        home.data.sync()
    return tmp_path / "one", tmp_path / "two", docs


def held(path: Path) -> bytes:
    with open_home(path) as home:
        assert home.ledger.verify().ok
        return manifest(home.line)


class TestRayWorkers(WorkersSuite):
    @pytest.fixture
    def open_workers(self, nodes: list[Node]) -> OpenWorkers:
        return lambda bench: RayWorkers(ADDRESS, bench)

    def test_two_nodes_work_at_once(self, open_workers: OpenWorkers) -> None:
        workers = open_workers(bench())
        assert workers.at_once >= 2 * CPUS


@pytest.mark.usefixtures("nodes")
def test_a_sync_on_two_nodes_gives_the_same_home_byte_for_byte(twins: tuple[Path, Path, Path]) -> None:
    one, two, _ = twins
    with open_home(two, ON_RAY) as home:
        (report,) = home.data.sync()
    assert report.indexed == FILES
    assert held(one) == held(two)


@pytest.mark.usefixtures("nodes")
def test_nodes_of_another_version_are_refused_and_nothing_is_taken_in(twins: tuple[Path, Path, Path]) -> None:
    _, two, _ = twins
    with open_home(two, ON_RAY, engines=OldEngines) as home:
        with pytest.raises(Conflict, match="code of last year"):
            home.data.sync()
        assert home.line.records.list(limit=9) == []


def test_a_node_that_is_killed_in_the_middle_costs_time_and_nothing_else(
    twins: tuple[Path, Path, Path], nodes: list[Node]
) -> None:
    one, two, _ = twins
    opened: list[DeadlyWorkers] = []

    class DeadlyEngines(SlowEngines):
        def workers(self, tools: Tools) -> Workers | None:
            given = super().workers(tools)
            assert given
            opened.append(DeadlyWorkers(given, nodes[1]))
            return opened[-1]

    with open_home(two, ON_RAY, engines=DeadlyEngines) as home:
        (report,) = home.data.sync()
    (workers,) = opened
    assert nodes[1].poll() is not None
    assert workers.replies > BEFORE_DEATH + CPUS, "the sync was over before the node was killed"
    assert report.indexed == FILES
    assert held(one) == held(two)


def test_a_cluster_that_is_not_there_is_unavailable() -> None:
    ray.shutdown()
    with pytest.raises(Unavailable, match="127"):
        RayWorkers("127.0.0.1:1", bench())
