"""What an answer may be made from: numbered passages under a budget, and the prompt that holds them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from thruline.core.ids import ArtifactId
from thruline.vectors.prompts import Template
from thruline.vectors.sentences import sentences

TOKENS_A_WORD = 1.35  # English under the usual 32k to 128k vocabularies takes 1.2 to 1.4 tokens a word
# Letters beyond ASCII take half a token each under vocabularies of the better kind, Chinese and Japanese signs one.
TOKENS_A_LETTER, TOKENS_A_SIGN, SIGNS = 0.5, 1.0, "\u2e80"
PER_RECORD = 3  # chunks of one record in an answer
NEIGHBOUR_GAP = 4  # characters of blank between two chunks that are still one passage
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A chunk that retrieval found: characters start..end of the record's text."""

    chunk: ArtifactId
    record: ArtifactId
    title: str
    text: str
    start: int
    end: int
    score: float = 0.0


class Place(NamedTuple):
    """Characters start..end of a chunk's own text."""

    chunk: ArtifactId
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A numbered piece of one record: one chunk, or neighbours joined. `start` is its place in the record's text."""

    number: int
    record: ArtifactId
    title: str
    text: str
    start: int
    hits: tuple[Hit, ...]

    def places(self, start: int, end: int) -> list[Place]:
        """Where characters start..end of this passage stand in its chunks; overlapping chunks are each named once."""
        found, at = [], self.start + start
        for hit in self.hits:
            upto = min(self.start + end, hit.end)
            if max(at, hit.start) < upto:
                found.append(Place(hit.chunk, max(at, hit.start) - hit.start, upto - hit.start))
                at = upto
        return found


# What becomes of a hit: it does not fit, it is cut to fit, or its document has given as much as it may.
Fate = Literal["no_room", "cut", "enough"]
Cost = Callable[[Sequence[Passage]], int]


@dataclass(frozen=True, kw_only=True)
class Context:
    """Passages [1..n], best first, and what they cost. fates: what became of hits that are not in it whole."""

    passages: tuple[Passage, ...]
    tokens: int
    fates: Mapping[ArtifactId, Fate] = field(default_factory=dict)

    @property
    def chunks(self) -> tuple[ArtifactId, ...]:
        """Every chunk that is in it: what the answer was made from."""
        return tuple(hit.chunk for passage in self.passages for hit in passage.hits)


def estimate_tokens(text: str) -> int:
    """Tokens, estimated from words; long strings without spaces count by their length, other scripts by letters."""
    beyond = [] if text.isascii() else [c for c in text if c > "\x7f"]
    letters = sum(TOKENS_A_SIGN if c >= SIGNS else TOKENS_A_LETTER for c in beyond)
    return round(max(len(text.split()) * TOKENS_A_WORD, len(text) / 6, letters))


def cost_of_texts(passages: Sequence[Passage]) -> int:
    """What the passages' texts alone are estimated to cost."""
    return sum(estimate_tokens(passage.text) for passage in passages)


def assemble(
    hits: Sequence[Hit], budget_tokens: int, *, cost: Cost = cost_of_texts, per_record: int = PER_RECORD
) -> Context:
    """Passages from hits in rank order, at most per_record chunks of one record, that cost no more than the budget.

    cost: of all that is sent when these passages are. A chunk that does not fit is left out and smaller ones after it
    may come in; only the first of all is cut, after its last whole sentence, so that there is always something to
    answer from. Where not one word of it fits, there are no passages.
    """
    chosen: list[Hit] = []
    fates: dict[ArtifactId, Fate] = {}
    for hit in hits:
        if any(hit.chunk == other.chunk for other in chosen):
            continue
        if sum(hit.record == other.record for other in chosen) >= per_record:
            fates[hit.chunk] = "enough"
            continue
        fitting = hit if chosen else _cut(hit, lambda one: cost(_numbered([one])) <= budget_tokens)
        if fitting.text.strip() and cost(_numbered([*chosen, fitting])) <= budget_tokens:
            chosen.append(fitting)
            if fitting != hit:
                fates[hit.chunk] = "cut"
        else:
            fates[hit.chunk] = "no_room"
    passages = _numbered(chosen)
    return Context(passages=passages, tokens=cost(passages), fates=fates)


def messages(template: Template, question: str, passages: Sequence[Passage], fence: str) -> list[dict[str, str]]:
    """The chat that asks for a cited answer. fence: random hex digits, new for each request, so that no passage can
    pretend to end."""
    fenced = "\n".join(
        f"<<passage {p.number} {fence}>>\ntitle: {' '.join(p.title.split())}\n{p.text}\n<<end {p.number} {fence}>>"
        for p in passages
    )
    return template.chat(passages=fenced, question=question, fence=fence)


def _numbered(hits: Sequence[Hit]) -> tuple[Passage, ...]:
    return tuple(_passage(number, group) for number, group in enumerate(_neighbours(hits), start=1))


def _cut(hit: Hit, fits: Callable[[Hit], bool]) -> Hit:
    """As much of it as fits: up to the end of a sentence, else of a word, else of a letter."""
    if fits(hit):
        return hit
    text = hit.text
    for ends in ([s.end for s in sentences(text)], [w.end() for w in _WORD.finditer(text)], range(1, len(text))):
        end = _furthest(ends, lambda end: fits(_upto(hit, end)))
        if end:
            return _upto(hit, end)
    return _upto(hit, 0)


def _furthest(ends: Sequence[int], fits: Callable[[int], bool]) -> int:
    """The last of the ends, in order, that fits; what is longer never costs less. 0 where none does."""
    within = bisect_left(ends, True, key=lambda end: not fits(end))
    return ends[within - 1] if within else 0


def _upto(hit: Hit, end: int) -> Hit:
    return replace(hit, text=hit.text[:end], end=hit.start + end)


def _neighbours(hits: Sequence[Hit]) -> list[list[Hit]]:
    """Hits of one record that touch, together in the record's order, at the rank of the best of them."""
    groups: list[list[Hit]] = []
    for hit in hits:
        touching = [g for g in groups if any(_touch(hit, other) for other in g)]
        if not touching:
            groups.append([hit])
            continue
        joined = sorted((hit, *(h for g in touching for h in g)), key=lambda h: (h.start, h.end))
        groups[groups.index(touching[0])] = joined
        for group in touching[1:]:
            groups.remove(group)
    return groups


def _touch(one: Hit, other: Hit) -> bool:
    if one.record != other.record:
        return False
    first, second = sorted((one, other), key=lambda h: h.start)
    return second.start - first.end <= NEIGHBOUR_GAP


def _passage(number: int, hits: list[Hit]) -> Passage:
    text, first = "", hits[0]
    for hit in hits:
        gap = hit.start - (first.start + len(text))
        text += "\n" * gap + hit.text if gap >= 0 else hit.text[-gap:]
    return Passage(
        number=number, record=first.record, title=first.title, text=text, start=first.start, hits=tuple(hits)
    )
