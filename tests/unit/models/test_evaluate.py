"""Figures and their intervals, against what can be worked out by hand or by another library."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from thruline.core.errors import Invalid
from thruline.models.evaluate import Curve, Scored, difference, evaluate, wilson

PAIRS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 9)), min_size=2, max_size=60)


def scored(size: int, *, seed: int = 0, shift: float = 2.0, family: int = 1) -> Scored:
    """Attacks score higher by `shift` standard deviations; `family` equal rows in each family."""
    draw = np.random.default_rng(seed)
    labels = np.tile([0, 1], size)
    scores = 1 / (1 + np.exp(-(draw.normal(size=2 * size) + shift * labels)))
    return Scored(np.repeat(labels, family), np.repeat(scores, family), np.repeat(np.arange(2 * size), family))


@given(PAIRS.filter(lambda pairs: len({label for label, _ in pairs}) == 2))
def test_auroc_agrees_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    labels, scores = map(np.array, zip(*pairs, strict=True))
    assert Curve(labels, scores).auroc(np.ones(len(labels))) == pytest.approx(roc_auc_score(labels, scores))


def test_recall_at_one_percent_counts_no_threshold_that_alarms_more() -> None:
    labels = np.array([0] * 100 + [1] * 4)
    scores = np.array([0.5, 0.4, *[0.1] * 98, 0.9, 0.45, 0.4, 0.05])
    assert Curve(labels, scores).recall_at(np.ones(104)) == 0.5


def test_wilson_gives_the_published_interval() -> None:
    found = wilson(10, 100)
    assert (found.low, found.high) == (pytest.approx(0.0552, abs=1e-4), pytest.approx(0.1744, abs=1e-4))
    assert wilson(0, 0) == wilson(0.0, 0.0)
    assert wilson(0, 50).high > 0


def test_copies_of_a_family_do_not_make_a_figure_more_certain() -> None:
    alone, copied = (evaluate(scored(100, family=n), 0.5).auroc for n in (1, 9))
    assert copied.high - copied.low == pytest.approx(alone.high - alone.low, rel=0.05)


def test_no_false_alarm_in_few_rows_is_not_certainty() -> None:
    perfect = Scored(np.array([0, 1] * 20), np.array([0.1, 0.9] * 20), np.arange(40))
    report = evaluate(perfect, 0.5)
    assert report.false_alarms.value == 0
    assert report.false_alarms.high > 0.1


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    truth = 0.9213504  # P(N(2, 1) > N(0, 1))
    reports = [evaluate(scored(120, seed=seed), 0.5).auroc for seed in range(60)]
    assert sum(r.low <= truth <= r.high for r in reports) >= 52


def test_a_detector_differs_from_itself_by_nothing() -> None:
    same = scored(50)
    assert difference(same, same) == type(difference(same, same))(0.0, 0.0, 0.0)


def test_a_better_detector_differs_by_more_than_nothing() -> None:
    weak = scored(300, shift=0.5)
    assert difference(weak._replace(scores=scored(300, shift=3).scores), weak).low > 0


def test_different_rows_are_not_compared() -> None:
    with pytest.raises(Invalid, match="same rows"):
        difference(scored(50), scored(51))


def test_one_label_cannot_be_evaluated() -> None:
    with pytest.raises(Invalid, match="both labels"):
        evaluate(Scored(np.zeros(3), np.zeros(3), np.arange(3)), 0.5)
