"""Jobs as processes of this machine, each in the care of a small supervisor that outlives us."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from thruline.core.errors import Conflict, Invalid, NotFound, Unavailable
from thruline.core.nouns import Target
from thruline.core.units import Bytes
from thruline.ports.compute import ENDED, JOB_NAME, ComputeAbilities, JobSpec, JobStatus, check_spec

LOG_CAP: Bytes = 64_000_000
_ROOT = Path(__file__).parents[2]  # where the package lies: the supervisor starts without site-packages, in 30 ms
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_PATH = os.pathsep.join((str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"))


class LocalCompute:
    """Keeps a folder per job below `home`: spec.json, log, status.json, all for this user's eyes only.

    machine: this machine, as infra.inventory describes it. bound: jobs end when this process does.
    """

    name = "local"
    abilities = ComputeAbilities(enforces_memory=True, enforces_cpus=True, measures_usage=True)

    def __init__(self, home: Path, machine: Target, *, log_cap: Bytes = LOG_CAP, bound: bool = False) -> None:
        self._home = home
        self._machine = machine
        self._log_cap = log_cap
        self._owner = os.getpid() if bound else 0
        self.pool = machine.id
        (home / "slots").mkdir(mode=0o700, parents=True, exist_ok=True)

    def targets(self) -> list[Target]:
        """This machine, with the disk space of now."""
        return [replace(self._machine, disk_free=shutil.disk_usage(self._home).free)]

    def start(self, job: str, spec: JobSpec) -> str:
        """Start a job, or give the handle of the one with this name."""
        check_spec(job, spec, [self._machine])
        if spec.cwd and not Path(spec.cwd).is_dir():
            raise Invalid(f"{spec.cwd!r} is not a folder", hint="the working folder of a job must exist")
        folder = self._home / job
        if not (folder / "status.json").exists():
            self._prepare(folder, job, spec)
            _supervise(folder)
        return job

    def status(self, handle: str) -> JobStatus:
        """How the job stands; one whose supervisor died is cleaned up and `lost`."""
        folder = self._folder(handle)
        status = _read_status(folder)
        if status.get("state") == "running" and not _is_supervised(folder):
            _supervise(folder, "--recover")
            status = _read_status(folder)
        return self._translate(status)

    def logs(self, handle: str, *, offset: int = 0) -> bytes:
        """The log from a byte offset on."""
        path = self._folder(handle) / "log"
        if not path.exists():
            return b""
        with path.open("rb") as file:
            file.seek(offset)
            return file.read()

    def cancel(self, handle: str) -> None:
        """Leave the wish to end in the folder; the supervisor sees it within its next look."""
        (self._folder(handle) / "cancel").touch()

    def forget(self, handle: str) -> None:
        """Remove the folder of an ended job; raises Conflict while it runs."""
        if not (JOB_NAME.fullmatch(handle) and (self._home / handle).is_dir()):
            return
        if self.status(handle).state not in ENDED:
            raise Conflict(f"job {handle!r} is still running", hint="cancel it first")
        shutil.rmtree(self._home / handle)

    def close(self) -> None:
        """Nothing to give back: supervisors and their jobs go on."""

    def _folder(self, handle: str) -> Path:
        folder = self._home / handle
        if not JOB_NAME.fullmatch(handle) or not (folder / "spec.json").exists():
            raise NotFound(f"no job with handle {handle!r} on {self._machine.name!r}")
        return folder

    def _prepare(self, folder: Path, job: str, spec: JobSpec) -> None:
        (folder / "work").mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        written = {
            "command": spec.command, "cpus": spec.cpus, "memory": spec.memory, "gpus": spec.gpus,
            "timeout_s": spec.timeout_s, "cwd": spec.cwd or str(folder / "work"), "env": _environment(job, spec),
            "slots": str(self._home / "slots"), "gpu_ids": [str(i) for i in range(len(self._machine.gpus))],
            "log_cap": self._log_cap, "owner": self._owner,
        }  # fmt: skip
        new = folder / f"spec.{secrets.token_hex(4)}"  # two callers may start the same job at once
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(written, file)
        new.replace(folder / "spec.json")

    def _translate(self, status: dict[str, Any]) -> JobStatus:
        known: dict[str, Any] = {f.name: status[f.name] for f in fields(JobStatus) if f.name in status}
        known.setdefault("state", "queued")
        return JobStatus(machine=self._machine.id, **known)


def _environment(job: str, spec: JobSpec) -> dict[str, str]:
    """All that the command sees: nothing of ours leaks into it."""
    base = {"PATH": _PATH, "HOME": str(Path.home()), "LANG": "C.UTF-8"}
    threads = dict.fromkeys(_THREADS, str(spec.cpus))
    return base | threads | {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"} | dict(spec.env) | {"THRULINE_JOB": job}


def _supervise(folder: Path, *options: str) -> None:
    """Run the supervisor's foreground part: it returns once the job is in its care, or recovered."""
    errors = folder / "errors"
    with errors.open("ab") as file:  # what a supervisor that died has said stays for who recovers its job
        done = subprocess.run(  # noqa: S603  our own program
            [sys.executable, "-S", "-P", "-m", "thruline.backends.local_supervisor", str(folder), *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=file, check=False, start_new_session=True,
            env={"LANG": "C.UTF-8", "PYTHONPATH": str(_ROOT)},
        )  # fmt: skip
    if done.returncode != 0:
        raise Unavailable(
            f"the supervisor of job {folder.name!r} ended with {done.returncode}",
            hint=errors.read_text("utf-8", "replace").strip()[-500:],
        )


def _read_status(folder: Path) -> dict[str, Any]:
    path = folder / "status.json"
    return json.loads(path.read_bytes()) if path.exists() else {}


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY)
    try:
        yield fd
    finally:
        os.close(fd)


def _is_supervised(folder: Path) -> bool:
    """Whether a supervisor holds the job's lock."""
    with _opened(folder / "lock") as fd:
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
