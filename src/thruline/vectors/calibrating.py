"""From where on there is an answer: a curve fitted to questions of which it is known whether the documents answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from thruline.vectors.sureness import Curve

_RIDGE, _STEPS = 1.0, 50
_LEAST_BIAS = 1e-9


class Case(NamedTuple):
    """A question that was asked, and what its answer would be worth.

    nearest, closest, words: as `Curve` takes them. has_answer: whether the documents hold one; is_right: whether what
    would be said cites it.
    """

    nearest: float
    closest: float
    words: float
    has_answer: bool
    is_right: bool

    def is_given(self, curve: Curve) -> bool:
        """Whether there is an answer by a curve."""
        return curve.sure(self.nearest, self.closest, self.words) >= curve.answer_from

    def worth(self, curve: Curve) -> int:
        """1 for a right answer, -1 for a wrong one, 0 for none."""
        return (1 if self.is_right else -1) if self.is_given(curve) else 0


def fitted(cases: Sequence[Case]) -> Curve:
    """The likelihood that an answer is right by maximum likelihood, and the threshold that is worth most.

    Weights are never negative: what is nearer is never less sure. Ridge of 1 on them, so that few cases say little.
    """
    x = np.array([(c.nearest, c.closest, c.words) for c in cases], float)
    y = np.array([c.is_right for c in cases], float)
    used = [0, 1, 2]
    weights = _logistic(x, y)
    while used and min(weights[1:]) < 0:
        del used[int(np.argmin(weights[1:]))]
        weights = _logistic(x[:, used], y)
    of = dict(zip(used, weights[1:].tolist(), strict=True))
    curve = Curve(
        bias=float(weights[0]), nearest=of.get(0, 0.0), closest=of.get(1, 0.0), words=of.get(2, 0.0), answer_from=0.5
    )
    return _from_where_it_pays(curve, cases)


def _from_where_it_pays(curve: Curve, cases: Sequence[Case]) -> Curve:
    """Answers from the likelihood on from which right ones outweigh wrong ones most; of equals the nearest to .5."""
    scored = sorted(((curve.sure(c.nearest, c.closest, c.words), 1 if c.is_right else -1) for c in cases), reverse=True)
    best, threshold, total = 0, 1.0, 0
    for place, (sure, worth) in enumerate(scored):
        total += worth
        below = scored[place + 1][0] if place + 1 < len(scored) else 0.0
        if below == sure:
            continue
        middle = (sure + below) / 2
        if total > best or (total == best and abs(middle - 0.5) < abs(threshold - 0.5)):
            best, threshold = total, middle
    return Curve(
        bias=curve.bias, nearest=curve.nearest, closest=curve.closest, words=curve.words,
        answer_from=round(threshold, 4),
    )  # fmt: skip


def _logistic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Bias and weights by Newton's method."""
    design = np.column_stack([np.ones(len(x)), x])
    ridge = np.diag([_LEAST_BIAS, *[_RIDGE] * x.shape[1]])
    weights = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        slope = design.T @ (y - p) - ridge @ weights
        step = np.linalg.solve(design.T @ (design * (p * (1 - p))[:, None]) + ridge, slope)
        weights += step
        if math.isclose(float(np.abs(step).max()), 0.0, abs_tol=1e-8):
            break
    return weights
