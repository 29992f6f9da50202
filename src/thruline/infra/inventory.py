"""This machine as a target: what a job may really use of it, not what the hardware has."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from thruline.core.errors import Corrupt
from thruline.core.ids import ArtifactId, is_id, random_id
from thruline.core.nouns import Target
from thruline.core.units import Bytes
from thruline.ports.gpus import GpuProbe, GpuReport

UNLIMITED: Bytes = 1 << 60  # cgroup v1 writes a number near 2**63 for no limit


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine and, in words for its operator, what it is."""

    target: Target
    system: str
    cpu_model: str
    gpus: GpuReport


def this_machine(home: Path, probe: GpuProbe | None = None) -> Machine:
    """Cores by affinity, memory by the cgroup's limit, disk of the home, GPUs by the probe."""
    report = probe.look() if probe else GpuReport(reason="no GPU probe is configured")
    target = Target(
        id=machine_id(home),
        name=platform.node() or "this machine",
        backend="local",
        cpus=len(os.sched_getaffinity(0)),
        memory=usable_memory(Path("/")),
        disk_free=shutil.disk_usage(home).free,
        gpus=tuple(gpu.name for gpu in report.gpus),
    )
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return Machine(target=target, system=system, cpu_model=cpu_model(Path("/")), gpus=report)


def machine_id(home: Path) -> ArtifactId:
    """A random id kept in the home: stable, and says nothing about the machine."""
    path = home / "machine"
    try:
        with path.open("x", encoding="ascii") as file:
            file.write(random_id("machine"))
    except FileExistsError:
        pass  # made before, perhaps by another process just now
    kept = path.read_text("ascii")
    if not is_id(kept):
        raise Corrupt(f"{str(path)!r} holds no machine id", hint="delete it; the machine then gets a new id")
    return ArtifactId(kept)


def usable_memory(root: Path) -> Bytes:
    """The machine's memory, or the smallest limit of our control groups and their parents below it."""
    meminfo = (root / "proc/meminfo").read_text("utf-8").splitlines()
    total = next(int(line.split()[1]) * 1024 for line in meminfo if line.startswith("MemTotal:"))
    return min([total, *_cgroup_limits(root)])


def cpu_model(root: Path) -> str:
    """The processor's name as its kernel gives it, or its architecture."""
    lines = (root / "proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model")))
    return next(names, platform.machine())


def _cgroup_limits(root: Path) -> list[Bytes]:
    limits: list[Bytes] = []
    for line in (root / "proc/self/cgroup").read_text("utf-8").splitlines():
        _, controllers, group = line.split(":", 2)
        if controllers == "":
            limits += _limits_above(root / "sys/fs/cgroup", group, "memory.max")
        elif "memory" in controllers.split(","):
            limits += _limits_above(root / "sys/fs/cgroup/memory", group, "memory.limit_in_bytes")
    return [limit for limit in limits if 0 < limit < UNLIMITED]


def _limits_above(mount: Path, group: str, name: str) -> list[Bytes]:
    inner = mount / group.strip("/")
    files = (folder / name for folder in (inner, *inner.parents) if folder.is_relative_to(mount))
    texts = (file.read_text("ascii").strip() for file in files if file.is_file())
    return [int(text) for text in texts if text != "max"]
