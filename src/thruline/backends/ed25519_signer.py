"""Ed25519 with a private key in memory, or in a file that only its owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from thruline.core.errors import Corrupt

KEY_BYTES = 32


class Ed25519Signer:
    """Signs with a 32-byte private key."""

    def __init__(self, private_key: bytes) -> None:
        if len(private_key) != KEY_BYTES:
            raise Corrupt(f"a signing key has {KEY_BYTES} bytes, not {len(private_key)}", hint="restore it from backup")
        self._key = Ed25519PrivateKey.from_private_bytes(private_key)
        self.public_key = self._key.public_key().public_bytes_raw()

    @classmethod
    def open(cls, path: str) -> Ed25519Signer:
        """The key in the file at path, made at first use with mode 0600; two that make it at once agree on one."""
        file = Path(path)
        if not file.exists():
            _write_once(file, os.urandom(KEY_BYTES))
        return cls(file.read_bytes())

    def sign(self, data: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(data)


def _write_once(file: Path, key: bytes) -> None:
    beside = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, key)
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(beside, file)  # unlike rename, it never replaces a key that somebody else just made
    except FileExistsError:
        return
    finally:
        beside.unlink()
