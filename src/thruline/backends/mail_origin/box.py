"""What a mailbox is to us, and how a message in it is called."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from typing import NamedTuple, Protocol

from thruline.core.units import Bytes

HEAD: Bytes = 1 << 16  # of a message: enough for its date, subject and id behind whatever stands before them
_LONGEST_SUBJECT = 80  # so that a name has at most 120 characters with date, id and ending
_LONGEST_HEADER = 2_000
_SPACES = re.compile(r"\s+")


class Met(NamedTuple):
    """A message in a box. where: what the box finds it by. head: how it begins."""

    where: str
    mark: str
    size: Bytes
    head: bytes


class Box(Protocol):
    """A mailbox of some kind; equal marks mean equal messages."""

    def look(self, within_s: float, /) -> str:
        """What is there, in one line; raises as Origin.look."""
        ...

    def scan(self) -> Iterator[Met]:
        """Every message, in a stable order; raises as Origin.list."""
        ...

    def fetch(self, where: str, mark: str, *, limit: Bytes) -> bytes:
        """A message as it came; raises as Origin.read."""
        ...

    def close(self) -> None:
        """Give back what is held."""
        ...


def message_name(met: Met) -> str:
    """`2026-03-01 Subject words 1f2e3d4c`: its day, what it says it is about, and a digest of its Message-ID."""
    headers = BytesHeaderParser().parsebytes(met.head)
    own = _header(headers, "Message-ID") or met.mark
    return f"{_day(headers)} {_subject(headers)} {hashlib.sha256(own.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _day(headers: Message) -> str:
    try:
        return parsedate_to_datetime(_header(headers, "Date")).date().isoformat()
    except (ValueError, TypeError, OverflowError):
        return "undated"


def _subject(headers: Message) -> str:
    """What a person reads of it, without anything that parts a path, turns a line round or hides in it."""
    seen = "".join(" " if c in "/\\" or unicodedata.category(c)[0] in "CZ" else c for c in _header(headers, "Subject"))
    return _SPACES.sub(" ", seen).strip()[:_LONGEST_SUBJECT].strip() or "no subject"


def _header(headers: Message, name: str) -> str:
    said = str(headers.get(name) or "")[:_LONGEST_HEADER]
    try:
        return str(make_header(decode_header(said)))
    except (HeaderParseError, LookupError, ValueError):
        return said.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
