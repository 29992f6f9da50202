"""Leases: one holder of a name at a time, and a fence against the one that was thought dead.

A lease ends when its time is up, or at once when its holder was a process of this machine that is gone. Each new
holder gets the next epoch; a commit checks the epoch inside its own transaction, so a holder that slept through
its lease cannot write beside its successor.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from thruline.core.clock import Clock
from thruline.core.errors import Conflict
from thruline.core.sql import load_queries
from thruline.ports.database import Database

LEASE_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Lease:
    """A name held under an epoch."""

    name: str
    epoch: int
    holder: str


class Leases:
    """Takes, extends, checks and ends leases; all in the database's own transactions."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock
        self._q = load_queries("thruline.runs", database.dialect)

    def take(self, name: str, run: str) -> Lease:
        """Hold name; raises Conflict while somebody alive holds it."""
        holder = this_process()
        with self._db.transaction():
            rows = self._db.query(self._q.lease, {"name": name})
            if rows and self._is_held(*rows[0][:3]):
                raise Conflict(
                    f"{name.partition(':')[0]!r} is already under way (run {rows[0][3]!r})",
                    hint="wait for it, or stop it with `thruline cancel`",
                )
            self._db.execute(self._q.take_lease, {"name": name, "holder": holder, "until": self._until(), "run": run})
            epoch = self._db.query(self._q.lease, {"name": name})[0][1]
        return Lease(name=name, epoch=epoch, holder=holder)

    def extend(self, lease: Lease) -> bool:
        """Push the end away; false when somebody else has taken over."""
        params = {"name": lease.name, "epoch": lease.epoch, "holder": lease.holder, "until": self._until()}
        return self._db.execute(self._q.extend_lease, params) == 1

    def check(self, lease: Lease) -> None:
        """Raises Conflict unless lease is the current one; call it inside the transaction that it guards."""
        rows = self._db.query(self._q.lease, {"name": lease.name})
        if not rows or rows[0][1] != lease.epoch:
            raise Conflict(f"another process has taken over {lease.name!r}", hint="nothing of this one was written")

    def end(self, lease: Lease) -> None:
        """Let go."""
        self._db.execute(self._q.end_lease, {"name": lease.name, "epoch": lease.epoch})

    def lost(self) -> list[tuple[Lease, str]]:
        """Leases, with their runs, whose holder is gone without letting go."""
        rows = self._db.query(self._q.live_leases)
        return [
            (Lease(name=name, epoch=epoch, holder=holder), run)
            for name, holder, epoch, until, run in rows
            if not self._is_held(holder, epoch, until)
        ]

    def _is_held(self, holder: str, _epoch: int, until: int) -> bool:
        return until > self._clock.now() and not is_dead(holder)

    def _until(self) -> int:
        return self._clock.now() + int(LEASE_S * 1e6)


def this_process() -> str:
    """`host pid start`: names a process of a machine for good, although pids are used again."""
    return f"{socket.gethostname()} {os.getpid()} {_start_of(os.getpid())}"


def is_dead(holder: str) -> bool:
    """Whether holder was a process of this machine and is gone; false for other machines: only time tells there."""
    host, pid, start = holder.split(" ")
    return host == socket.gethostname() and _start_of(int(pid)) != start


def _start_of(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    except OSError:
        return _start_without_proc(pid)
    state, *fields = stat.rpartition(")")[2].split()
    return "gone" if state == "Z" else fields[18]  # field 22: start time in clock ticks since boot


def _start_without_proc(pid: int) -> str:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return "gone"
    except PermissionError:
        return "unknown"
    return "unknown"
