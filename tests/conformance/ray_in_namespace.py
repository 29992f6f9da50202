"""The compute suite on a real Ray cluster of two nodes; run by test_ray_compute.py where only `lo` exists."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import ray

from thruline.backends.ray_compute import RayCompute
from thruline.core.errors import Unavailable
from thruline.ports.compute import Compute
from thruline.testing.compute_suite import ComputeSuite, sh
from thruline.testing.ray_cluster import ADDRESS, Node, kill, two_nodes, until


@pytest.fixture(scope="session")
def nodes() -> Iterator[list[Node]]:
    with two_nodes() as started:
        yield started


class TestRayCompute(ComputeSuite):
    @pytest.fixture
    def open_compute(self, nodes: list[Node]) -> Callable[[], Compute]:
        return lambda: RayCompute(ADDRESS)

    def test_two_jobs_that_fill_a_node_each_run_on_two_nodes(self, compute: Compute) -> None:
        handles = [self.start(compute, sh("echo here; sleep 600", cpus=2)) for _ in range(3)]
        for handle in handles[:2]:
            self.said(compute, handle, b"here")
        assert len({compute.status(handle).machine for handle in handles[:2]}) == 2
        assert compute.status(handles[2]).state == "queued"
        compute.cancel(handles[0])
        self.said(compute, handles[2], b"here")
        for handle in handles[1:]:
            compute.cancel(handle)
        assert [self.ended(compute, handle).state for handle in handles] == ["cancelled"] * 3

    def test_a_job_that_nobody_asks_about_is_started_and_makes_room(self, compute: Compute) -> None:
        first = self.start(compute, sh("sleep 2", cpus=2))
        beside = self.start(compute, sh("sleep 2", cpus=2))
        between = [self.start(compute, sh("echo here", cpus=2)) for _ in range(4)]
        assert self.ended(compute, between[-1]).state == "succeeded"
        assert [self.ended(compute, handle).state for handle in (first, beside, *between)] == ["succeeded"] * 6

    def test_a_waiting_job_can_be_cancelled(self, compute: Compute) -> None:
        handles = [self.start(compute, sh("sleep 600", cpus=2)) for _ in range(3)]
        for handle in reversed(handles):
            compute.cancel(handle)
        assert [self.ended(compute, handle).state for handle in handles] == ["cancelled"] * 3

    def test_jobs_outlive_the_connection_that_started_them(self, compute: Compute) -> None:
        handle = self.start(compute, sh("sleep 1; echo done"))
        ray.shutdown()
        again = RayCompute(ADDRESS)
        assert self.ended(again, handle).state == "succeeded"
        assert again.logs(handle) == b"done\n"

    def test_jobs_of_a_killed_node_are_lost_and_leave_nobody(self, compute: Compute, nodes: list[Node]) -> None:
        handles = [self.start(compute, sh("echo $$; exec sleep 600", cpus=2)) for _ in range(2)]
        for handle in handles:
            self.said(compute, handle, b"\n")
        pids = [int(compute.logs(handle)) for handle in handles]
        kill(nodes[1])
        self.until(compute, handles[0], lambda _: "lost" in {compute.status(handle).state for handle in handles})
        states = [compute.status(handle).state for handle in handles]
        lost = states.index("lost")
        until(lambda: not self.is_alive(pids[lost]))
        assert states[1 - lost] == "running"
        compute.cancel(handles[1 - lost])
        self.ended(compute, handles[1 - lost])


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere", "127.0.0.1:port"])
def test_a_cluster_that_is_not_there_is_unavailable(address: str) -> None:
    ray.shutdown()
    with pytest.raises(Unavailable, match=address):
        RayCompute(address)
