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
from functools import cache
from importlib import import_module

import msgspec

from thruline.core.errors import Refused
from thruline.data.messages import LENGTH, Hello, Limits, Reply, Request, framed
from thruline.ports.parser import Parser

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_MOST_FILES = 64


def main() -> None:
    """Serve until the other side closes the socket."""
    with socket.socket(fileno=0) as pool:
        limits = msgspec.msgpack.decode(_receive(pool), type=Limits)
        pool.sendall(framed(Hello(network=_confine(limits))))
        while body := _receive(pool):
            _start_clocks(limits.timeout_s)
            reply = _answer(msgspec.msgpack.decode(body, type=Request))
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
        return Reply(parsed=_load(request.parser).parse(request.data, request.media_type, request.name))
    except Refused as refusal:
        return Reply(reason=refusal.reason, message=refusal.message)
    except MemoryError:
        return Reply(reason="parser_memory", message="the parser ran out of memory", spent=True)
    except Exception as failure:  # noqa: BLE001 - whatever a parser does wrong is this document's reason, and only its
        return Reply(reason="parser_failed", message=f"the parser raised {type(failure).__name__}", spent=True)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@cache
def _load(reference: str) -> Parser:
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)()


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
