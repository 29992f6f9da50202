"""An answer without a language model: the sentences of the passages that say it, each with its citation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from thruline.vectors.context import Context, Passage, Place
from thruline.vectors.sentences import Sentence, readable, sentences
from thruline.vectors.sureness import SURE_FROM
from thruline.vectors.terms import count_words, coverage, terms, weights

UNKNOWN = "I do not know: the documents that you may see do not say."
# More than this share of the question's terms, by weight, must stand in the chosen sentences or beside them. Over
# Django's documentation, BM25's eight best chunks each: 20 questions that it answers .51 to 1.0 (median 1.0), 16 about
# other matters 0 to .50 (median .29).
SUPPORT_MORE_THAN = 0.5  # where no meaning is compared
MAX_SENTENCES = 4
MAX_WORDS = 110
MAX_CODE_LINES = 16
KEEP_FROM_BEST = 0.72
DIVERSITY = 0.35
RERANKED = 24
MEANING = 0.7  # the rest is words; both measured on the demo's judged questions (bench/answering.py)
UNDER_HEADING = 0.5  # how much more a sentence counts that stands under a heading with all of the question's terms
LOWER_RANK = 0.1  # how much less for each passage that retrieval put before

Similarity = Callable[[str, Sequence[str]], Sequence[float]]
# Cosine of the closest sentence, share of the question's terms -> 0..1 that the documents answer.
Sure = Callable[[float, float], float]
_IDENTIFIER = re.compile(r"\w+(?:[_.]\w+)+(?:\(\))?|\w+\(\)")
_DEFINITION = re.compile(r"\s*what(?:'s| is| are| does| do)\b", re.IGNORECASE)
_IS = re.compile(r"\b(?:is|are|means|returns|refers|lets|allows)\b", re.IGNORECASE)
_HISTORY = re.compile(r"release notes|change ?log|what's new", re.IGNORECASE)
_LEANS = re.compile(
    r"(?:this|that|these|those|it|its|they|however|also|alternatively|therefore|thus|otherwise|instead|but|and|or|then|so|both|"
    r"for (?:this reason|example|that reason|instance)|in this case|similarly|note that|as (?:above|mentioned))\b"
    r"|.*\b(?:the above|above (?:method|code|example)|the previous|as follows)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Cited:
    """One sentence of an answer.

    start..end: its place in the passage [number], exact; places: the same in chunks. text: the same without markup,
    with the name before it of the method, setting or term that it explains.
    """

    text: str
    code: str
    number: int
    start: int
    end: int
    places: tuple[Place, ...]
    score: float


@dataclass(frozen=True, kw_only=True)
class Extract:
    """The answer, or that there is none. support: share of the question that it covers, in [0, 1].

    sure: 0..1 that the documents answer; None where words alone decided. closest: cosine of the closest sentence.
    """

    outcome: Literal["answered", "unknown"]
    sentences: tuple[Cited, ...]
    support: float
    sure: float | None
    closest: float = 0.0

    @property
    def text(self) -> str:
        """The answer as it is read, with its citations."""
        if not self.sentences:
            return UNKNOWN
        parts: list[str] = []
        for before, cited in zip((None, *self.sentences), self.sentences, strict=False):
            glue = "" if before is None else "\n\n" if before.code or before.number != cited.number else " "
            parts.append(f"{glue}{cited.text} [{cited.number}]" + (f"\n\n```\n{cited.code}\n```" if cited.code else ""))
        return "".join(parts)


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    passage: Passage
    rank: int
    order: int
    start: int
    end: int
    text: str
    code: str
    own: Counter[str]
    heading: Counter[str]
    beside: Counter[str]
    is_lead: bool
    score: float = 0.0


def extract(
    question: str, context: Context, *, similarity: Similarity | None = None, sure: Sure | None = None,
    answer_from: float = SURE_FROM,
) -> Extract:  # fmt: skip
    """One to four sentences that answer, in reading order; `unknown` where none is close enough to the question.

    similarity: cosines of the question and some texts, to choose better among the best by words. sure: what the cosine
    of the closest sentence and the words mean, answer_from: for how much of it there is an answer; without it, the
    words must cover the question. Deterministic.
    """
    asked = list(dict.fromkeys(terms(question)))
    candidates = [c for rank, p in enumerate(context.passages) for c in _candidates(p, rank)]
    weight = weights(asked, [frozenset(c.own) for c in candidates])
    is_definition = _DEFINITION.match(question) is not None
    scored = [replace(c, score=_score(c, weight, is_definition)) for c in candidates]
    scored.sort(key=lambda c: (-c.score, c.rank, c.order))
    closest = 0.0
    if similarity is not None and scored:
        cosines = similarity(question, [c.text for c in scored[:RERANKED]])
        scored, closest = _rerank(scored[:RERANKED], cosines), max(cosines)
    chosen = _choose(scored)
    support = coverage(weight, (t for c in chosen for t in (*c.own, *c.beside)))
    surely = sure(closest, support) if sure is not None and scored else None
    if support <= SUPPORT_MORE_THAN if surely is None else surely < answer_from:
        return Extract(outcome="unknown", sentences=(), support=support, sure=surely, closest=closest)
    said = tuple(_cite(c) for c in _reading_order(chosen))
    return Extract(outcome="answered", sentences=said, support=support, sure=surely, closest=closest)


def _candidates(passage: Passage, rank: int) -> list[_Candidate]:
    """Each sentence with the code or list that it announces, and what stands above it."""
    found: list[_Candidate] = []
    title = Counter(terms(passage.title))
    above, before, is_lead = Counter[str](), Counter[str](), True
    headings = set(passage.title.split(" > "))
    name, under = "", _identifier(passage.title.rpartition(" > ")[2])
    parts = sentences(passage.text)
    for order, part in enumerate(parts):
        text = readable(passage.text[part.start : part.end], part.kind)
        if part.kind in ("heading", "name"):
            above, before, is_lead = Counter(terms(text)), Counter(), True
            name, under = (text, "") if part.kind == "name" else ("", _identifier(text))
        elif part.kind != "code" and count_words(text) > 2 and text not in headings:
            listed, code, end = _announced(passage.text, parts, order) if text.endswith(":") else ("", "", part.end)
            own = Counter(terms(text)) + Counter(terms(listed))
            found.append(
                _Candidate(
                    passage=passage,
                    rank=rank,
                    order=order,
                    start=part.start,
                    end=end,
                    text=_named(name or under, text) + listed,
                    code=code,
                    own=own,
                    heading=above + title,
                    beside=above + title + before + Counter(terms(code)),
                    is_lead=is_lead,
                )
            )
            before, is_lead, name = Counter(own.keys()), False, ""
    return found


def _identifier(heading: str) -> str:
    """A heading that is the name of a setting, function or class: all that is said under it is said of it."""
    return heading if _IDENTIFIER.fullmatch(heading) else ""


def _named(name: str, text: str) -> str:
    return f"{name}: {text}" if name and name not in text else text


def _announced(text: str, parts: Sequence[Sentence], order: int) -> tuple[str, str, int]:
    """The list or the code after a sentence that ends in a colon: (list, code, end)."""
    rest, listed, end = parts[order + 1 :], "", parts[order].end
    if rest and rest[0].kind == "code":
        code, last = "", rest[0]
        for part in rest:
            if part.kind != "code" or text.count("\n", rest[0].start, part.end) >= MAX_CODE_LINES:
                break
            last = part
        code = readable(text[rest[0].start : last.end], "code")
        is_short = code.count("\n") < MAX_CODE_LINES
        return "", code if is_short else "", last.end if is_short else end
    for part in rest:
        if part.kind != "item" or len(listed) > 300:
            break
        listed += f"\n- {readable(text[part.start : part.end], 'item')}"
        end = part.end
    return listed, "", end


def _score(candidate: _Candidate, weight: Mapping[str, float], is_definition: bool) -> float:
    """Weighted share of the question that the sentence holds itself, or less so beside it, shaped by how it reads."""
    total = sum(weight.values()) or 1.0
    held = sum(w * _held(candidate, term) for term, w in weight.items()) / total
    if is_definition and _defines(candidate, weight):
        held *= 1.4
    under = coverage(weight, candidate.heading)
    return held * (1 + UNDER_HEADING * under) * _shape(candidate)


def _held(candidate: _Candidate, term: str) -> float:
    near = 0.45 if candidate.is_lead else 0.25
    amount = candidate.own[term] + near * min(candidate.beside[term], 2)
    return 1.5 * amount / (amount + 0.8)


def _defines(candidate: _Candidate, weight: Mapping[str, float]) -> bool:
    """`X is …`, or the first sentence below a heading that names all of X."""
    begin = terms(" ".join(candidate.text.split()[:5]))
    says_is = any(term in weight for term in begin) and _IS.search(candidate.text[:80]) is not None
    return says_is or (candidate.is_lead and all(candidate.heading[term] for term in weight))


def _shape(candidate: _Candidate) -> float:
    """How well it stands alone: whole, of readable length, not leaning on what went before, high in the ranking."""
    text, words = candidate.text, count_words(candidate.text)
    shape = 1.0 / (1 + LOWER_RANK * candidate.rank)
    shape *= 0.6 if words < 6 else 0.85 if words > 60 else 1.0
    shape *= 1.15 if candidate.is_lead else 1.0
    shape *= 1.12 if candidate.code else 1.0
    shape *= 0.75 if _LEANS.match(text) else 1.0
    shape *= 0.5 if text[0] in ".(" or text[-1] not in ".:!)\"'\u201d\u3002\uff01\u300d" else 1.0
    shape *= 0.7 if _HISTORY.search(candidate.passage.title) else 1.0
    return shape * (0.5 if text.endswith(("?", "\uff1f")) or (text.endswith(":") and not candidate.code) else 1.0)


def _rerank(scored: list[_Candidate], cosines: Sequence[float]) -> list[_Candidate]:
    """Words and meaning together, each against the best of its kind."""
    low, high = min(cosines), max(cosines)
    spread, best = (high - low) or 1.0, scored[0].score or 1.0
    blended = [
        replace(c, score=(1 - MEANING) * c.score + MEANING * best * (cosine - low) / spread)
        for c, cosine in zip(scored, cosines, strict=True)
    ]
    return sorted(blended, key=lambda c: (-c.score, c.rank, c.order))


def _choose(scored: Sequence[_Candidate]) -> list[_Candidate]:
    """The best, then what is nearly as good and says something else (maximal marginal relevance)."""
    chosen: list[_Candidate] = []
    words = 0
    pool = [c for c in scored if c.score >= KEEP_FROM_BEST * scored[0].score and c.score > 0]
    while pool and len(chosen) < MAX_SENTENCES:
        best = max(pool, key=lambda c: c.score - DIVERSITY * _likeness(c, chosen))
        pool.remove(best)
        is_new = _likeness(best, chosen) < 0.6
        words_of_best = count_words(best.text)
        if is_new and (not chosen or words + words_of_best <= MAX_WORDS):
            chosen.append(best)
            words += words_of_best
    return chosen


def _likeness(candidate: _Candidate, chosen: Sequence[_Candidate]) -> float:
    own = set(candidate.own)
    return max((len(own & set(c.own)) / (len(own | set(c.own)) or 1) for c in chosen), default=0.0)


def _reading_order(chosen: Sequence[_Candidate]) -> list[_Candidate]:
    """Passage by passage, the one with the best sentence first; within one as its author wrote."""
    first_met = {c.passage.number: i for i, c in reversed(list(enumerate(chosen)))}
    return sorted(chosen, key=lambda c: (first_met[c.passage.number], c.order))


def _cite(candidate: _Candidate) -> Cited:
    return Cited(
        text=candidate.text,
        code=candidate.code,
        number=candidate.passage.number,
        start=candidate.start,
        end=candidate.end,
        places=tuple(candidate.passage.places(candidate.start, candidate.end)),
        score=round(candidate.score, 4),
    )
