"""What the parser pool and its children say to each other: length-prefixed MessagePack."""

from __future__ import annotations

import struct

import msgspec

from thruline.core.documents import Parsed
from thruline.core.pages import Look, Page

LENGTH = struct.Struct("<Q")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """memory: bytes of address space. timeout_s: wall and CPU seconds a document may take."""

    memory: int
    timeout_s: float


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """The child is confined and ready; `network` is False when the kernel took its network away."""

    network: bool


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Parse data with the parser at `module:object`; files inside it with `others`, media type -> parser.

    weights: the folder of the networks that read pictures, where there are any. patience: times the usual time limit.
    look: show pages instead, of a format that has some. table: read it as columns instead.
    """

    parser: str
    media_type: str
    name: str
    data: bytes
    others: dict[str, str] = {}
    weights: str = ""
    patience: int = 1
    look: Look | None = None
    table: bool = False


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The document, the pages or the table, or why there is none. A child that is `spent` ends after this reply.

    table: as data/table_files gives it.
    """

    parsed: Parsed | None = None
    pages: tuple[Page, ...] = ()
    table: bytes = b""
    reason: str = ""
    message: str = ""
    spent: bool = False


def framed(message: msgspec.Struct) -> bytes:
    """The message as it goes over the wire."""
    body = msgspec.msgpack.encode(message)
    return LENGTH.pack(len(body)) + body
