"""Dual read: what people asked is asked of what serves and of what is built beside it, before the one takes over.

Both are asked by meaning alone: the ranking by words is the same for both and would hide what changes. What they find
is compared by where it stands in its document; where the one is cut smaller, more of its passages are looked at, so
that both show as much text.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.ids import ArtifactId
from thruline.flows.documents import PAGE, Document, read_documents
from thruline.flows.reports import AnswerReport, DualRead
from thruline.flows.spans import Spans, meets_any
from thruline.ports.embedder import Embedder
from thruline.vectors.paired import difference
from thruline.vectors.rows import EVERYBODY
from thruline.vectors.serving import Serving

if TYPE_CHECKING:
    from thruline.flows.line import Line
    from thruline.runs.runner import Run

FIRST = 10
ASKED_A_QUESTION = 4  # answers looked through for one question: some were asked twice, some found nothing
LONG_WORDS = 8  # of a passage without a heading
SEED = 0


class Question(NamedTuple):
    """wanted: the passages that it was answered from, or that stand under the heading that it is."""

    words: str
    wanted: frozenset[ArtifactId]


class Side(NamedTuple):
    """A generation, ready to be asked."""

    serving: Serving
    embedder: Embedder
    cut: str

    def first(self, question: str, most: int) -> list[ArtifactId]:
        """The passages nearest to the question, best first, whoever may see them."""
        vector = self.embedder.query(question)
        found = self.serving.search("", vector, most, groups=frozenset((EVERYBODY,)))
        return [hit.chunk for hit in found.hits]


def dual_read(line: Line, run: Run, before: Side, after: Side, *, most: int, margin: float) -> DualRead:
    """Ask both the same questions, those that people asked first; most: at most so many."""
    asked = list(_asked(line, most))
    known = {question.words for question in asked}
    made = [q for q in _of_both(line, run, 2 * most, {before.cut, after.cut}) if q.words not in known]
    questions = [*asked, *made[: most - len(asked)]]
    spans, looked = Spans(line), _as_much(before, after)
    hits: list[tuple[bool, bool]] = []
    same = 0.0
    for n, question in enumerate(questions, 1):
        line.embedders.give_way()
        run.check()
        wanted = spans.of(question.wanted).values()
        old = spans.of(before.first(question.words, FIRST)).values()
        new = spans.of(after.first(question.words, looked)).values()
        hits.append((any(meets_any(w, old) for w in wanted), any(meets_any(w, new) for w in wanted)))
        same += sum(meets_any(span, old) for span in new) / max(len(new), 1)
        run.tell("asking both", n, len(questions))
    olds, news = [a for a, _ in hits], [b for _, b in hits]
    count = max(len(questions), 1)
    value, low, high = difference(olds, news)
    return DualRead(
        questions=len(questions), asked=len(asked), before=sum(olds) / count, after=sum(news) / count,
        difference=value, low=low, high=high, same=same / count, margin=margin, looked=looked,
    )  # fmt: skip


def _as_much(before: Side, after: Side) -> int:
    """How many passages of the one show as much text as the first of the other: they hold the same documents."""
    return FIRST if before.cut == after.cut else max(1, round(FIRST * len(after.serving) / max(1, len(before.serving))))


def _asked(line: Line, most: int) -> Iterator[Question]:
    """The latest questions that were answered from passages that are still here, each once."""
    said = line.answers.read([kept.id for kept in line.answers.list("", ASKED_A_QUESTION * most)])
    cited = {report.question: _cited(report) for report in said.values() if report.outcome == "answered"}
    here = line.records.places([chunk for chunks in cited.values() for chunk in chunks])
    found = [Question(words, frozenset(here[c].chunk for c in chunks & here.keys())) for words, chunks in cited.items()]
    yield from [question for question in found if question.wanted][:most]


def _cited(report: AnswerReport) -> set[str]:
    numbers = {number for sentence in report.sentences for number in sentence.citations}
    return {p.chunk for p in report.passages if p.number in numbers}


def _of_both(line: Line, run: Run, most: int, cuts: Collection[str]) -> list[Question]:
    """By turns: a heading that one way to cut puts on a passage is nearer to that passage than to the other's."""
    of_each = [_headings(line, run, most, cut) for cut in sorted(cuts)]
    return [question for turn in zip_longest(*of_each) for question in turn if question]


def _headings(line: Line, run: Run, most: int, cut: str) -> list[Question]:
    """Headings of records drawn by lot, or the long words of a passage that has none; each once."""
    live = sorted(line.records.live({}), key=lambda r: r.id)
    drawn = random.Random(SEED).sample(live, min(most, len(live)))  # noqa: S311 - a sample, not a secret
    found: dict[str, frozenset[ArtifactId]] = {}
    rounds = 1 + most // max(1, len(drawn))
    for start in range(0, len(drawn), PAGE):
        run.check()
        known = line.cuts.documents([r.id for r in drawn[start : start + PAGE]], cut)
        documents, chunks = read_documents(line, list(known.values())), line.cuts.chunks(list(known), cut)
        for record, id in known.items():
            for question in _about(chunks.get(record, ()), documents[id], rounds) if id in documents else ():
                found.setdefault(question.words, question.wanted)
    return [Question(words, wanted) for words, wanted in found.items()]


def _about(chunks: Sequence[ArtifactId], document: Document, most: int) -> Iterator[Question]:
    under: dict[str, set[ArtifactId]] = {}
    for id, chunk in zip(chunks, document.chunks, strict=False):
        under.setdefault(chunk.title.strip() or _long_words(chunk.text), set()).add(id)
    yield from [Question(words, frozenset(wanted)) for words, wanted in under.items() if words][:most]


def _long_words(text: str) -> str:
    words = dict.fromkeys(text.split())
    longest = set(sorted(words, key=len, reverse=True)[:LONG_WORDS])
    return " ".join(word for word in words if word in longest)
