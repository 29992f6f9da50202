"""Serve a home: one process with the API, the gateway, the console and a worker of the job queue."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import msgspec
import uvicorn
from starlette.applications import Starlette

from thruline.api.http import application, sessions_of
from thruline.app.outward import outbox_of
from thruline.app.platform import Platform
from thruline.core.errors import Invalid, Unavailable
from thruline.core.loopback import is_loopback
from thruline.flows.outbox import keep_telling
from thruline.flows.recall_audit import keep_auditing
from thruline.flows.schedule import keep_fresh
from thruline.flows.shelf import keep_current
from thruline.infra.work import work

DRAIN_S = 15
MOST_CONNECTIONS = 1000
BACKLOG = 2048


def serve(platform: Platform, host: str, port: int, *, as_json: bool = False) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish what is under way.

    Raises Invalid for an address that others can reach, Unavailable when the port is taken.
    """
    check_host(host)
    with closing(_listen(host, port)) as listener:
        sessions = sessions_of(platform)
        address = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
        _announce(address, f"{address}/login?token={sessions.token()}", as_json)
        server = server_of(application(platform, sessions))
        with _working(platform), ending(server):
            server.run(sockets=[listener])


def server_of(app: Starlette) -> uvicorn.Server:
    """The server for an application, as `serve` runs it on a socket."""
    return uvicorn.Server(
        uvicorn.Config(
            app, loop="auto", http="httptools", ws="none", lifespan="on", log_level="warning", access_log=False,
            server_header=False, proxy_headers=False, timeout_graceful_shutdown=DRAIN_S,
            limit_concurrency=MOST_CONNECTIONS,
        )
    )  # fmt: skip


def check_host(host: str) -> None:
    """Raises Invalid unless only this machine can reach the address."""
    if not is_loopback(host):
        raise Invalid(
            f"{host!r} can be reached from elsewhere, and keys would travel in the clear",
            hint="bind 127.0.0.1 and put a server that ends TLS in front of it",
        )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise Unavailable(
            f"port {port} of {host!r} cannot be used: {error.strerror}",
            hint="is thruline up already? else choose another: thruline up --port 7071",
        ) from error
    return listener


def _announce(address: str, login: str, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode({"address": address, "login": login}).decode(), flush=True)
        return
    print(f"thruline serves {address}", flush=True)
    print(f"  open     {login}   (good once, for ten minutes)", flush=True)
    print(f"  OpenAI   {address}/v1   with a key of `thruline keys create`", flush=True)
    print("  stop     Ctrl-C", flush=True)


@contextmanager
def _working(platform: Platform) -> Iterator[None]:
    """Jobs run and sources are read beside the server; what runs on when it ends waits for the next one."""
    stop, outbox = threading.Event(), outbox_of(platform)
    threads = [
        threading.Thread(target=work, args=(platform.line.jobs, stop), name="job-worker", daemon=True),
        threading.Thread(target=keep_fresh, args=(platform.line, stop), name="schedule", daemon=True),
        threading.Thread(target=keep_current, args=(platform.line, stop), name="current", daemon=True),
        threading.Thread(target=keep_auditing, args=(platform.line, stop), name="audit", daemon=True),
        threading.Thread(target=keep_telling, args=(platform.line, outbox, stop), name="outbox", daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(DRAIN_S)


@contextmanager
def ending(server: uvicorn.Server) -> Iterator[None]:
    """A signal that comes before the server listens for one ends it, too.

    uvicorn raises the signal that ended it once more, after draining: by then it has been obeyed.
    """

    def end(*_: object) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
