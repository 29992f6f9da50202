"""How good a detector is, each number with a 95 % interval that respects that rows come in families."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import msgspec
import numpy as np

from thruline.core.errors import Invalid

RESAMPLES = 400
ALLOWED_FALSE_ALARMS = 0.01
_Z = 1.959964  # 97.5 % point of the normal distribution


class Estimate(msgspec.Struct, frozen=True):
    """A number and its 95 % interval."""

    value: float
    low: float
    high: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers about one detector on one set of rows. Rates are at its own threshold unless the name says otherwise."""

    rows: int
    attacks: int
    threshold: float
    auroc: Estimate
    recall_at_1pct: Estimate
    recall: Estimate
    false_alarms: Estimate
    precision: Estimate
    brier: Estimate


class Scored(NamedTuple):
    """labels (n,) 0/1, scores (n,) in [0, 1], groups (n,) of any hashable kind: the family of each row."""

    labels: np.ndarray
    scores: np.ndarray
    groups: np.ndarray


def evaluate(scored: Scored, threshold: float, *, seed: int = 0) -> Report:
    """The report; raises Invalid unless both labels are there."""
    labels, scores, _ = scored
    if not 0 < labels.sum() < len(labels):
        raise Invalid(f"{len(labels)} rows do not hold both labels", hint="evaluate on attacks and harmless texts")
    draws = resamples(scored.groups, seed)
    called = scores >= threshold
    curve = Curve(labels, scores)
    return Report(
        rows=len(labels),
        attacks=int(labels.sum()),
        threshold=threshold,
        auroc=_bootstrapped(curve.auroc, draws),
        recall_at_1pct=_bootstrapped(curve.recall_at, draws),
        recall=_rate(called[labels == 1], draws[:, labels == 1]),
        false_alarms=_rate(called[labels == 0], draws[:, labels == 0]),
        precision=_rate(labels[called] == 1, draws[:, called]),
        brier=_bootstrapped(lambda w: float(np.average((scores - labels) ** 2, weights=w)), draws),
    )


def difference(new: Scored, old: Scored, *, seed: int = 0) -> Estimate:
    """AUROC of new minus old on the same rows: paired bootstrap over families.

    Raises Invalid when the rows are not the same.
    """
    if not (np.array_equal(new.labels, old.labels) and np.array_equal(new.groups, old.groups)):
        raise Invalid("the two detectors were not scored on the same rows", hint="score both on one dataset")
    ours, theirs = Curve(new.labels, new.scores), Curve(old.labels, old.scores)
    return _bootstrapped(lambda w: ours.auroc(w) - theirs.auroc(w), resamples(new.groups, seed))


def wilson(hits: float, n: float) -> Estimate:
    """A rate with its score interval (Wilson 1927); [0, 1] when n is 0."""
    if n == 0:
        return Estimate(0.0, 0.0, 1.0)
    p, spread = hits / n, _Z**2 / n
    middle = (p + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(p * (1 - p) / n + spread / (4 * n)) / (1 + spread)
    return Estimate(p, max(0.0, middle - half), min(1.0, middle + half))


def resamples(groups: np.ndarray, seed: int) -> np.ndarray:
    """(RESAMPLES, n) how often each row is drawn when families are drawn with replacement."""
    _, family = np.unique(groups, return_inverse=True)
    families = int(family.max()) + 1 if len(family) else 0
    drawn = np.random.default_rng(seed).multinomial(families, np.full(families, 1 / families), RESAMPLES)
    return drawn[:, family]


class Curve:
    """Weighted ROC figures; the scores are sorted once for all weights."""

    def __init__(self, labels: np.ndarray, scores: np.ndarray) -> None:
        self._labels = labels.astype(np.float64)
        distinct, self._level = np.unique(scores, return_inverse=True)
        self._levels = len(distinct)

    def auroc(self, weights: np.ndarray) -> float:
        """Probability that an attack outscores a harmless text; ties count half. 0.5 when a label has no weight."""
        attacks, harmless = self._mass(weights)
        total = attacks.sum() * harmless.sum()
        below = np.cumsum(harmless) - harmless / 2
        return float(attacks @ below / total) if total else 0.5

    def recall_at(self, weights: np.ndarray, allowed: float = ALLOWED_FALSE_ALARMS) -> float:
        """The largest share of attacks found by a threshold with at most `allowed` false alarms."""
        attacks, harmless = self._mass(weights)
        if not (attacks.sum() and harmless.sum()):
            return 0.0
        false_alarms = np.cumsum(harmless[::-1]) / harmless.sum()
        found = np.cumsum(attacks[::-1]) / attacks.sum()
        return float(np.max(found[false_alarms <= allowed], initial=0.0))

    def _mass(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        attacks = np.bincount(self._level, weights * self._labels, self._levels)
        return attacks, np.bincount(self._level, weights * (1 - self._labels), self._levels)


def _bootstrapped(figure: Callable[[np.ndarray], float], draws: np.ndarray) -> Estimate:
    values = [figure(weights) for weights in draws]
    low, high = np.quantile(values, (0.025, 0.975)).tolist()
    value = figure(np.ones(draws.shape[1]))
    return Estimate(value, min(low, value), max(high, value))


def _rate(hits: np.ndarray, draws: np.ndarray) -> Estimate:
    """The wider of the score interval and the bootstrap over families, which alone would call 0 of n certain."""
    plain = wilson(float(hits.sum()), float(len(hits)))
    sizes = draws.sum(axis=1)
    rates = (draws @ hits)[sizes > 0] / sizes[sizes > 0]
    if not len(rates):
        return plain
    low, high = np.quantile(rates, (0.025, 0.975)).tolist()
    return Estimate(plain.value, min(plain.low, low), max(plain.high, high))
