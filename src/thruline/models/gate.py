"""The gate: a pure decision over numbers with intervals. It looks at the unlucky end of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from thruline.models.evaluate import Estimate, Report


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What a detector must reach even at the unlucky end of its intervals.

    worse_by: the AUROC that it may lose against the one that serves before we call it worse.
    """

    auroc: float = 0.95
    recall_at_1pct: float = 0.5
    false_alarms: float = 0.03
    worse_by: float = 0.005


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The judgement; score, low, high and threshold are those of the AUROC, or of the first floor that was missed."""

    outcome: Literal["passed", "failed"]
    score: float
    low: float
    high: float
    threshold: float
    reasons: tuple[str, ...]


def decide(candidate: Report, against: Estimate | None, policy: Policy) -> Decision:
    """Pass when every floor holds and the champion is not better.

    against: `evaluate.difference` of candidate and champion, None when nothing serves yet.
    """
    checks = [
        _floor("AUROC", candidate.auroc, policy.auroc),
        _floor("recall at 1 % false alarms", candidate.recall_at_1pct, policy.recall_at_1pct),
        _ceiling("false alarms", candidate.false_alarms, policy.false_alarms),
    ]
    if against is not None:
        checks.append(_floor("AUROC minus the serving model's", against, -policy.worse_by))
    missed = [check for check in checks if check.outcome == "failed"]
    shown = missed[0] if missed else checks[0]
    return Decision(
        outcome="failed" if missed else "passed", score=shown.score, low=shown.low, high=shown.high,
        threshold=shown.threshold, reasons=tuple(r for check in missed or checks for r in check.reasons),
    )  # fmt: skip


def _floor(name: str, found: Estimate, least: float) -> Decision:
    return _check(f"{name} at least {found.low:.4f}, wanted {least:.4f}", found, least, holds=found.low >= least)


def _ceiling(name: str, found: Estimate, most: float) -> Decision:
    return _check(f"{name} at most {found.high:.4f}, allowed {most:.4f}", found, most, holds=found.high <= most)


def _check(reason: str, found: Estimate, threshold: float, *, holds: bool) -> Decision:
    return Decision(
        outcome="passed" if holds else "failed", score=found.value, low=found.low, high=found.high,
        threshold=threshold, reasons=(reason,),
    )  # fmt: skip
