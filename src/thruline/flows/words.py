"""Words: what an answer says, in sentences of the documents or in a language model's, and what it was asked with."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, NamedTuple

from thruline.core.errors import Corrupt, Unavailable
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Actor
from thruline.flows.filters import ALL, Filters, nothing_fits
from thruline.flows.line import Line, Unsupported
from thruline.flows.purposes import ANSWER
from thruline.flows.reports import AS_FOUND, Order, Outcome, Passage, Quote, Sentence
from thruline.flows.reports.searched import Searched
from thruline.guard.screen import Screened
from thruline.ports.embedder import Embedder
from thruline.ports.llm import Llm
from thruline.vectors import context as contexts
from thruline.vectors.conflicts import conflicts
from thruline.vectors.extract import Extract, extract
from thruline.vectors.grounding import ground
from thruline.vectors.prompt_versions import Prompt
from thruline.vectors.prompts import shipped
from thruline.vectors.sureness import Footing

REFUSED = "This question was not answered: it reads like an attempt to give the system orders."
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
    """A question with everything that an answer may be made from.

    prompt: what a language model is asked by; None where it is not asked. fence: a marker that no document can know.
    counted: whether the context's tokens are the model's own. footing: None where nothing was found to stand on.
    """

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
    prompt: Prompt | None = None
    fence: str = field(default_factory=lambda: secrets.token_hex(8))
    counted: bool = False
    order: Order = AS_FOUND
    searched: Searched | None = None
    unsupported: Unsupported = "mark"
    footing: Footing | None = None

    @property
    def is_refused(self) -> bool:
        """Whether the question is not to be answered."""
        return self.screened.outcome == "failed"

    @property
    def is_for_model(self) -> bool:
        """Whether a language model may be given the passages."""
        return not self.stays.is_all

    def messages(self) -> list[dict[str, str]]:
        """The chat for a language model."""
        template = self.prompt.template if self.prompt else shipped()
        return contexts.messages(template, self.question, self.context.passages, self.fence)


@dataclass(frozen=True, kw_only=True)
class Words:
    """What was said and by whom. mode `passthrough`: the gateway's, without documents. unsaid: sentences left out.

    sure: 0..1 that the documents answer; None where no meaning was compared.
    """

    text: str
    sentences: tuple[Sentence, ...]
    outcome: Outcome
    mode: Literal["extractive", "llm", "passthrough"]
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    unsaid: int = 0
    sure: float | None = None


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
    found = extracted(line, asked)
    sentences = tuple(
        Sentence(
            text=c.text + (f"\n\n{c.code}" if c.code else ""),
            citations=(c.number,),
            support=1.0,
            quotes=tuple(Quote(chunk=x.chunk, start=x.start, end=x.end) for x in c.places),
        )
        for c in found.sentences
    )
    words = Words(text=found.text, sentences=sentences, outcome=found.outcome, mode="extractive", sure=found.sure)
    return _noted(asked, words)


def extracted(line: Line, asked: Asked) -> Extract:
    """Those sentences, and what it was decided by whether they answer."""
    if asked.stays.is_unembedded:  # an outside embedder would be given the sentences: their words decide alone
        return extract(asked.question, asked.context)
    similarity, footing = partial(_cosines, line.embedders.of(asked.generation)), asked.footing
    if footing is None:
        return extract(asked.question, asked.context, similarity=similarity)
    return extract(
        asked.question, asked.context, similarity=similarity, sure=footing.sure, answer_from=footing.curve.answer_from
    )


def by_words(
    asked: Asked, text: str, model: str, tokens: tuple[int, int] = (0, 0), *, whole: bool = True, alone: bool = False
) -> Words:
    """What a language model said, sentence by sentence against the passages that it cites.

    alone: nothing may be added to it, as where it has a form.
    """
    unknown = (asked.prompt.template if asked.prompt else shipped()).unknown
    passages = asked.context.passages
    claims = ground(text, {p.number: p.text for p in passages}, titles={p.number: p.title for p in passages})
    sentences = tuple(
        Sentence(
            text=c.text, citations=c.cited, support=round(c.support, 3),
            is_supported=c.is_supported or unknown.casefold() in c.text.casefold(),
        )
        for c in claims
    )  # fmt: skip
    said: Outcome = "unknown" if unknown.casefold() in text.casefold() else "answered"
    outcome = said if whole else "interrupted"
    words = Words(
        text=text, sentences=sentences, outcome=outcome, mode="llm", model=model, tokens_in=tokens[0],
        tokens_out=tokens[1],
    )  # fmt: skip
    if asked.unsupported != "mark" and not all(s.is_supported for s in sentences):
        words = _held(words, [text[c.start : c.end].strip() for c in claims], asked.unsupported, f"{unknown}.")
    return _noted(asked, words) if whole and not alone else words


def _held(words: Words, as_said: Sequence[str], stance: Unsupported, unknown: str) -> Words:
    """What is left of words where sentences are not said by what they cite, and how many those are."""
    kept = [] if stance == "unknown" else [n for n, s in enumerate(words.sentences) if s.is_supported]
    outcome: Outcome = words.outcome if kept or words.outcome == "interrupted" else "unknown"
    return replace(
        words, text=" ".join(as_said[n] for n in kept) or unknown, outcome=outcome,
        sentences=tuple(words.sentences[n] for n in kept), unsaid=sum(not s.is_supported for s in words.sentences),
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


def _noted(asked: Asked, words: Words) -> Words:
    """The same, with a sentence for each disagreement between a passage that it rests on and another one."""
    if words.outcome != "answered":
        return words
    found = conflicts(asked.context.passages, [(s.text, s.citations) for s in words.sentences])
    notes = tuple(Sentence(text=c.note, citations=(c.one, c.other), support=1.0, role="conflict") for c in found)
    return replace(
        words, text="\n\n".join((words.text, *(n.text for n in notes))), sentences=(*words.sentences, *notes)
    )


def _cosines(embedder: Embedder, question: str, texts: Sequence[str]) -> list[float]:
    return (embedder.passages(texts) @ embedder.query(question)).tolist()
