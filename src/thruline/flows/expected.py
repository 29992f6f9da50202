"""How long an erasure will take, told before it is done: what it will read and write, at the rates of this machine.

Measured on the spot, on a few megabytes: a constant would hold on nobody's disk but ours.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from thruline.ledger.residue import residue

SAMPLE_BYTES = 4 << 20
SEARCHES = 2  # once to find, and once more after the deletion, for what came in meanwhile
REWRITES = 2  # a database is written anew into a scratch file, and from there back
CHILD_S = 0.3  # until the process that looks for residue has started


def expected_s(home: Path, called: Sequence[str], found_s: float) -> float:
    """Seconds of an erasure in this home; found_s: what finding what it takes has just cost."""
    sizes = {path: path.stat().st_size for path in home.rglob("*") if path.is_file() and not path.is_symlink()}
    databases = sum(size for path, size in sizes.items() if path.suffix == ".db")
    with tempfile.TemporaryDirectory(dir=home) as folder:
        written_s = _write(Path(folder) / "sample")
        searched_s = _search(Path(folder), called)
    a_byte = (searched_s * sum(sizes.values()) + REWRITES * written_s * databases) / SAMPLE_BYTES
    return SEARCHES * found_s + CHILD_S + a_byte


def _write(path: Path) -> float:
    began = time.monotonic()
    with path.open("wb") as file:
        file.write(os.urandom(SAMPLE_BYTES))  # as the home's own bytes are: encrypted
        file.flush()
        os.fsync(file.fileno())
    return time.monotonic() - began


def _search(folder: Path, called: Sequence[str]) -> float:
    began = time.monotonic()
    residue(folder, [name.encode() for name in called])
    return time.monotonic() - began
