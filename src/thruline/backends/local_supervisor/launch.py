"""Turns a spec into a process: cores and GPUs of its own, limits, a session, and a pipe for its output."""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import signal
from typing import Any

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def launch(spec: dict[str, Any], cores: list[str], gpus: list[str]) -> tuple[int, int]:
    """Start the command in its own session; (pid, descriptor of its output). Raises OSError when it cannot start."""
    read_end, write_end = os.pipe()
    failed, fail = os.pipe()  # closed by a successful exec
    pid = os.fork()
    if pid == 0:
        _become(spec, cores, gpus, write_end, fail)
    os.close(write_end)
    os.close(fail)
    os.set_blocking(read_end, False)
    with os.fdopen(failed, "rb") as pipe:
        said = pipe.read()
    if said:
        os.waitpid(pid, 0)
        number, _, name = said.decode("utf-8", "surrogateescape").partition(" ")
        raise OSError(int(number), os.strerror(int(number)), name)
    return pid, read_end


def _become(spec: dict[str, Any], cores: list[str], gpus: list[str], output: int, fail: int) -> None:
    try:
        os.setsid()
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.sched_setaffinity(0, [int(core) for core in cores])
        _limit(resource.RLIMIT_CORE, 0)
        if spec["memory"]:  # a burst between two looks stops here; address space that is only reserved does not count
            _limit(resource.RLIMIT_DATA, 2 * spec["memory"] + (1 << 30))
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(spec["cwd"])
        os.umask(0o022)
        env = spec["env"] | ({"CUDA_VISIBLE_DEVICES": ",".join(gpus)} if spec["gpu_ids"] else {})
        os.execvpe(spec["command"][0], spec["command"], env)  # noqa: S606  running the user's command is the purpose
    except OSError as error:
        name = error.filename if error.filename == spec["cwd"] else spec["command"][0]
        os.write(fail, f"{error.errno} {name}".encode("utf-8", "surrogateescape"))
    finally:
        os._exit(127)


def _limit(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    lowered = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (lowered, lowered))


def claim(kind: str, names: list[str], count: int, depth: int = 64) -> list[str]:
    """count of the names, least used first, by locks that end with this process.

    The n-th user of a name holds `kind.name.n`; at most depth users share one. Raises OSError when too few are left.
    """
    taken: list[str] = []
    for user in range(depth):
        for name in names:
            if len(taken) == count:
                return taken
            if name not in taken and _try_lock(f"{kind}.{name}.{user}"):
                taken.append(name)
    if len(taken) < count:
        raise OSError(16, "not enough free", os.path.basename(kind))
    return taken


def _try_lock(path: str) -> bool:
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return False
    return True  # held, by the open descriptor, until the supervisor ends


def prctl(option: int, value: int) -> None:
    """Set a property of this process."""
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
