import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thruline.core.errors import Invalid
from thruline.data.drift import Measured, adjusted, drift, ks_distance, ks_p, wasserstein

stats = pytest.importorskip("scipy.stats", reason="scipy comes with the extra `train`")
VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=40).map(sorted)
WORDS = Measured("wiki", "words")


def normal(seed: int, count: int, mean: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, 1, count)


@settings(deadline=None)
@given(VALUES, VALUES)
def test_distance_is_the_largest_gap_and_shift_that_of_scipy(a, b):
    a, b = np.array(a), np.array(b)
    assert ks_distance(a, b) == pytest.approx(max(abs(np.mean(a <= x) - np.mean(b <= x)) for x in (*a, *b)))
    assert wasserstein(a, b) == pytest.approx(stats.wasserstein_distance(a, b), abs=1e-12)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 5), (20, 20), (400, 37), (500, 501), (1500, 1)])
@pytest.mark.parametrize("mean", [0.0, 0.3, 1.0, 9.0])
def test_the_p_value_of_small_samples_is_exact(n, m, mean):
    a, b = np.sort(normal(n, n)), np.sort(normal(m + 1, m, mean))
    exact = stats.ks_2samp(a, b, method="exact").pvalue
    assert ks_p(ks_distance(a, b), n, m) == pytest.approx(exact, rel=1e-6, abs=1e-250)


def test_the_p_value_of_large_samples_is_close_to_the_exact_one():
    a, b = np.sort(normal(1, 2001)), np.sort(normal(2, 2000, 0.04))
    exact = stats.ks_2samp(a, b, method="exact").pvalue
    assert ks_p(ks_distance(a, b), 2001, 2000) == pytest.approx(exact, rel=0.03)


def test_equal_samples_have_no_distance():
    assert ks_p(0.0, 10, 10) == 1.0
    assert ks_p(1.0, 2000, 3000) < 1e-100


@given(st.lists(st.floats(0, 1), max_size=20))
def test_adjusted_p_values_are_those_of_scipy(ps):
    assert adjusted(ps) == pytest.approx(stats.false_discovery_control(ps).tolist() if ps else [])


def test_a_score_that_moved_alarms_and_says_by_how_much():
    (found,) = drift({WORDS: normal(1, 400)}, {WORDS: normal(2, 300, mean=1.0)})
    assert (found.source, found.score, found.reference, found.window) == ("wiki", "words", 400, 300)
    assert found.is_alarm
    assert found.shift == pytest.approx(1.0, abs=0.15)
    assert found.distance == pytest.approx(0.38, abs=0.08)


def test_an_evident_difference_that_does_not_matter_is_no_alarm():
    (found,) = drift({WORDS: normal(1, 20_000)}, {WORDS: normal(2, 20_000, mean=0.1)})
    assert found.q < 1e-9
    assert not found.is_alarm


def test_a_large_difference_of_a_handful_is_no_alarm():
    (found,) = drift({WORDS: normal(1, 400)}, {WORDS: normal(9, 3, mean=0.5)})
    assert found.distance > 0.15
    assert not found.is_alarm


def test_among_a_thousand_calm_scores_few_alarm():
    keys = [Measured(f"source{n}", "words") for n in range(1000)]
    found = drift({k: normal(n, 60) for n, k in enumerate(keys)}, {k: normal(n + 5000, 60) for n, k in enumerate(keys)})
    assert min(f.p for f in found) < 0.01
    assert sum(f.is_alarm for f in found) == 0


def test_ties_make_the_p_value_larger_never_smaller():
    rng = np.random.default_rng(4)
    ps = [drift({WORDS: rng.integers(0, 3, 80)}, {WORDS: rng.integers(0, 3, 80)})[0].p for _ in range(400)]
    assert np.mean(np.array(ps) <= 0.05) <= 0.05


def test_only_what_both_have_is_compared_and_the_largest_distance_comes_first():
    other = Measured("wiki", "digit_ratio")
    before = {WORDS: normal(1, 100), other: normal(2, 100), Measured("gone", "words"): normal(3, 10)}
    found = drift(before, {WORDS: normal(4, 100), other: normal(5, 100, mean=2.0)})
    assert [f.score for f in found] == ["digit_ratio", "words"]
    assert drift({}, {}) == ()


@pytest.mark.parametrize("values", [[], [1.0, float("nan")]])
def test_a_sample_that_says_nothing_is_refused_by_name(values):
    with pytest.raises(Invalid, match=r"'words' of 'wiki'"):
        drift({WORDS: normal(1, 10)}, {WORDS: np.array(values)})
