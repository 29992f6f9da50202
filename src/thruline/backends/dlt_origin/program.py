"""The process that runs a resource, and what comes from it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, NamedTuple
from urllib.parse import quote

import msgspec

from thruline.backends.dlt_origin.messages import LENGTH, ONLY_HEAD, WIDEST, End, Failed, Head, Message, NoRow, Row
from thruline.core.errors import Unavailable, from_problem
from thruline.ports.origin import Secret

_CHILD = (sys.executable, "-I", "-B", "-m", "thruline.backends.dlt_origin.child")
_NOWHERE = "/nonexistent"
_FAREWELL_S = 2.0
_LONGEST = 400  # characters of what the code's own error says
# Nothing of ours reaches it: no keys, no proxies, no folders. dlt reports nothing about its use to its makers.
_ENVIRONMENT = {
    "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "HOME": _NOWHERE, "DLT_DATA_DIR": f"{_NOWHERE}/dlt",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
}  # fmt: skip


class Program(NamedTuple):
    """Which resource to run, and what it is given. secret_as: the variable that dlt looks for it under."""

    module: str
    function: str
    resource: str
    folder: str
    secret: Secret | None
    secret_as: str
    timeout_s: float

    def run(self, *, only_head: bool = False) -> Generator[Head | Row | NoRow, None, None]:
        """The head and every row, or the head alone, for which the resource does not begin.

        Raises what the resource failed with, and Unavailable where it ends, or is too slow, before it has said all.
        """
        secret = self.secret() if self.secret else ""
        given = {self.secret_as: secret} if self.secret else {}
        with self._started(given, only_head=only_head) as (process, is_late):
            assert process.stdout is not None
            rows = 0
            for message in _messages(process.stdout):
                match message:
                    case End(rows=said) if said == rows:
                        return
                    case Failed(problem=problem):
                        raise from_problem({name: _without(value, secret) for name, value in problem.items()})
                    case Head() as head:
                        yield head
                    case Row() | NoRow() as row:
                        rows += 1
                        yield row
                    case _:
                        break
            raise self._unfinished(process, is_late)

    @contextmanager
    def _started(
        self, given: Mapping[str, str], *, only_head: bool
    ) -> Generator[tuple[subprocess.Popen[bytes], threading.Event]]:
        try:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter; the rest are arguments that it reads itself
                [*_CHILD, self.module, self.function, self.resource, self.folder, *([ONLY_HEAD] if only_head else [])],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env=dict(given) | _ENVIRONMENT, cwd=self.folder or "/", start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            hint = "is its folder still there, and may it be entered?"
            raise Unavailable(f"the resource cannot be run: {error.strerror or error}", hint=hint) from error
        is_late = threading.Event()
        clock = threading.Timer(self.timeout_s, _stop, (process, is_late))
        clock.daemon = True
        clock.start()
        try:
            yield process, is_late
            with suppress(subprocess.TimeoutExpired):
                process.wait(_FAREWELL_S)
        finally:
            clock.cancel()
            _kill(process)
            process.communicate()

    def _unfinished(self, process: subprocess.Popen[bytes], is_late: threading.Event) -> Unavailable:
        what = f"the resource {self.resource or self.function!r}"
        if is_late.is_set():
            return Unavailable(f"{what} was not done after {self.timeout_s:g} s", hint="give it more time: timeout=2h")
        with suppress(subprocess.TimeoutExpired):
            process.wait(_FAREWELL_S)
        hint = "nothing was deleted; is there memory left, and does its code end the process?"
        return Unavailable(f"{what} ended early (exit status {process.poll()})", hint=hint)


def _messages(file: IO[bytes]) -> Iterator[Message]:
    """What was said; it ends where nothing more makes sense."""
    decode = msgspec.msgpack.Decoder(Message).decode
    while data := _frame(file):
        try:
            message = decode(data)
        except msgspec.DecodeError:
            return
        yield message


def _frame(file: IO[bytes]) -> bytes:
    """The next message; empty where there is none that is whole."""
    head = file.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return b""
    (size,) = LENGTH.unpack(head)
    data = file.read(size) if size <= WIDEST else b""
    return data if len(data) == size else b""


def _without(value: str | int, secret: str) -> str | int:
    if not isinstance(value, str):
        return value
    for form in filter(None, (secret, quote(secret, safe=""))):
        value = value.replace(form, "***")
    return value[:_LONGEST]


def _stop(process: subprocess.Popen[bytes], is_late: threading.Event) -> None:
    is_late.set()
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """With all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
