"""Judged questions of a home: made from its documents, read from a file, or from what people say of answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from thruline.core.errors import Conflict
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Actor, Draft
from thruline.flows.receipts import read
from thruline.flows.reports import FeedbackReport, ForgottenReport, JudgedReport
from thruline.vectors.judged import ORIGINS, Judged, Origin, Part

if TYPE_CHECKING:
    from thruline.flows.line import Line

Says = Literal["good", "bad"]


class Row(NamedTuple):
    """What search, or a model that learns to search, is measured or taught by. grades: by record or chunk id.

    reference: an answer that is right, empty for none.
    """

    question: str
    grades: Mapping[str, int]
    origin: str
    reference: str = ""


def rows(line: Line, part: Part = "tuning") -> list[Row]:
    """The judged questions of one part, without documents that no longer answer; those that keep none are left out."""
    kept = [(q, _alive(line, q.grades)) for q in line.judged.all(part)]
    return [Row(q.question, grades, q.origin, q.reference) for q, grades in kept if grades]


def unanswered(line: Line, part: Part) -> list[Judged]:
    """The questions of one part that a file says nothing answers."""
    return [q for q in line.judged.all(part, origins=("file",)) if not q.grades]


def listing(line: Line) -> JudgedReport:
    """How many there are, by where they come from."""
    every = line.judged.all()
    parts = [line.judged.part(q.question) for q in every]
    return JudgedReport(
        questions=len(every), tuning=parts.count("tuning"), judging=parts.count("judging"),
        with_reference=sum(bool(q.reference) for q in every),
        **{origin: sum(q.origin == origin for q in every) for origin in ORIGINS},
    )  # fmt: skip


def feedback(line: Line, actor: Actor, answer: str, says: Says) -> FeedbackReport:
    """Keep what somebody says of an answer that they may see; said again, it takes the place of what they said before.

    The passages that the answer cites are judged with it. Raises Conflict for one that cites none.
    """
    said = read(line, actor, answer)
    grades = {p.chunk: 1 if says == "good" else 0 for p in said.cited}
    if not grades:
        raise Conflict("this answer cites no passage that could be judged", hint="judge one that cites some")
    question = Judged(
        id=line.judged.id("feedback", answer, actor.id), question=said.question, grades=grades, origin="feedback",
        at=line.clock.now(), by=actor.id,
    )  # fmt: skip
    with line.database.transaction():
        if line.answers.row(answer) is None:  # erased since it was read
            raise Conflict("this answer was erased a moment ago", hint="ask again")
        keep(line, [(question, (ArtifactId(answer),))], actor.id)
    return FeedbackReport(answer=answer, says=says, passages=len(grades), part=line.judged.part(said.question))


def forget(line: Line, origin: Origin, *, dry_run: bool, actor: str) -> ForgottenReport:
    """Delete what came one way."""
    ids = [question.id for question in line.judged.all(origins=(origin,))]
    if not dry_run and ids:
        with line.database.transaction():
            line.judged.delete(ids)
            line.ledger.append([Draft(verb="questions.forgotten", facts={"questions": len(ids)}, actor=actor)])
    return ForgottenReport(forgotten=len(ids), origin=origin, dry_run=dry_run)


def keep(line: Line, made: Sequence[tuple[Judged, Sequence[ArtifactId]]], actor: str) -> int:
    """Keep judged questions, each with what its words were made from; joins the caller's transaction.

    How many are kept: not those that name somebody who was erased.
    """
    made = [(q, of) for q, of in made if not line.subjects.calls_erased(q.question, q.reference)]
    line.judged.put(question for question, _ in made)
    line.ledger.append([
        Draft(
            verb="question.judged", inputs=tuple(of), outputs=(q.id,), actor=actor,
            facts={"origin": q.origin, "part": line.judged.part(q.question), "relevant": len(q.relevant)},
        )
        for q, of in made
    ])  # fmt: skip
    return len(made)


def _alive(line: Line, grades: Mapping[str, int]) -> dict[str, int]:
    records = line.records.get_many(list(grades))
    places = line.records.places([id for id in grades if id not in records])
    held = line.records.get_many([p.record for p in places.values()])
    live = {id for id, r in records.items() if r.state == "live"}
    live |= {chunk for chunk, p in places.items() if p.record in held and held[p.record].state == "live"}
    return {id: grade for id, grade in grades.items() if id in live}
