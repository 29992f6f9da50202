"""The snapshot that serves, put away in one sealed file of the home, so that the next process need not make it.

Disposable: read where it opens and fits, ignored otherwise. It is sealed with a key of its own that every erasure
destroys, and deletes the file besides, so no copy of it brings anybody back.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from thruline import __version__
from thruline.core.errors import ThrulineError
from thruline.core.ids import ArtifactId
from thruline.vectors.serving import KeptServing

if TYPE_CHECKING:
    from thruline.flows.line import Line

logger = logging.getLogger("thruline")

FILE, OWNER = "snapshot", "snapshot:main"
_PARTS = f".{FILE}.*.part"  # what a process is writing, or was when it was killed
_HEAD = f"thruline {__version__} snapshot 2\n".encode()


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A snapshot and what it was made under. plan: as text. withheld: sets of its generation that it does not serve."""

    plan: str
    rights: int
    groups: tuple[tuple[ArtifactId, tuple[str, ...]], ...]
    withheld: dict[ArtifactId, ArtifactId]
    serving: KeptServing


_decode = msgspec.msgpack.Decoder(Kept).decode


def read(line: Line) -> Kept | None:
    """What was put away last; None where there is nothing, or nothing that opens."""
    try:
        data = (line.home / FILE).read_bytes()
        if not data.startswith(_HEAD):
            return None
        return _decode(line.vault.decrypt(OWNER, data[len(_HEAD) :], bound_to=FILE))
    except FileNotFoundError:
        return None
    except (OSError, ThrulineError, msgspec.DecodeError) as error:
        logger.warning("the kept snapshot is not used", extra={"why": type(error).__name__})
        return None


def seal(line: Line, kept: Kept) -> bytes:
    """As it is written; under a key that is made where an erasure destroyed the last."""
    return _HEAD + line.vault.encrypt(OWNER, msgspec.msgpack.encode(kept), bound_to=FILE)


def write(line: Line, sealed: bytes) -> None:
    """Put it away; where the disk is full, nothing is. What a killed process left half written goes."""
    part = line.home / f".{FILE}.{os.getpid()}.part"
    for left in line.home.glob(_PARTS):
        if not _is_running(int(left.name.split(".")[2])):
            left.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(sealed)
        part.replace(line.home / FILE)
    except OSError as error:
        part.unlink(missing_ok=True)
        logger.warning("the snapshot was not put away", extra={"why": error.strerror})


def drop(line: Line) -> None:
    """Delete the file and destroy its key: somebody who is in it was erased."""
    for path in (line.home / FILE, *line.home.glob(_PARTS)):
        path.unlink(missing_ok=True)
    line.vault.shred([OWNER])


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's
    return True
