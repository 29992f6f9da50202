"""The files of a job's folder: status, log, and the time that both speak of."""

from __future__ import annotations

import json
import os
import time
from typing import Any

Status = dict[str, Any]
READ_BYTES = 1 << 16


class Log:
    """The job's output as it came, up to a cap; what follows is read and dropped, so that the job goes on."""

    def __init__(self, path: str, cap: int) -> None:
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115  open as long as the supervisor lives
        self._room = cap
        self._cap = cap

    def pump(self, source: int, budget: int = 16 * READ_BYTES) -> bool:
        """Move what is there, at most budget bytes; false at the end of the stream."""
        while budget > 0:
            try:
                data = os.read(source, READ_BYTES)
            except BlockingIOError:
                return True
            if not data:
                return False
            budget -= len(data)
            self._write(data)
        return True

    def _write(self, data: bytes) -> None:
        if self._room <= 0:
            return
        try:
            self._file.write(data[: self._room])
            self._room -= len(data)
            if self._room < 0:
                self._file.write(b"\n[thruline: the log was cut at %d bytes]\n" % self._cap)
        except OSError:
            self._room = 0  # a full disk costs the rest of the log, not the job


def read_json(path: str) -> dict[str, Any]:
    """The object in a file."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write_status(folder: str, status: Status) -> None:
    """Replace status.json whole: readers see the old or the new."""
    with open(f"{folder}/status.new", "w", encoding="utf-8") as file:
        json.dump(status, file)
    os.replace(f"{folder}/status.new", f"{folder}/status.json")


def now() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000
