"""The scan of codes keeps its promises where the rows lie in files without a name, and leaves nothing there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from thruline.backends.flat4_dense import Flat4Dense
from thruline.backends.flat4_dense.scratch import filed, folder_for
from thruline.testing.dense_suite import DenseSuite, clustered


class TestFlat4DenseInFiles(DenseSuite):
    def open(self, name: str = "one") -> Flat4Dense:
        return Flat4Dense(in_memory=0)


@pytest.fixture
def halves() -> np.ndarray:
    return clustered(3000).astype(np.float16)


@pytest.fixture
def index(halves: np.ndarray) -> Iterator[Flat4Dense]:
    index = Flat4Dense(in_memory=0)
    index.build(halves)
    yield index
    index.close()


def test_rows_take_no_memory_and_are_found_by_no_name(index: Flat4Dense, halves: np.ndarray) -> None:
    stats = index.stats()
    assert stats.disk == halves.nbytes
    assert stats.memory < halves.nbytes / 2
    assert any(halves[7].tobytes() in data for data in _nameless())


def test_what_is_deleted_is_overwritten_in_the_file(index: Flat4Dense, halves: np.ndarray) -> None:
    index.delete(np.array([7, 2999]))
    assert not any(row.tobytes() in data for row in halves[[7, 2999]] for data in _nameless())
    assert any(halves[8].tobytes() in data for data in _nameless())
    assert index.search(halves[8].astype(np.float32), 1).rows.tolist() == [8]


def test_a_closed_one_leaves_no_file(index: Flat4Dense, halves: np.ndarray) -> None:
    index.close()
    assert not any(halves[7].tobytes() in data for data in _nameless())


def test_it_answers_to_the_bit_as_it_does_in_memory(index: Flat4Dense, halves: np.ndarray) -> None:
    other = Flat4Dense()
    other.build(halves)
    for engine in (index, other):
        engine.delete(np.arange(5, 3000, 9))
        engine.add(clustered(700, seed=5).astype(np.float16))
    for query in clustered(20, seed=6):
        one, two = index.search(query, 30), other.search(query, 30)
        assert one.rows.tolist() == two.rows.tolist()
        assert one.scores.tobytes() == two.scores.tobytes()


def test_what_was_put_away_opens_into_files(index: Flat4Dense, halves: np.ndarray) -> None:
    parts = index.dump()
    assert parts is not None
    again = Flat4Dense(in_memory=0)
    again.restore(parts)
    assert again.stats().disk == halves.nbytes
    assert again.search(halves[9].astype(np.float32), 1).rows.tolist() == [9]


def test_a_disk_without_room_is_not_filled(caplog: pytest.LogCaptureFixture) -> None:
    assert folder_for(1 << 60) is None
    assert "stay in memory" in caplog.text


def test_a_folder_that_takes_no_file_leaves_rows_in_memory(
    tmp_path: Path, halves: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    assert filed(halves, tmp_path / "gone") is None
    assert "stay in memory" in caplog.text


def test_a_temporary_folder_in_memory_is_none(tmp_path: Path) -> None:
    if not Path("/dev/shm").is_dir():
        pytest.skip("no file system in memory here")
    code = "from thruline.backends.flat4_dense.scratch import folder_for; print(folder_for(1))"
    ran = subprocess.run(
        [sys.executable, "-c", code], env={"TMPDIR": "/dev/shm"}, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() != "/dev/shm"


def _nameless() -> list[bytes]:
    """The bytes of files that this process has open and that no folder names."""
    found = []
    for handle in Path("/proc/self/fd").iterdir():
        if handle.is_symlink() and str(handle.readlink()).endswith("(deleted)"):
            found.append(handle.read_bytes())
    return found
