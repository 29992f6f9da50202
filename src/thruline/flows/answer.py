"""Answer: question -> access -> screen -> search -> context -> words -> receipt.

`prepare` and `finish` are the halves around whoever finds the words: sentences of the documents, a language model
behind `ask`, or one that the gateway streams.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from thruline.core.clock import iso
from thruline.core.documents import Mention
from thruline.core.errors import Corrupt, Unavailable
from thruline.core.facts import Fact
from thruline.core.ids import ArtifactId, random_id
from thruline.core.nouns import Actor, Draft
from thruline.data import privacy
from thruline.flows import residency
from thruline.flows.doubt import doubted
from thruline.flows.filters import ALL, Filters, nothing_fits
from thruline.flows.filters import serving as snapshot
from thruline.flows.find import Found, check_question, find, read_hits
from thruline.flows.line import Line
from thruline.flows.purposes import ANSWER
from thruline.flows.reports import (
    AnswerReport,
    Outcome,
    Passage,
    Quote,
    Sentence,
)
from thruline.guard.screen import Screened
from thruline.ports.llm import Llm
from thruline.vectors import context as contexts
from thruline.vectors.extract import extract
from thruline.vectors.grounding import ground
from thruline.vectors.serving import Hit, Serving

REFUSED = "This question was not answered: it reads like an attempt to give the system orders."
CITED_ERASED = "(not kept: the passages that it cited were erased)"
NAMES_ERASED = "(not kept: it names somebody who was erased)"
ANSWER_TOKENS = 700  # a page of text; a small model that has lost its way goes on for ever otherwise


class Staying(NamedTuple):
    """What residency keeps here. kept_home: passages that were found and that the language model is not given.

    is_all: the best of them is one of these, so that sentences of the documents answer instead of the model.
    is_unembedded: the embedder is not given them either.
    """

    kept_home: int = 0
    is_all: bool = False
    is_unembedded: bool = False


NOTHING_STAYS = Staying()


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
    purpose: str = ANSWER
    left_out: int = 0
    stays: Staying = NOTHING_STAYS
    filters: Filters = ALL
    visible: int = 0

    @property
    def is_refused(self) -> bool:
        """Whether the question is not to be answered."""
        return self.screened.outcome == "failed"

    @property
    def is_for_model(self) -> bool:
        """Whether a language model may be given the passages."""
        return not self.stays.is_all

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


def ask(line: Line, actor: Actor, question: str, purpose: str = ANSWER, filters: Filters = ALL) -> AnswerReport:
    """The answer to a question, with its receipt on the ledger."""
    asked = prepare(line, actor, question, purpose=purpose, filters=filters)
    if settled := said_already(asked):
        words = settled
    elif line.limits.mode == "llm" and asked.is_for_model and line.talk:
        words = line.talk.run(lambda llm: by_model(llm, asked))
    else:
        words = by_extract(line, asked)
    return finish(line, asked, words)


def prepare(
    line: Line, actor: Actor, question: str, serving: Serving | None = None, *, purpose: str = ANSWER,
    by_model: bool = True, filters: Filters = ALL,
) -> Asked:  # fmt: skip
    """Judge the question and find what it may be answered from; raises Invalid for an empty or endless one.

    by_model: whether a language model may find the words, where the settings have one do so.
    """
    began = time.monotonic()
    check_question(line, question)
    serving = serving or snapshot(line, filters)
    screened = line.screen.prompt(question)
    refused = screened.outcome == "failed"
    k = line.limits.passages
    hits = None if refused else find(line, serving, actor, question, k, purpose=purpose, filters=filters)
    found = read_hits(line, hits, actor) if hits else []
    stays, given = _staying(line, found, hits.hits if hits else (), by_model and line.limits.mode == "llm")
    context = contexts.assemble([f.hit for f in given], line.limits.context_tokens)
    numbers = {hit.chunk: p.number for p in context.passages for hit in p.hits}
    return Asked(
        id=random_id("answer"), question=question, actor=actor, screened=screened, context=context,
        passages=tuple(replace(f.passage, number=numbers.get(f.hit.chunk, 0)) for f in found),
        generation=serving.generation, began=began, purpose=purpose, left_out=hits.plan.left_out if hits else 0,
        stays=stays, filters=filters, visible=hits.plan.visible if hits else 0,
    )  # fmt: skip


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
    if asked.stays.is_unembedded:  # an outside embedder would be given the sentences: their words decide alone
        found = extract(asked.question, asked.context)
    else:
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


def said_already(asked: Asked) -> Words | None:
    """What is said where nobody has to find words: to a refused question, and where no document fits the filters."""
    if asked.is_refused:
        return refusal()
    if asked.filters != ALL and not asked.visible:
        return Words(text=nothing_fits(asked.filters), sentences=(), outcome="unknown", mode="extractive")
    return None


def refusal() -> Words:
    """What is said instead of an answer to a question that failed its screening."""
    return Words(text=REFUSED, sentences=(), outcome="refused", mode="extractive")


def finish(line: Line, asked: Asked, words: Words) -> AnswerReport:
    """Put the answer on the ledger, keep its text, link the people in it; gives the report with its receipt id."""
    now = line.clock.now()
    ms = (time.monotonic() - asked.began) * 1000
    report = AnswerReport(
        id=asked.id, question=asked.question, outcome=words.outcome, text=words.text,
        sentences=doubted(words.sentences, asked.passages),
        passages=asked.passages, mode=words.mode, model=words.model, generation=asked.generation,
        embedder=line.embedder.info.name, risk=round(asked.screened.score, 4), asked=iso(now), asker=asked.actor.name,
        ms=round(ms, 1), purpose=asked.purpose, left_out=asked.left_out, kept_home=asked.stays.kept_home,
        filters=asked.filters,
    )  # fmt: skip
    mentions = privacy.find_mentions(asked.question, line.names)
    with line.database.transaction():
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


def _cosines(line: Line, question: str, texts: Sequence[str]) -> list[float]:
    with line.embedding:
        return (line.embedder.passages(texts) @ line.embedder.query(question)).tolist()


def _given(line: Line, asked: Asked, words: Words, digest: str, ms: float) -> list[Draft]:
    """The answer came from the chunks in its context; it passed through the index and the embedder."""
    used = asked.context.chunks
    model = (line.ids.artifact("model", "llm", words.model),) if words.model else ()
    detector = line.registry.serving("detector")
    via = tuple(i for i in (asked.generation, line.embedder_id, detector) if i)
    facts: dict[str, Fact] = {
        "outcome": words.outcome, "cited": len({n for s in words.sentences for n in s.citations}),
        "context": len(used), "mode": words.mode, "tokens_in": words.tokens_in, "tokens_out": words.tokens_out,
        "payload": digest, "ms": round(ms, 1), "purpose": line.ids.digest("purpose", asked.purpose),
    }  # fmt: skip
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
