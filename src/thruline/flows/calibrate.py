"""Calibrate: from where on there is an answer, fitted to judged questions with and without what answers them.

Of every question that documents answer a second one is made that they do not: the same, asked while those documents
are hidden. It is about the very matter, and what is nearest does not answer it. Questions that a file states nothing to
answer come besides.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.errors import Conflict
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Actor
from thruline.flows.answer import prepare
from thruline.flows.choices import Judgement, judge_choice
from thruline.flows.judged import Row, rows, unanswered
from thruline.flows.reports import Answering, CalibrationReport, Measure
from thruline.flows.words import Asked, extracted
from thruline.runs.runner import Progress, Run
from thruline.vectors.calibrating import Case, fitted
from thruline.vectors.judged import Part
from thruline.vectors.quality import Estimate, estimate, holds, share
from thruline.vectors.sureness import FIRST, Curve, way

if TYPE_CHECKING:
    from thruline.flows.line import Line
    from thruline.vectors.extract import Extract

RULE = "sureness_gain"
LEAST = 30  # questions in each half that documents answer
MOST = 150  # of each half that are asked: each takes as long as an answer, twice


class _Question(NamedTuple):
    row: Row
    hidden: frozenset[ArtifactId] = frozenset()


def calibrate(line: Line, actor: Actor, *, dry_run: bool, progress: Progress | None = None) -> CalibrationReport:
    """Fit the curve to the questions to tune by, and take it if on those to judge by its answers are worth more.

    A right answer is worth 1, a wrong one -1, none 0. Raises Conflict where too few are judged, or another tuning is
    under way.
    """
    began = time.monotonic()
    with line.runs.start("tune", only="index", actor=actor.id, progress=progress) as run:
        halves = [_questions(line, "tuning"), _questions(line, "judging")]
        found = iter(list(_asked(line, actor, run, [*halves[0], *halves[1]])))
        told = [[(q.row.question, case) for q in half if (case := next(found))] for half in halves]
        learn, judge = ([case for _, case in half] for half in told)
        current, curve = Curve.read(line.choices.current("sureness")), fitted(learn)
        gain = _gain(told[1], current, curve)
        ok = gain.low > 0
        report = CalibrationReport(
            generation=line.shelf.serving().generation, ok=ok, curve=curve.text, before=current.text,
            changed=ok and not dry_run, learned_on=len(learn), judged_on=len(judge),
            says=_says(gain.value, gain.low, gain.high),
            answering_before=_answering(judge, current), answering=_answering(judge, curve),
            gain=Measure.of("worth", "of a question: 1 for a right answer, -1 for a wrong one", gain),
            dry_run=dry_run, seconds=round(time.monotonic() - began, 2),
        )  # fmt: skip
        if not dry_run:
            judge_choice(line, run, Judgement("sureness", RULE, report.generation, report.gain, curve.written(), ok))
        return report


def _questions(line: Line, part: Part) -> list[_Question]:
    """Those with an answer, each again without it, and those that nothing answers."""
    known = [row for row in rows(line, part) if any(grade > 0 for grade in row.grades.values())]
    if len(known) < LEAST:
        raise Conflict(
            f"{len(known)} judged questions to {'tune' if part == 'tuning' else 'judge'} by are too few",
            hint=f"at least {LEAST} in each half: `thruline judged import`, `thruline feedback`",
        )
    known = sorted(known, key=lambda row: line.ids.digest("calibrate", row.question))[:MOST]
    none = [Row(q.question, {}, q.origin) for q in unanswered(line, part)][:MOST]
    answers = [frozenset(_records(line, row)) for row in known]
    without = [_Question(row, hidden) for row, hidden in zip(known, answers, strict=True)]
    return [*map(_Question, known), *without, *map(_Question, none)]


def _records(line: Line, row: Row) -> Iterator[ArtifactId]:
    """What answers it, as records."""
    right = [id for id, grade in row.grades.items() if grade > 0]
    places = line.records.places(right)
    yield from (places[id].record if id in places else ArtifactId(id) for id in right)


def _asked(line: Line, actor: Actor, run: Run, questions: Sequence[_Question]) -> Iterator[Case | None]:
    for n, question in enumerate(questions):
        run.tell("asking judged questions", n, len(questions))
        run.check()
        yield _case(line, actor, question)
    run.tell("asking judged questions", len(questions), len(questions))


def _case(line: Line, actor: Actor, question: _Question) -> Case | None:
    """What would be said, whatever it is worth; None where nothing can be, or the answer stands elsewhere, too."""
    row, hidden = question
    asked = prepare(line, actor, row.question, by_model=False, without=hidden)
    if asked.footing is None or asked.stays.is_unembedded:
        return None
    footing = asked.footing._replace(curve=replace(FIRST, answer_from=0.0))
    found = extracted(line, replace(asked, footing=footing))
    if hidden and row.reference and holds(" ".join(s.text for s in found.sentences), row.reference):
        return None  # another document says it, too
    return Case(
        nearest=way(footing.nearest, footing.chance), closest=way(found.closest, footing.chance), words=found.support,
        has_answer=bool(row.grades) and not hidden, is_right=not hidden and _cites(row, asked, found),
    )  # fmt: skip


def _cites(row: Row, asked: Asked, found: Extract) -> bool:
    numbers = {cited.number for cited in found.sentences}
    cited = {id for p in asked.passages if p.number in numbers for id in (p.chunk, p.record)}
    return any(row.grades.get(id, 0) > 0 for id in cited)


def _gain(judged: Sequence[tuple[str, Case]], current: Curve, curve: Curve) -> Estimate:
    """How much more a question is worth, asked with what answers it and without: the two are one draw."""
    gains: dict[str, list[int]] = {}
    for question, case in judged:
        gains.setdefault(question, []).append(case.worth(curve) - case.worth(current))
    return estimate([sum(of) / len(of) for of in gains.values()])


def _answering(cases: Sequence[Case], curve: Curve) -> Answering:
    """What becomes of questions by a curve."""
    known, none = [c for c in cases if c.has_answer], [c for c in cases if not c.has_answer]
    right = share([float(c.is_given(curve) and c.is_right) for c in known])
    wrong = share([float(c.is_given(curve) and not c.is_right) for c in known])
    refused = share([float(not c.is_given(curve)) for c in known])
    given = share([float(c.is_given(curve)) for c in none])
    return Answering(
        right=Measure.of("right", "of what documents answer, answered with what answers it", right),
        wrong=Measure.of("wrong", "of what documents answer, answered with something else", wrong),
        refused=Measure.of("refused", "of what documents answer, not answered", refused),
        made_up=Measure.of("made up", "of what nothing answers, answered all the same", given),
    )


def _says(value: float, low: float, high: float) -> str:
    between = f"a question is worth {value:+.3f} more, between {low:+.3f} and {high:+.3f}"
    return f"it is better: {between}" if low > 0 else f"whether it is better cannot be told from these: {between}"
