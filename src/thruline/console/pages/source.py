"""Source: one source, how fresh and how clean it is, what waits for a decision, and how it is read."""

from __future__ import annotations

from typing import Any

from thruline.console.visit import Page, Visit

MOST = 50


def source(visit: Visit) -> dict[str, Any]:
    """The source with its options and its desk; its quality when it is asked for with `?check=quality`."""
    platform = visit.platform
    name = visit.path["source"]
    about = platform.data.source(source=name)
    return {
        "about": about,
        "waiting": platform.data.waiting(source=name)[:MOST] if visit.is_operator and about.source.waiting else (),
        "desk": platform.data.quarantined(what=name, limit=MOST),
        "users": platform.guard.users() if visit.is_operator else (),
        "quality": platform.data.quality(source=name) if visit.word("check") == "quality" else None,
    }


SOURCE = Page(
    path="/sources/{source}", twin="/sources/{source}.json", template="source.html", section="/data", read=source
)
