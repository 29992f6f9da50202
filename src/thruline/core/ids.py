"""Ids: keyed digests for what has content, random ones for what has none.

An id reads `kind:hex`. Content ids are keyed BLAKE2b MACs (RFC 7693), so that a ledger full of them does not
let a stranger test a guess ("was this file ever here?").
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator
from typing import NewType

ArtifactId = NewType("ArtifactId", str)

DIGEST_BYTES = 16
ID_PATTERN = re.compile(r"[a-z][a-z_]{1,15}:[0-9a-f]{32}")
KEY_BYTES = 32
NEAR = 8  # digits of 32: the others still tell 2^96 apart, and no two parents of a home begin alike by chance


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
        return self._over(parts).digest()

    def digests(self, *first: str, last: Iterable[str]) -> Iterator[str]:
        """digest(*first, one) for each one of the last, in a third of the time."""
        begun = self._over(first)
        for text in last:
            raw, mac = text.encode(), begun.copy()
            mac.update(len(raw).to_bytes(8, "little") + raw)
            yield mac.hexdigest()

    def artifacts(self, kind: str, *first: str, last: Iterable[str]) -> Iterator[ArtifactId]:
        """artifact(kind, *first, one) for each one of the last, in a third of the time."""
        return (ArtifactId(f"{kind}:{digest}") for digest in self.digests(kind, *first, last=last))

    def artifact(self, kind: str, *parts: bytes | str) -> ArtifactId:
        """Content id `kind:digest`; the kind is part of what is digested."""
        return ArtifactId(f"{kind}:{self.digest(kind, *parts)}")

    def within(self, kind: str, parent: str, *parts: bytes | str) -> ArtifactId:
        """Content id that begins as its parent's: what one parent has lies on the same pages of every index of ids."""
        near = parent.partition(":")[2][:NEAR]
        return ArtifactId(f"{kind}:{near}{self.digest(kind, parent, *parts)[NEAR:]}")

    def _over(self, parts: Iterable[bytes | str]) -> hashlib.blake2b:
        mac = hashlib.blake2b(key=self._key, digest_size=DIGEST_BYTES)
        for part in parts:
            raw = part.encode() if isinstance(part, str) else part
            mac.update(len(raw).to_bytes(8, "little"))
            mac.update(raw)
        return mac


def random_id(kind: str) -> ArtifactId:
    """An id that says nothing: for runs, subjects, keys."""
    return ArtifactId(f"{kind}:{secrets.token_hex(DIGEST_BYTES)}")


def kind_of(artifact: str) -> str:
    """The part before the colon."""
    return artifact.partition(":")[0]


def is_id(text: str) -> bool:
    """Whether text has the form of an id."""
    return ID_PATTERN.fullmatch(text) is not None
