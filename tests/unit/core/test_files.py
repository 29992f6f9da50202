"""Files that are there whole or not at all."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from thruline.core.files import part_of, whole, write_whole


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


def test_a_killed_write_leaves_nothing_at_the_path_and_the_next_one_replaces_what_it_left(tmp_path: Path) -> None:
    path = tmp_path / "set"
    program = (
        "import os, signal, sys; from pathlib import Path; from thruline.core.files import whole\n"
        "with whole(Path(sys.argv[1])) as part:\n"
        "    part.mkdir(); (part / 'half').write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [entry.name for entry in tmp_path.iterdir()] == [part_of(path).name]
    with whole(path) as part:
        part.mkdir()
        (part / "all").write_text("all")
    assert [entry.name for entry in path.iterdir()] == ["all"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="directory"), whole(tmp_path / "set") as part:
        (part / "no folder" / "half").write_bytes(b"half")
    assert list(tmp_path.iterdir()) == []
