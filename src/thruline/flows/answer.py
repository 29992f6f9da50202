"""Answer: question -> access -> screen -> search -> context -> words -> receipt.

`prepare` and `finish` are the halves around whoever finds the words: sentences of the documents, a language model
behind `ask`, or one that the gateway streams.
"""

from __future__ import annotations

import difflib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from thruline.core.clock import iso
from thruline.core.documents import Chunk
from thruline.core.errors import Corrupt, Invalid, NotFound, Unavailable
from thruline.core.facts import Fact
from thruline.core.ids import ArtifactId, random_id
from thruline.core.nouns import Actor, Draft
from thruline.data import privacy
from thruline.flows.documents import path_names, read_documents
from thruline.flows.line import Line
from thruline.flows.publish import check_embedder
from thruline.flows.reports import (
    AnswerLine,
    AnswerReport,
    Outcome,
    Passage,
    Quote,
    ReplayReport,
    SearchReport,
    Sentence,
)
from thruline.guard.screen import Screened
from thruline.ports.llm import Llm
from thruline.vectors import context as contexts
from thruline.vectors.extract import extract
from thruline.vectors.grounding import ground
from thruline.vectors.serving import Hit, Hits, Serving

REFUSED = "This question was not answered: it reads like an attempt to give the system orders."
NAMES_ERASED = "(not kept: it names somebody who was erased)"
WITHHELD = "(left out: it rests on a document that you may not see)"
MOST_PASSAGES = 100
ANSWER_TOKENS = 700  # a page of text; a small model that has lost its way goes on for ever otherwise


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question with everything that an answer may be made from."""

    id: ArtifactId
    question: str
    actor: Actor
    screened: Screened
    context: contexts.Context
    passages: tuple[Passage, ...]
    generation: ArtifactId
    began: float

    @property
    def is_refused(self) -> bool:
        """Whether the question is not to be answered."""
        return self.screened.outcome == "failed"

    def messages(self) -> list[dict[str, str]]:
        """The chat for a language model, passages fenced by a marker that no document can know."""
        return contexts.messages(self.question, self.context, secrets.token_hex(8))


@dataclass(frozen=True, kw_only=True)
class Words:
    """What was said and by whom. mode `passthrough`: the gateway's, without documents."""

    text: str
    sentences: tuple[Sentence, ...]
    outcome: Outcome
    mode: Literal["extractive", "llm", "passthrough"]
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0


def ask(line: Line, actor: Actor, question: str) -> AnswerReport:
    """The answer to a question, with its receipt on the ledger."""
    asked = prepare(line, actor, question)
    if asked.is_refused:
        words = refusal()
    elif line.limits.mode == "llm" and line.talk:
        words = line.talk.run(lambda llm: by_model(llm, asked))
    else:
        words = by_extract(line, asked)
    return finish(line, asked, words)


def search(line: Line, actor: Actor, question: str, k: int, by: Literal["both", "words"] = "both") -> SearchReport:
    """The k best passages that the actor may see."""
    if not 1 <= k <= MOST_PASSAGES:
        raise Invalid(f"k = {k} is out of range", hint=f"1 to {MOST_PASSAGES}")
    _check(line, question)
    began = time.monotonic()
    serving = line.shelf.serving()
    hits = _find(line, serving, actor, question, k, by=by)
    return SearchReport(
        question=question, passages=tuple(f.passage for f in _read(line, hits)), generation=serving.generation,
        visible=hits.plan.visible, asked=k, ms=(time.monotonic() - began) * 1000,
    )  # fmt: skip


def prepare(line: Line, actor: Actor, question: str, serving: Serving | None = None) -> Asked:
    """Judge the question and find what it may be answered from; raises Invalid for an empty or endless one."""
    began = time.monotonic()
    _check(line, question)
    serving = serving or line.shelf.serving()
    screened = line.screen.prompt(question)
    refused = screened.outcome == "failed"
    found = [] if refused else _read(line, _find(line, serving, actor, question, line.limits.passages))
    context = contexts.assemble([f.hit for f in found], line.limits.context_tokens)
    numbers = {hit.chunk: p.number for p in context.passages for hit in p.hits}
    return Asked(
        id=random_id("answer"), question=question, actor=actor, screened=screened, context=context,
        passages=tuple(replace(f.passage, number=numbers.get(f.hit.chunk, 0)) for f in found),
        generation=serving.generation, began=began,
    )  # fmt: skip


async def by_model(llm: Llm, asked: Asked) -> Words:
    """What the language model says; failing before its first word it raises, later the answer is `interrupted`."""
    parts: list[str] = []
    tokens = (0, 0)
    try:
        async for piece in llm.stream(asked.messages(), {"temperature": 0, "max_tokens": ANSWER_TOKENS}):
            parts.append(piece.text)
            tokens = (piece.tokens_in or tokens[0], piece.tokens_out or tokens[1])
    except (Unavailable, Corrupt):
        if not any(parts):
            raise
        return by_words(asked, "".join(parts), llm.info.name, tokens, whole=False)
    return by_words(asked, "".join(parts), llm.info.name, tokens)


