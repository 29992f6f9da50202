"""Watches one job: pumps its log, holds its limits, counts what it uses, and ends all of it."""

from __future__ import annotations

import os
import select
import signal
import time
from typing import Any

from thruline.backends.local_supervisor.folder import READ_BYTES, Log, now, write_status
from thruline.backends.local_supervisor.launch import PR_SET_CHILD_SUBREAPER, claim, launch, prctl
from thruline.backends.local_supervisor.processes import born, descendants, proportional, resident, send

GRACE_S = 5.0
TICK_MS = 50  # memory is touched at 2-3 GB/s at most: about 100 MB between two looks


class Supervision:
    """One job, from its first process to its last."""

    def __init__(self, folder: str, spec: dict[str, Any]) -> None:
        self.folder = folder
        self.spec = spec
        self.state, self.reason = "", ""  # the verdict, once something other than the command's own end has decided
        self.kill_at = 0.0  # when those still there are killed; 0 while nobody was asked to end
        self.pid, self.exit_code = 0, -1
        self.cpu_seconds, self.peak = 0.0, 0
        self.gpus: list[str] = []
        self.started = now()
        self.deadline = time.monotonic() + (spec["timeout_s"] or float("inf"))

    def run(self) -> None:
        """Start the command, watch it and write how it ended."""
        prctl(PR_SET_CHILD_SUBREAPER, 1)  # grandchildren whose parent ends become ours
        wake = wake_on_signals(self)
        try:
            usable = [str(core) for core in sorted(os.sched_getaffinity(0))]
            cores = claim(f"{self.spec['slots']}/core", usable, self.spec["cpus"])
            self.gpus = claim(f"{self.spec['slots']}/gpu", self.spec["gpu_ids"], self.spec["gpus"], depth=1)
            self.pid, output = launch(self.spec, cores, self.gpus)
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            self.finish("failed", 127 if missing else 126, f"cannot start: {error.strerror}: {error.filename!r}")
            return
        self.save(state="running", session=self.pid, born=born(self.pid))
        self.watch(wake, output, Log(f"{self.folder}/log", self.spec["log_cap"]))
        state, reason = judge(self.exit_code)
        self.finish(self.state or state, self.exit_code, self.reason or reason)

    def watch(self, wake: int, output: int, log: Log) -> None:
        """Pump the log and hold the limits until the last process of the job is gone."""
        poller = select.poll()
        for fd in (wake, output, *self.owner()):
            poller.register(fd, select.POLLIN)
        while self.reap():
            for fd, _ in poller.poll(TICK_MS):
                if fd == wake:
                    os.read(fd, READ_BYTES)
                elif fd != output:
                    poller.unregister(fd)
                    self.end("lost", "the process that the job is bound to is gone")
                elif not log.pump(output):
                    poller.unregister(output)
            self.check(descendants(os.getpid()))
        log.pump(output, READ_BYTES * READ_BYTES)

    def owner(self) -> tuple[int, ...]:
        """A descriptor that turns readable when the process that the job is bound to is gone."""
        if not self.spec["owner"]:
            return ()
        try:
            return (os.pidfd_open(self.spec["owner"]),)
        except ProcessLookupError:
            self.end("lost", "the process that the job is bound to is gone")
            return ()

    def check(self, tree: list[int]) -> None:
        """Hold the limits, hear wishes to cancel, and kill who has outstayed the grace."""
        limit = self.spec["memory"]
        held = resident(tree)
        if limit and held > limit:
            held = proportional(tree)  # forked processes share pages: count each page once before killing for it
        self.peak = max(self.peak, held)
        if limit and held > limit:
            self.end("out_of_memory", f"held {held / 1e6:.0f} MB, allowed {limit / 1e6:.0f} MB", grace_s=0.0)
        elif time.monotonic() > self.deadline:
            self.end("timed_out", f"ran longer than {self.spec['timeout_s']:g} s")
        elif os.path.exists(f"{self.folder}/cancel"):
            self.end("cancelled", "")
        elif self.exit_code >= 0:
            self.end("", "")  # the command is done: what it left in the background goes too
        if self.kill_at and time.monotonic() >= self.kill_at:
            send(tree, signal.SIGKILL)

    def end(self, state: str, reason: str, grace_s: float = GRACE_S) -> None:
        """Ask every process of the job to end; the first verdict stands."""
        if self.kill_at:
            return
        self.kill_at = time.monotonic() + grace_s
        if self.exit_code < 0:
            self.state, self.reason = state, reason
        send(descendants(os.getpid()), signal.SIGTERM if grace_s else signal.SIGKILL)

    def reap(self) -> bool:
        """Collect who has ended, with what they used; false when nobody is left."""
        while True:
            try:
                pid, status, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            self.cpu_seconds += used.ru_utime + used.ru_stime
            self.peak = max(self.peak, used.ru_maxrss * 1024)
            if pid == self.pid:
                code = os.waitstatus_to_exitcode(status)
                self.exit_code = code if code >= 0 else 128 - code

    def finish(self, state: str, exit_code: int, reason: str) -> None:
        """Write the last status."""
        ended = now()
        self.save(
            state=state, exit_code=exit_code, reason=reason, ended=ended, cpu_seconds=self.cpu_seconds,
            peak_memory=self.peak, gpu_seconds=len(self.gpus) * (ended - self.started) / 1e6,
        )  # fmt: skip

    def save(self, **status: Any) -> None:
        """Write a status."""
        write_status(self.folder, status | {"started": self.started})


def judge(exit_code: int) -> tuple[str, str]:
    """State and reason of a command that ended by itself."""
    if exit_code > 128 and exit_code - 128 in signal.valid_signals():
        return "failed", f"ended by {signal.Signals(exit_code - 128).name}"
    return ("succeeded", "") if exit_code == 0 else ("failed", "")


def wake_on_signals(job: Supervision) -> int:
    """A descriptor that turns readable when a child ends; asked to end itself, the supervisor ends the job."""
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: job.end("lost", "its supervisor was told to end"))
    return wake
