"""The fake of a cluster's nodes keeps the promises of the workers port."""

from __future__ import annotations

import pytest

from thruline.testing.workers import WorkersHere
from thruline.testing.workers_suite import OpenWorkers, WorkersSuite


class TestWorkersHere(WorkersSuite):
    @pytest.fixture
    def open_workers(self) -> OpenWorkers:
        return WorkersHere
