"""Answered: judged questions get the answers that `ask` would give; they are measured, and nothing of them is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.nouns import Actor
from thruline.flows.answer import prepare
from thruline.flows.budget import uncounted
from thruline.flows.judged import Row
from thruline.flows.words import Asked, Words, by_extract, by_model, said_already
from thruline.vectors.grounding import SUPPORTED_AT_LEAST
from thruline.vectors.quality import holds, is_exact, token_f1

if TYPE_CHECKING:
    from thruline.flows.line import Line


class Answered(NamedTuple):
    """What came of a question. grounded: share of its sentences; cites: 1 where a judged passage is cited.

    exact, holds, f1: against the reference; f1 is None where there is none.
    """

    is_answered: bool
    cites: float = 0.0
    grounded: float = 0.0
    exact: bool = False
    holds: bool = False
    f1: float | None = None


def answered(line: Line, actor: Actor, rows: Sequence[Row], tell: Callable[[], None]) -> Iterator[Answered]:
    """Each question's answer against its judgement."""
    for row in rows:
        asked = _prepared(line, actor, row.question)
        yield _judge(row, asked, _words(line, asked))
        tell()


def _prepared(line: Line, actor: Actor, question: str) -> Asked:
    tokens = line.talk.llm.tokens if line.limits.mode == "llm" and line.talk else uncounted
    return prepare(line, actor, question, tokens=tokens)


def _words(line: Line, asked: Asked) -> Words:
    if settled := said_already(asked):
        return settled
    if line.limits.mode == "llm" and asked.is_for_model and line.talk:
        return line.talk.run(lambda llm: by_model(llm, asked))
    return by_extract(line, asked)


def _judge(row: Row, asked: Asked, words: Words) -> Answered:
    if words.outcome != "answered":
        return Answered(False)
    numbers = {n for sentence in words.sentences for n in sentence.citations}
    cited = {id for p in asked.passages if p.number in numbers for id in (p.chunk, p.record)}
    supported = [s.support >= SUPPORTED_AT_LEAST for s in words.sentences]
    said = " ".join(sentence.text for sentence in words.sentences)
    return Answered(
        True,
        cites=float(any(row.grades.get(id, 0) > 0 for id in cited)),
        grounded=sum(supported) / len(supported) if supported else 0.0,
        exact=bool(row.reference) and is_exact(said, row.reference),
        holds=bool(row.reference) and holds(said, row.reference),
        f1=token_f1(said, row.reference) if row.reference else None,
    )
