"""Data keys, one per owner: destroy the key and the bytes are noise wherever copies of them lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Vault(Protocol):
    """Encrypts for an owner (`subject:…`, `record:…`, `source:…`); authenticated (AES-256-GCM)."""

    def encrypt(self, owner: str, data: bytes, *, bound_to: str) -> bytes:
        """Bytes that only `decrypt` with the same owner and the same bound_to (its id) opens."""
        ...

    def decrypt(self, owner: str, data: bytes, *, bound_to: str) -> bytes:
        """The data; raises NotFound when the owner's key was shredded, Corrupt when the bytes are not ours."""
        ...

    def owners(self) -> list[str]:
        """Everybody who has a key."""
        ...

    def shred(self, owners: Sequence[str]) -> int:
        """Destroy the owners' keys for good; gives how many there were."""
        ...
