"""How far those outside have been told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class DeliveryView:
    """A destination. failed: attempts in a row without success, since then; status: of the last, 0 for no answer."""

    destination: str
    url: str
    sent: int
    waiting: int
    failed: int
    since: str
    status: int
    ok: bool
