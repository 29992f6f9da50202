"""What only the local backend promises: its supervisor, its folder, its log's cap."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from thruline.backends.local_compute import LocalCompute
from thruline.core.ids import random_id
from thruline.core.nouns import Target
from thruline.ports.compute import ENDED, JobSpec, JobStatus

MACHINE = Target(id=random_id("machine"), name="here", backend="local", cpus=2, memory=4 << 30, disk_free=0)


def sh(script: str, **limits: object) -> JobSpec:
    return JobSpec(command=("sh", "-c", script), **limits)  # type: ignore[arg-type]


def until(is_true: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 30
    while not is_true():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def ended(compute: LocalCompute, handle: str) -> JobStatus:
    until(lambda: compute.status(handle).state in ENDED)
    return compute.status(handle)


def is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def supervisor_of(folder: Path) -> int:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and str(folder).encode() in _read(entry / "cmdline"):
            return int(entry.name)
    raise AssertionError("no supervisor")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def started(compute: LocalCompute, home: Path, script: str) -> tuple[int, list[int]]:
    """The supervisor's pid and the pids that the job prints, two of them."""
    compute.start("job", sh(script))
    until(lambda: compute.logs("job").count(b"\n") == 2)
    return supervisor_of(home / "job"), [int(pid) for pid in compute.logs("job").split()]


@pytest.mark.parametrize(
    "grandchild", ["setsid sh -c 'echo $$; exec sleep 600'", "env -i sh -c 'echo $$; exec sleep 600'"]
)
def test_a_job_whose_supervisor_was_killed_is_lost_and_leaves_nobody(tmp_path: Path, grandchild: str) -> None:
    compute = LocalCompute(tmp_path, MACHINE)
    supervisor, pids = started(compute, tmp_path, f"{grandchild} & echo $$; sleep 600")
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: not is_alive(supervisor))
    status = compute.status("job")
    assert (status.state, status.exit_code) == ("lost", -1)
    assert "supervisor" in status.reason
    assert not any(is_alive(pid) for pid in pids)
    assert compute.start("job", sh("echo again")) == "job"
    assert compute.status("job") == status


def test_a_supervisor_that_is_told_to_end_ends_its_job(tmp_path: Path) -> None:
    compute = LocalCompute(tmp_path, MACHINE)
    supervisor, pids = started(compute, tmp_path, "setsid sh -c 'echo $$; exec sleep 600' & echo $$; sleep 600")
    os.kill(supervisor, signal.SIGTERM)
    assert ended(compute, "job").state == "lost"
    assert not any(is_alive(pid) for pid in pids)


def test_a_bound_job_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from thruline.backends.local_compute import LocalCompute\n"
        "from thruline.core.nouns import Target; from thruline.ports.compute import JobSpec\n"
        f"machine = Target(id={MACHINE.id!r}, name='', backend='local', cpus=2, memory=1, disk_free=0)\n"
        "compute = LocalCompute(Path(sys.argv[1]), machine, bound=True)\n"
        "compute.start('job', JobSpec(command=('sleep', '600')))"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
    assert ended(LocalCompute(tmp_path, MACHINE), "job").state == "lost"


def test_a_log_past_its_cap_is_cut_and_says_so(tmp_path: Path) -> None:
    compute = LocalCompute(tmp_path, MACHINE, log_cap=1000)
    compute.start("job", sh("head -c 3000000 /dev/zero"))
    assert ended(compute, "job").state == "succeeded"
    assert compute.logs("job") == b"\0" * 1000 + b"\n[thruline: the log was cut at 1000 bytes]\n"


def test_two_jobs_share_the_cores_evenly(tmp_path: Path) -> None:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        pytest.skip("this process may use one core only")
    compute = LocalCompute(tmp_path, MACHINE)
    shows = "import os, time; print(os.sched_getaffinity(0).pop(), flush=True); time.sleep(600)"
    for name in ("a", "b"):
        compute.start(name, JobSpec(command=(sys.executable, "-c", shows)))
        until(lambda name=name: b"\n" in compute.logs(name))
    assert [int(compute.logs(name)) for name in ("a", "b")] == cores[:2]
    for name in ("a", "b"):
        compute.cancel(name)
        ended(compute, name)


def test_gpus_are_given_to_one_job_at_a_time_and_hidden_from_others(tmp_path: Path) -> None:
    machine = Target(id=MACHINE.id, name="", backend="local", cpus=2, memory=1, disk_free=0, gpus=("A", "B"))
    compute = LocalCompute(tmp_path, machine)
    show = "echo gpus=$CUDA_VISIBLE_DEVICES; sleep 0.5"
    for name, gpus in (("one", 1), ("other", 1), ("none", 0), ("more", 1)):
        compute.start(name, sh(show, gpus=gpus))
    states = {name: ended(compute, name) for name in ("one", "other", "none", "more")}
    assert [compute.logs(name) for name in ("one", "other", "none")] == [b"gpus=0\n", b"gpus=1\n", b"gpus=\n"]
    assert states["one"].gpu_seconds > 0.4
    assert states["none"].gpu_seconds == 0
    assert states["more"].state == "failed"
    assert "gpu" in states["more"].reason


def test_the_specification_is_for_its_owner_s_eyes_only(tmp_path: Path) -> None:
    compute = LocalCompute(tmp_path, MACHINE)
    compute.start("job", sh("true", env={"KEY": "secret"}))
    ended(compute, "job")
    modes = {path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "job").iterdir()}
    assert {name for name, mode in modes.items() if mode} <= {"errors"}
    assert (tmp_path / "job").stat().st_mode & 0o077 == 0


def test_a_job_holds_no_descriptor_of_the_caller(tmp_path: Path) -> None:
    compute = LocalCompute(tmp_path, MACHINE)
    with (tmp_path / "open").open("wb") as file:
        os.set_inheritable(file.fileno(), True)
        compute.start("job", sh("ls /proc/self/fd | wc -l"))
        ended(compute, "job")
    assert int(compute.logs("job")) == 4  # input, output, errors, and the folder that ls reads
