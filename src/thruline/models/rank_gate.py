"""How good an order of passages is, and whether one is better than another: nDCG@10 with paired intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from thruline.models.evaluate import Estimate
from thruline.models.gate import Decision

AT = 10
RESAMPLES = 2000
WORSE_BY = 0.005  # nDCG that a new reranker may lose against the one that serves before we call it worse
LEAST_QUESTIONS = 30  # of which an interval of a mean says anything


class Ranked(NamedTuple):
    """nDCG@10 of the same questions: in the order of the search, by the candidate, by the one that serves if any."""

    found: np.ndarray
    candidate: np.ndarray
    serving: np.ndarray | None


def ndcg(gains: Sequence[float], ideal: Sequence[float]) -> float:
    """gains: of the passages in their order; ideal: of all that answer. Discounted as in trec_eval; 0 for no ideal."""
    best = _discounted(sorted(ideal, reverse=True))
    return _discounted(gains) / best if best else 0.0


def paired(differences: np.ndarray, *, seed: int = 0) -> Estimate:
    """Their mean with a 95 % bootstrap interval over questions."""
    n = len(differences)
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), RESAMPLES) @ differences / n
    low, high = np.quantile(drawn, (0.025, 0.975)).tolist()
    value = float(differences.mean())
    return Estimate(value, min(low, value), max(high, value))


def decide(ranked: Ranked, *, seed: int = 0) -> Decision:
    """Pass when the candidate is better than the search's order, and not worse than what serves, at the unlucky end."""
    n = len(ranked.found)
    if n < LEAST_QUESTIONS:
        reason = f"{n} held-out questions, wanted {LEAST_QUESTIONS}"
        return Decision(outcome="failed", score=0.0, low=0.0, high=0.0, threshold=0.0, reasons=(reason,))
    gain = paired(ranked.candidate - ranked.found, seed=seed)
    outcomes = [_check("nDCG@10 above the order of the search", gain, 0.0)]
    if ranked.serving is not None:
        against = paired(ranked.candidate - ranked.serving, seed=seed)
        outcomes.append(_check("nDCG@10 minus the serving reranker's", against, -WORSE_BY))
    missed = [decision for decision in outcomes if decision.outcome == "failed"]
    shown = missed[0] if missed else outcomes[0]
    outcome: Literal["passed", "failed"] = "failed" if missed else "passed"
    return Decision(
        outcome=outcome, score=shown.score, low=shown.low, high=shown.high, threshold=shown.threshold,
        reasons=tuple(r for decision in missed or outcomes for r in decision.reasons),
    )  # fmt: skip


def _check(name: str, found: Estimate, least: float) -> Decision:
    reason = f"{name} at least {found.low:+.4f}, wanted more than {least:+.4f}"
    outcome: Literal["passed", "failed"] = "passed" if found.low > least else "failed"
    return Decision(
        outcome=outcome, score=found.value, low=found.low, high=found.high, threshold=least, reasons=(reason,)
    )


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains[:AT], 1))
