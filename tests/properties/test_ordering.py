"""What is done to hits after fusion: nothing is lost or doubled, and what is off changes nothing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from thruline.vectors.ordering import by_score, capped, connected, diverse, likeness, windows, worth

SCORES = st.lists(st.none() | st.floats(-1e6, 1e6), max_size=30)
KEYS = st.lists(st.sampled_from("abcd"), max_size=30)
TEXTS = st.lists(st.text("abc pump valve ", max_size=40), max_size=12)


@given(SCORES)
def test_an_order_by_score_is_a_permutation_in_which_what_has_no_score_keeps_its_place(
    scores: list[float | None],
) -> None:
    order = by_score(scores)
    assert sorted(order) == list(range(len(scores)))
    assert all(place == at for at, place in enumerate(order) if scores[place] is None)
    given_ = [scores[place] for place in order if scores[place] is not None]
    assert given_ == sorted(given_, reverse=True)


@given(st.lists(st.just(0.5), max_size=20))
def test_equal_scores_change_nothing(scores: list[float | None]) -> None:
    assert by_score(scores) == list(range(len(scores)))


@given(KEYS, st.integers(0, 5))
def test_a_cap_loses_nothing_and_holds_as_long_as_there_is_something_else(keys: list[str], most: int) -> None:
    order = capped(range(len(keys)), keys, most)
    assert sorted(order) == list(range(len(keys)))
    allowed = sum(min(keys.count(key), most) for key in set(keys)) if most else 0
    first = [keys[place] for place in order[:allowed]]
    assert all(first.count(key) <= most for key in set(first))
    if not most:
        assert order == list(range(len(keys)))


@given(TEXTS)
def test_without_diversity_the_worthiest_come_first(texts: list[str]) -> None:
    value = worth([-1.0] * len(texts), 0.0)
    assert diverse(value, likeness(texts), 0.0) == list(range(len(texts)))


@given(TEXTS, st.floats(0, 1))
def test_diversity_loses_nothing_and_begins_with_the_best(texts: list[str], diversity: float) -> None:
    order = diverse(worth([0.0] * len(texts), 0.0), likeness(texts), diversity)
    assert sorted(order) == list(range(len(texts)))
    if texts and diversity < 1:
        assert order[0] == 0


def test_a_repetition_goes_behind_what_says_something_else() -> None:
    texts = ["prime the pump first", "prime the pump first", "a valve leaks"]
    assert diverse(worth([0.0] * 3, 0.0), likeness(texts), 0.5) == [0, 2, 1]


@given(TEXTS)
def test_likeness_is_symmetric_between_0_and_1_and_full_for_the_same_words(texts: list[str]) -> None:
    found = likeness(texts)
    assert found.shape == (len(texts), len(texts))
    np.testing.assert_allclose(found, found.T)
    assert ((found >= 0) & (found <= 1 + 1e-9)).all()


@given(st.lists(st.floats(-1, 1e9), min_size=1, max_size=20), st.floats(1, 1e8))
def test_age_only_ever_takes_worth_and_half_of_it_in_a_half_life(ages: list[float], half_life: float) -> None:
    aged, ageless = worth(ages, half_life), worth(ages, 0.0)
    assert (aged <= ageless).all()
    assert (aged[np.array(ages) <= 0] == ageless[np.array(ages) <= 0]).all()
    np.testing.assert_allclose(worth([half_life], half_life), [0.5])


@given(st.lists(st.integers(0, 9), min_size=1, max_size=4), st.integers(0, 3))
def test_a_window_holds_neighbours_alone_and_never_leaves_the_record(places: list[int], window: int) -> None:
    beside = windows(places, 10, window)
    assert set(beside).isdisjoint(places)
    assert len(set(beside)) == len(beside)
    assert all(0 <= at < 10 and min(abs(at - place) for place in places) <= window for at in beside)
    expected = {at for at in range(10) if min(abs(at - p) for p in places) <= window} - set(places)
    assert set(beside) == expected


@given(st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True), st.sets(st.integers(0, 9)))
def test_what_hangs_together_reaches_a_place_without_a_gap(places: list[int], inside: set[int]) -> None:
    kept = connected(places, inside)
    assert kept <= inside - set(places)
    for at in inside - set(places):
        way = min(places, key=lambda place: abs(place - at))
        between = set(range(min(way, at) + 1, max(way, at)))
        assert (
            between <= inside or at not in kept or any(set(range(min(p, at) + 1, max(p, at))) <= inside for p in places)
        )
