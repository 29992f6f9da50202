"""The compute suite on a real Ray cluster of two nodes; run by test_ray_compute.py where only `lo` exists."""

from __future__ import annotations

import fcntl
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import ray

from thruline.backends.local_supervisor.processes import descendants, send
from thruline.backends.ray_compute import RayCompute
from thruline.core.errors import Unavailable
from thruline.ports.compute import Compute
from thruline.testing.compute_suite import ComputeSuite, sh

ADDRESS = "127.0.0.1:6390"
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def ray_start(*options: str) -> subprocess.Popen[bytes]:
    command = [str(Path(sys.executable).with_name("ray")), "start", "--block", "--node-ip-address=127.0.0.1"]
    return subprocess.Popen([*command, "--num-cpus=2", "--disable-usage-stats", *options], start_new_session=True)


@pytest.fixture(scope="session")
def nodes() -> Iterator[list[subprocess.Popen[bytes]]]:
    """A head and a second node, each in a process group of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
    folder = tempfile.mkdtemp(prefix="ray-")
    started = [ray_start("--head", "--port=6390", "--include-dashboard=false", f"--temp-dir={folder}")]
    try:
        until(answers)
        started.append(ray_start(f"--address={ADDRESS}"))
        until(is_open)
        until(lambda: len([node for node in ray.nodes() if node["Alive"]]) == 2)
        yield started
        ray.shutdown()
    finally:
        for node in started:
            kill(node)
        shutil.rmtree(folder, ignore_errors=True)


def answers() -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", 6390)) == 0


def is_open() -> bool:
    """Whether this process could connect; it then stays connected for all tests."""
    try:
        RayCompute(ADDRESS)
    except Unavailable:
        return False
    return True


def kill(node: subprocess.Popen[bytes]) -> None:
    """As a power cut would: the node's daemons and workers at once, not asked."""
    send([node.pid, *descendants(node.pid)], signal.SIGKILL)
    node.wait(30)


def until(is_true: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 90
    while not is_true():
        assert time.monotonic() < give_up
        time.sleep(0.1)


class TestRayCompute(ComputeSuite):
    @pytest.fixture
    def open_compute(self, nodes: list[subprocess.Popen[bytes]]) -> Callable[[], Compute]:
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

    def test_jobs_of_a_killed_node_are_lost_and_leave_nobody(
        self, compute: Compute, nodes: list[subprocess.Popen[bytes]]
    ) -> None:
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
