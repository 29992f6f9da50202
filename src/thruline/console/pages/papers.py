"""Papers: drafts of what laws ask for, to take along."""

from __future__ import annotations

from typing import Any

from thruline.console.visit import Page, Visit


def papers(visit: Visit) -> dict[str, Any]:
    """The sources and models that a card can be about, and the record of processing as it is now."""
    platform = visit.platform
    return {
        "sources": platform.data.sources(),
        "models": platform.models.list(),
        "processing": platform.data.processing(),
    }


PAPERS = Page(path="/papers", twin="/papers.json", template="papers.html", section="/papers", read=papers)