def by_extract(line: Line, asked: Asked) -> Words:
    """Sentences of the passages themselves."""
    found = extract(
        asked.question, asked.context, similarity=lambda q, texts: _cosines(line, q, texts),
        closeness=line.embedder.info.closeness,
    )  # fmt: skip
    sentences = tuple(
        Sentence(
            text=c.text + (f"\n\n{c.code}" if c.code else ""),
            citations=(c.number,),
            support=1.0,
            quotes=tuple(Quote(chunk=x.chunk, start=x.start, end=x.end) for x in c.places),
        )
        for c in found.sentences
    )
    return Words(text=found.text, sentences=sentences, outcome=found.outcome, mode="extractive")


def by_words(asked: Asked, text: str, model: str, tokens: tuple[int, int] = (0, 0), *, whole: bool = True) -> Words:
    """What a language model said, sentence by sentence against the passages that it cites."""
    claims = ground(text, {p.number: p.text for p in asked.context.passages})
    sentences = tuple(Sentence(text=c.text, citations=c.cited, support=round(c.support, 3)) for c in claims)
    outcome: Outcome = "interrupted" if not whole else "unknown" if "i do not know" in text.lower() else "answered"
    return Words(
        text=text, sentences=sentences, outcome=outcome, mode="llm", model=model, tokens_in=tokens[0],
        tokens_out=tokens[1],
    )  # fmt: skip


def refusal() -> Words:
    """What is said instead of an answer to a question that failed its screening."""
    return Words(text=REFUSED, sentences=(), outcome="refused", mode="extractive")


def finish(line: Line, asked: Asked, words: Words) -> AnswerReport:
    """Put the answer on the ledger, keep its text, link the people in it; gives the report with its receipt id."""
    now = line.clock.now()
    ms = (time.monotonic() - asked.began) * 1000
    report = AnswerReport(
        id=asked.id, question=asked.question, outcome=words.outcome, text=words.text, sentences=words.sentences,
        passages=asked.passages, mode=words.mode, model=words.model, generation=asked.generation,
        embedder=line.embedder.info.name, risk=round(asked.screened.score, 4), asked=iso(now), asker=asked.actor.name,
        ms=round(ms, 1),
    )  # fmt: skip
    mentions = privacy.find_mentions(asked.question, line.names)
    named = line.subjects.is_suppressed(mentions) or line.subjects.calls_erased(report.question, report.text)
    kept = _without_words(report) if named else report
    with line.database.transaction():
        digest = line.answers.put(kept, asked.actor.id, now)
        line.subjects.meet(() if named else mentions, asked.id)
        line.ledger.append(_given(line, asked, words, digest, ms))
    return report


def listing(line: Line, actor: Actor, limit: int) -> tuple[AnswerLine, ...]:
    """The actor's latest answers; everybody's for the operator."""
    return line.answers.lines(line.answers.list("" if actor.sees_all else actor.id, limit))


def read(line: Line, actor: Actor, answer: str) -> AnswerReport:
    """An answer that the actor may see now; raises NotFound also when it is somebody else's.

    Passages that the actor may no longer see are left out, with the sentences that rest on them; `state` says when
    one of its records has been taken out of answers since.
    """
    row = line.answers.row(answer)
    said = line.answers.read([answer]).get(answer) if row else None
    if row is None or said is None or not (actor.sees_all or row.asker == actor.id):
        raise NotFound(f"no answer {answer!r}", hint="`thruline answers` lists yours; an erased one is gone")
    records = line.records.get_many([p.record for p in said.passages])
    groups = {s.id: frozenset(s.groups) for s in line.records.sources()}
    seen = {r for r, x in records.items() if actor.sees_all or groups.get(x.source, frozenset()) & actor.groups}
    cited = {n for s in said.sentences for n in s.citations}
    passages = tuple(replace(p, state=records[p.record].state) for p in said.passages if p.record in seen)
    touched = any(p.state in ("quarantined", "deleted") for p in passages if p.number in cited)
    said = _for_eyes(said, {p.number for p in said.passages} - {p.number for p in passages})
    return replace(said, passages=passages, state="touched" if touched else "current")


def replay(line: Line, actor: Actor, answer: str) -> ReplayReport:
    """Retrieve again in the generation that the answer came from and make the words again; says what differs.

    The words of a language model are not made again: `generation` is then `unavailable`.
    """
    then = read(line, actor, answer)
    asker = actor if then.asker == actor.name else line.access.actor(then.asker)
    serving = line.shelf.snapshot(ArtifactId(then.generation)) if then.generation else None
    asked = prepare(line, asker, then.question, serving)
    before, after = [p.chunk for p in then.passages], [p.chunk for p in asked.passages]
    words = None if then.mode == "llm" else refusal() if asked.is_refused else by_extract(line, asked)
    retrieval = "same" if before == after else "changed"
    generation = "unavailable" if words is None else "same" if words.text == then.text else "changed"
    facts = {"retrieval": retrieval, "generation": generation}
    line.ledger.append([Draft(verb="answer.replayed", inputs=(ArtifactId(answer),), facts=facts, actor=actor.id)])
    return ReplayReport(
        answer=answer, retrieval=retrieval, generation=generation, diff=_diff(then.text, words.text) if words else (),
        missing=tuple(c for c in before if c not in after), added=tuple(c for c in after if c not in before),
    )  # fmt: skip


