"""A Ray cluster of two nodes on the loopback, each in a process group of its own that can be killed like a machine.

Ray looks for the way out of its host and then stays there: start this where nothing but `lo` exists, which
tests/conformance/test_ray_compute.py sees to.
"""

from __future__ import annotations

import fcntl
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import ray

from thruline.backends.local_supervisor.processes import descendants, send
from thruline.backends.ray_link import Link
from thruline.core.errors import Unavailable
from thruline.ports.workers import Workers

ADDRESS = "127.0.0.1:6390"
CPUS = 2  # of each node
BEFORE_DEATH = 4  # replies, until DeadlyWorkers lose their node
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1
_PATIENCE_S = 90.0
Node = subprocess.Popen[bytes]


class DeadlyWorkers:
    """Workers of which a node is killed when a few tasks are done, while it works at others."""

    def __init__(self, workers: Workers, node: Node) -> None:
        self.at_once = workers.at_once
        self.close = workers.close
        self.replies = 0
        self._workers, self._node = workers, node
        self._one = threading.Lock()  # guards replies

    def do(self, task: bytes) -> bytes:
        """See ports.workers."""
        reply = self._workers.do(task)
        with self._one:
            self.replies += 1
            if self.replies == BEFORE_DEATH:
                kill(self._node)
        return reply


@contextmanager
def two_nodes(*settings: str) -> Iterator[list[Node]]:
    """A head and a second node, with settings of Ray as `NAME=value`, and this process connected to them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        fcntl.ioctl(probe, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP))
    folder = tempfile.mkdtemp(prefix="ray-")
    head = ("--head", "--port=6390", "--include-dashboard=false", f"--temp-dir={folder}")
    started = [_start(*head, settings=settings)]
    try:
        until(_answers)
        started.append(_start(f"--address={ADDRESS}", settings=settings))
        until(_is_open)
        until(lambda: len([node for node in ray.nodes() if node["Alive"]]) == len(started))
        yield started
        ray.shutdown()
    finally:
        for node in started:
            kill(node)
        shutil.rmtree(folder, ignore_errors=True)


def start_again(nodes: list[Node]) -> None:
    """A second node, where the one that there was has been killed."""
    if nodes[1].poll() is not None:
        nodes[1] = _start(f"--address={ADDRESS}")
        until(lambda: len([node for node in ray.nodes() if node["Alive"]]) == len(nodes))


def kill(node: Node) -> None:
    """As a power cut would: the node's daemons and workers at once, not asked."""
    send([node.pid, *descendants(node.pid)], signal.SIGKILL)
    node.wait(30)


def until(is_true: Callable[[], bool]) -> None:
    """Wait for it."""
    give_up = time.monotonic() + _PATIENCE_S
    while not is_true():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def _start(*options: str, settings: Sequence[str] = ()) -> Node:
    command = [
        "env",
        *settings,
        str(Path(sys.executable).with_name("ray")),
        "start",
        "--block",
        "--node-ip-address=127.0.0.1",
    ]
    return subprocess.Popen(  # noqa: S603 - our own arguments
        [*command, f"--num-cpus={CPUS}", "--disable-usage-stats", *options], start_new_session=True
    )


def _answers() -> bool:
    host, _, port = ADDRESS.partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def _is_open() -> bool:
    """Whether this process could connect; it then stays connected for all tests."""
    try:
        Link(ADDRESS)
    except Unavailable:
        return False
    return True
