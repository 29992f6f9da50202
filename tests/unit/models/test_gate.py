"""The gate as a table."""

from __future__ import annotations

import msgspec
import pytest

from thruline.models.evaluate import Estimate, Report
from thruline.models.gate import Policy, decide

SURE = Estimate(0.99, 0.985, 0.995)
GOOD = Report(
    rows=1000, attacks=500, threshold=0.5, auroc=SURE, recall_at_1pct=Estimate(0.8, 0.7, 0.9), recall=SURE,
    false_alarms=Estimate(0.01, 0.005, 0.02), precision=SURE, brier=Estimate(0.02, 0.01, 0.03),
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "against", "outcome", "reason"),
    [
        ({}, None, "passed", "AUROC at least 0.9850"),
        ({}, Estimate(0.0, -0.004, 0.004), "passed", "serving"),
        ({}, Estimate(0.01, -0.006, 0.03), "failed", "serving"),
        ({}, Estimate(-0.1, -0.2, -0.05), "failed", "serving"),
        ({"auroc": Estimate(0.99, 0.94, 1.0)}, None, "failed", "AUROC at least 0.9400"),
        ({"recall_at_1pct": Estimate(0.6, 0.49, 0.7)}, None, "failed", "recall at 1 %"),
        ({"false_alarms": Estimate(0.01, 0.0, 0.04)}, None, "failed", "false alarms at most 0.0400"),
        ({"false_alarms": Estimate(0.01, 0.0, 0.04)}, Estimate(0.1, 0.05, 0.2), "failed", "false alarms"),
    ],
)
def test_the_unlucky_end_decides(changes: dict[str, Estimate], against, outcome: str, reason: str) -> None:
    decision = decide(msgspec.structs.replace(GOOD, **changes), against, Policy())
    assert decision.outcome == outcome
    assert any(reason in said for said in decision.reasons)


def test_a_failed_decision_shows_the_first_floor_that_was_missed() -> None:
    bad = msgspec.structs.replace(GOOD, false_alarms=Estimate(0.2, 0.1, 0.3))
    decision = decide(bad, None, Policy())
    assert (decision.score, decision.low, decision.high, decision.threshold) == (0.2, 0.1, 0.3, 0.03)
