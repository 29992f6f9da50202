"""Watching a score document by document, for ever, with one promise: false alarms at most alpha over the whole stream.

Each new value becomes its place in the reference, in [0, 1] (the share of the reference below it, ties half). While
the source is as it was, places average 1/2; the mean of places is the chance that a new document has a higher score
than an old one, an effect size without a unit (Vargha and Delaney 2000). Two bettors wager that it lies above 1/2 +
tolerance, or below 1/2 - tolerance: while it does not, whatever they own is a supermartingale (Waudby-Smith and Ramdas
2023, "Estimating means of bounded random variables by betting"), and by Ville's inequality it ever reaches 1/alpha
with chance at most alpha. There is no need to say beforehand how long one watches, or how often one looks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from thruline.core.errors import Invalid

Key = TypeVar("Key")
ALPHA = 0.01
# A chance of .6 instead of .5 is a small effect. It also has to cover what a reference of n documents is off by itself,
# .29 / sqrt(n): .029 for the fewest that are accepted.
TOLERANCE = 0.1
MIN_REFERENCE = 100
_MEMORY = 0.02  # bets follow about the last 50 documents, so that a year of calm does not make them slow
_BOLDNESS = 0.5  # the share of its capital that a bettor may lose by one document
_LARGEST = 700.0  # exp(709) is the last that a float holds


@dataclass(frozen=True, kw_only=True)
class Watch:
    """All that is kept of a stream; store it after each call of `watch` and go on from it.

    seen: documents. mean, spread: of the latest places, and their variance. up, down: logarithm of what the bettors on
    higher and on lower scores own; both began with 1. peak: logarithm of the most that they owned on average.
    """

    seen: int = 0
    mean: float = 0.5
    spread: float = 1 / 12
    up: float = 0.0
    down: float = 0.0
    peak: float = 0.0

    @property
    def evidence(self) -> float:
        """The e-value now: its expectation is at most 1 while the source is as it was."""
        return math.exp(min(_average(self.up, self.down), _LARGEST))

    def is_alarm(self, alpha: float = ALPHA) -> bool:
        """Whether the source has moved. It stays true: begin a new Watch with a new reference."""
        return self.peak >= -math.log(alpha)


def places(reference: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(len(values),) share of the reference below each value, ties half: in [0, 1].

    Raises Invalid for a reference of fewer than 100, and for values that are no numbers.
    """
    if len(reference) < MIN_REFERENCE:
        raise Invalid(f"a reference of {len(reference)!r} is too small", hint=f"collect {MIN_REFERENCE} documents")
    if not (np.isfinite(reference).all() and np.isfinite(values).all()):
        raise Invalid("a score is no number", hint="leave out documents that were not measured")
    ordered = np.sort(reference)
    below, upto = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return (below + upto) / (2 * len(ordered))


def watch(before: Watch, seen: np.ndarray, *, tolerance: float = TOLERANCE) -> Watch:
    """The state after the places of some more documents, in their order.

    tolerance: how far the mean place may be from 1/2 without mattering; the same for the whole stream.
    """
    if not 0 <= tolerance < 0.5:
        raise Invalid(f"a tolerance of {tolerance!r} leaves nothing to find", hint="choose one in [0, .5), such as .1")
    high, low = 0.5 + tolerance, 0.5 - tolerance
    mean, spread, up, down, peak = before.mean, before.spread, before.up, before.down, before.peak
    for place in seen.tolist():
        # The bets are made before the place is looked at: that is what makes the capital a martingale.
        up += math.log1p(_bet(mean - high, spread, high) * (place - high))
        down += math.log1p(_bet(low - mean, spread, high) * (low - place))
        peak = max(peak, _average(up, down))
        away = place - mean
        mean += _MEMORY * away
        spread += _MEMORY * (away * away - spread)
    return Watch(seen=before.seen + len(seen), mean=mean, spread=spread, up=up, down=down, peak=peak)


def alarms(watches: Mapping[Key, Watch], alpha: float = ALPHA) -> tuple[Key, ...]:
    """Which of many streams moved, the strongest evidence first: at most alpha of those named have not, on average.

    Benjamini-Hochberg for e-values (Wang and Ramdas 2022); it holds however the streams depend on one another. It reads
    the evidence of now, so look whenever you like.
    """
    ordered = sorted(watches, key=lambda key: -_average(watches[key].up, watches[key].down))
    enough = [math.log(len(ordered) / (alpha * rank)) for rank in range(1, len(ordered) + 1)]
    logs = [_average(watches[key].up, watches[key].down) for key in ordered]
    last = max((n for n, (log, least) in enumerate(zip(logs, enough, strict=True), 1) if log >= least), default=0)
    return tuple(ordered[:last])


def _bet(edge: float, spread: float, bound: float) -> float:
    """Share to wager: about what makes the capital grow fastest (aGRAPA), 0 without an edge."""
    return min(edge / (spread + edge * edge), _BOLDNESS / bound) if edge > 0 else 0.0


def _average(up: float, down: float) -> float:
    """Logarithm of the mean of both capitals."""
    most = max(up, down)
    return most + math.log((math.exp(up - most) + math.exp(down - most)) / 2)
