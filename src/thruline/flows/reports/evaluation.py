"""How good search and answers are on judged questions, and where those come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from thruline.vectors.quality import Estimate


@dataclass(frozen=True, kw_only=True)
class JudgedReport:
    """Judged questions that are kept, by part and by origin. with_reference: those with an answer that is right."""

    questions: int
    tuning: int
    judging: int
    documents: int
    file: int
    feedback: int
    with_reference: int


@dataclass(frozen=True, kw_only=True)
class MadeReport:
    """What was added. unread: rows or documents that no question came of; dry_run: nothing was kept."""

    added: int
    origin: str
    unread: int = 0
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class ForgottenReport:
    """Judged questions that were deleted, or would be."""

    forgotten: int
    origin: str
    dry_run: bool


@dataclass(frozen=True, kw_only=True)
class FeedbackReport:
    """What was kept of what somebody said of an answer. passages: that were judged with it; part: what it is for."""

    answer: str
    says: Literal["good", "bad"]
    passages: int
    part: str


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A mean over questions with its 95 % interval. says: what it counts, in plain words."""

    name: str
    says: str
    value: float
    low: float
    high: float
    questions: int

    @classmethod
    def of(cls, name: str, says: str, found: Estimate) -> Self:
        """What was found, as it reads."""
        low, high = round(found.low, 4), round(found.high, 4)
        return cls(name=name, says=says, value=round(found.value, 4), low=low, high=high, questions=found.of)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What one way gains over another, question by question, with its 95 % interval."""

    name: str
    value: float
    low: float
    high: float
    says: Literal["better", "worse", "cannot be told"]


@dataclass(frozen=True, kw_only=True)
class Answering:
    """What becomes of judged questions. right, wrong, refused: of those that something answers, 1 together.

    made_up: of those that nothing answers, answered all the same.
    """

    right: Measure
    wrong: Measure
    refused: Measure
    made_up: Measure


@dataclass(frozen=True, kw_only=True)
class CalibrationReport:
    """From where on there is an answer, fitted to judged questions. ok: whether that is better than what was in force.

    answering_before, answering, gain: on the questions to judge by, on which nothing was fitted; the gain question by
    question. changed: whether it is in force now.
    """

    generation: str
    ok: bool
    curve: str
    before: str
    changed: bool
    learned_on: int
    judged_on: int
    says: str
    answering_before: Answering
    answering: Answering
    gain: Measure
    dry_run: bool
    seconds: float


@dataclass(frozen=True, kw_only=True)
class EvaluationReport:
    """How good search and answers are on judged questions. by: the way of searching; compared: the other one or ''.

    set_aside: judged questions that nothing which serves answers any more. made: questions that were made of the
    documents themselves. calibration: what was chosen before all of it was measured, null where nothing was to be.
    """

    generation: str
    by: str
    part: str
    questions: int
    set_aside: int
    made: int
    search: tuple[Measure, ...]
    answers: tuple[Measure, ...]
    seconds: float
    compared: str = ""
    differences: tuple[Difference, ...] = ()
    says: str = ""
    calibration: CalibrationReport | None = None
