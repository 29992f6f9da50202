"""Connections to one address, kept for the next request."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import NamedTuple
from urllib.parse import urlsplit

from thruline.backends.openai_llm.connection import Connection
from thruline.core.errors import Invalid, Unavailable

MAX_IDLE = 32


class Address(NamedTuple):
    """Where a server is, from an address such as `https://llm.example.org/v1`."""

    host: str
    port: int
    is_tls: bool
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host and port, fit to be shown."""
        return f"{'https' if self.is_tls else 'http'}://{self.host}:{self.port}"

    @property
    def host_header(self) -> str:
        """Host as the request names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_tls else 80) else f"{host}:{self.port}"


def parse_address(url: str) -> Address:
    """The parts of url; raises Invalid for what is not http(s), and for a password in it."""
    hint = "write for example http://127.0.0.1:8000/v1"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Invalid("the address of the language model cannot be read", hint=hint) from error
    if parts.username is not None:
        raise Invalid("the address of the language model holds a user or password", hint="give the key by reference")
    if parts.scheme not in ("http", "https") or not parts.hostname or any(c <= " " or c > "~" for c in url):
        raise Invalid(f"{url!r} is not the address of a language model", hint=hint)
    is_tls = parts.scheme == "https"
    return Address(parts.hostname, port or (443 if is_tls else 80), is_tls, parts.path.rstrip("/"))


class Pool:
    """Gives an idle connection or a new one. At most MAX_IDLE wait idle; the caller bounds how many are busy."""

    def __init__(self, address: Address, connect_timeout_s: float) -> None:
        self._address = address
        self._connect_timeout_s = connect_timeout_s
        self._tls = ssl.create_default_context() if address.is_tls else None
        self._idle: list[Connection] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def idle(self) -> Connection | None:
        """The connection used last, if one is idle and open."""
        if self._loop is not asyncio.get_running_loop():
            self._idle.clear()  # they belong to a loop that has ended
            self._loop = asyncio.get_running_loop()
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        return None

    async def connect(self) -> Connection:
        """A new connection; raises Unavailable with what stood in the way."""
        loop = asyncio.get_running_loop()
        host, port, origin = self._address.host, self._address.port, self._address.origin
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                _, connection = await loop.create_connection(
                    lambda: Connection(loop, origin), host, port, ssl=self._tls
                )
        except OSError as error:  # TimeoutError and ssl.SSLError are OSErrors
            raise _explain(error, self._address, self._connect_timeout_s) from error
        return connection

    def put(self, connection: Connection) -> None:
        """Keep a connection whose reply was read to its end; close any other."""
        if connection.is_reusable and len(self._idle) < MAX_IDLE:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Hang up on all idle ones."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()


def _explain(error: OSError, address: Address, timeout_s: float) -> Unavailable:
    at = f"the language model at {address.origin!r}"
    match error:
        case TimeoutError():
            return Unavailable(
                f"{at} did not take a connection within {timeout_s:.3g} s", hint="check host and network"
            )
        case socket.gaierror():
            return Unavailable(f"there is no host {address.host!r}", hint="check the name in the address, and the DNS")
        case ssl.SSLCertVerificationError():
            why = error.verify_message
            return Unavailable(f"{at} shows a certificate that is not trusted: {why}", hint="SSL_CERT_FILE names a CA")
        case ssl.SSLError():
            return Unavailable(f"{at} does not speak TLS", hint="does its address begin with http:// instead?")
        case ConnectionRefusedError():
            return Unavailable(f"nothing listens at {address.origin!r}", hint="start the language model server")
    return Unavailable(f"{at} cannot be reached: {error.strerror or error}", hint="check host, port and network")
