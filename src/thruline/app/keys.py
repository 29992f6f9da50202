"""The master key and what is derived from it."""

from __future__ import annotations

import hashlib

from thruline.core.errors import Denied


def master_key(text: str) -> bytes:
    """32 bytes of 64 hex digits; raises Denied and never shows them."""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise Denied("the master key is not 64 hex digits", hint="point store.master_key at the right file")
    return key


def id_key(master: bytes) -> bytes:
    """The key of content ids: known to whoever holds the master key, and no way back to it."""
    return hashlib.blake2b(master, digest_size=32, person=b"thruline-ids").digest()
