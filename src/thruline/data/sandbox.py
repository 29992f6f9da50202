"""Untrusted files are parsed in child processes that can lose nothing but themselves.

A child that crashes, hangs or eats too much memory is killed and replaced, and only its document is refused.
"""

from __future__ import annotations

import hashlib
import os
import queue
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias, TypeVar

import msgspec

from thruline.core.documents import Parsed
from thruline.core.errors import Refused, Unavailable
from thruline.core.pages import Look, Page
from thruline.core.units import Bytes
from thruline.data.media import HOLDS_FILES, installed_parsers
from thruline.data.messages import LENGTH, Hello, Limits, Reply, Request, framed

_T = TypeVar("_T")
_START_S = 30.0
_PICTURES = 10  # times as long as for text: a page takes seconds
_CHILD = (sys.executable, "-I", "-B", "-m", "thruline.data.parse_child")
# Nothing of ours reaches a parser: no keys, no proxies, no paths. Temporary files could not be written anyway.
# Columns are read by an engine with threads, each of which would reserve 64 MB of the address space for itself.
_ENVIRONMENT = {
    "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
}  # fmt: skip
_Places: TypeAlias = "queue.LifoQueue[_Child | None]"
_BY_SIGNAL = {signal.SIGXCPU: "parser_timeout", signal.SIGALRM: "parser_timeout"}


class ParserPool:
    """Parses documents in at most `workers` children at a time; threads may share it.

    memory: bytes of address space a child may hold. timeout_s: what one document may take.
    parsers: media type -> `module:object`; those installed as entry points `parser:…` unless given. weights: where the
    networks lie that read pictures, None where nobody can; asked for the first time when there is one to read.
    """

    def __init__(
        self,
        *,
        workers: int = 2,
        memory: Bytes = 2 * 2**30,
        timeout_s: float = 60.0,
        parsers: Mapping[str, str] | None = None,
        weights: Callable[[], Path | None] = lambda: None,
    ) -> None:
        self._weights = weights
        self._limits = Limits(memory=memory, timeout_s=timeout_s)
        self._parsers = installed_parsers() if parsers is None else parsers
        self._workers = workers
        self._closed = False
        # A queue is the lock: who holds a place is alone with its child. Who looks at a page does not wait for a sync.
        self._idle, self._looking = _places(workers), _places(1)

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """The document; raises Refused with its reason, Unavailable once the pool is closed."""
        parser = self._parser(media_type)
        request = Request(parser=parser, media_type=media_type, name=name, data=data, others=dict(self._parsers))
        reply = self._with_child(lambda child: child.ask(request))
        if _is_unread(reply) and (folder := self._weights()):
            seen = msgspec.structs.replace(request, weights=str(folder), patience=_PICTURES)
            read = self._with_child(lambda child: child.ask(seen))
            reply = reply if reply.parsed and not read.parsed else read  # too many pictures cost nobody the text
        return _parsed(reply, name)

    def look(self, data: bytes, media_type: str, name: str, look: Look) -> tuple[Page, ...]:
        """The pages of a document as they are seen; raises Refused, `unsupported_type` for a format without pages."""
        parser = self._parser(media_type)
        request = Request(parser=parser, media_type=media_type, name=name, data=data, others={}, look=look)
        reply = self._with_child(lambda child: child.ask(request), self._looking)
        if reply.reason:
            raise Refused(f"{name!r} could not be shown: {reply.message}", reason=reply.reason)
        return reply.pages

    def table(self, data: bytes, media_type: str, name: str) -> bytes:
        """A table file as `table_files.frame_of` takes it; raises Refused for what is none, to its end."""
        parser = self._parser(media_type)
        request = Request(parser=parser, media_type=media_type, name=name, data=data, others={}, table=True)
        reply = self._with_child(lambda child: child.ask(request))
        if reply.reason:
            raise Refused(f"{name!r} is no table: {reply.message}", reason=reply.reason)
        return reply.table

    def version(self, media_type: str) -> str:
        """A digest of the code that reads a media type, and of all parsers for one that may hold files of others."""
        reference = self._parsers.get(media_type, "")
        references = sorted(set(self._parsers.values())) if media_type in HOLDS_FILES else [reference]
        return hashlib.sha256("".join(map(_source, references)).encode()).hexdigest()

    @property
    def network_isolated(self) -> bool:
        """Whether the kernel lets children live without a network; they are confined in the other ways regardless."""
        return self._with_child(lambda child: not child.network)

    def close(self) -> None:
        """End every child, after the documents under way."""
        self._closed = True
        for idle, places in ((self._idle, self._workers), (self._looking, 1)):
            for child in [idle.get() for _ in range(places)]:
                if child is not None:
                    child.end()
                idle.put(None)

    def __enter__(self) -> ParserPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _with_child(self, use: Callable[[_Child], _T], places: _Places | None = None) -> _T:
        places = places or self._idle
        place = places.get()
        child: _Child | None = None
        try:
            if self._closed:
                raise Unavailable("the parser pool is closed")
            child = place or _Child(self._limits)
            return use(child)
        finally:
            places.put(child if child is not None and child.alive else None)

    def _parser(self, media_type: str) -> str:
        if media_type not in self._parsers:
            known = f"known: {', '.join(sorted(self._parsers))}"
            raise Refused(f"no parser reads {media_type!r}", reason="unsupported_type", hint=known)
        return self._parsers[media_type]


