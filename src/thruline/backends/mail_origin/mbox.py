"""An mbox file (RFC 4155): messages one after another, parted by `From ` lines. Never held as a whole, never locked."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import BinaryIO, NamedTuple

from thruline.backends.mail_origin.box import HEAD, Met
from thruline.core.errors import Denied, Refused, Unavailable
from thruline.core.units import Bytes, show_size

# A sentence may begin with "From " too, but names no time of day.
_FROM = re.compile(rb"From [^\n]*\d\d?:\d\d")
_LINE: Bytes = 1_000  # the longest that mail may have
_BLOCK: Bytes = 1 << 18
_OVERLAP = len("\nFrom ") - 1


class Mbox:
    """The messages of a file. What is found at a place must still be what was listed there, or it is read again."""

    def __init__(self, path: str) -> None:
        self._path = path

    def look(self, _within_s: float) -> str:
        """Its size, and that it begins with mail."""
        with self._reading() as file:
            size = os.fstat(file.fileno()).st_size
            starts = list(_starts(file, min(size, _BLOCK)))
            self._check(file, starts[0].line if starts else size)
        return f"mail of {show_size(size)}"

    def scan(self) -> Iterator[Met]:
        """Every message, with a digest of its bytes as mark: a file has nothing else that tells one from another."""
        with self._reading() as file:
            size = os.fstat(file.fileno()).st_size  # what is appended meanwhile is for the next look
            starts = list(_starts(file, size))
            self._check(file, starts[0].line if starts else size)
            for (_, start), (end, _) in pairwise([*starts, _Start(size, size)]):
                yield _met(file, start, end)

    def fetch(self, where: str, mark: str, *, limit: Bytes) -> bytes:
        """The bytes between two places of the file."""
        start, _, end = where.partition("-")
        if int(end) - int(start) > limit:
            raise Refused(f"the message has {int(end) - int(start)} bytes, more than {limit}", reason="too_large")
        with self._reading() as file:
            file.seek(int(start))
            data = file.read(int(end) - int(start))
        if _mark(hashlib.sha256(data)) != mark:
            raise Refused(f"{self._path!r} changed while it was read", reason="changed_while_read")
        return data

    def close(self) -> None:
        """Nothing is held open."""

    def _check(self, file: BinaryIO, first: int) -> None:
        """Raises Unavailable where something stands before the first message."""
        if os.pread(file.fileno(), min(first, _LINE), 0).strip():
            raise Unavailable(f"{self._path!r} is no mbox file: it does not begin with mail", hint="see RFC 4155")

    @contextmanager
    def _reading(self) -> Iterator[BinaryIO]:
        try:
            if not stat.S_ISREG(os.stat(self._path).st_mode):  # a pipe would be waited for
                raise Unavailable(f"{self._path!r} is no file", hint="give the mbox file itself")
            with open(self._path, "rb") as file:
                yield file
        except PermissionError as error:
            raise Denied(f"{self._path!r} is not for us", hint="may this program read the file?") from error
        except OSError as error:
            hint = "is the disk mounted, the path right?"
            raise Unavailable(f"{self._path!r} cannot be read: {error.strerror}", hint=hint) from error


class _Start(NamedTuple):
    """Where a `From ` line begins, and the message below it."""

    line: int
    message: int


def _starts(file: BinaryIO, size: int) -> Iterator[_Start]:
    """Where messages begin: at `From ` lines with a time of day, below an empty line or at the top."""
    at, block = -1, b"\n"
    while at + len(block) < size and (more := file.read(_BLOCK)):
        found = -1
        at, block = at + len(block) - len(block[-_OVERLAP:]), block[-_OVERLAP:] + more
        while (found := block.find(b"\nFrom ", found + 1)) >= 0:
            line = at + found + 1
            first = os.pread(file.fileno(), _LINE, line).partition(b"\n")[0]
            if _FROM.match(first) and _is_below_blank(file, line):
                yield _Start(line, min(size, line + len(first) + 1))


def _is_below_blank(file: BinaryIO, line: int) -> bool:
    before = os.pread(file.fileno(), min(line, 3), max(0, line - 3))
    return before.endswith((b"\n\n", b"\n\r\n")) or not before.strip(b"\r\n")


def _met(file: BinaryIO, start: int, end: int) -> Met:
    """A message; the empty line that parts it from the next is not its own."""
    tail = os.pread(file.fileno(), min(4, end - start), max(start, end - 4))
    end -= 2 if tail.endswith(b"\n\r\n") else tail.endswith(b"\n\n")
    digest = hashlib.sha256()
    for at in range(start, end, _BLOCK):
        digest.update(os.pread(file.fileno(), min(_BLOCK, end - at), at))
    return Met(f"{start}-{end}", _mark(digest), end - start, os.pread(file.fileno(), min(HEAD, end - start), start))


def _mark(digest: hashlib._Hash) -> str:
    return digest.hexdigest()[:32]
