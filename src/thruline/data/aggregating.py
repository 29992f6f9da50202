"""What is asked of a table, told with noise: exact sums go in, and never come out. Needs the extra `dp`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from thruline.data.aggregates import Asked, Measure
from thruline.data.bounded_sums import Sums, bounded_sums
from thruline.data.noise import UNSURE, accuracy, noisy, noisy_groups, scale_for, threshold_for
from thruline.data.tables import Scan

TYPICAL = 1000  # rows of a group, for which the accuracy of a mean is foretold
_DIGITS = 2  # that are told beyond the first of the accuracy


class Number(NamedTuple):
    """A measure of a group, or of the whole table. value: none where it is foretold alone.

    accuracy: how far off the value is at most, in 95 of 100 cases; what bounds cut away is not in it.
    """

    group: str
    measure: str
    column: str
    value: float | None
    accuracy: float


def tell(scan: Scan, asked: Asked, seed: int) -> tuple[Number, ...]:
    """The numbers, each drawn anew. seed: a secret, by which the rows of a person are chosen that count."""
    exact = bounded_sums(scan.frame, asked, seed)
    groups = _groups(exact, asked)
    numbers = [_measured(exact, groups, m, asked) for m in asked.measures]
    return tuple(number for of_group in zip(*numbers, strict=True) for number in of_group)


def foretell(asked: Asked) -> tuple[Number, ...]:
    """How accurate each measure would be; a mean in a group of TYPICAL rows. No row is looked at."""
    return tuple(Number("", m.kind, m.column, None, _foretold(m, asked)) for m in asked.measures)


def threshold(asked: Asked) -> int:
    """The least noisy count that a group is told from; 0 where the groups are known."""
    return threshold_for(_scale(asked, asked.rows), asked.rows, asked.delta) if asked.finds_groups else 0


def _groups(exact: Mapping[str, Sums], asked: Asked) -> Mapping[str, int]:
    """The groups that are told of, with their noisy counts where these decided it."""
    if not asked.finds_groups:
        return dict.fromkeys(asked.values or ("",), 0)
    counts = {group: sums.rows for group, sums in exact.items()}
    return dict(sorted(noisy_groups(counts, _scale(asked, asked.rows), threshold(asked)).items()))


def _measured(exact: Mapping[str, Sums], groups: Mapping[str, int], measure: Measure, asked: Asked) -> list[Number]:
    nothing = Sums(0, [0] * len(asked.measures), [0] * len(asked.measures))
    sums, number = [exact.get(group, nothing) for group in groups], asked.measures.index(measure)
    match measure.kind:
        case "count":
            scale = _scale(asked, asked.rows)
            drawn = list(groups.values()) if asked.finds_groups else noisy([s.rows for s in sums], scale)
            told = [(value, accuracy(scale)) for value in drawn]
        case "sum":
            drawn, scale = _noisy_steps(measure, asked, [s.steps[number] for s in sums])
            told = [(value * measure.grid.step, accuracy(scale) * measure.grid.step) for value in drawn]
        case "mean":
            drawn, _ = _noisy_steps(measure, asked, [s.steps[number] for s in sums])
            filled = noisy([s.filled[number] for s in sums], _scale(asked, asked.rows))
            told = [_mean(measure, asked, *both) for both in zip(drawn, filled, strict=True)]
    return [Number(g, measure.kind, measure.column, *_rounded(*t)) for g, t in zip(groups, told, strict=True)]


def _noisy_steps(measure: Measure, asked: Asked, steps: Sequence[int]) -> tuple[list[int], float]:
    scale = _scale(asked, asked.rows * measure.grid.furthest)
    return noisy(steps, scale), scale


def _scale(asked: Asked, sensitivity: int) -> float:
    return scale_for(sensitivity, asked.each)


def _mean(measure: Measure, asked: Asked, steps: int, filled: int) -> tuple[float, float]:
    """A sum from the middle over a count, and how far off: each of the two is further off in half of the cases."""
    grid, count_off, steps_off = measure.grid, *_mean_off(measure, asked)
    at_least = filled - count_off
    if at_least < 1:
        return grid.origin, (measure.high - measure.low) / 2  # no more is known than the bounds
    value = min(max(grid.origin + steps * grid.step / filled, measure.low), measure.high)
    off = (steps_off * grid.step + abs(value - grid.origin) * count_off) / at_least
    return value, min(off, measure.high - measure.low)


def _mean_off(measure: Measure, asked: Asked) -> tuple[float, float]:
    """How far off the count and the steps of a mean are, so that both are nearer in 95 of 100 cases."""
    rows = asked.rows
    scales = _scale(asked, rows), _scale(asked, rows * measure.grid.furthest)
    return accuracy(scales[0], UNSURE / 2), accuracy(scales[1], UNSURE / 2)


def _foretold(measure: Measure, asked: Asked) -> float:
    grid = measure.grid if measure.column else None
    if grid is None:
        return accuracy(_scale(asked, asked.rows))
    if measure.kind == "sum":
        return accuracy(_scale(asked, asked.rows * grid.furthest)) * grid.step
    return _mean(measure, asked, grid.furthest * TYPICAL, TYPICAL)[1]


def _rounded(value: float, off: float) -> tuple[float, float]:
    """Without digits that the noise makes up."""
    digits = max(0, _DIGITS - math.floor(math.log10(off)))
    return round(value, digits), float(f"{off:.3g}")
