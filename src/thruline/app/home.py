"""A home: the folder that holds everything of one installation, and the keys that open it.

thruline.toml   settings            keys/       master and signing key, 0600
thruline.db     ledger and state    keys.db     data keys, wrapped by the master key
blobs/          large bytes         jobs/       logs of jobs       receipts/   signed receipts
exports/        copies that people asked for
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from thruline.core.errors import Conflict, Corrupt, Denied, NotFound, Unavailable
from thruline.core.files import write_whole

FORMAT = 1  # of everything below a home; a higher number than ours means a newer thruline wrote it
MARK = "format"
FOLDERS = ("keys", "blobs", "jobs", "receipts", "exports")


@dataclass(frozen=True)
class Home:
    """Paths of a home that exists."""

    path: Path

    @property
    def database(self) -> Path:
        """Ledger and state."""
        return self.path / "thruline.db"

    @property
    def key_database(self) -> Path:
        """Wrapped data keys."""
        return self.path / "keys.db"

    @property
    def blobs(self) -> Path:
        """Large bytes."""
        return self.path / "blobs"

    @property
    def jobs(self) -> Path:
        """Job folders with logs."""
        return self.path / "jobs"

    @property
    def receipts(self) -> Path:
        """Signed receipts."""
        return self.path / "receipts"

    @property
    def signing_key(self) -> Path:
        """The private key; its backend makes it at first use."""
        return self.path / "keys" / "signing.key"


def create(path: Path) -> tuple[Home, bool]:
    """The home at path, made if it is not there; and whether it was made now."""
    if (path / MARK).exists():
        return open_home(path), False
    if path.exists() and not {f.name for f in path.iterdir()} <= set(FOLDERS):
        raise Conflict(f"{str(path)!r} is not empty and not a home", hint="choose another folder with --home")
    try:
        for folder in (path, *(path / name for name in FOLDERS)):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        master = path / "keys" / "master.key"
        master.unlink(missing_ok=True)  # of a creation that was killed before it ended: nothing is under it yet
        write_secret(master, secrets.token_hex(32))
        write_whole(path / MARK, f"{FORMAT}\n".encode())
    except OSError as error:
        raise Denied(
            f"cannot create a home at {str(path)!r}: {error.strerror}", hint="choose another --home"
        ) from error
    return Home(path), True


def open_home(path: Path) -> Home:
    """The home at path; raises NotFound, or Unavailable when a newer thruline wrote it."""
    try:
        written = (path / MARK).read_text("ascii").strip()
    except FileNotFoundError as error:
        raise NotFound(
            f"there is no home at {str(path)!r}", hint=f"make one: thruline init --home {path}, or see thruline demo"
        ) from error
    except PermissionError as error:
        raise Denied(f"the home {str(path)!r} cannot be read", hint="check its owner and rights") from error
    if not written.isdigit():
        raise Corrupt(f"{str(path / MARK)!r} holds {written!r}, not a number", hint="restore the last backup")
    if int(written) > FORMAT:
        raise Unavailable(
            f"the home {str(path)!r} has format {written}, this thruline knows up to {FORMAT}",
            hint="upgrade thruline; nothing was changed",
        )
    database = path / "thruline.db"
    if not os.access(path, os.W_OK) or (database.exists() and not os.access(database, os.W_OK)):
        raise Denied(f"the home {str(path)!r} is read-only", hint="every operation is recorded, so it must be writable")
    return Home(path)


def write_secret(path: Path, text: str) -> None:
    """A new file that only its owner may read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


def size_of(path: Path) -> int:
    """Bytes of all files below path."""
    return sum(f.stat().st_size for f in path.rglob("*") if f.is_file() and not f.is_symlink())
