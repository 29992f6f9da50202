"""Indexes: what answers questions, the versions before it, and how it is searched."""

from __future__ import annotations

from typing import Any

from thruline.console.previews import can_roll_back
from thruline.console.visit import Page, Visit

SHOWN = 10  # versions; `thruline index list` has more


def indexes(visit: Visit) -> dict[str, Any]:
    """Generations and plans, the latest first, and what was measured last and in use."""
    vectors = visit.platform.vectors
    generations, plans = vectors.generations(limit=SHOWN), vectors.plans()
    return {
        "generations": generations,
        "more": len(generations) >= SHOWN,
        "plans": plans,
        "tuned": vectors.tuned() if visit.is_operator else (),
        "recall": vectors.recall() if visit.is_operator else None,
        "back": {"generation": any(g.back for g in generations), "plan": can_roll_back(plans)},
    }


INDEXES = Page(path="/indexes", twin="/indexes.json", template="indexes.html", section="/indexes", read=indexes)
