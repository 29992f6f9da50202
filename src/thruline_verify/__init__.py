"""Verifies what a thruline home shows you, offline and alone.

Nothing of thruline is imported: Python's standard library and the Ed25519 of `cryptography` are enough to check its
ledger, an exported ledger, and its signed receipts.
"""

from thruline_verify.cli import main

__all__ = ["main"]
