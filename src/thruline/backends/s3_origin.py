"""The objects of a bucket, or of a part of one, in a store that speaks S3."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, InvalidPathError, NotFoundError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from thruline.core.errors import Denied, Invalid, Refused, ThrulineError, Unavailable
from thruline.core.glimpse import Sized, files_seen
from thruline.core.units import Bytes
from thruline.core.unreachable import cause_of
from thruline.ports.origin import Item, Listing, Reading, Refusal, Secret

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import S3Credential

_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")
_PAGE = 1_000  # objects that a store lists at a time
_PART = 1 << 20  # bytes of an object that are asked for at a time
# Patience asks the whole question again; these tries save a long listing from one lost page.
_RETRY = {"max_retries": 2, "retry_timeout": timedelta(seconds=30)}
# A read that stands still is given up; one that moves may take its time.
_TIMES = {"timeout": "1h", "read_timeout": "30s", "connect_timeout": "10s"}

_RIGHTS = "check the key, and that its policy allows s3:ListBucket and s3:GetObject"


class S3Origin:
    """The objects below a prefix, by their keys after it.

    The secret holds `ACCESS:SECRET`; without one the bucket is read without a name. Names that begin with a dot are
    left out, as in a folder.
    """

    options: Mapping[str, str] = {
        "endpoint": "address of the store, as `https://s3.example.org`; Amazon's unless given",
        "region": "its region; us-east-1 unless given",
    }
    # Some gateways give every object of theirs the same ETag: it tells a change under a path, not a copy elsewhere.
    marks_content = False

    def __init__(self, location: str, options: Mapping[str, str], secret: Secret | None = None) -> None:
        address = urlsplit(location)
        if not _BUCKET.fullmatch(address.netloc) or address.query or address.fragment:
            raise Invalid(f"{location!r} names no bucket", hint="write s3://bucket/prefix")
        self._secret = secret
        self._where = repr(options.get("endpoint") or "Amazon S3")
        self._opens = partial(self._opened, address.netloc, address.path.strip("/"), options)
        self._store = self._opens(_RETRY, _TIMES)

    def look(self, *, within_s: float) -> str:
        """The first page of the listing."""
        if self._secret:
            self._credentials()
        seconds = f"{math.ceil(within_s)}s"
        store = self._opens({"max_retries": 0}, {"timeout": seconds, "connect_timeout": seconds})
        with self._translated():
            try:
                page = next(iter(obstore.list(store, chunk_size=_PAGE)), ())
            except InvalidPathError:
                return "objects, some of which have keys that cannot be told apart"
        files = [Sized(o["path"], o["size"]) for o in page]
        return files_seen(files, what="object", is_all=len(files) < _PAGE)

    def list(self) -> Listing:
        """Every object; raises Unavailable for a bucket that is not there or does not answer."""
        if self._secret:
            self._credentials()  # what is wrong with the secret is said here, in its own words
        found = _Found()
        with self._translated():
            try:
                found.take(o for page in obstore.list(self._store) for o in page)
            except InvalidPathError:
                found = self._by_folder()
        return found.listing()

    def read(self, item: Item, *, limit: Bytes) -> Reading:
        """An object's bytes as they are now; one that was listed as too large is not even asked for."""
        _check(item.path, item.size, limit)
        with self._translated():
            try:
                found = obstore.get(self._store, item.path)
            except (NotFoundError, FileNotFoundError) as error:
                if "NoSuchBucket" in str(error):
                    raise self._meant(str(error)) from error
                raise Refused(f"{item.path!r} is no longer there", reason="unreadable") from error
            _check(item.path, found.meta["size"], limit)
            data = _within(limit, found.stream(min_chunk_size=_PART), item.path)
        return Reading(data, _mark(found.meta))

    def close(self) -> None:
        """Connections go with the store."""

    def _opened(
        self, bucket: str, prefix: str, options: Mapping[str, str], retry: Mapping[str, Any], times: Mapping[str, str]
    ) -> S3Store:
        endpoint = options.get("endpoint", "")
        if endpoint and not _is_address(endpoint):
            raise Invalid(
                f"{endpoint!r} is no address", hint="write endpoint=https://host or endpoint=http://host:port"
            )
        try:
            return S3Store(
                bucket,
                prefix=prefix or None,
                region=options.get("region", "us-east-1"),
                client_options={"allow_http": endpoint.startswith("http://"), **times},  # type: ignore[arg-type]
                retry_config=retry,  # type: ignore[arg-type]
                credential_provider=self._credentials if self._secret else None,
                skip_signature=self._secret is None,
                config={"endpoint": endpoint} if endpoint else {},
            )
        except ValueError as error:
            raise Invalid(f"{prefix!r} cannot be a prefix", hint="write s3://bucket/part/of/it") from error

    def _credentials(self) -> S3Credential:
        assert self._secret is not None
        access, colon, key = self._secret().partition(":")
        if not (access and colon and key):
            raise Invalid("the secret of a bucket is ACCESS:SECRET", hint="put both into it, with a colon between")
        # Expired at once, so that the next request asks for it again and a rotated key is used.
        return {"access_key_id": access, "secret_access_key": key, "token": None, "expires_at": datetime.now(UTC)}

    def _by_folder(self) -> _Found:
        """What can be listed where some key cannot: the client gives up a page for an empty part or a dot in one."""
        found, pending = _Found(), [""]
        while pending:
            folder = pending.pop()
            try:
                level = obstore.list_with_delimiter(self._store, folder or None)
            except InvalidPathError as error:
                if not folder:
                    hint = "rename keys that begin with a slash or hold `.`, `..` or a control character"
                    raise Unavailable("the bucket holds keys that cannot be told apart", hint=hint) from error
                found.unseen.append(folder)
                continue
            found.take(level["objects"])
            pending.extend(level["common_prefixes"])
        return found

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (PermissionDeniedError, UnauthenticatedError, PermissionError) as error:
            raise Denied(f"the object store at {self._where} refuses us", hint=_RIGHTS) from error
        except BaseError as error:
            raise self._meant(str(error)) from error

    def _meant(self, said: str) -> ThrulineError:
        """What an error of the client's that has no class of its own means; a refused listing is one of them."""
        if "NoSuchBucket" in said:
            return Unavailable("the bucket is not there", hint="create it, or check its name, endpoint and region")
        if any(f"status code: {status}" in said for status in (401, 403)):
            return Denied(f"the object store at {self._where} refuses us", hint=_RIGHTS)
        if cause := cause_of(said):
            return Unavailable(f"the object store at {self._where} does not answer: {cause.what}", hint=cause.hint)
        return Unavailable(f"the object store does not answer: {said.partition(chr(10))[0]}", hint="check its address")


