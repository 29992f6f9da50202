"""Every compute backend keeps the promises of its port."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from thruline.backends.local_compute import LocalCompute
from thruline.core.ids import random_id
from thruline.core.nouns import Target
from thruline.ports.compute import Compute
from thruline.testing.compute_suite import ComputeSuite


def this_machine() -> Target:
    cpus = len(os.sched_getaffinity(0))
    return Target(id=random_id("machine"), name="here", backend="local", cpus=cpus, memory=4 << 30, disk_free=0)


class TestLocalCompute(ComputeSuite):
    @pytest.fixture
    def open_compute(self, tmp_path: Path) -> Callable[[], Compute]:
        machine = this_machine()
        return lambda: LocalCompute(tmp_path / "jobs", machine)
