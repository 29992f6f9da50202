"""Whether recall has fallen below a goal, judged after every query without ever being judged too often.

Somebody bets against "the recall is at least the goal". While that is so the game is fair at best, so their wealth,
which begins at 1, exceeds 20 at any time with a probability of at most 1/20 (Ville 1939); once it is not, wealth grows
exponentially. The stake on a query is fixed before it is seen, after the mean and variance of the last ones: the
approximate growth-rate optimum of Waudby-Smith & Ramdas, "Estimating means of bounded random variables by betting",
JRSS-B 86 (2024), with a running mean that forgets, so that an index that was good for long is still caught.
"""

from __future__ import annotations

import math
from typing import NamedTuple

ALPHA = 0.05  # the chance of any false alarm, ever, of one plan
FORGETS = 30  # queries: over how many the running mean and variance reach back
BOLDEST = 0.5  # share of the wealth that one query can cost
STEEPEST = 100.0  # stake where the goal leaves nothing to lose


class Bets(NamedTuple):
    """The game so far. mean, variance: of the last shares found; below 0 before the first. log_wealth: natural."""

    queries: int = 0
    mean: float = -1.0
    variance: float = -1.0
    log_wealth: float = 0.0

    @property
    def is_alarm(self) -> bool:
        """Whether the wealth is reached that luck reaches in one of 20 games."""
        return self.log_wealth >= math.log(1 / ALPHA)

    def after(self, share: float, goal: float) -> Bets:
        """With one query more. share: of its neighbours that were found, in [0, 1]; goal: in (0, 1]."""
        mean, variance = (self.mean, self.variance) if self.queries else (goal, goal * (1 - goal) / 4)
        off = share - mean
        return Bets(
            self.queries + 1, mean + off / FORGETS, variance + (off * off - variance) / FORGETS,
            self.log_wealth + math.log1p(_stake(mean, variance, goal) * (goal - share)),
        )  # fmt: skip


def _stake(mean: float, variance: float, goal: float) -> float:
    """Nothing while the last queries were as good as the goal."""
    short = goal - mean
    if short <= 0:
        return 0.0
    most = min(STEEPEST, BOLDEST / (1 - goal)) if goal < 1 else STEEPEST
    return min(most, short / (variance + short * short))
