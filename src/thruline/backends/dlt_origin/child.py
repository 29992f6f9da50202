"""Runs a resource of the operator's code in a process of its own: `MODULE FUNCTION RESOURCE FOLDER [head]`.

Rows go to what was standard output when it began; what the code prints goes nowhere. It ends when its parent does.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from types import TracebackType
from typing import Any, BinaryIO

import msgspec

from thruline.backends.dlt_origin.messages import LENGTH, ONLY_HEAD, WIDEST, End, Failed, Head, Message, NoRow, Row
from thruline.core.errors import Denied, Invalid, ThrulineError, Unavailable
from thruline.core.rows import said

_REFUSED = (401, 403)


class _Pipe:
    """Our end of the pipe to the parent."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._encode = msgspec.msgpack.Encoder().encode

    def say(self, message: Message) -> None:
        """Send it, or that it is too large."""
        data = self._encode(message)
        if len(data) > WIDEST:
            data = self._encode(NoRow("too_large"))
        self._file.write(LENGTH.pack(len(data)))
        self._file.write(data)

    def flush(self) -> None:
        """Send all that waits."""
        self._file.flush()


def main() -> None:
    """Say every row, and then that these were all."""
    module, function, resource, folder, *told = sys.argv[1:]
    pipe = _Pipe(_taken_over())
    sys.excepthook = lambda _, error, trace: _tell(pipe, error, trace)
    if folder:
        sys.path.insert(0, folder)
    rows = 0
    found = _resource(module, function, resource)
    pipe.say(Head(found.name, _primary_key(found)))
    for item in found if ONLY_HEAD not in told else ():
        for one in _each(item):
            pipe.say(_row(one))
            rows += 1
    pipe.say(End(rows))
    pipe.flush()


def _taken_over() -> BinaryIO:
    """The pipe that was standard output; this process ends when standard input does, which its parent holds open."""
    data, parent = os.dup(1), os.dup(0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    return open(data, "wb", buffering=1 << 18)


def _end_with(parent: int) -> None:
    os.read(parent, 1)
    os._exit(1)


def _resource(module: str, function: str, resource: str) -> Any:
    """The resource itself; raises Invalid where there is none of these names."""
    named = _named(module, function)
    dlt: Any = import_module("dlt.extract")  # behind the operator's module, which may set dlt up
    source: Any = named if isinstance(named, dlt.DltResource | dlt.DltSource) or not callable(named) else named()
    if isinstance(source, dlt.DltResource):
        if resource not in ("", source.name):
            raise Invalid(f"{function!r} gives the resource {source.name!r}, not {resource!r}", hint="leave it out")
        return source
    if not isinstance(source, dlt.DltSource):
        hint = "name a function that @dlt.source or @dlt.resource stands above, or one that returns what these give"
        raise Invalid(f"{function!r} gives a {type(source).__name__}, no source of dlt", hint=hint)
    known = list(source.resources)
    wanted = resource or (known[0] if len(known) == 1 else "")
    if wanted not in source.resources:
        what = f"has no resource {resource!r}" if resource else f"has {len(known)} resources"
        raise Invalid(f"{function!r} {what}", hint=f"--options resource=NAME; there are {', '.join(known)}")
    return source.resources[wanted]


def _named(module: str, function: str) -> Any:
    try:
        found = import_module(module)
    except ModuleNotFoundError as error:
        if not error.name or not f"{module}.".startswith(f"{error.name}."):
            raise
        hint = "--options folder=PATH names the folder it lies in, unless it is installed beside thruline"
        raise Invalid(f"there is no module {error.name!r}", hint=hint) from error
    if not hasattr(found, function):
        raise Invalid(f"{module!r} has no {function!r}", hint="write dlt://package.module:function")
    return getattr(found, function)


def _primary_key(resource: Any) -> tuple[str, ...]:
    columns: Mapping[str, Mapping[str, Any]] = resource.compute_table_schema().get("columns", {})
    return tuple(name for name, about in columns.items() if about.get("primary_key"))


def _each(item: Any) -> Iterator[Any]:
    """The rows of what a resource yields: itself, the members of a list, the rows of an Arrow table."""
    rows: Iterable[Any] = item.to_pylist() if hasattr(item, "to_pylist") else item if isinstance(item, list) else [item]
    yield from rows


def _row(item: Any) -> Row | NoRow:
    if not isinstance(item, Mapping):
        return NoRow("broken_row")
    try:
        return Row({_sent(str(column)): _in_words(value) for column, value in item.items()})
    except (TypeError, ValueError, RecursionError):  # a value that has no words
        return NoRow("broken_row")


def _in_words(value: Any) -> str | bytes | None:
    return value if value is None or isinstance(value, bytes) else _sent(said(value))


def _sent(text: str) -> str:
    """With a question mark for what is no character: half of a pair, as some JSON has it."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _tell(pipe: _Pipe, error: BaseException, trace: TracebackType | None) -> None:
    while error.__cause__ is not None and not isinstance(error, ThrulineError):
        error, trace = error.__cause__, error.__cause__.__traceback__
    pipe.say(Failed((error if isinstance(error, ThrulineError) else _ours(error, trace)).as_problem()))
    pipe.flush()


def _ours(error: BaseException, trace: TracebackType | None) -> ThrulineError:
    lines = str(error).splitlines() or [""]
    says = _sent(f"{type(error).__name__}: {lines[0]}")
    if isinstance(error, import_module("dlt.common.configuration.exceptions").ConfigFieldMissingException):
        hint = "--secret with secret_as=VARIABLE gives a secret; settings stand in .dlt/config.toml of the folder"
        return Invalid(f"the resource misses a setting: {says}", hint=hint)
    if getattr(getattr(error, "response", None), "status_code", 0) in _REFUSED:
        return Denied(f"the resource is refused: {says}", hint="check the secret, and what it may read")
    return Unavailable(f"the resource failed{_where(trace)}: {says}", hint="nothing was deleted; run it by itself")


def _where(trace: TracebackType | None) -> str:
    """The innermost line of the code."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" in {os.path.basename(trace.tb_frame.f_code.co_filename)!r}, line {trace.tb_lineno}"


if __name__ == "__main__":
    main()
