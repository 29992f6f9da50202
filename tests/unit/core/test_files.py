"""Files that are there whole or not at all."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

import pytest

from thruline.core.files import write_whole


def test_what_was_written_is_there_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_ends_in_the_middle_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    write_whole(path, b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))  # as a full disk would
    try:
        with pytest.raises(OSError, match="too large"):
            write_whole(path, b"n" * 200)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert path.read_bytes() == b"old"
    write_whole(path, b"new")
    assert [f.read_bytes() for f in tmp_path.iterdir()] == [b"new"]
