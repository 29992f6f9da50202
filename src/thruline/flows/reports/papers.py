"""Papers that were written from what is here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class PaperReport:
    """A signed document, as `thruline-verify` reads it. digest: SHA-256 of the body, which the ledger holds."""

    body: dict[str, Any]
    public_key: str
    signature: str
    digest: str
