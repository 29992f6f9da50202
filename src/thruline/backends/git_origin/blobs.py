"""What files hold, by id: read from our repository, and fetched into it in ever larger groups while that pays."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import NamedTuple

from thruline.backends.git_origin.program import Git
from thruline.core.units import Bytes

_MOST = 4096
_NEAR = 16  # threads that read in order ask a little out of it


class Blob(NamedTuple):
    """data is empty where there are more than the bytes that were allowed."""

    size: Bytes
    data: bytes


class Blobs:
    """Blobs of one repository. Not for several threads at once."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._process: subprocess.Popen[bytes] | None = None
        self._ahead = Ahead(())

    def expect(self, ids: Sequence[str]) -> None:
        """Most likely they are read in this order."""
        self._ahead = Ahead(ids)

    def read(self, blob: str, *, limit: Bytes) -> Blob | None:
        """The blob, of which at most limit bytes are held; None where the repository has lost it.

        Raises Unavailable and Denied where it has to be fetched and cannot be.
        """
        if found := self._ask(blob, limit):
            return found
        group = self._ahead.group(blob)
        if self._git.fetch_blobs(group) or (len(group) > 1 and self._git.fetch_blobs([blob])):
            return self._ask(blob, limit)
        return None

    def close(self) -> None:
        """End the process that reads."""
        if self._process is None:
            return
        with self._process:
            self._process.kill()
        self._process = None

    def _ask(self, blob: str, limit: Bytes) -> Blob | None:
        """None where it is not in our repository: git then ends, or says so, depending on its version."""
        process = self._process = self._process or self._git.start_reading()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{blob}\n".encode())
        process.stdin.flush()
        told = process.stdout.readline().split()
        if len(told) != 3:
            self.close()
            return None
        size = int(told[2])
        if size > limit:
            self.close()  # rather than to read past it
            return Blob(size, b"")
        return Blob(size, process.stdout.read(size + 1)[:-1])


class Ahead:
    """Which blobs to fetch along with one, by the pattern of a disk's read-ahead.

    A first sync reads all in order: groups double, and few fetches do. Later syncs read one here and one there: each
    alone.
    """

    def __init__(self, order: Sequence[str]) -> None:
        self._order = order
        self._at = {blob: n for n, blob in enumerate(order)}
        self._end = 0
        self._size = 0

    def group(self, blob: str) -> list[str]:
        """The blob and those after it."""
        at = self._at.get(blob, -1)
        if at < self._end:
            return [blob]
        self._size = min(max(1, 2 * self._size), _MOST) if at <= self._end + _NEAR else 1
        self._end = at + self._size
        return list(self._order[at : self._end])
