"""A real server that speaks S3, in this process, and buckets in it."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote

import obstore
from moto import settings
from moto.core.authorization import ActionAuthenticatorMixin
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

from thruline.core.ids import random_id


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of a server; it lets everybody in until a bucket's `lock_out` is called."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        yield "http://{}:{}".format(*server.get_host_and_port())
    finally:
        server.stop()


class Bucket:
    """A bucket of its own."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.name = random_id("bucket").replace(":", "-")
        self._store = S3Store(
            self.name, endpoint=server, region="us-east-1", access_key_id="key", secret_access_key="hidden",  # noqa: S106
            client_options={"allow_http": True},
        )  # fmt: skip
        self.ask("PUT", "")

    def ask(self, method: str, key: str, data: bytes | None = None, acl: str = "private") -> None:
        """A plain request: a client would not take every key."""
        address = f"{self.server}/{self.name}/{quote(key)}".rstrip("/") + ("/" if key.endswith("/") else "")
        headers = {"x-amz-acl": acl, "content-type": "text/plain"} if method == "PUT" else {}
        request = urllib.request.Request(address, data=data, method=method, headers=headers)  # noqa: S310
        urllib.request.urlopen(request).close()  # noqa: S310

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write objects: key -> bytes."""
        for key, data in files.items():
            obstore.put(self._store, key, data)

    def move(self, old: str, new: str) -> None:
        """Rename an object."""
        obstore.rename(self._store, old, new)

    def delete(self, key: str) -> None:
        """Take an object out."""
        obstore.delete(self._store, key)

    def away(self) -> None:
        """Take the bucket out, with all that it holds."""
        obstore.delete(self._store, [o["path"] for page in obstore.list(self._store) for o in page])
        self.ask("DELETE", "")

    def lock_out(self, *, after: int = 0) -> None:
        """After so many more requests the server knows no key."""
        settings.INITIAL_NO_AUTH_ACTION_COUNT = ActionAuthenticatorMixin.request_count + after

    def let_in(self) -> None:
        """As at the beginning."""
        settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")
