"""Runs the command of one job folder to its end: limits, log, usage, and nobody left behind.

A program of its own (`python -m thruline.backends.local_supervisor FOLDER`) with nothing but the standard library, so
that it starts in 30 ms and outlives whoever started it. FOLDER holds spec.json (read), log and status.json (written),
and `cancel` (a wish to end, made by anyone). While it lives it holds a lock on FOLDER/lock; a free lock beside a
status that says `running` means that it died. `FOLDER --recover` then ends what it left and writes `lost`.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time

from thruline.backends.local_supervisor.folder import Status, now, read_json, write_status
from thruline.backends.local_supervisor.processes import born, processes, send, stat_fields
from thruline.backends.local_supervisor.watch import Supervision


def main(argv: list[str]) -> None:
    """Run or recover the job in folder argv[0]; returns when somebody else already runs it."""
    folder = argv[0]
    os.umask(0o077)
    lock = os.open(f"{folder}/lock", os.O_RDWR | os.O_CREAT, 0o600)
    if "--recover" in argv:
        fcntl.flock(lock, fcntl.LOCK_EX)
        recover(folder)
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    if os.path.exists(f"{folder}/status.json"):
        return
    write_status(folder, {"state": "running", "started": now()})
    if os.fork() == 0:  # the lock belongs to the open file, so it goes on with the child
        os.setsid()
        Supervision(folder, read_json(f"{folder}/spec.json")).run()


def recover(folder: str) -> None:
    """End what a dead supervisor left running and write `lost`; called under the job's lock."""
    status = read_json(f"{folder}/status.json")
    if status.get("state") != "running":
        return
    mark = f"THRULINE_JOB={read_json(f'{folder}/spec.json')['env']['THRULINE_JOB']}".encode()
    while left := [pid for pid in processes() if _belongs(pid, mark, status)]:
        send(left, signal.SIGKILL)
        time.sleep(0.01)
    write_status(folder, status | {"state": "lost", "ended": now(), "reason": "its supervisor was killed"})


def _belongs(pid: int, mark: bytes, status: Status) -> bool:
    """Whether a live process carries the job's mark, or is in its session and the session's number is not reused."""
    fields = stat_fields(pid)
    if not fields or fields[0] == "Z":
        return False
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            marked = mark in file.read().split(b"\0")
    except OSError:
        marked = False
    session = status.get("session", -1)
    return marked or (fields[3] == str(session) and born(session) in (status["born"], ""))


if __name__ == "__main__":
    main(sys.argv[1:])
