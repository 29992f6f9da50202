"""What was measured on judged questions to choose by, and what was chosen."""

from __future__ import annotations

from dataclasses import dataclass

from thruline.flows.reports.evaluation import Measure
from thruline.vectors.fusion import Fusion


@dataclass(frozen=True, kw_only=True)
class FusionMeasure:
    """A way to join the rankings, and its nDCG@10 on the questions to tune by."""

    fusion: Fusion
    ndcg: float


@dataclass(frozen=True, kw_only=True)
class WeighReport:
    """How the rankings by meaning and by words are best joined. ok: whether that is better than what was in force.

    ndcg_before, ndcg, gain: on the questions to judge by, on which nothing was chosen; the gain question by question.
    changed: whether it is in force now. tried: for each weight of words its best constant.
    """

    collection: str
    generation: str
    ok: bool
    fusion: Fusion
    before: Fusion
    changed: bool
    learned_on: int
    judged_on: int
    says: str
    ndcg_before: Measure
    ndcg: Measure
    gain: Measure
    tried: tuple[FusionMeasure, ...]
    dry_run: bool
    seconds: float


@dataclass(frozen=True, kw_only=True)
class ChoiceView:
    """A choice by measurement. since: empty for what a home begins with."""

    what: str
    value: str
    in_force: bool
    since: str
    why: str
