from __future__ import annotations

import os
from pathlib import Path

import pytest

from thruline.backends.nvml_gpus import NvmlGpus
from thruline.core.errors import Corrupt
from thruline.infra.inventory import cpu_model, machine_id, this_machine, usable_memory
from thruline.ports.gpus import Gpu, GpuReport

GIB = 1 << 30


class TwoGpus:
    def look(self) -> GpuReport:
        return GpuReport(gpus=(Gpu(name="Tesla K80", memory=12 * GIB),) * 2)


def test_this_machine_offers_what_this_process_may_use(tmp_path: Path) -> None:
    machine = this_machine(tmp_path, TwoGpus())
    assert machine.target.cpus == len(os.sched_getaffinity(0))
    assert 0 < machine.target.memory <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert machine.target.disk_free > 0
    assert machine.target.gpus == ("Tesla K80", "Tesla K80")
    assert machine.cpu_model
    assert "Linux" in machine.system


def test_a_machine_without_gpus_says_why(tmp_path: Path) -> None:
    report = this_machine(tmp_path, NvmlGpus()).gpus
    assert bool(report.gpus) != bool(report.reason)


def test_the_machine_id_is_random_and_stays(tmp_path: Path) -> None:
    here, there = tmp_path / "a", tmp_path / "b"
    here.mkdir(), there.mkdir()
    assert machine_id(here) == machine_id(here) != machine_id(there)


def test_a_damaged_machine_id_is_named(tmp_path: Path) -> None:
    (tmp_path / "machine").write_text("")
    with pytest.raises(Corrupt, match="machine"):
        machine_id(tmp_path)


@pytest.mark.parametrize(
    ("cgroup", "limits", "usable"),
    [
        ("0::/\n", {}, 8),
        ("0::/user/me\n", {"user/me/memory.max": "max"}, 8),
        ("0::/user/me\n", {"user/me/memory.max": str(2 * GIB), "user/memory.max": str(4 * GIB)}, 2),
        ("0::/user/me\n", {"user/me/memory.max": "max", "user/memory.max": str(4 * GIB)}, 4),
        ("5:cpu:/\n4:memory:/box\n", {"memory/box/memory.limit_in_bytes": str(3 * GIB)}, 3),
        ("4:memory:/box\n", {"memory/box/memory.limit_in_bytes": "9223372036854771712"}, 8),
        ("4:memory:/box\n", {"memory/box/memory.limit_in_bytes": str(64 * GIB)}, 8),
    ],
)
def test_memory_is_what_the_smallest_control_group_leaves(
    tmp_path: Path, cgroup: str, limits: dict[str, str], usable: int
) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text(f"MemTotal:       {8 * GIB // 1024} kB\nMemFree: 1 kB\n")
    (tmp_path / "proc/self/cgroup").write_text(cgroup)
    for name, text in limits.items():
        file = tmp_path / "sys/fs/cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")
    assert usable_memory(tmp_path) == usable * GIB


def test_a_processor_without_a_name_is_called_by_its_architecture(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text("processor : 0\nBogoMIPS : 100\n")
    assert cpu_model(tmp_path) == os.uname().machine
