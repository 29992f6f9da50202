"""Answer: question -> access -> screen -> search -> context -> words -> receipt.

`prepare` and `finish` are the halves around whoever finds the words: sentences of the documents, a language model
behind `ask`, or one that the gateway streams.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from thruline.core.clock import iso
from thruline.core.documents import Mention
from thruline.core.facts import Fact
from thruline.core.ids import ArtifactId, random_id
from thruline.core.nouns import Actor, Draft
from thruline.data import privacy
from thruline.flows import rerank, residency
from thruline.flows.budget import Tokens, uncounted, within_prompt
from thruline.flows.doubt import doubted
from thruline.flows.filters import ALL, Filters
from thruline.flows.filters import serving as snapshot
from thruline.flows.find import Found, check_question, find_in, read_hits, view
from thruline.flows.line import Line
from thruline.flows.neighbours import widened
from thruline.flows.purposes import ANSWER
from thruline.flows.reports import AS_FOUND, AnswerReport, Budget, Order
from thruline.flows.searched import searched
from thruline.flows.words import Asked, Staying, Words, by_extract, by_model, said_already
from thruline.vectors import context as contexts
from thruline.vectors.fusion import Fusion
from thruline.vectors.prompt_versions import Prompt
from thruline.vectors.serving import Hit, Hits, Serving

CITED_ERASED = "(not kept: the passages that it cited were erased)"
NAMES_ERASED = "(not kept: it names somebody who was erased)"


def ask(
    line: Line, actor: Actor, question: str, *, purpose: str = ANSWER, filters: Filters = ALL,
    prompt: Prompt | None = None,
) -> AnswerReport:  # fmt: skip
    """The answer to a question, with its receipt on the ledger. prompt: this version instead of the one in force."""
    tokens = line.talk.llm.tokens if line.limits.mode == "llm" and line.talk else uncounted
    asked = prepare(line, actor, question, purpose=purpose, filters=filters, prompt=prompt, tokens=tokens)
    if settled := said_already(asked):
        words = settled
    elif line.limits.mode == "llm" and asked.is_for_model and line.talk:
        words = line.talk.run(lambda llm: by_model(llm, asked))
    else:
        words = by_extract(line, asked)
    return finish(line, asked, words)


def prepare(
    line: Line, actor: Actor, question: str, serving: Serving | None = None, *, purpose: str = ANSWER,
    by_model: bool = True, filters: Filters = ALL, prompt: Prompt | None = None, tokens: Tokens = uncounted,
    order: Order | None = None, fusion: Fusion | None = None, without: frozenset[ArtifactId] = frozenset(),
) -> Asked:  # fmt: skip
    """Judge the question and find what it may be answered from; raises Invalid for an empty or endless one.

    by_model: whether a language model may find the words, where the settings have one do so. prompt: it is asked by
    this version instead of the one in force. tokens: how it counts them. order, fusion: as a receipt has
    them, instead of what is set and in force. without: records that are not looked at.
    """
    began = time.monotonic()
    check_question(line, question)
    serving = serving or snapshot(line, filters)
    screened = line.screen.prompt(question)
    refused = screened.outcome == "failed"
    k, way = line.limits.passages, rerank.now(line) if order is None else rerank.then(line, order)
    seen = view(line, serving, actor, purpose, filters)
    seen = seen._replace(without=seen.without | without)
    hits = None if refused else find_in(line, serving, seen, question, way.depth(k), fusion=fusion)
    found, ordered = _ordered(line, actor, question, hits, k, way)
    by_model = by_model and line.limits.mode == "llm"
    stays, given = _staying(line, found, hits.hits if hits else (), by_model)
    prompt = (prompt or line.prompts.current()) if by_model and not stays.is_all else None
    fence = secrets.token_hex(8)
    room = partial(_context, line, question, prompt, fence, tokens)
    context = room([f.hit for f in given])
    if hits:
        context, found = widened(line, actor, context, hits, found, window=way.ordering.window, room=room)
    numbers = {hit.chunk: p.number for p in context.passages for hit in p.hits}
    return Asked(
        id=random_id("answer"), question=question, actor=actor, screened=screened, context=context,
        passages=tuple(
            replace(f.passage, number=numbers.get(f.hit.chunk, 0), fate=context.fates.get(f.hit.chunk, ""))
            for f in found
        ),
        generation=serving.generation, began=began, purpose=purpose, left_out=hits.plan.left_out if hits else 0,
        stays=stays, filters=filters, visible=hits.plan.visible if hits else 0, order=ordered,
        prompt=prompt, fence=fence, counted=prompt is not None and tokens(question) is not None,
        searched=searched(line, serving, hits) if hits else None,
        unsupported=line.limits.unsupported,
        footing=line.chances.footing(serving, seen, hits) if hits and hits.hits else None,
    )  # fmt: skip


def _ordered(
    line: Line, actor: Actor, question: str, hits: Hits | None, k: int, way: rerank.Way
) -> tuple[list[Found], Order]:
    """The k best of the hits, read, and how they came into their order."""
    return rerank.ordered(line, question, hits.hits, read_hits(line, hits, actor), k, way) if hits else ([], AS_FOUND)


def _context(
    line: Line, question: str, prompt: Prompt | None, fence: str, tokens: Tokens, hits: Sequence[contexts.Hit],
    *, per_record: int = contexts.PER_RECORD,
) -> contexts.Context:  # fmt: skip
    """Under the budget of the whole prompt where a model is sent one, else under that of the passages alone."""
    limit = line.limits.context_tokens
    if prompt is None or not hits:
        return contexts.assemble(hits, limit, per_record=per_record)
    return within_prompt(
        hits, limit, template=prompt.template, question=question, fence=fence, tokens=tokens, per_record=per_record
    )


def _staying(line: Line, found: list[Found], hits: Sequence[Hit], by_model: bool) -> tuple[Staying, list[Found]]:
    """What residency keeps here of what was found, and what the answer may be made from.

    A model goes without what may not leave; where that is the best of all, its answer would be worse than sentences.
    """
    source = {hit.record: hit.source for hit in hits}
    unread = residency.kept_from(line, "reads").intersection(source.values())
    home = residency.kept_from(line, "answers") if by_model else frozenset[ArtifactId]()
    given = [f for f in found if source[f.hit.record] not in home]
    is_all = len(given) < len(found) and found[0] not in given
    return Staying(len(found) - len(given), is_all, bool(unread)), found if is_all else given


def finish(line: Line, asked: Asked, words: Words) -> AnswerReport:
    """Put the answer on the ledger, keep its text, link the people in it; gives the report with its receipt id."""
    now = line.clock.now()
    ms = (time.monotonic() - asked.began) * 1000
    report = AnswerReport(
        id=asked.id, question=asked.question, outcome=words.outcome, text=words.text,
        sentences=doubted(words.sentences, asked.passages),
        passages=asked.passages, mode=words.mode, model=words.model, generation=asked.generation,
        embedder=line.embedders.of(asked.generation).info.name, risk=round(asked.screened.score, 4),
        asked=iso(now), asker=asked.actor.name, ms=round(ms, 1), purpose=asked.purpose, left_out=asked.left_out,
        kept_home=asked.stays.kept_home, filters=asked.filters, unsaid=words.unsaid,
        sure=None if words.sure is None else round(words.sure, 3),
        prompt=asked.prompt.id if asked.prompt and words.mode == "llm" else "",
        budget=Budget(tokens=asked.context.tokens, limit=line.limits.context_tokens, counted=asked.counted),
        order=asked.order, searched=asked.searched,
    )  # fmt: skip
    mentions = privacy.find_mentions(asked.question, line.names)
    with line.database.transaction():
        if report.prompt and asked.prompt:
            line.prompts.note(asked.prompt, now)
        digest = keep(line, report, asked.actor.id, mentions)
        line.ledger.append(_given(line, asked, words, digest, ms))
    return report


def keep(line: Line, report: AnswerReport, asker: ArtifactId, mentions: Sequence[Mention]) -> str:
    """Keep an answer, without what was erased while it was made, and link who is mentioned; the digest of what is kept.

    Joins the caller's transaction: an erasure is wholly before it, or finds the answer.
    """
    report = _without_erased(line, report)
    named = line.subjects.is_suppressed(mentions) or line.subjects.calls_erased(report.question, report.text)
    line.subjects.meet(() if named else mentions, report.id)
    return line.answers.put(_without_words(report) if named else report, asker, line.clock.now())


def _without_erased(line: Line, report: AnswerReport) -> AnswerReport:
    """The answer without passages that are gone, and without all that was said where one of them was cited."""
    if not report.passages:
        return report
    there = line.records.get_many([p.record for p in report.passages])
    kept = tuple(
        p for p in report.passages if p.record in there and not line.subjects.calls_erased(p.text, p.title, p.path)
    )
    gone = {p.number for p in report.passages} - {p.number for p in kept}
    sentences = tuple(s for s in report.sentences if gone.isdisjoint(s.citations))
    text = report.text if sentences == report.sentences else " ".join(s.text for s in sentences) or CITED_ERASED
    return replace(report, passages=kept, sentences=sentences, text=text)


def _given(line: Line, asked: Asked, words: Words, digest: str, ms: float) -> list[Draft]:
    """The answer came from the chunks in its context; it passed through the index and the embedder."""
    used = asked.context.chunks
    model = (line.ids.artifact("model", "llm", words.model),) if words.model else ()
    embedder = line.ids.artifact("model", line.embedders.of(asked.generation).info.digest)
    detector, order = line.registry.serving("detector"), asked.order
    reranker = ArtifactId(order.model) if order.reranked == "done" else None
    prompt = asked.prompt.id if asked.prompt and words.mode == "llm" else None
    via = tuple(i for i in (asked.generation, embedder, detector, reranker, prompt) if i)
    facts: dict[str, Fact] = {
        "outcome": words.outcome, "cited": len({n for s in words.sentences for n in s.citations}),
        "context": len(used), "mode": words.mode, "tokens_in": words.tokens_in, "tokens_out": words.tokens_out,
        "payload": digest, "ms": round(ms, 1), "purpose": line.ids.digest("purpose", asked.purpose),
    }  # fmt: skip
    if order.reranked != "off":
        facts["reranked"] = order.reranked
    if asked.searched:
        facts |= {"visible": asked.searched.visible, "scored": asked.searched.scored}
    if asked.searched and asked.searched.unreachable:
        facts["unreachable"] = asked.searched.unreachable
    if asked.searched and asked.searched.again:
        facts["again"] = asked.searched.again
    if words.sure is not None:
        facts["sure"] = round(words.sure, 3)
    if asked.filters != ALL:
        facts["filters"] = line.ids.digest("filters", repr(asked.filters))
    answer = Draft(
        verb="answer.given", inputs=(*used, *model), outputs=(asked.id,), via=via, facts=facts, actor=asked.actor.id
    )
    if asked.screened.outcome == "passed":
        return [answer]
    judged = {"outcome": asked.screened.outcome, "score": asked.screened.score, "threshold": asked.screened.threshold}
    return [Draft(verb="prompt.screened", outputs=(asked.id,), facts=judged, actor=asked.actor.id), answer]


def _without_words(report: AnswerReport) -> AnswerReport:
    """What is kept of an answer that names somebody who was erased: what it is made of, not what was said."""
    return replace(report, question=NAMES_ERASED, text=NAMES_ERASED, sentences=())
