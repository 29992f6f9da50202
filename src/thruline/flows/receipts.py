"""Receipts: answers that were given, for whoever may still see them, and made again."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import replace

from thruline.core.errors import NotFound
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Actor, Draft
from thruline.data.records import Record
from thruline.flows.answer import prepare
from thruline.flows.answers import state_of
from thruline.flows.documents import read_documents
from thruline.flows.eyes import covered, eyes
from thruline.flows.line import Line
from thruline.flows.reports import AnswerLine, AnswerReport, Passage, ReplayReport
from thruline.flows.restrictions import RESTRICTED
from thruline.flows.sight import sight
from thruline.flows.words import by_extract, said_already

WITHHELD = "(left out: it rests on a document that you may not see)"


def listing(line: Line, actor: Actor, limit: int) -> tuple[AnswerLine, ...]:
    """The actor's latest answers; everybody's for the operator."""
    if actor.sees_all:
        return line.answers.lines(line.answers.list("", limit))
    return line.answers.lines(line.answers.list(actor.id, limit), sight(line, actor).among)


def read(line: Line, actor: Actor, answer: str) -> AnswerReport:
    """An answer that the actor may see now; raises NotFound also when it is somebody else's.

    Passages that the actor may no longer see are left out, with the sentences that rest on them, and of restricted
    ones the words; `state` says when one of its records has been taken out of answers since.
    """
    row = line.answers.row(answer)
    said = line.answers.read([answer]).get(answer) if row else None
    if row is None or said is None or not (actor.sees_all or row.asker == actor.id):
        raise NotFound(f"no answer {answer!r}", hint="`thruline answers` lists yours; an erased one is gone")
    records = line.records.get_many([p.record for p in said.passages])
    seen = sight(line, actor).among(records)
    shut = set() if actor.is_operator else {r for r, x in seen.items() if x.reason == RESTRICTED}
    passages = tuple(_as_now(p, seen[p.record], shut) for p in said.passages if p.record in seen)
    state = state_of(said, seen)
    said = _for_eyes(said, {p.number for p in said.passages if p.number and p.record not in seen.keys() - shut})
    return _covered(line, actor, replace(said, passages=passages, state=state))


def _covered(line: Line, actor: Actor, said: AnswerReport) -> AnswerReport:
    """As the actor may see it today, whatever they might when it was made; their own question is theirs."""
    reader = eyes(line, actor)
    if not reader.hidden:
        return said
    records = line.records.get_many([p.record for p in said.passages])
    documents = read_documents(line, [r.document for r in records.values()])
    covers = {id: reader.cover(documents.get(r.document)) for id, r in records.items()}
    passages = tuple(reader.passage(p, covers.get(p.record, reader.cover(None))) for p in said.passages)
    return covered(reader, replace(said, passages=passages), list(covers.values()))


def replay(line: Line, actor: Actor, answer: str) -> ReplayReport:
    """Retrieve again in the generation that the answer came from and make the words again; says what differs.

    The words of a language model are not made again: `generation` is then `unavailable`.
    """
    then = read(line, actor, answer)
    asker = actor if then.asker == actor.name else line.access.actor(then.asker)
    serving = line.shelf.snapshot(ArtifactId(then.generation)) if then.generation else None
    asked = prepare(
        line, asker, then.question, serving, purpose=then.purpose, by_model=then.mode == "llm", filters=then.filters,
        prompt=line.prompts.find(then.prompt), order=then.order,
        fusion=then.searched.fusion if then.searched else None,
    )  # fmt: skip
    before, after = [p.chunk for p in then.passages], [p.chunk for p in asked.passages]
    words = None if then.mode == "llm" else said_already(asked) or by_extract(line, asked)
    retrieval = "same" if before == after else "changed"
    generation = "unavailable" if words is None else "same" if words.text == then.text else "changed"
    facts = {"retrieval": retrieval, "generation": generation}
    line.ledger.append([Draft(verb="answer.replayed", inputs=(ArtifactId(answer),), facts=facts, actor=actor.id)])
    return ReplayReport(
        answer=answer, retrieval=retrieval, generation=generation, diff=_diff(then.text, words.text) if words else (),
        missing=tuple(c for c in before if c not in after), added=tuple(c for c in after if c not in before),
    )  # fmt: skip


def _as_now(passage: Passage, record: Record, shut: Collection[str]) -> Passage:
    """A passage with its record's state; where a restriction shuts its words away, without them."""
    now = replace(passage, state=RESTRICTED if record.reason == RESTRICTED else record.state)
    return replace(now, text="", title="") if record.id in shut else now


def _for_eyes(said: AnswerReport, hidden: set[int]) -> AnswerReport:
    """The answer without what rests, or may rest, on the passages of these numbers: a model does not cite it all."""
    if not hidden:
        return said
    shown = tuple(s for s in said.sentences if (s.citations or said.mode != "llm") and hidden.isdisjoint(s.citations))
    return replace(said, sentences=shown, text="\n\n".join([*(s.text for s in shown), WITHHELD]))


def _diff(then: str, now: str) -> tuple[str, ...]:
    return tuple(difflib.unified_diff(then.splitlines(), now.splitlines(), "then", "now", lineterm=""))
