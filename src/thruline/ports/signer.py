"""Signs with the home's key, wherever that key lives."""

from __future__ import annotations

from typing import Protocol


class Signer(Protocol):
    """Ed25519 (RFC 8032). `public_key` is the raw 32 bytes that a verifier trusts."""

    @property
    def public_key(self) -> bytes:
        """32 bytes; the same for the life of the key."""
        ...

    def sign(self, data: bytes) -> bytes:
        """64 bytes; the caller separates domains by a prefix in data."""
        ...