class _Read(NamedTuple):
    hit: contexts.Hit
    passage: Passage


def _check(line: Line, question: str) -> None:
    if not question.strip():
        raise Invalid("the question is empty", hint="ask something")
    if len(question) > line.limits.question_limit:
        raise Invalid(
            f"the question has {len(question)} characters",
            hint=f"at most {line.limits.question_limit} (setting guard.question_limit)",
        )


def _find(
    line: Line, serving: Serving, actor: Actor, question: str, k: int, *, by: Literal["both", "words"] = "both"
) -> Hits:
    if by == "words" or not len(serving):
        return serving.search(question, None, k, groups=actor.groups)
    check_embedder(line, serving.generation)
    with line.embedding:
        vector = line.embedder.query(question)
    return serving.search(question, vector, k, groups=actor.groups)


def _read(line: Line, hits: Hits) -> list[_Read]:
    """Hits with their text; a record that was erased a moment ago is left out."""
    records = line.records.get_many([h.record for h in hits.hits])
    documents = read_documents(line, [r.document for r in records.values()])
    places = line.records.places([h.chunk for h in hits.hits])
    paths = path_names(line, list(records))
    sources = {s.id: s.name for s in line.records.sources()}
    found: list[_Read] = []
    for hit in hits.hits:
        record = records.get(hit.record)
        document = documents.get(record.document) if record else None
        if document is None or hit.chunk not in places:
            continue
        chunk = document.chunks[places[hit.chunk].position]
        passage = Passage(
            number=0, chunk=hit.chunk, record=hit.record, source=sources.get(hit.source, ""),
            path=paths.get(hit.record, ""), title=chunk.title, text=chunk.text, page=chunk.page,
            score=round(hit.score, 6), dense_rank=hit.dense_rank, text_rank=hit.text_rank,
        )  # fmt: skip
        found.append(_Read(_as_context(hit, chunk), passage))
    return found


def _as_context(hit: Hit, chunk: Chunk) -> contexts.Hit:
    return contexts.Hit(
        chunk=hit.chunk, record=hit.record, title=chunk.title, text=chunk.text, start=chunk.start, end=chunk.end,
        score=hit.score,
    )  # fmt: skip


def _cosines(line: Line, question: str, texts: Sequence[str]) -> list[float]:
    with line.embedding:
        return (line.embedder.passages(texts) @ line.embedder.query(question)).tolist()


def _given(line: Line, asked: Asked, words: Words, digest: str, ms: float) -> list[Draft]:
    """The answer came from the chunks in its context; it passed through the index and the embedder."""
    used = asked.context.chunks
    model = (line.ids.artifact("model", "llm", words.model),) if words.model else ()
    via = (*((asked.generation,) if asked.generation else ()), line.embedder_id)
    facts: dict[str, Fact] = {
        "outcome": words.outcome, "cited": len({n for s in words.sentences for n in s.citations}),
        "context": len(used), "mode": words.mode, "tokens_in": words.tokens_in, "tokens_out": words.tokens_out,
        "payload": digest, "ms": round(ms, 1),
    }  # fmt: skip
    answer = Draft(
        verb="answer.given", inputs=(*used, *model), outputs=(asked.id,), via=via, facts=facts, actor=asked.actor.id
    )
    if asked.screened.outcome == "passed":
        return [answer]
    judged = {"outcome": asked.screened.outcome, "score": asked.screened.score, "threshold": asked.screened.threshold}
    return [Draft(verb="prompt.screened", outputs=(asked.id,), facts=judged, actor=asked.actor.id), answer]


def _for_eyes(said: AnswerReport, hidden: set[int]) -> AnswerReport:
    """The answer without what rests on the passages of these numbers."""
    if not hidden:
        return said
    shown = tuple(s for s in said.sentences if hidden.isdisjoint(s.citations))
    return replace(said, sentences=shown, text="\n\n".join([*(s.text for s in shown), WITHHELD]))


def _without_words(report: AnswerReport) -> AnswerReport:
    """What is kept of an answer that names somebody who was erased: what it is made of, not what was said."""
    return replace(report, question=NAMES_ERASED, text=NAMES_ERASED, sentences=())


def _diff(then: str, now: str) -> tuple[str, ...]:
    return tuple(difflib.unified_diff(then.splitlines(), now.splitlines(), "then", "now", lineterm=""))