@dataclass
class _Found:
    """Objects met so far, and folders whose names cannot be listed."""

    objects: list[ObjectMeta] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)

    def take(self, objects: Iterable[ObjectMeta]) -> None:
        """Add objects."""
        self.objects.extend(objects)

    def listing(self) -> Listing:
        """Items, and why the rest is none."""
        folders = {parent for o in self.objects for parent in _parents(o["path"])}
        ignored = [o["path"] for o in self.objects if _is_hidden(o["path"]) or _is_folder(o, folders)]
        left_out = set(ignored)
        return Listing(
            items=[Item(o["path"], _mark(o), o["size"]) for o in self.objects if o["path"] not in left_out],
            refused=[*(Refusal(p, "ignored") for p in ignored), *(Refusal(p, "unreadable") for p in self.unseen)],
            unseen=[f"{folder}/" for folder in self.unseen],
        )


def _within(limit: Bytes, parts: Iterable[bytes], path: str) -> bytes:
    held = bytearray()
    for part in parts:
        _check(path, len(held) + len(part), limit)
        held += part
    return bytes(held)


def _check(path: str, size: Bytes, limit: Bytes) -> None:
    if size > limit:
        raise Refused(f"{path!r} has {size} bytes, more than {limit}", reason="too_large")


def _mark(meta: ObjectMeta) -> str:
    etag = (meta["e_tag"] or "").strip('"')
    return f"{etag}:{meta['size']}" if etag else ""


def _is_hidden(path: str) -> bool:
    return path.startswith(".") or "/." in path


def _is_folder(meta: ObjectMeta, folders: set[str]) -> bool:
    """Whether it stands for a folder, as consoles make them: `sub/`, of no bytes, which the client tells as `sub`."""
    path = meta["path"]
    return not meta["size"] and (path in folders or "." not in path.rpartition("/")[2])


def _parents(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _is_address(endpoint: str) -> bool:
    address = urlsplit(endpoint)
    return address.scheme in ("http", "https") and bool(address.hostname) and not (address.query or address.username)
