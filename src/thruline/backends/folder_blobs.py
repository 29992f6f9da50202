"""Blobs in a folder: written beside, flushed, then renamed into place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from thruline.core.errors import NotFound, Unavailable
from thruline.core.ids import random_id


class FolderBlobs:
    """`kind/ab/rest-of-digest` under a folder; names are ids."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def put(self, name: str, data: bytes) -> None:
        """Durable when it returns: the file and its folder entry are flushed to disk."""
        path = self._path(name)
        if path.exists():
            return
        beside = path.with_name(f".{random_id('new').partition(':')[2]}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            beside.rename(path)
            _flush_folder(path.parent)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise Unavailable(f"cannot write {str(path)!r}: {error.strerror}", hint="check space and rights") from error

    def get(self, name: str) -> bytes:
        """The bytes; raises NotFound."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError as error:
            raise NotFound(f"no blob {name!r}") from error

    def delete(self, name: str) -> None:
        """Unlink; overwriting in place would not reach what a copy-on-write file system keeps."""
        self._path(name).unlink(missing_ok=True)

    def names(self) -> Iterator[str]:
        """Every name; what a killed writer left beside is not one, and is removed."""
        for path in self._folder.glob("*/*/*"):
            if path.name.startswith("."):
                path.unlink(missing_ok=True)
            else:
                yield f"{path.parent.parent.name}:{path.parent.name}{path.name}"

    def _path(self, name: str) -> Path:
        kind, _, digest = name.partition(":")
        return self._folder / kind / digest[:2] / digest[2:]


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
