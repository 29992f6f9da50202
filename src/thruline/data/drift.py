"""Whether the scores of a source moved: a window of documents against a reference, one test for each score.

An alarm needs both: evidence (two-sample Kolmogorov-Smirnov, its p-value adjusted for the number of tests by Benjamini
and Hochberg 1995) and an effect that matters, since with enough documents any difference is evident. For a stream that
is looked at after every document use `drift_watch`: a p-value looked at every hour alarms some day without a cause.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from thruline.core.errors import Invalid

FALSE_DISCOVERIES = 0.05
EFFECT = 0.15
_EXACT_CELLS = 4_000_000  # .05 s; beyond it the asymptotic p-value is within 3 % of the exact one for p > .0001


class Measured(NamedTuple):
    """A score of a source."""

    source: str
    score: str


@dataclass(frozen=True, kw_only=True)
class Drift:
    """How one score of one source differs between reference and window.

    distance: the largest gap between the two distribution functions (Kolmogorov-Smirnov), in [0, 1]. shift: how far the
    values moved, in the score's own unit (Wasserstein-1). p: of the distance, exact for small samples; too large, never
    too small, where values are tied. q: p adjusted for all tests of the call. is_alarm: both q and distance say so.
    """

    source: str
    score: str
    reference: int
    window: int
    distance: float
    shift: float
    p: float
    q: float
    is_alarm: bool


Scores = Mapping[Measured, np.ndarray]


def drift(
    reference: Scores, window: Scores, *, effect: float = EFFECT, false_discoveries: float = FALSE_DISCOVERIES
) -> tuple[Drift, ...]:
    """One Drift for each score that both have, the largest distance first.

    effect: distance from which a difference matters. false_discoveries: the expected share of alarms without a cause
    among all alarms. Raises Invalid for an empty sample and for a value that is no number.
    """
    shared = [key for key in reference if key in window]
    samples = [(_checked(key, reference[key]), _checked(key, window[key])) for key in shared]
    distances = [ks_distance(a, b) for a, b in samples]
    ps = [ks_p(d, len(a), len(b)) for d, (a, b) in zip(distances, samples, strict=True)]
    found = [
        Drift(
            source=key.source, score=key.score, reference=len(a), window=len(b), distance=d, shift=wasserstein(a, b),
            p=p, q=q, is_alarm=d >= effect and q <= false_discoveries,
        )
        for key, (a, b), d, p, q in zip(shared, samples, distances, ps, adjusted(ps), strict=True)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda f: -f.distance))


def adjusted(ps: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg's q-values: rejecting all q <= x keeps the share of false discoveries at x."""
    order = np.argsort(ps)[::-1]
    ranks = np.arange(len(ps), 0, -1)
    qs = np.minimum.accumulate(np.asarray(ps, float)[order] * len(ps) / ranks) if len(ps) else np.zeros(0)
    result = np.empty(len(ps))
    result[order] = np.minimum(qs, 1.0)
    return result.tolist()


def ks_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Largest gap between the two empirical distribution functions."""
    at = np.union1d(a, b)
    return float(np.max(np.abs(_below(a, at) - _below(b, at))))


def ks_p(distance: float, n: int, m: int) -> float:
    """Chance of this distance or more between samples of n and m from one continuous distribution.

    Exact (Hodges 1958) up to four million pairs, beyond that asymptotic with Stephens' correction (1970).
    """
    if distance <= 0:
        return 1.0
    return _exact_p(distance, n, m) if n * m <= _EXACT_CELLS else _asymptotic_p(distance, n, m)


def wasserstein(a: np.ndarray, b: np.ndarray) -> float:
    """Area between the two distribution functions: how far the values have to move, on average."""
    at = np.union1d(a, b)
    gaps = np.abs(_below(a, at[:-1]) - _below(b, at[:-1]))
    return float(gaps @ np.diff(at))


def _checked(key: Measured, values: np.ndarray) -> np.ndarray:
    numbers = np.sort(np.asarray(values, np.float64))
    if not len(numbers) or not np.isfinite(numbers).all():
        raise Invalid(
            f"the sample of {key.score!r} of {key.source!r} is empty or holds something that is no number",
            hint="leave out documents that were not measured, and scores without documents",
        )
    return numbers


def _below(ordered: np.ndarray, at: np.ndarray) -> np.ndarray:
    return np.searchsorted(ordered, at, "right") / len(ordered)


def _exact_p(distance: float, n: int, m: int) -> float:
    """Share of the lattice paths from (0, 0) to (n, m) that somewhere reach |i/n - j/m| >= distance.

    Row i holds for each j the paths to (i, j) that did, over the number of all paths to (i, m) so that none overflows.
    """
    n, m = min(n, m), max(n, m)
    bound = distance - 0.5 / (n * m)  # distances are multiples of 1/(n m): rounding must not decide
    j = np.arange(m + 1)
    every = np.ones(m + 1)
    reached = np.where(j / m < bound, 0.0, every)
    for i in range(1, n + 1):
        every = every * ((i + j) / (i + m))
        inside = np.flatnonzero(np.abs(i / n - j / m) < bound)
        before, reached = reached[inside], every.copy()
        entering = reached[inside[0] - 1] if len(inside) and inside[0] else 0.0
        reached[inside] = entering + np.cumsum(before) * (i / (i + m))
    return float(min(reached[-1], 1.0))


def _asymptotic_p(distance: float, n: int, m: int) -> float:
    root = math.sqrt(n * m / (n + m))
    x = (root + 0.12 + 0.11 / root) * distance
    terms = (2 * (-1) ** (k - 1) * math.exp(-2 * (k * x) ** 2) for k in range(1, 101))
    return min(max(math.fsum(terms), 0.0), 1.0)
