"""What flows give back: plain values, shown alike by the command line, HTTP, the console and the SDK."""

from __future__ import annotations

from thruline.flows.reports.answers import (
    AnswerLine,
    AnswerReport,
    Node,
    Outcome,
    Passage,
    Quote,
    ReplayReport,
    SearchReport,
    Sentence,
    WhyReport,
)
from thruline.flows.reports.checks import (
    ContractReport,
    CorpusReport,
    DriftView,
    QualityReport,
    QualityRule,
    RuleReport,
)
from thruline.flows.reports.removal import BlastReport, EraseReport, QuarantineReport, ReaskedAnswer
from thruline.flows.reports.rights import (
    HeldDocument,
    HoldView,
    PersonExport,
    PersonReport,
    RestrictionReport,
    RestrictionView,
)
from thruline.flows.reports.sources import (
    DocumentView,
    PushReport,
    Refusal,
    RiskView,
    SourceView,
    SyncReport,
)
from thruline.flows.reports.state import (
    BackupReport,
    Check,
    EventView,
    GenerationView,
    ProblemView,
    RunView,
    Status,
    VerifyReport,
)

__all__ = [
    "AnswerLine",
    "AnswerReport",
    "BackupReport",
    "BlastReport",
    "Check",
    "ContractReport",
    "CorpusReport",
    "DocumentView",
    "DriftView",
    "EraseReport",
    "EventView",
    "GenerationView",
    "HeldDocument",
    "HoldView",
    "Node",
    "Outcome",
    "Passage",
    "PersonExport",
    "PersonReport",
    "ProblemView",
    "PushReport",
    "QualityReport",
    "QualityRule",
    "QuarantineReport",
    "Quote",
    "ReaskedAnswer",
    "Refusal",
    "ReplayReport",
    "RestrictionReport",
    "RestrictionView",
    "RiskView",
    "RuleReport",
    "RunView",
    "SearchReport",
    "Sentence",
    "SourceView",
    "Status",
    "SyncReport",
    "VerifyReport",
    "WhyReport",
]
