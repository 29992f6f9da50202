"""Files without a name for rows that would take too much memory: they go with the process, however that ends.

Nobody can open one by a path, and nothing of it lies in a home. What the system writes of it to the disk is as readable
there as what it swaps out; deleted rows are overwritten.
"""

from __future__ import annotations

import logging
import mmap
import os
import shutil
import tempfile
import weakref
from pathlib import Path

import numpy as np

logger = logging.getLogger("thruline")

# Where the system says (TMPDIR), else where files lie that are too large for memory: /tmp is memory on many systems.
_LARGE = "/var/tmp"  # noqa: S108 - the files in it have no name
_LEAST_FREE = 1 << 30  # bytes of the disk that are left to others
_IN_MEMORY = ("tmpfs", "ramfs")


class Filed:
    """Rows in a file, and the pages of it that this process has looked at; it goes with the last reference."""

    def __init__(self, handle: int, like: np.ndarray) -> None:
        """handle: of the open file, which is closed with this."""
        self._handle = handle
        weakref.finalize(self, os.close, handle)
        self._pages = mmap.mmap(handle, like.nbytes)
        self._pages.madvise(mmap.MADV_RANDOM)  # nothing but what is asked for is read ahead
        self.rows = np.frombuffer(memoryview(self._pages), like.dtype).reshape(like.shape)

    def rest(self) -> None:
        """Hold no page of it; the system keeps in its cache what it has room for."""
        self._pages.madvise(mmap.MADV_DONTNEED)

    def wipe(self, places: np.ndarray) -> None:
        """Overwrite rows, on the disk as well."""
        self.rows[places] = 0
        os.fdatasync(self._handle)


def folder_for(size: int) -> Path | None:
    """Where so many bytes may lie, on a disk and not in memory by another name; None where nowhere."""
    for folder in dict.fromkeys((tempfile.gettempdir(), _LARGE)):
        path = Path(folder)
        if path.is_dir() and not _is_memory(path) and shutil.disk_usage(path).free >= size + _LEAST_FREE:
            return path
    logger.warning("vectors stay in memory: no room for them in a temporary folder", extra={"bytes": size})
    return None


def filed(rows: np.ndarray, folder: Path) -> Filed | None:
    """The rows in a file of their own; None where the disk does not take it."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            os.posix_fallocate(file.fileno(), 0, rows.nbytes)  # a full disk says so now, not when a page is looked at
            file.write(rows.data)
            file.flush()
            return Filed(os.dup(file.fileno()), rows)
    except OSError as error:
        logger.warning("vectors stay in memory", extra={"why": error.strerror})
        return None


def _is_memory(folder: Path) -> bool:
    """Whether a folder lies on a file system in memory; mountinfo(5) names its device and kind."""
    device = folder.stat().st_dev
    named = f"{os.major(device)}:{os.minor(device)}"
    try:
        mounts = Path("/proc/self/mountinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    return any(m.split()[2] == named and m.partition(" - ")[2].split()[0] in _IN_MEMORY for m in mounts)
