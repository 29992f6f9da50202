"""vectors: judged questions, and how good search and answers are on them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from thruline.app.operations import operation
from thruline.app.platform import Platform
from thruline.core.lazy import lazy

if TYPE_CHECKING:
    from thruline.flows import calibrate as calibrating
    from thruline.flows import collections, judged_import, judged_making, reports
    from thruline.flows import evaluate as evaluating
    from thruline.flows import judged as judging
else:
    reports = lazy("thruline.flows.reports")
    calibrating = lazy("thruline.flows.calibrate")
    collections = lazy("thruline.flows.collections")
    evaluating = lazy("thruline.flows.evaluate")
    judging = lazy("thruline.flows.judged")
    judged_import = lazy("thruline.flows.judged_import")
    judged_making = lazy("thruline.flows.judged_making")

DryRun = Annotated[bool, "say what would happen, and change nothing"]


@operation(role="operator", cli="evaluate", positional=("collection",))
def evaluate(
    p: Platform, *,
    collection: Annotated[str, "the collection"] = "main",
    by: Annotated[
        Literal["both", "found", "words"],
        "as people are answered, as it is found before a reranker or a rule orders it, or by words alone (BM25)",
    ] = "both",
    compare: Annotated[str, "another way to search, as `words`, or a generation by its id or tag"] = "",
    k: Annotated[int, "how many passages count, 1 to 100"] = 10,
    answers: Annotated[int, "of so many questions the answers are measured, too"] = 50,
    calibrate: Annotated[bool, "first fit to them from where on there is an answer, not `I do not know`"] = False,
    dry_run: Annotated[bool, "say what `calibrate` would choose, and do not choose it"] = False,
) -> reports.EvaluationReport:  # fmt: skip
    """How good search and answers are on judged questions, with intervals; and which of two ways is better."""
    collections.check_collection(collection)
    chosen = calibrating.calibrate(p.line, p.actor, dry_run=dry_run, progress=p.progress) if calibrate else None
    report = evaluating.evaluate(p.line, p.actor, k=k, by=by, compare=compare, answers=answers, progress=p.progress)
    return replace(report, calibration=chosen)


@operation(role="reader", cli="feedback", positional=("answer", "says"), path="/v1/receipts/{answer}/feedback")
def feedback(
    p: Platform, *,
    answer: Annotated[str, "receipt id of an answer"],
    says: Annotated[Literal["good", "bad"], "whether it answers the question"],
) -> reports.FeedbackReport:  # fmt: skip
    """Say whether an answer is good; its question and the passages that it cites become a judged question."""
    return judging.feedback(p.line, p.actor, answer, says)


@operation(role="operator", cli="judged list", reads=True)
def judged(p: Platform) -> reports.JudgedReport:
    """How many judged questions are kept, and where they come from."""
    return judging.listing(p.line)


@operation(role="operator", cli="judged make")
def make_judged(
    p: Platform, *,
    questions: Annotated[int, "of so many documents, 1 to 2000"] = 200,
    dry_run: DryRun = False,
) -> reports.MadeReport:  # fmt: skip
    """Make questions that your documents answer: by the language model where one is set, else titles and key words."""
    return judged_making.make(p.line, questions, dry_run=dry_run, actor=p.actor.id, progress=p.progress)


@operation(role="operator", cli="judged import", positional=("path",))
def import_judged(
    p: Platform, *,
    path: Annotated[str, "a JSONL or CSV file with `question`, `document` and perhaps `answer`, or a folder of BEIR's"],
    dry_run: DryRun = False,
) -> reports.MadeReport:  # fmt: skip
    """Keep judged questions that a file brings; its documents are named by path, by id or by file name."""
    return judged_import.bring(p.line, path, dry_run=dry_run, actor=p.actor.id)


@operation(role="operator", cli="judged forget")
def forget_judged(
    p: Platform, *,
    origin: Annotated[Literal["documents", "file", "feedback"], "where they came from"],
    dry_run: DryRun = False,
) -> reports.ForgottenReport:  # fmt: skip
    """Delete the judged questions that came one way."""
    return judging.forget(p.line, origin, dry_run=dry_run, actor=p.actor.id)
