"""Noise that hides what one person adds to whole numbers: Laplace's, drawn exactly by OpenDP. Needs the extra `dp`.

Only whole numbers are drawn: noise on floats has gaps that give the true value away (Mironov 2012).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence

from opendp.accuracy import discrete_laplacian_scale_to_accuracy
from opendp.domains import atom_domain, map_domain, vector_domain
from opendp.measurements import make_laplace, make_laplace_threshold
from opendp.metrics import absolute_distance, l01inf_distance, l1_distance
from opendp.mod import Measurement, enable_features

UNSURE = 0.05  # of a number: the chance that it is further off than its accuracy says
_WHOLE = "i64"
_LARGEST = 2**50  # a threshold above any count

enable_features("contrib")  # OpenDP asks whoever uses parts whose proofs are not all vetted to say so


def scale_for(sensitivity: int, epsilon: float) -> float:
    """The noise's scale by which numbers that differ by sensitivity in all cost epsilon, by OpenDP's own account."""
    scale = sensitivity / epsilon
    while _laplace(scale).map(sensitivity) > epsilon:  # rounded down by half a bit
        scale = math.nextafter(scale, math.inf)
    return scale


def accuracy(scale: float, unsure: float = UNSURE) -> float:
    """How far off noise of this scale is at most, but for a chance of unsure."""
    return discrete_laplacian_scale_to_accuracy(scale, unsure)


def noisy(numbers: Sequence[int], scale: float) -> list[int]:
    """Each number with noise of its own."""
    return _laplace(scale)(list(numbers)) if numbers else []


def threshold_for(scale: float, rows: int, delta: float) -> int:
    """The least noisy count that a group is told from, so that delta bounds the chance that a group of one person is.

    rows: as many as a person has at most, each maybe in a group of its own.
    """
    below = range(rows, _LARGEST)
    found = bisect_left(below, True, key=lambda number: _threshold(scale, number).map((rows,) * 3)[1] <= delta)
    return below[found] + 1  # OpenDP 0.16 accounts for counts above its threshold, and also tells those that reach it


def noisy_groups(counts: Mapping[str, int], scale: float, threshold: int) -> dict[str, int]:
    """Counts with noise, of the groups whose noisy count reaches the threshold."""
    names = list(counts)  # OpenDP is given numbers: it cuts a name at a NUL, and two would be one
    told = _threshold(scale, threshold)(dict(enumerate(counts.values()))) if counts else {}
    return {names[number]: count for number, count in told.items()}


def _laplace(scale: float) -> Measurement:
    return make_laplace(vector_domain(atom_domain(T=_WHOLE)), l1_distance(T=_WHOLE), scale=scale)


def _threshold(scale: float, threshold: int) -> Measurement:
    counts = map_domain(atom_domain(T=_WHOLE), atom_domain(T=_WHOLE))
    return make_laplace_threshold(counts, l01inf_distance(absolute_distance(T=_WHOLE)), scale, threshold)
