"""Blobs in a folder: written beside, flushed, then linked into place."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from thruline.core.errors import NotFound, Unavailable
from thruline.core.files import flush
from thruline.core.ids import random_id

ABANDONED_S = 3600.0  # nobody takes an hour to write one blob


class FolderBlobs:
    """`kind/ab/rest-of-digest` under a folder; names are ids."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def put(self, name: str, data: bytes) -> None:
        """Durable when it returns: the file and its folder entry are flushed to disk."""
        path = self._path(name)
        with _translated("write", path):
            if path.exists():
                return
            self._make_folder(path.parent)
            beside = path.with_name(f".{random_id('new').partition(':')[2]}")
            try:
                _write(beside, data)
                with suppress(FileExistsError):  # unlike rename, a link never replaces what another writer put first
                    os.link(beside, path)
            finally:
                beside.unlink(missing_ok=True)
            flush(path.parent)

    def get(self, name: str) -> bytes:
        """The bytes; raises NotFound."""
        path = self._path(name)
        with _translated("read", path):
            try:
                return path.read_bytes()
            except FileNotFoundError as error:
                raise NotFound(f"no blob {name!r}") from error

    def delete(self, name: str) -> None:
        """Unlink, and flush that; overwriting in place would not reach what a copy-on-write file system keeps."""
        path = self._path(name)
        with _translated("delete", path), suppress(FileNotFoundError):
            path.unlink()
            flush(path.parent)

    def names(self) -> Iterator[str]:
        """Every name; what a killed writer left beside is not one, and is removed when it is old."""
        for path in self._folder.glob("*/*/*"):
            if path.name.startswith("."):
                _remove_abandoned(path)
            else:
                yield f"{path.parent.parent.name}:{path.parent.name}{path.name}"

    def _path(self, name: str) -> Path:
        kind, _, digest = name.partition(":")
        return self._folder / kind / digest[:2] / digest[2:]

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        folder.mkdir(parents=True, exist_ok=True)
        for made in (folder.parent, self._folder):
            flush(made)


@contextmanager
def _translated(verb: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(f"cannot {verb} {str(path)!r}: {error.strerror}", hint="check space and rights") from error


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _remove_abandoned(path: Path) -> None:
    with suppress(FileNotFoundError):  # its writer is done
        if time.time() - path.stat().st_mtime > ABANDONED_S:
            path.unlink()
