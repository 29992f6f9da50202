"""Passages, answers, and what they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from thruline.core.pages import Span
from thruline.flows.reports.order import AS_FOUND, Order
from thruline.flows.reports.searched import Searched

Outcome = Literal["answered", "unknown", "refused", "interrupted"]
LIKELY_FROM = 0.5  # as many questions that documents answer lie here as others about the same matters


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What a question was narrowed to; empty for all. Moments are in ISO 8601.

    sources: by name. since, until: when documents came in. path: with `*` and `?`. language: ISO 639-1. as_of: the
    moment whose generation was asked, or a tag of one. where: conditions on fields, of which all hold.
    """

    sources: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    path: str = ""
    language: str = ""
    as_of: str = ""
    where: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """As a person says it: `from wiki, in 'en'`; empty where nothing was narrowed."""
        said = (
            ("from", " or ".join(self.sources)), ("since", self.since), ("before", self.until),
            ("at", repr(self.path) if self.path else ""), ("in", repr(self.language) if self.language else ""),
            ("where", " and ".join(self.where)), ("as of", self.as_of),
        )  # fmt: skip
        return ", ".join(f"{word} {value}" for word, value in said if value)


ALL = Filters()


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A chunk that was found. number: how the answer cites it, from 1; 0 when it was not given to the answer.

    doubtful: characters of the text that are words read off a picture with little certainty. fate: why the answer was
    not given all of it: the budget of tokens, or as much of its document as an answer takes was given before. beside:
    it was not found itself, it stands beside one that was. date: the day that its document is from, where that says so.
    """

    number: int
    chunk: str
    record: str
    source: str
    path: str
    title: str
    text: str
    page: int
    score: float
    dense_rank: int
    text_rank: int
    state: str = "live"
    doubtful: tuple[Span, ...] = ()
    fate: Literal["", "no_room", "cut", "enough"] = ""
    beside: bool = False
    date: str = ""


@dataclass(frozen=True, kw_only=True)
class SearchReport:
    """Passages, best first, and how they were found.

    left_out: documents that were not searched, since somebody in them does not allow, or has not allowed, the use.
    unreachable: passages that were searched by words alone, since what holds their part of the index is away.
    """

    question: str
    passages: tuple[Passage, ...]
    generation: str
    visible: int
    asked: int
    ms: float
    left_out: int = 0
    filters: Filters = ALL
    order: Order = AS_FOUND
    searched: Searched | None = None
    unreachable: int = 0


@dataclass(frozen=True, kw_only=True)
class Quote:
    """Characters start..end of a chunk's text."""

    chunk: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A sentence of an answer and the passages it rests on; support is the share of it found there, 0..1.

    quotes: where exactly it stands in them, for an answer in the documents' own sentences. doubtful: how many of the
    words that it rests on were read off a picture with little certainty. role: `conflict` for one that says that two
    passages disagree. is_supported: whether support is enough to trust it.
    """

    text: str
    citations: tuple[int, ...]
    support: float
    quotes: tuple[Quote, ...] = ()
    doubtful: int = 0
    role: Literal["answer", "conflict"] = "answer"
    is_supported: bool = True


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Tokens of what an answer was made from. For a language model: of all that it was sent, with rules and question.

    counted: by the model's own tokenizer; else estimated from words.
    """

    tokens: int
    limit: int
    counted: bool = False


@dataclass(frozen=True, kw_only=True)
class AnswerReport:
    """An answer and what it is made of; `id` is its receipt id.

    left_out: documents that its asker sees and that were not searched, since somebody in them does not allow, or has
    not allowed, the use. kept_home: passages that were found and kept from the language model, which stands elsewhere
    than they may be. prompt: the version that a language model was asked by; empty where none was. searched: null where
    nothing was, and in answers of before. unsaid: sentences of the model that were left out, since what they cite does
    not say them.
    sure: 0..1 that the documents answer; None where no meaning was compared.
    """

    id: str
    question: str
    outcome: Outcome
    text: str
    sentences: tuple[Sentence, ...]
    passages: tuple[Passage, ...]
    mode: str
    model: str
    generation: str
    embedder: str
    risk: float
    asked: str
    asker: str
    ms: float
    purpose: str = "answer"
    state: str = "current"
    left_out: int = 0
    kept_home: int = 0
    filters: Filters = ALL
    unsaid: int = 0
    prompt: str = ""
    budget: Budget | None = None
    order: Order = AS_FOUND
    searched: Searched | None = None
    sure: float | None = None

    @property
    def cited(self) -> tuple[Passage, ...]:
        """What its sentences rest on, by number: of one that was joined from neighbours the parts that are quoted."""
        numbers = {n for sentence in self.sentences for n in sentence.citations}
        quoted = {quote.chunk for sentence in self.sentences for quote in sentence.quotes}
        exact = {p.number for p in self.passages if p.chunk in quoted}
        kept = (p for p in self.passages if p.number in numbers and (p.chunk in quoted or p.number not in exact))
        return tuple(sorted(kept, key=lambda p: p.number))

    @property
    def unreachable(self) -> int:
        """Passages that only words could find for it, since the part of the index that holds them was away."""
        return self.searched.unreachable if self.searched else 0

    @property
    def is_near_only(self) -> bool:
        """Whether what was found is about the matter, and may not be the answer."""
        return self.outcome == "answered" and self.sure is not None and self.sure < LIKELY_FROM


@dataclass(frozen=True, kw_only=True)
class AnswerLine:
    """An answer in a list."""

    id: str
    question: str
    outcome: str
    asked: str
    asker: str
    state: str


@dataclass(frozen=True, kw_only=True)
class Node:
    """A thing on the line and what it was made from. role: how its child used it (`from`, `via`)."""

    id: str
    kind: str
    label: str
    detail: str = ""
    role: str = "from"
    children: tuple[Node, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WhyReport:
    """An answer as a tree of what it is made of, and the events that made it."""

    answer: AnswerReport
    tree: Node
    artifacts: int
    events: int


@dataclass(frozen=True, kw_only=True)
class ReplayReport:
    """An answer made again. missing/added: chunks that retrieval lost or gained; diff: lines as `diff -u` prints."""

    answer: str
    retrieval: Literal["same", "changed"]
    generation: Literal["same", "changed", "unavailable"]
    missing: tuple[str, ...]
    added: tuple[str, ...]
    diff: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SearchLine:
    """A search as a list shows it."""

    id: str
    at: str
    question: str
