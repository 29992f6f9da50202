"""Who may read a file, as POSIX tells it: mode, owner, group and access list, and those of every folder above it."""

from __future__ import annotations

import grp
import os
import pwd
import stat
import struct
from collections.abc import Callable, Iterator
from functools import lru_cache

Readers = frozenset[str]
EVERYONE: Readers = frozenset(["everyone"])
_ACL = "system.posix_acl_access"
_ENTRY = struct.Struct("<HHI")  # tag, permissions, id; after four bytes of version
_USER_OBJ, _USER, _GROUP_OBJ, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_READ, _PASS = 4, 1


def file_readers(status: os.stat_result, acl: bytes) -> Readers:
    """Who may read a file, as `user ann`, `group staff` or `everyone`."""
    return _holders(status, acl, _READ)


def folder_readers(status: os.stat_result, acl: bytes) -> Readers:
    """Who may reach what lies in a folder."""
    return _holders(status, acl, _PASS)


def access_list(path: str) -> bytes:
    """A path's POSIX access list, empty where it has none or the file system keeps none."""
    try:
        return os.getxattr(path, _ACL, follow_symlinks=False)
    except OSError:
        return b""


def _holders(status: os.stat_result, acl: bytes, wanted: int) -> Readers:
    mode = stat.S_IMODE(status.st_mode)
    entries = list(_entries(acl)) or [
        (_USER_OBJ, mode >> 6 & 7, 0), (_GROUP_OBJ, mode >> 3 & 7, 0), (_OTHER, mode & 7, 0),
    ]  # fmt: skip
    mask = next((allowed for tag, allowed, _ in entries if tag == _MASK), 7)
    granted = [(tag, id) for tag, allowed, id in entries if allowed & _of(tag, mask) & wanted]
    # Who is named and left out may not read although others may; an owner can always give themselves what they lack.
    if all((tag, id) in granted for tag, _, id in entries if tag not in (_USER_OBJ, _MASK)):
        return EVERYONE
    return frozenset(_named(tag, id, status) for tag, id in granted if tag != _OTHER)


def _of(tag: int, mask: int) -> int:
    """What the mask leaves of an entry; it says nothing itself."""
    return 0 if tag == _MASK else mask if tag in (_USER, _GROUP_OBJ, _GROUP) else 7


def _entries(acl: bytes) -> Iterator[tuple[int, int, int]]:
    if len(acl) >= 4 and (len(acl) - 4) % _ENTRY.size == 0:
        yield from _ENTRY.iter_unpack(acl[4:])


def _named(tag: int, id: int, status: os.stat_result) -> str:
    if tag in (_USER_OBJ, _USER):
        return f"user {_name(_user, status.st_uid if tag == _USER_OBJ else id)}"
    return f"group {_name(_group, status.st_gid if tag == _GROUP_OBJ else id)}"


@lru_cache(maxsize=4096)
def _name(look_up: Callable[[int], str], id: int) -> str:
    """A name, or the number of somebody whom this machine does not know."""
    try:
        return look_up(id)
    except KeyError:
        return str(id)


def _user(id: int) -> str:
    return pwd.getpwuid(id).pw_name


def _group(id: int) -> str:
    return grp.getgrgid(id).gr_name
