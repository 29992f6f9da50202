"""Which plan is taken: a table of decisions over measured numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from thruline.vectors.goals import FilterRecall, Goals, Measured, choose, frontier, missed
from thruline.vectors.plans import DensePlan
from thruline.vectors.rates import Rate

GOALS = Goals(recall=0.97, p95_ms=10)


def plan(name: str, recall: float = 1.0, ms: float = 1.0, memory: int = 1000, worst: float = 1.0) -> Measured:
    rate = Rate(recall, recall - 0.01 if recall < 1 else 0.999, min(1.0, recall + 0.01))
    filters = (
        FilterRecall(name="no filter", share=1.0, recall=rate),
        FilterRecall(name="1% at random", share=0.01, recall=Rate(worst, worst, worst)),
    )
    return Measured(
        plan=DensePlan(engine=name), recall=rate, foreign=Rate(1.0, 1.0, 1.0), filters=filters, p50_ms=ms, p95_ms=ms,
        memory=memory, build_s=1.0,
    )  # fmt: skip


def test_the_cheapest_that_meets_every_goal_is_taken() -> None:
    of = [plan("exact", ms=8), plan("flat4", recall=0.99, ms=1), plan("hnsw", recall=0.95, ms=0.1)]
    choice = choose(of, GOALS, DensePlan(engine="exact"))
    assert choice.taken == 1
    assert "flat4 takes the least time and memory of 2 plans" in choice.why


def test_the_unlucky_end_has_to_meet_the_goal() -> None:
    assert choose([plan("flat4", recall=0.975)], GOALS, DensePlan(engine="flat4")).taken == -1


def test_one_filter_that_loses_neighbours_is_enough_to_be_refused() -> None:
    lossy = plan("hnsw", ms=0.1, worst=0.4)
    assert choose([plan("exact"), lossy], GOALS, DensePlan(engine="hnsw")).taken == 0
    assert missed(lossy, GOALS) == ["finds 0.400 of 0.97"]


def test_what_is_in_force_stays_where_another_is_hardly_cheaper() -> None:
    of = [plan("a", ms=1.0), plan("b", ms=1.05)]
    assert choose(of, GOALS, DensePlan(engine="b")).taken == 1
    assert choose(of, GOALS, DensePlan(engine="c")).taken == 0
    assert choose([of[0], plan("b", ms=1.2)], GOALS, DensePlan(engine="b")).taken == 0


def test_where_none_meets_the_goals_the_nearest_is_named_with_what_it_misses() -> None:
    of = [plan("exact", ms=40), plan("flat4", recall=0.96, ms=1), plan("hnsw", recall=0.5, ms=1)]
    choice = choose(of, Goals(recall=0.97, p95_ms=10, memory=900), DensePlan(engine="exact"))
    assert (choice.taken, choice.nearest) == (-1, 0) or choice.nearest == 1
    assert "no plan meets the goals" in choice.why
    assert "needs 1.0 kB of 900 B" in choice.why


def test_the_frontier_leaves_out_what_another_beats_and_what_repeats_another() -> None:
    of = [
        plan("exact", ms=8), plan("fine", recall=0.99, ms=2), plan("slow", recall=0.99, ms=4),
        plan("again", recall=0.99, ms=2.01), plan("small", recall=0.8, ms=3, memory=100),
    ]  # fmt: skip
    assert frontier(of) == [0, 1, 4]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 100), st.integers(1, 10**9)), min_size=1, max_size=8))
def test_the_frontier_is_never_empty_and_some_plan_is_always_named(points: list[tuple[float, float, int]]) -> None:
    of = [plan(f"p{n}", *point) for n, point in enumerate(points)]
    assert frontier(of)
    choice = choose(of, GOALS, DensePlan(engine="p0"))
    assert 0 <= choice.nearest < len(of)
    assert (choice.taken >= 0) == any(not missed(one, GOALS) for one in of)
