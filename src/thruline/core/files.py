"""Files and folders that are there whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Put data at path, as `whole` does. Raises OSError."""
    with whole(path) as part:
        part.write_bytes(data)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write a file or a folder that is at path when the block ends well, on the disk and never in part.

    A kill or a power cut leaves what was at path before. What a killed call leaves, `part_of(path)`, the next one
    replaces; two at once for one path are the caller's to prevent. A folder may only come where nothing is.
    """
    part = part_of(path)
    _remove(part)
    try:
        yield part
        for entry in (part, *part.rglob("*")):
            flush(entry)
        part.replace(path)
    except BaseException:
        _remove(part)
        raise
    flush(path.parent)


def part_of(path: Path) -> Path:
    """Where `whole` has what is not at path yet."""
    return path.with_name(f".{path.name}.part")


def flush(path: Path) -> None:
    """Put on the disk what a file says, or which files a folder holds."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
