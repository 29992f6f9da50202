"""Home: the line with its counts, what needs attention, what was asked last."""

from __future__ import annotations

from typing import Any

from thruline.console.visit import Page, Visit


def home(visit: Visit) -> dict[str, Any]:
    """Status, index generations, checks that are not ok, quarantined documents, failed runs and the last answers."""
    platform = visit.platform
    runs = platform.infra.runs(limit=20) if visit.is_operator else ()
    checks = platform.ledger.doctor() if visit.is_operator else ()
    return {
        "status": platform.ledger.status(),
        "generations": platform.vectors.generations(limit=1),
        "checks": [check for check in checks if check.state != "ok"],
        "quarantined": platform.data.documents(state="quarantined", limit=5),
        "failed": [run for run in runs if run.state in ("failed", "lost")][:5],
        "running": [run for run in runs if run.state == "running"],
        "answers": platform.vectors.answers(limit=6),
    }


HOME = Page(path="/", twin="/home.json", template="home.html", section="/", read=home)
