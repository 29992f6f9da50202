"""Incremental folder scans: what was added, changed, moved or deleted since the last one, by stat alone.

Nothing is skipped in silence: what is not taken in stands in `Scan.refused` with its reason. Links are never
followed - what they point to inside the root is scanned where it lies, and what lies outside is nobody's business.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from thruline.core.errors import Refused, Unavailable
from thruline.core.units import Bytes

# Fewer known files than this may honestly be deleted all at once.
_SUSPICIOUS = 10
# File systems stamp in steps of up to some 10 ms: a file written that recently can change again unseen.
_RACY_NS = 100_000_000
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC


class Known(NamedTuple):
    """A file as it was when it was last read. mtime_ns 0: it was too fresh to be trusted, so look again."""

    size: Bytes
    mtime_ns: int
    inode: int
    digest: str


class Seen(NamedTuple):
    """A regular file met by a scan; path is relative to the root."""

    path: str
    size: Bytes
    mtime_ns: int
    inode: int


class Move(NamedTuple):
    """The same content under another path."""

    old: str
    new: str


class Refusal(NamedTuple):
    """What was not taken in, and which of facts.REASONS says why."""

    path: str
    reason: str


class Reading(NamedTuple):
    """A file's bytes and what to know about it from now on."""

    data: bytes
    known: Known


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What a folder holds compared with what was known. `changed` files may turn out equal when they are read.

    unseen: known paths below a folder that could not be read; neither deleted nor unchanged, so leave them be.
    """

    added: tuple[Seen, ...]
    changed: tuple[Seen, ...]
    moved: tuple[Move, ...]
    deleted: tuple[str, ...]
    unchanged: int
    refused: tuple[Refusal, ...]
    unseen: tuple[str, ...]


def scan(root: Path, known: Mapping[str, Known], *, allow_empty: bool = False) -> Scan:
    """Compare the folder with what was known of it; sorted by path.

    Raises Unavailable for a root that is not there or, unless allow_empty, has become empty: an unmounted disk
    must not read as "everything was deleted".
    """
    if root.is_symlink():
        raise Unavailable(
            f"{str(root)!r} has become a link", hint="was it swapped? add the folder it points to instead"
        )
    walk = _Walk(os.path.realpath(root))
    walk.run()
    if not walk.files and len(known) >= _SUSPICIOUS and not allow_empty:
        raise Unavailable(
            f"{str(root)!r} is empty and held {len(known)} files before",
            hint="is the disk mounted? if they were deleted on purpose, sync with allow_empty",
        )
    return _compare(walk, known)


def read(root: Path, path: str, digest: Callable[[bytes], str], *, limit: Bytes) -> Reading:
    """The bytes of a scanned file; raises Refused `too_large`, `unreadable`, `symlink` or `changed_while_read`.

    No part of the path is followed through a link, even one that was put there after the scan.
    """
    try:
        descriptor = _open_below(root, path)
    except OSError as failure:
        reason = "symlink" if os.path.islink(os.path.join(root, path)) else "unreadable"
        raise Refused(f"{path!r} cannot be opened: {failure.strerror}", reason=reason) from failure
    with open(descriptor, "rb", buffering=0) as file:
        before = os.fstat(file.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise Refused(f"{path!r} is not a regular file", reason="unreadable")
        if before.st_size > limit:
            raise Refused(f"{path!r} has {before.st_size} bytes, more than {limit}", reason="too_large")
        data = _read_to(file.fileno(), limit + 1, path)
        after = os.fstat(file.fileno())
    if _mark(before) != _mark(after) or len(data) != after.st_size:
        raise Refused(f"{path!r} changed while it was read", reason="changed_while_read", hint="it will be read again")
    fresh = time.time_ns() - after.st_mtime_ns < _RACY_NS
    return Reading(data, Known(after.st_size, 0 if fresh else after.st_mtime_ns, after.st_ino, digest(data)))


def pair_moves(deleted: Mapping[str, str], added: Mapping[str, str]) -> tuple[Move, ...]:
    """Moves among deleted and added files (path -> digest): equal content, each path once, equal names first."""
    by_digest: dict[str, list[str]] = {}
    for old in sorted(deleted):
        by_digest.setdefault(deleted[old], []).append(old)
    moves: list[Move] = []
    for new in sorted(added, key=lambda path: (not _keeps_name(path, by_digest.get(added[path], ())), path)):
        candidates = by_digest.get(added[new], [])
        if candidates:
            old = next((c for c in candidates if _name(c) == _name(new)), candidates[0])
            candidates.remove(old)
            moves.append(Move(old, new))
    return tuple(sorted(moves))


@dataclass
class _Walk:
    """Everything below root, without recursion and without an exception except for the root itself."""

    root: str
    files: dict[str, Seen] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Visit every folder."""
        pending = [""]
        while pending:
            folder = pending.pop()
            try:
                entries = list(os.scandir(os.path.join(self.root, folder)))
            except OSError as failure:
                self._give_up(folder, failure)
                continue
            for entry in entries:
                if self._meet(entry, folder):
                    pending.append(f"{folder}{entry.name}/")

    def _give_up(self, folder: str, failure: OSError) -> None:
        if not folder:
            hint = "is the disk mounted, and may this program read it?"
            raise Unavailable(f"{self.root!r} cannot be read: {failure.strerror}", hint=hint) from failure
        if not isinstance(failure, FileNotFoundError):
            self.refused.append(Refusal(folder.rstrip("/"), "unreadable"))
            self.unreadable.append(folder)

    def _meet(self, entry: os.DirEntry[str], folder: str) -> bool:
        """File the entry; True when it is a folder to visit."""
        path = folder + entry.name
        try:
            if reason := _reason(entry):
                self.refused.append(Refusal(_printable(path), reason))
            elif entry.is_dir(follow_symlinks=False):
                return True
            else:
                status = entry.stat(follow_symlinks=False)
                self.files[path] = Seen(path, status.st_size, status.st_mtime_ns, status.st_ino)
        except FileNotFoundError:
            return False  # deleted between the listing and the look: it is not there
        except OSError:
            self.refused.append(Refusal(_printable(path), "unreadable"))
            self.unreadable.append(path)
        return False


