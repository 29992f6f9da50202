"""How the sample home's index is searched, and what was measured of it."""

from __future__ import annotations

from thruline.flows.reports import FilterView, GoalsView, PlanMeasure, PlanView, RateView, RecallView, TuneReport
from thruline.testing.sample_reports import GENERATIONS, artifact, minutes_ago


def _measure(
    plan: str, recall: float, worst: float, foreign: float, p95_ms: float, memory: int, *marks: str
) -> PlanMeasure:
    found = RateView(value=recall, low=max(0.0, recall - 0.004), high=min(1.0, recall + 0.003))
    tight = FilterView(name="1% far from the question", share=0.01, recall=RateView(value=worst, low=worst, high=worst))
    return PlanMeasure(
        plan=plan, recall=found, worst=tight, foreign=RateView(value=foreign, low=foreign, high=foreign),
        p50_ms=p95_ms * 0.6, p95_ms=p95_ms, memory=memory, build_s=0.3, on_frontier="edge" in marks,
        taken="taken" in marks, misses=tuple(mark for mark in marks if mark not in ("edge", "taken")),
        filters=(FilterView(name="no filter", share=1.0, recall=found), tight),
    )  # fmt: skip


PLANS = (
    PlanView(plan="flat4 bits=3 depth=4", in_force=True, since=minutes_ago(50), why="tuned"),
    PlanView(plan="exact", in_force=False, since=minutes_ago(2900), why="operator"),
    PlanView(plan="flat4", in_force=False, since="", why="first"),
)
TUNED = (
    TuneReport(
        collection="main", ok=True, plan="flat4 bits=3 depth=4", before="exact", changed=True,
        why="flat4 bits=3 depth=4 takes the least time and memory of 4 plans that meet the goals",
        goals=GoalsView(recall=0.97, p95_ms=1.0, memory=20_000_000),
        measured=(
            _measure("exact", 1.0, 1.0, 1.0, 1.34, 6_850_000, "takes 1.34 ms of 1 ms", "edge"),
            _measure("flat4", 0.9995, 0.999, 0.998, 0.81, 7_710_000, "edge"),
            _measure("flat4 bits=3 depth=4", 0.997, 0.994, 0.996, 0.62, 7_500_000, "edge", "taken"),
            _measure("flat4 bits=2 depth=2", 0.981, 0.972, 0.976, 0.6, 7_280_000, "edge"),
            _measure("hnsw", 0.962, 0.21, 0.914, 0.22, 14_100_000, "finds 0.210 of 0.97", "edge"),
        ),
        rows=4461, of_rows=4461, questions=100, logged=37, foreign=52, generation=GENERATIONS[0].id, seconds=7.9,
        dry_run=False, at=minutes_ago(50), evidence=artifact("tuning", 1),
    ),
)  # fmt: skip
RECALL = RecallView(
    plan="flat4 bits=3 depth=4", goal=0.97, queries=213, recall=RateView(value=0.9934, low=0.9881, high=0.9963),
    since=minutes_ago(50), alarmed="", ok=True, watched=True,
)  # fmt: skip
NOT_WATCHED = RecallView(
    plan="flat4", goal=0.97, queries=0, recall=RateView(value=0.0, low=0.0, high=1.0), since="", alarmed="", ok=True,
    watched=True,
)  # fmt: skip
