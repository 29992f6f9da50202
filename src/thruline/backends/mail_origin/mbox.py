"""An mbox file (RFC 4155): messages one after another, parted by `From ` lines. Never held as a whole, never locked."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from thruline.backends.mail_origin.box import HEAD, Met
from thruline.core.errors import Denied, Refused, Unavailable
from thruline.core.units import Bytes

# A sentence may begin with "From " too, but names no time of day.
_FROM = re.compile(rb"From [^\n]*\d\d?:\d\d")
_LINE: Bytes = 1 << 16
_BLANK = (b"\n", b"\r\n")


class Mbox:
    """The messages of a file. What is found at a place must still be what was listed there, or it is read again."""

    def __init__(self, path: str) -> None:
        self._path = path

    def scan(self) -> Iterator[Met]:
        """Every message, with a digest of its bytes as mark: a file has nothing else that tells one from another."""
        with self._reading() as file:
            yield from _split(file, self._path)

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


class _Message:
    """A message while its lines come in; an empty last line belongs to what parts it from the next."""

    def __init__(self, start: int) -> None:
        self._start, self._end = start, start
        self._digest = hashlib.sha256()
        self._head = bytearray()
        self._held = b""

    def add(self, line: bytes, *, is_blank: bool) -> None:
        """The next line, or part of a long one."""
        if self._held:
            self._take(self._held)
        self._held = line if is_blank else b""
        if not is_blank:
            self._take(line)

    def met(self) -> Met:
        """The message, whole."""
        return Met(f"{self._start}-{self._end}", _mark(self._digest), self._end - self._start, bytes(self._head))

    def _take(self, line: bytes) -> None:
        self._digest.update(line)
        self._end += len(line)
        if len(self._head) < HEAD:
            self._head += line[: HEAD - len(self._head)]


def _split(file: BinaryIO, path: str) -> Iterator[Met]:
    message: _Message | None = None
    at, after_blank, at_start = 0, True, True
    while line := file.readline(_LINE):
        at += len(line)
        is_blank = at_start and line in _BLANK
        if at_start and after_blank and _FROM.match(line):
            if message:
                yield message.met()
            message = _Message(at)
        elif message:
            message.add(line, is_blank=is_blank)
        elif not is_blank:
            raise Unavailable(f"{path!r} is no mbox file: it does not begin with a `From ` line", hint="see RFC 4155")
        after_blank = is_blank
        at_start = line.endswith(b"\n")
    if message:
        yield message.met()


def _mark(digest: hashlib._Hash) -> str:
    return digest.hexdigest()[:32]
