"""What the queue and the supervisor add to a command: jobs a second, and the CPU of each.

    python bench/jobs.py [--write]

Baselines, in the same run: `subprocess.run` in a loop, of `true` and of a Python that does nothing (each job has a
supervisor, which is one). Then the local backend alone (start, wait, read the
log, forget), and the whole queue on SQLite with encrypted payloads and a ledger (submit, lease, start, watch, settle,
three events). One command at a time and as many as there are cores; CPU is of this process and all its children.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from thruline.backends.local_compute import LocalCompute
from thruline.backends.local_vault import LocalVault
from thruline.backends.sqlite import SqliteDatabase
from thruline.core.clock import SystemClock
from thruline.infra.inventory import this_machine
from thruline.infra.jobs import Jobs
from thruline.infra.work import BUSY_LOOK_S, Worker
from thruline.ledger.ledger import SqlLedger
from thruline.ledger.payloads import Payloads
from thruline.ports.compute import ENDED, JobSpec

COUNT = 60
SPEC = JobSpec(command=("true",))


def bare(command: list[str], count: int) -> None:
    for _ in range(count):
        subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def backend(compute: LocalCompute, count: int) -> None:
    for i in range(count):
        handle = compute.start(f"bench-{i}", SPEC)
        while compute.status(handle).state not in ENDED:
            time.sleep(0.002)
        compute.logs(handle)
        compute.forget(handle)


def queue(jobs: Jobs, count: int) -> None:
    ids = [jobs.submit(SPEC) for _ in range(count)]
    worker = Worker(jobs)
    while worker.step():
        time.sleep(BUSY_LOOK_S / 4)
    assert {jobs.job(id).state for id in ids} == {"succeeded"}


def measure(work: Callable[[], None]) -> dict[str, float]:
    """Jobs a second, and CPU milliseconds a job; supervisors are not our children, so their share is not in it."""
    before, began = cpu(), time.perf_counter()
    work()
    wall = time.perf_counter() - began
    return {"jobs_per_s": round(COUNT / wall, 1), "cpu_ms": round((cpu() - before) / COUNT * 1000, 2)}


def cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def run() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        machine = this_machine(home).target
        database = SqliteDatabase(str(home / "home.db"))
        payloads = Payloads(database, LocalVault(database, os.urandom(32)))
        compute = LocalCompute(home / "jobs", machine)
        jobs = Jobs(database, SqlLedger(database), payloads, compute, SystemClock())
        results = {
            "subprocess.run": measure(lambda: bare(["true"], COUNT)),
            "subprocess.run of a Python": measure(lambda: bare([sys.executable, "-S", "-c", "import json"], COUNT)),
            "local backend, one at a time": measure(lambda: backend(compute, COUNT)),
            f"whole queue, {machine.cpus} at a time": measure(lambda: queue(jobs, COUNT)),
        }
        database.close()
    base = results["subprocess.run"]["jobs_per_s"]
    rows = {name: row | {"of_bare": round(row["jobs_per_s"] / base, 4)} for name, row in results.items()}
    return {"jobs": COUNT, "cpus": machine.cpus, "python": platform.python_version(), "results": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write bench/results/jobs.json")
    wanted = parser.parse_args()
    report = json.dumps(run(), indent=2)
    print(report)
    if wanted.write:
        (Path(__file__).parent / "results" / "jobs.json").write_text(report + "\n")


if __name__ == "__main__":
    main()
