"""Lineage: the line around one thing, from the sources to the answers."""

from __future__ import annotations

from typing import Any

from thruline.console.visit import Page, Visit


def lineage(visit: Visit) -> dict[str, Any]:
    """What lies around an artifact; `?open=` names the many that are listed one by one, `?from=` the first of them."""
    opened, offset = visit.word("open"), visit.number("from", 0)
    artifact = visit.path["artifact"]
    return {"line": visit.platform.ledger.lineage(artifact=artifact, open=opened, offset=offset)}


LINEAGE = Page(
    path="/lineage/{artifact}", twin="/lineage/{artifact}.json", template="lineage.html", section="/data", read=lineage
)
