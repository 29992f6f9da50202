"""Blobs in an object store that speaks S3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    InvalidPathError,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from thruline.core.errors import Denied, Invalid, NotFound, Unavailable


class S3Blobs:
    """`prefix/kind/ab/rest-of-digest` in a bucket; names are ids, as in the folder.

    A put is conditional (`If-None-Match: *`) on servers that enforce it, so the first writer wins everywhere; on
    others the same content is written twice, which is harmless because names are digests of content.
    access_key, secret_key: values that the configuration resolved from `env:` or `file:`; without them obstore uses
    the machine's own role.
    """

    def __init__(
        self, bucket: str, *, prefix: str = "", endpoint: str = "", region: str = "us-east-1",
        access_key: str = "", secret_key: str = "",
    ) -> None:  # fmt: skip
        options = {"region": region, "endpoint": endpoint, "access_key_id": access_key, "secret_access_key": secret_key}
        self._store = S3Store(
            bucket,
            prefix=prefix or None,
            client_options={"allow_http": endpoint.startswith("http://")},
            **{name: value for name, value in options.items() if value},  # type: ignore[arg-type]
        )

    def put(self, name: str, data: bytes) -> None:
        """Durable when it returns, as far as the store promises it."""
        with _translated(name):
            try:
                obstore.put(self._store, _key(name), data, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return

    def get(self, name: str) -> bytes:
        """The bytes; raises NotFound."""
        with _translated(name):
            return bytes(obstore.get(self._store, _key(name)).bytes())

    def delete(self, name: str) -> None:
        """Gone from the bucket; where versioning is on, its older versions stay until a lifecycle rule takes them."""
        with suppress(NotFound), _translated(name):
            obstore.delete(self._store, _key(name))

    def names(self) -> Iterator[str]:
        """Every name."""
        with _translated("*"):
            for page in obstore.list(self._store):
                for found in page:
                    kind, start, rest = found["path"].split("/")
                    yield f"{kind}:{start}{rest}"


def _key(name: str) -> str:
    kind, _, digest = name.partition(":")
    return f"{kind}/{digest[:2]}/{digest[2:]}"


@contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        if "NoSuchBucket" in str(error):
            raise Unavailable("the bucket is not there", hint="create it, or check its name and region") from error
        raise NotFound(f"no blob {name!r}") from error
    except (PermissionDeniedError, UnauthenticatedError, PermissionError) as error:
        raise Denied("the object store refuses our key", hint="check the bucket, the key and its policy") from error
    except InvalidPathError as error:
        raise Invalid(f"{name!r} cannot name a blob") from error
    except BaseError as error:
        said = str(error).partition("\n")[0]
        raise Unavailable(f"the object store does not answer: {said}", hint="check its address; try again") from error
