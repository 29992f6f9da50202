"""The plan of a search as people read it, with what may be expected of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruline.flows import INDEX
from thruline.flows.reports.searched import Searched

if TYPE_CHECKING:
    from thruline.flows.line import Line
    from thruline.vectors.serving import Hits, Plan, Serving


def searched(line: Line, serving: Serving, hits: Hits) -> Searched:
    """How it went."""
    plan = hits.plan
    return Searched(
        way=plan.way, engine=line.shelf.plan.text, scan=plan.scan, visible=plan.visible, asked=plan.asked,
        returned=plan.returned, by_meaning=plan.dense, by_words=plan.text, scored=plan.scored,
        recall=_recall(line, plan, len(serving)), again=plan.again, is_compact=plan.stale == 0,
        unreachable=plan.unreachable,
        fusion=plan.fusion,
    )  # fmt: skip


def _recall(line: Line, plan: Plan, rows: int) -> float | None:
    if plan.scan in ("none", "standby") or plan.unreachable:
        return None
    if plan.scan == "gather":
        return 1.0
    return line.tunings.expected_recall(INDEX, line.shelf.plan, plan.visible / rows)
