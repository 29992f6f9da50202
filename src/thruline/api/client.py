"""A client whose methods are the operations: `Client(url, key).data.sync(source="wiki")`.

It gives the same reports and raises the same errors as the platform in one's own process.
"""

from __future__ import annotations

import http.client
import re
import ssl
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from thruline.api.routes import served
from thruline.app.operations import SYSTEMS, Operation, operations
from thruline.core.errors import Corrupt, Invalid, Unavailable, from_problem

_problem = msgspec.json.Decoder(dict[str, Any])
_RETRIED = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


class Client:
    """One server, one key; a connection a thread, kept open between calls.

    url: without a path, as `thruline up` prints it. timeout_s: for each reply; a sync or a training takes its time.
    """

    infra: Group
    data: Group
    vectors: Group
    models: Group
    guard: Group
    ledger: Group

    def __init__(self, url: str, key: str, *, timeout_s: float = 600.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid(f"{url!r} is not the address of a server", hint="write for example http://127.0.0.1:7070")
        self._url = url
        self._secure = parts.scheme == "https"
        self._address = (parts.hostname, parts.port)
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        self._timeout_s = timeout_s
        self._local = threading.local()
        self._open: list[http.client.HTTPConnection] = []
        self.operations: Mapping[str, Operation] = {o.name: o for o in served(operations())}
        for system in SYSTEMS:
            setattr(self, system, Group(self, system))

    def call(self, name: str, given: Mapping[str, Any]) -> Any:
        """Do an operation; raises what it raises there, Unavailable when the server cannot be reached."""
        operation = self.operations[name]
        left = {key: value for key, value in given.items() if f"{{{key}}}" not in operation.path}
        path = re.sub(r"{(\w+)}", lambda found: quote(str(given.get(found[1], "")), safe=":"), operation.path)
        if operation.reads:
            status, body = self._send("GET", f"{path}?{urlencode(_texts(left), doseq=True)}" if left else path, None)
        else:
            status, body = self._send("POST", path, msgspec.json.encode(left))
        return _read(status, body, operation.returns)

    def close(self) -> None:
        """Hang up."""
        while self._open:
            self._open.pop().close()
        self._local = threading.local()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        connection = self._connection()
        is_kept = connection.sock is not None
        try:
            return self._exchange(connection, method, path, body)
        except _RETRIED as error:
            if not is_kept:  # else the server closed an idle connection just as we used it
                raise self._unreachable(error) from error
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error
        try:
            return self._exchange(connection, method, path, body)
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error

    def _exchange(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None
    ) -> tuple[int, bytes]:
        try:
            connection.request(method, path, body, self._headers)
            response = connection.getresponse()
            return response.status, response.read()
        except BaseException:
            connection.close()
            raise

    def _connection(self) -> http.client.HTTPConnection:
        if not hasattr(self._local, "connection"):
            host, port = self._address
            made = (
                http.client.HTTPSConnection(host, port, timeout=self._timeout_s, context=ssl.create_default_context())
                if self._secure
                else http.client.HTTPConnection(host, port, timeout=self._timeout_s)
            )
            self._local.connection = made
            self._open.append(made)
        return self._local.connection

    def _unreachable(self, error: Exception) -> Unavailable:
        return Unavailable(f"the server at {self._url!r} cannot be reached: {error}", hint="is `thruline up` running?")


class Group:
    """`client.<system>`: its operations as methods."""

    def __init__(self, client: Client, system: str) -> None:
        self._client = client
        self._system = system

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        name = f"{self._system}.{verb}"
        if name not in self._client.operations:
            raise AttributeError(f"no operation {name!r}")
        return lambda **given: self._client.call(name, given)

    def __dir__(self) -> list[str]:
        return [o.verb for o in self._client.operations.values() if o.system == self._system]


def _texts(given: Mapping[str, Any]) -> dict[str, Any]:
    """Values as they stand in an address."""
    return {key: str(value).lower() if isinstance(value, bool) else value for key, value in given.items()}


def _read(status: int, body: bytes, kind: Any) -> Any:
    try:
        if status == 200:
            return msgspec.json.decode(body, type=kind)
        problem = _problem.decode(body)
    except msgspec.DecodeError as error:
        raise Corrupt(
            f"the reply (status {status}) is not what this client knows", hint="is it of the same version?"
        ) from error
    raise from_problem(problem)
