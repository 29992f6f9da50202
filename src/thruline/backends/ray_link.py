"""The one connection of this process to a Ray cluster, which ends when the cluster does.

Ray ends a process whose cluster has been away for a minute, and with it a server that has other things to do. So the
head is looked after: when it has not answered for a while the connection is closed, and who waits for a reply is told.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import Any

import ray

from thruline.core.errors import Conflict, Unavailable

NAMESPACE = "thruline"
CONNECT_S = 5.0
LOOK_S = 2.0  # between two looks at the head, and at the connection by who waits
AWAY_S = 20.0  # until the cluster is given up: Ray takes seconds to disconnect, and at 60 it ends the process
DEATHS = 5  # of nodes or worker processes over one task, until it is given up
_ONE = threading.Lock()  # guards the connection: Ray has one a process


class Link:
    """Connected when made, and again where that was lost. address: as `ray start` printed it, `host:port`."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._made = ""  # the connection that this instance made
        self._closed = threading.Event()
        self.session()

    def session(self) -> str:
        """Names the connection that there is, and makes it where there is none.

        Raises Unavailable where no cluster answers, Conflict where it has another version of Ray or Python.
        """
        with _ONE:
            if not ray.is_initialized():
                _connect(self._address)
                self._made = _session()
                threading.Thread(target=self._watch, args=(self._made,), daemon=True, name="ray").start()
            return _session()

    def close(self) -> None:
        """Disconnect, when it was this instance that connected."""
        self._closed.set()
        _disconnect(self._made)

    def _watch(self, session: str) -> None:
        answered = time.monotonic()
        while not self._closed.wait(LOOK_S):
            if _answers(self._address):
                answered = time.monotonic()
            elif time.monotonic() - answered > AWAY_S:
                _disconnect(session)
                return


def awaited(reply: Any, patience_s: float = float("inf")) -> Any:
    """The reply of a task or an actor; raises what that raised, Unavailable when the cluster is gone, TimeoutError.

    Not by `ray.get`: it starts a cluster of its own where the connection was closed.
    """
    session, future = _session(), reply.future()
    give_up = time.monotonic() + patience_s
    while True:
        try:
            return future.result(timeout=max(0.0, min(LOOK_S, give_up - time.monotonic())))
        except TimeoutError:
            if future.done() or time.monotonic() >= give_up:
                raise
            if _session() != session:
                raise Unavailable(f"the Ray cluster has not answered for {AWAY_S:.0f} s", hint=_WAY_OUT) from None


_WAY_OUT = "is it up, and its port open? the address is host:port; with backend `local` this machine does the work"


def _connect(address: str) -> None:
    host, _, port = address.rpartition(":")
    os.putenv("RAY_task_oom_retries", str(DEATHS))  # by itself Ray gives such a task to the nodes for ever
    try:
        socket.create_connection((host, int(port)), timeout=CONNECT_S).close()  # Ray itself tries for minutes
        ray.init(address=address, namespace=NAMESPACE, log_to_driver=False, configure_logging=False)
    except (OSError, RuntimeError, ValueError) as error:
        if "Version mismatch" in str(error):
            raise Conflict(
                f"the Ray cluster at {address!r} is of another version: {' '.join(str(error).split())}",
                hint="install the same Ray and the same Python on every machine, and start the cluster again",
            ) from error
        raise Unavailable(f"no Ray cluster answers at {address!r}: {error}", hint=_WAY_OUT) from error


def _disconnect(session: str) -> None:
    with _ONE:
        if session and _session() == session:
            ray.shutdown()


def _session() -> str:
    """Names the connection that there is; empty where there is none."""
    return ray.get_runtime_context().get_job_id() if ray.is_initialized() else ""


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=CONNECT_S).close()
    except OSError:
        return False
    return True
