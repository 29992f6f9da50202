"""What is read about processes while they end."""

from __future__ import annotations

import os
import subprocess

from thruline.backends.local_supervisor.processes import born, proportional, resident, stat_fields


def test_a_process_that_ends_between_two_looks_holds_nothing() -> None:
    for _ in range(60):
        process = subprocess.Popen(["true"])
        while process.poll() is None:
            assert resident([process.pid]) >= 0
            assert proportional([process.pid]) >= 0
        assert (resident([process.pid]), stat_fields(process.pid), born(process.pid)) == (0, [], "")


def test_a_live_process_holds_something() -> None:
    assert resident([os.getpid()]) > 1_000_000
    assert resident([os.getpid(), os.getpid()]) >= 2 * resident([os.getpid()]) * 0.9
