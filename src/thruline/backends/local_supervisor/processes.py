"""Processes as the kernel shows them in /proc: who descends from whom, and what memory they hold."""

from __future__ import annotations

import os
import resource
import signal

PAGE = resource.getpagesize()


def processes() -> list[int]:
    """Every process of this machine."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def descendants(pid: int) -> list[int]:
    """Every process below pid, by the kernel's own lists of children."""
    found: list[int] = []
    todo = [pid]
    while todo:
        children = _children(todo.pop())
        found += children
        todo += children
    return found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                found += [int(child) for child in file.read().split()]
    except OSError:
        pass  # it ended while we looked
    return found


def resident(tree: list[int]) -> int:
    """Bytes that the processes hold, shared pages counted for each."""
    held = (_read(f"/proc/{pid}/statm").split() for pid in tree)  # read once: between two looks a process can end
    return sum(int(pages[1]) * PAGE for pages in held if pages)


def proportional(tree: list[int]) -> int:
    """Bytes that the processes hold, a shared page divided among its users; a millisecond for a gigabyte."""
    lines = (line for pid in tree for line in _read(f"/proc/{pid}/smaps_rollup").splitlines())
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def stat_fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on, or none when it is gone."""
    return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()


def born(pid: int) -> str:
    """When a process began, in clock ticks since boot; with its number it names a process for good."""
    fields = stat_fields(pid)
    return fields[19] if fields else ""


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def send(pids: list[int], number: signal.Signals) -> None:
    """Signal each that is still there."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
