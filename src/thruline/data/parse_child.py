"""A process that parses documents for the pool and is trusted with nothing: `python -m thruline.data.parse_child`.

It reads limits, confines itself, says hello, and then answers one request after another on file descriptor 0,
a socket, until the pool closes it.
"""

from __future__ import annotations

import ctypes
import math
import resource
import signal
import socket
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

import msgspec

from thruline.core.documents import Parsed
from thruline.core.errors import Refused
from thruline.core.pages import Look, Page
from thruline.data.encodings import as_utf8
from thruline.data.media import is_plain_text, media_type
from thruline.data.messages import LENGTH, Hello, Limits, Reply, Request, framed
from thruline.ports.parser import Container, Learned, Paged, Parser, Tabular

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_MOST_FILES = 64
_DEEPEST = 4  # files in files; mail that was forwarded that often has been read before


def main() -> None:
    """Serve until the other side closes the socket."""
    with socket.socket(fileno=0) as pool:
        limits = msgspec.msgpack.decode(_receive(pool), type=Limits)
        pool.sendall(framed(Hello(network=_confine(limits))))
        while body := _receive(pool):
            request = msgspec.msgpack.decode(body, type=Request)
            _start_clocks(limits.timeout_s * request.patience)
            reply = _answer(request)
            pool.sendall(framed(reply))
            if reply.spent:
                return


def _confine(limits: Limits) -> bool:
    """Give up what parsing does not need; gives whether there still is a network."""
    libc = ctypes.CDLL(None, use_errno=True)
    kept_network = libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0
    for kind, amount in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _MOST_FILES),
    ):
        resource.setrlimit(kind, (amount, amount))
    return kept_network


def _start_clocks(timeout_s: float) -> None:
    """The pool keeps the time; these end a child whose pool is gone. Wall time for sleepers, CPU for the busy."""
    signal.setitimer(signal.ITIMER_REAL, timeout_s * 2 + 1)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    spent = usage.ru_utime + usage.ru_stime
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(spent + timeout_s) + 1, hard))


def _answer(request: Request) -> Reply:
    try:
        if request.look:
            return Reply(pages=_look(request, request.look))
        if request.table:
            return Reply(table=_table(request))
        inside = _Inside(request.others, request.weights)
        return Reply(parsed=_parse(request.parser, request.data, request.media_type, request.name, inside))
    except Refused as refusal:
        return Reply(reason=refusal.reason, message=refusal.message)
    except MemoryError:
        return Reply(reason="parser_memory", message="the parser ran out of memory", spent=True)
    except Exception as failure:  # noqa: BLE001 - whatever a parser does wrong is this document's reason, and only its
        return Reply(reason="parser_failed", message=f"the parser raised {type(failure).__name__}", spent=True)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _look(request: Request, look: Look) -> tuple[Page, ...]:
    parser = _load(request.parser, "")
    if not isinstance(parser, Paged):
        raise Refused(f"{request.name!r} has no pages", reason="unsupported_type")
    return parser.look(request.data, request.name, look)


def _table(request: Request) -> bytes:
    """Columns in Arrow's form. A reader that panics on damage ends the child, and only it."""
    table_files = import_module("thruline.data.table_files")  # loads the engine; most children never need it
    parser = _load(request.parser, "")
    rows = parser.rows if isinstance(parser, Tabular) else None
    return table_files.columns_of(request.data, request.media_type, request.name, rows)


class _Inside:
    """Reads files that lie in a file, each by its own parser. What goes wrong is that file's reason, and only its."""

    def __init__(self, parsers: Mapping[str, str], weights: str, depth: int = 1) -> None:
        self._parsers = parsers
        self.weights = weights
        self._depth = depth

    def __call__(self, data: bytes, name: str) -> Parsed:
        kind = media_type(name, data)
        parser = self._parsers.get(kind)
        if parser is None or self._depth > _DEEPEST:
            raise Refused(f"{name!r} is of no type that is read here", reason="unsupported_type")
        try:
            return _parse(parser, data, kind, name, _Inside(self._parsers, self.weights, self._depth + 1))
        except (Refused, MemoryError):
            raise
        except Exception as failure:
            raise Refused(f"the parser raised {type(failure).__name__}", reason="parser_failed") from failure


def _parse(reference: str, data: bytes, kind: str, name: str, inside: _Inside) -> Parsed:
    parser = _load(reference, inside.weights)
    data = as_utf8(data) if is_plain_text(kind) else data
    if isinstance(parser, Container):
        return parser.parse_with(data, kind, name, inside)
    return parser.parse(data, kind, name)


@cache
def _load(reference: str, weights: str) -> Parser | Container:
    module, _, name = reference.partition(":")
    parser = getattr(import_module(module), name)()
    return parser.with_weights(Path(weights)) if weights and isinstance(parser, Learned) else parser


def _receive(pool: socket.socket) -> bytes:
    """One message; nothing when the pool has closed the socket."""
    head = _exactly(pool, LENGTH.size)
    return _exactly(pool, LENGTH.unpack(head)[0]) if head else b""


def _exactly(pool: socket.socket, size: int) -> bytes:
    body = bytearray(size)
    view, at = memoryview(body), 0
    while at < size:
        got = pool.recv_into(view[at:])
        if not got:
            return b""
        at += got
    return bytes(body)


if __name__ == "__main__":
    main()
