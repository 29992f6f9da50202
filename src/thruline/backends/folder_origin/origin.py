"""A folder of files, local or mounted: told apart by size, time and inode, so that nothing is read to be compared.

Nothing is skipped in silence: what is not taken in stands in `Listing.refused` with its reason. Links are never
followed - what they point to inside the root is listed where it lies, and what lies outside is nobody's business.
"""

from __future__ import annotations

import math
import os
import re
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from thruline.backends.folder_origin.rights import EVERYONE, access_list, file_readers, folder_readers
from thruline.core.errors import Invalid, NotFound, Refused, Unavailable
from thruline.core.glimpse import Sized, files_seen
from thruline.core.units import Bytes
from thruline.ports.origin import Item, Listing, Reading, Refusal, Secret

Clauses = tuple[frozenset[str], ...]
# File systems stamp in steps of up to some 10 ms: a file written that recently can change again unseen.
_RACY_NS = 100_000_000
_SURROGATE = re.compile("[\ud800-\udfff]")
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC


class FolderOrigin:
    """The regular files below a folder."""

    options: Mapping[str, str] = {
        "rights": "`posix`: a file is for whom its mode, group and access list let read it there",
    }
    marks_content = True  # the same inode with the same size and time is the same file under a new name

    def __init__(self, location: str, options: Mapping[str, str] = {}, _secret: Secret | None = None) -> None:
        self._root = location
        self._tells_rights = bool(options.get("rights"))
        if options.get("rights", "posix") != "posix":
            raise Invalid(f"{options['rights']!r} is no kind of rights", hint="write rights=posix")

    def look(self, *, within_s: float) -> str:
        """The files that are met until time is up."""
        if not os.path.isdir(self._root):
            if os.path.lexists(self._root):
                raise Invalid(f"{self._root!r} is not a folder", hint="give the folder that holds your documents")
            raise NotFound(f"{self._root!r} is not a folder: nothing is there", hint="is it spelled right?")
        walk = _Walk(os.path.realpath(self._root))
        is_all = walk.run(until=time.monotonic() + within_s)
        return files_seen((Sized(item.path, item.size) for item in walk.files), is_all=is_all)

    def list(self) -> Listing:
        """Every file; raises Unavailable for a root that is not there or cannot be read."""
        if os.path.islink(self._root):
            raise Unavailable(f"{self._root!r} has become a link", hint="was it swapped? add the folder it points to")
        walk = _Walk(os.path.realpath(self._root), tells_rights=self._tells_rights)
        walk.run()
        return Listing(items=walk.files, refused=walk.refused, unseen=walk.unreadable)

    def read(self, item: Item, *, limit: Bytes) -> Reading:
        """The bytes of a listed file; also raises Refused `symlink`.

        No part of the path is followed through a link, even one that was put there after the listing.
        """
        path = item.path
        try:
            descriptor = _open_below(self._root, path)
        except OSError as failure:
            reason = "symlink" if os.path.islink(os.path.join(self._root, path)) else "unreadable"
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
            raise Refused(
                f"{path!r} changed while it was read", reason="changed_while_read", hint="it will be read again"
            )
        fresh = time.time_ns() - after.st_mtime_ns < _RACY_NS
        return Reading(data, "" if fresh else _mark(after))

    def close(self) -> None:
        """Nothing is held open."""


@dataclass
class _Walk:
    """Everything below root, without recursion and without an exception except for the root itself."""

    root: str
    tells_rights: bool = False
    files: list[Item] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def run(self, until: float = math.inf) -> bool:
        """Visit every folder; False where the clock stood at `until` before all were."""
        pending: list[tuple[str, Clauses]] = [("", ())]
        while pending:
            folder, above = pending.pop()
            try:
                entries = list(os.scandir(os.path.join(self.root, folder)))
                readers = self._within(folder, above)
            except OSError as failure:
                self._give_up(folder, failure)
                continue
            for entry in entries:
                if time.monotonic() > until:
                    return False
                if self._meet(entry, folder, readers):
                    pending.append((f"{folder}{entry.name}/", readers))
        return True

    def _within(self, folder: str, above: Clauses) -> Clauses:
        """Who may reach what lies in a folder: whoever may reach it, and pass."""
        if not self.tells_rights:
            return ()
        path = os.path.join(self.root, folder)
        readers = folder_readers(os.stat(path, follow_symlinks=False), access_list(path))
        return above if readers == EVERYONE or readers in above else (*above, readers)

    def _readers(self, entry: os.DirEntry[str], status: os.stat_result, above: Clauses) -> Clauses:
        return (*above, file_readers(status, access_list(entry.path))) if self.tells_rights else ()

    def _give_up(self, folder: str, failure: OSError) -> None:
        if not folder:
            hint = "is the disk mounted, and may this program read it?"
            raise Unavailable(f"{self.root!r} cannot be read: {failure.strerror}", hint=hint) from failure
        if not isinstance(failure, FileNotFoundError):
            self.refused.append(Refusal(folder.rstrip("/"), "unreadable"))
            self.unreadable.append(folder)

    def _meet(self, entry: os.DirEntry[str], folder: str, above: Clauses) -> bool:
        """File the entry; True when it is a folder to visit."""
        path = folder + entry.name
        try:
            if reason := _reason(entry):
                self.refused.append(Refusal(_printable(path), reason))
            elif entry.is_dir(follow_symlinks=False):
                return True
            else:
                status = entry.stat(follow_symlinks=False)
                self.files.append(Item(path, _mark(status), status.st_size, self._readers(entry, status, above)))
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


def _open_below(root: str, path: str) -> int:
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


def _mark(status: os.stat_result) -> str:
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"


def _is_text(name: str) -> bool:
    """Names that are not UTF-8 come from the system with lone surrogates in them."""
    return _SURROGATE.search(name) is None


def _printable(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "replace")