def _reason(entry: os.DirEntry[str]) -> str:
    """Why the entry is not taken in; nothing for regular files and folders with plain names."""
    if entry.name.startswith("."):
        return "ignored"
    if entry.is_symlink():
        return "symlink"
    if not (entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)):
        return "unreadable"
    return "" if _is_text(entry.name) else "unreadable"


def _compare(walk: _Walk, known: Mapping[str, Known]) -> Scan:
    files = walk.files
    missing = [path for path in known if path not in files]
    blocked = tuple(walk.unreadable)
    unseen = {path for path in missing if blocked and path.startswith(blocked)}
    gone = {path: known[path] for path in sorted(missing) if path not in unseen}
    added = {path: seen for path, seen in files.items() if path not in known}
    changed = [seen for path, seen in files.items() if path in known and not _same(seen, known[path])]
    moved = _moved(gone, added)
    old, new = {m.old for m in moved}, {m.new for m in moved}
    return Scan(
        added=tuple(sorted(s for p, s in added.items() if p not in new)),
        changed=tuple(sorted(changed)),
        moved=moved,
        deleted=tuple(p for p in gone if p not in old),
        unchanged=len(files) - len(added) - len(changed),
        refused=tuple(sorted(walk.refused)),
        unseen=tuple(sorted(unseen)),
    )


def _moved(gone: Mapping[str, Known], added: Mapping[str, Seen]) -> tuple[Move, ...]:
    """The same inode with the same size and time is the same file under a new name."""
    return pair_moves(
        {path: f"{k.inode}:{k.size}:{k.mtime_ns}" for path, k in gone.items()},
        {path: f"{s.inode}:{s.size}:{s.mtime_ns}" for path, s in added.items()},
    )


def _same(seen: Seen, known: Known) -> bool:
    return seen.mtime_ns == known.mtime_ns and seen.size == known.size and seen.inode == known.inode


def _keeps_name(new: str, olds: Iterable[str]) -> bool:
    return any(_name(old) == _name(new) for old in olds)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _open_below(root: Path, path: str) -> int:
    *folders, name = path.split("/")
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            below = os.open(folder, _FOLDER_FLAGS, dir_fd=at)
            os.close(at)
            at = below
        return os.open(name, _READ_FLAGS, dir_fd=at)
    finally:
        with suppress(OSError):
            os.close(at)


def _read_to(descriptor: int, most: Bytes, path: str) -> bytes:
    parts: list[bytes] = []
    try:
        while most > 0 and (part := os.read(descriptor, min(most, 1 << 24))):
            parts.append(part)
            most -= len(part)
    except OSError as failure:
        raise Refused(f"{path!r} cannot be read: {failure.strerror}", reason="unreadable") from failure
    return b"".join(parts)


def _mark(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino


def _is_text(name: str) -> bool:
    """Names that are not UTF-8 come from the system with lone surrogates in them."""
    return not any("\ud800" <= c <= "\udfff" for c in name)


def _printable(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "replace")
