"""Matches: names that may be one person's, side by side, for somebody to decide."""

from __future__ import annotations

from typing import Any

from thruline.console.visit import Page, Visit


def matches(visit: Visit) -> dict[str, Any]:
    """The pairs that wait, or those that were decided."""
    decided = visit.word("show") == "decided"
    return {"matches": visit.platform.data.matches(decided=decided), "decided": decided}


MATCHES = Page(path="/matches", twin="/matches.json", template="matches.html", section="/data", read=matches)