def _places(count: int) -> _Places:
    places: _Places = queue.LifoQueue()
    for _ in range(count):
        places.put(None)
    return places


@cache
def _source(reference: str) -> str:
    """A digest of the module's text, of a package's every module; it is not imported."""
    spec = find_spec(reference.partition(":")[0]) if reference else None
    if spec is None or spec.origin is None:
        return ""
    folder = Path(spec.origin).parent
    files = sorted(folder.rglob("*.py")) if spec.submodule_search_locations else [Path(spec.origin)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _is_unread(reply: Reply) -> bool:
    """Whether the document holds pictures of text."""
    return reply.reason == "needs_ocr" or (reply.parsed is not None and bool(reply.parsed.unread))


def _parsed(reply: Reply, name: str) -> Parsed:
    parsed = reply.parsed
    if parsed is None and reply.reason != "needs_ocr":
        raise Refused(f"{name!r} could not be parsed: {reply.message}", reason=reply.reason)
    if parsed is not None and (parsed.text or parsed.hidden):
        return parsed
    if parsed is None or parsed.unread:
        raise Refused(f"{name!r} is a picture of text", reason="needs_ocr", hint="pip install 'thruline[ocr]'")
    raise Refused(f"{name!r} holds no text", reason="empty")


class _Child:
    """One child process and our end of its socket."""

    def __init__(self, limits: Limits) -> None:
        self._timeout_s = limits.timeout_s
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, fixed arguments
                _CHILD,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT,
                cwd="/",
                close_fds=True,
                start_new_session=True,
            )
        self.alive = True
        self.network = self._greet(limits)

    def ask(self, request: Request) -> Reply:
        """The child's reply; when none comes, the child is ended and how it ended becomes the reply."""
        try:
            reply = msgspec.msgpack.decode(
                self._exchange(framed(request), self._timeout_s * request.patience), type=Reply
            )
        except TimeoutError:
            self.end()
            return Reply(reason="parser_timeout", message=f"no result within {self._timeout_s * request.patience:g} s")
        except (OSError, EOFError):
            return self._post_mortem()
        except msgspec.DecodeError:
            self.end()
            return Reply(reason="parser_failed", message="the parser's reply made no sense")
        if reply.spent:
            self.end()
        return reply

    def end(self) -> int:
        """Kill the child and whatever it started; gives its exit status."""
        self.alive = False
        self._socket.close()
        with suppress(ProcessLookupError):  # it ended by itself
            os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.wait()

    def _greet(self, limits: Limits) -> bool:
        try:
            return msgspec.msgpack.decode(self._exchange(framed(limits), _START_S), type=Hello).network
        except (OSError, EOFError, msgspec.DecodeError) as failure:
            status = self.end()
            raise Unavailable(
                f"a parser process did not start (exit status {status})", hint="is there memory left?"
            ) from failure

    def _post_mortem(self) -> Reply:
        """The child closed its socket: let it die its own death first, so that the status tells the cause."""
        with suppress(subprocess.TimeoutExpired):  # then it is killed
            self._process.wait(timeout=1.0)
        status = self.end()
        reason = _BY_SIGNAL.get(signal.Signals(-status), "parser_failed") if status < 0 else "parser_failed"
        return Reply(reason=reason, message=f"the parser process ended with status {status}")

    def _exchange(self, message: bytes, timeout_s: float) -> bytes:
        deadline = time.monotonic() + timeout_s
        self._socket.settimeout(timeout_s)
        self._socket.sendall(message)
        (size,) = LENGTH.unpack(self._receive(LENGTH.size, deadline))
        return self._receive(size, deadline)

    def _receive(self, size: int, deadline: float) -> bytes:
        body = bytearray()
        while len(body) < size:
            self._socket.settimeout(max(deadline - time.monotonic(), 1e-3))
            part = self._socket.recv(min(size - len(body), 1 << 20))
            if not part:
                raise EOFError
            body += part
        return bytes(body)
