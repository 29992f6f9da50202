"""How good a ranking is against judgements of relevance, and an answer against a right one."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

_RESAMPLES, _SEED = 2000, 7
_WORD = re.compile(r"\w+")


def hit_at(k: int, ranked: Sequence[str], relevant: Collection[str]) -> float:
    """1 when one of the first k is relevant, else 0."""
    return float(any(item in relevant for item in ranked[:k]))


def ndcg_at(k: int, ranked: Sequence[str], relevant: Collection[str]) -> float:
    """Normalised discounted cumulative gain of the first k with binary relevance, in [0, 1].

    An item counts once, at its best rank. Jaervelin and Kekaelaeinen 2002, as in BEIR (Thakur et al. 2021).
    """
    first = list(dict.fromkeys(ranked))[:k]
    gain = sum(1 / math.log2(n + 2) for n, item in enumerate(first) if item in relevant)
    best = sum(1 / math.log2(n + 2) for n in range(min(k, len(relevant))))
    return gain / best if best else 0.0


def graded_ndcg_at(k: int, ranked: Sequence[str], grades: Mapping[str, int]) -> float:
    """The same with grades as gains, as in trec_eval."""
    first = list(dict.fromkeys(ranked))[:k]
    gain = sum(grades.get(item, 0) / math.log2(n + 2) for n, item in enumerate(first))
    ideal = sorted((g for g in grades.values() if g > 0), reverse=True)[:k]
    best = sum(grade / math.log2(n + 2) for n, grade in enumerate(ideal))
    return gain / best if best else 0.0


def recall_at(k: int, ranked: Sequence[str], relevant: Collection[str]) -> float:
    """Share of what is relevant among the first k, each counted once, in [0, 1]."""
    return len(set(list(dict.fromkeys(ranked))[:k]).intersection(relevant)) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], relevant: Collection[str]) -> float:
    """1 over the place of the first that is relevant, 0 where none is."""
    return next((1 / n for n, item in enumerate(dict.fromkeys(ranked), 1) if item in relevant), 0.0)


def token_f1(said: str, reference: str) -> float:
    """Of the words of an answer and of a right one, without articles and marks, as in SQuAD (Rajpurkar et al. 2016)."""
    ours, theirs = _words(said), _words(reference)
    if not ours or not theirs:
        return float(ours == theirs)
    shared = (Counter(ours) & Counter(theirs)).total()
    return 2 * shared / (len(ours) + len(theirs))


def is_exact(said: str, reference: str) -> bool:
    """Whether these are the same words."""
    return _words(said) == _words(reference)


def holds(said: str, reference: str) -> bool:
    """Whether the words of a right answer stand in this one, in their order."""
    return f" {' '.join(_words(reference))} " in f" {' '.join(_words(said))} "


class Estimate(NamedTuple):
    """A mean and its 95 % interval. of: how many values."""

    value: float
    low: float
    high: float
    of: int


def estimate(values: Sequence[float]) -> Estimate:
    """The mean, with a percentile bootstrap over the values; the same each time."""
    array = np.asarray(values, float)
    if not len(array):
        return Estimate(0.0, 0.0, 0.0, 0)
    rng = np.random.default_rng(_SEED)
    drawn = (array[rng.integers(0, len(array), len(array))].mean() for _ in range(_RESAMPLES))
    low, high = np.quantile(np.fromiter(drawn, float, _RESAMPLES), (0.025, 0.975))
    return Estimate(float(array.mean()), float(low), float(high), len(array))


def share(values: Sequence[float]) -> Estimate:
    """Of values that are 0 or 1 the mean with Wilson's interval (1927), which is never a mere point."""
    count, z2 = len(values), 1.96**2
    if not count:
        return Estimate(0.0, 0.0, 0.0, 0)
    mean = sum(values) / count
    middle = (mean + z2 / (2 * count)) / (1 + z2 / count)
    half = math.sqrt(mean * (1 - mean) * z2 / count + z2**2 / (4 * count**2)) / (1 + z2 / count)
    return Estimate(mean, max(0.0, middle - half), min(1.0, middle + half), count)


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.casefold()) if word not in ("a", "an", "the")]
