"""Ids: keyed digests for what has content, random ones for what has none.

An id reads `kind:hex`. Content ids are keyed BLAKE2b MACs (RFC 7693), so that a ledger full of them does not
let a stranger test a guess ("was this file ever here?").
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import NewType

ArtifactId = NewType("ArtifactId", str)

DIGEST_BYTES = 16
ID_PATTERN = re.compile(r"[a-z][a-z_]{1,15}:[0-9a-f]{32}")
KEY_BYTES = 32


class Ids:
    """Makes content ids under one key: equal content gives an equal id in one home, and only there."""

    def __init__(self, key: bytes) -> None:
        assert len(key) == KEY_BYTES
        self._key = key

    def digest(self, *parts: bytes | str) -> str:
        """Keyed digest of the parts as 32 hex digits; parts are length-prefixed, so ("ab", "c") != ("a", "bc")."""
        return self.digest_bytes(*parts).hex()

    def digest_bytes(self, *parts: bytes | str) -> bytes:
        """The same as 16 bytes."""
        mac = hashlib.blake2b(key=self._key, digest_size=DIGEST_BYTES)
        for part in parts:
            raw = part.encode() if isinstance(part, str) else part
            mac.update(len(raw).to_bytes(8, "little"))
            mac.update(raw)
        return mac.digest()

    def artifact(self, kind: str, *parts: bytes | str) -> ArtifactId:
        """Content id `kind:digest`; the kind is part of what is digested."""
        return ArtifactId(f"{kind}:{self.digest(kind, *parts)}")


def random_id(kind: str) -> ArtifactId:
    """An id that says nothing: for runs, subjects, keys."""
    return ArtifactId(f"{kind}:{secrets.token_hex(DIGEST_BYTES)}")


def kind_of(artifact: str) -> str:
    """The part before the colon."""
    return artifact.partition(":")[0]


def is_id(text: str) -> bool:
    """Whether text has the form of an id."""
    return ID_PATTERN.fullmatch(text) is not None
