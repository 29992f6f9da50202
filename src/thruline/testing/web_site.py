"""A web site on this machine for tests: pages from a dictionary, and whatever a hostile one would answer."""

from __future__ import annotations

import hashlib
import mimetypes
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from posixpath import splitext
from typing import Any
from urllib.parse import quote, unquote, urlsplit
from xml.sax.saxutils import escape

Answering = Callable[[BaseHTTPRequestHandler], None]
_TYPES = {".md": "text/markdown", ".html": "text/html; charset=utf-8", ".txt": "text/plain", ".bin": ""}


class WebSite:
    """Pages (path below the host -> bytes) with an ETag each and, unless one is put, a sitemap of them all.

    answers: path -> what is done instead of answering with a page. statuses: path -> status instead of 200.
    asked: what was asked for, as `GET /a.md`. context: for a site over TLS.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.pages: dict[str, bytes] = {}
        self.answers: dict[str, Answering] = {}
        self.statuses: dict[str, int] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.types: dict[str, str] = {}
        self.asked: list[str] = []
        self.seen: list[Mapping[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self._server.server_address[1]}"
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write pages."""
        self.pages |= files

    def move(self, old: str, new: str) -> None:
        """The same page at another address."""
        self.pages[new] = self.pages.pop(old)

    def delete(self, path: str) -> None:
        """A page is gone."""
        del self.pages[path]

    def close(self) -> None:
        """Stop serving; new connections are refused from now on."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one question."""
        path = unquote(urlsplit(handler.path).path).removeprefix("/")
        self.asked.append(f"{handler.command} {handler.path}")
        self.seen.append(dict(handler.headers.items()))
        if path in self.answers:
            self.answers[path](handler)
            return
        body = self.pages.get(path)
        if body is None and path == "sitemap.xml":
            body = self._sitemap()
        status = self.statuses.get(path, 404 if body is None else 200)
        reply(handler, status, body or b"", self._headers_of(path, body or b""))

    def _headers_of(self, path: str, body: bytes) -> dict[str, str]:
        ending = splitext(path)[1]
        kind = self.types.get(path) or _TYPES.get(ending, mimetypes.types_map.get(ending, "text/html"))
        usual = {"etag": f'"{hashlib.sha256(body).hexdigest()[:16]}"'} | ({"content-type": kind} if kind else {})
        return self.headers.get(path, usual)

    def _sitemap(self) -> bytes:
        listed = [path for path in self.pages if path != "robots.txt"]
        places = "".join(f"<url><loc>{escape(f'{self.url}/{quote(path)}')}</loc></url>" for path in listed)
        return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{places}</urlset>'.encode()


def reply(handler: Any, status: int, body: bytes = b"", headers: Mapping[str, str] = {}) -> None:
    """A whole answer."""
    handler.send_response(status)
    for name, value in {"content-length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command == "GET":
        handler.wfile.write(body)


def _handler(site: WebSite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            site.serve(self)

        def do_HEAD(self) -> None:
            site.serve(self)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is logged."""

        def handle(self) -> None:
            with suppress(ConnectionError):  # the other side has heard enough
                super().handle()

    return Handler
