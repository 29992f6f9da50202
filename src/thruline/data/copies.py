"""Copies: what is kept of a file that was corrected, where its own bytes cannot say the right words.

A copy is the parsed document with a keyed digest before it: a file that pretends to be one is read as the file it is.
"""

from __future__ import annotations

import hmac

import msgspec

from thruline.core.documents import Parsed
from thruline.core.ids import Ids

_HEAD = b"thruline copy 1 "
_DIGITS = 32


def sealed(ids: Ids, parsed: Parsed) -> bytes:
    """The bytes that are kept."""
    body = msgspec.json.encode(parsed)
    return _HEAD + ids.digest("copy", body).encode() + b"\n" + body


def opened(ids: Ids, data: bytes) -> Parsed | None:
    """What a copy of ours holds; None for a file."""
    if not data.startswith(_HEAD):
        return None
    body = data[len(_HEAD) + _DIGITS + 1 :]
    given = data[len(_HEAD) : len(_HEAD) + _DIGITS]
    is_ours = hmac.compare_digest(given, ids.digest("copy", body).encode())
    return msgspec.json.decode(body, type=Parsed) if is_ours else None
