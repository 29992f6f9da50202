"""Ed25519 over domain-separated messages: seals of a ledger, and signed documents."""

from __future__ import annotations

import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SEAL = b"thruline ledger seal v1\n"
DOCUMENT = b"thruline document v1\n"


def seal_is_signed(seal: dict[str, Any]) -> bool:
    """Whether the facts of a `ledger.sealed` event carry a signature of their own key."""
    return _is_signed(seal, SEAL + f"{seal.get('upto')}\n{seal.get('head')}".encode())


def document_is_signed(document: dict[str, Any]) -> bool:
    """Whether a receipt's body is as its key signed it; the body counts as canonical JSON."""
    body = json.dumps(document.get("body"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return _is_signed(document, DOCUMENT + body.encode())


def _is_signed(holder: dict[str, Any], message: bytes) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(holder["public_key"]))
        key.verify(bytes.fromhex(holder["signature"]), message)
    except (InvalidSignature, KeyError, TypeError, ValueError):
        return False
    return True
