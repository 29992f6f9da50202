"""Does each sentence of an answer stand in the passages that it cites?

Words are compared, not meaning: a paraphrase scores lower than a quotation, and a negation can pass. It finds
sentences that came from nowhere, citations of the wrong passage and changed numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from thruline.vectors.sentences import readable, sentences
from thruline.vectors.terms import coverage, terms, weights

SUPPORTED_AT_LEAST = 0.6  # a sentence copied with half of its function words changed keeps .8; another topic's has < .4
WRONG_NUMBER = 0.4  # the most that a sentence scores whose number is not where it points
WINDOW = 2  # sentences of a passage that one sentence of an answer may draw on together

Similarity = Callable[[str, Sequence[str]], Sequence[float]]
_CITATION = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")
_LEADING = re.compile(rf"(?:\s*{_CITATION.pattern})+[.,;]?\s*")
_ITEM = re.compile(r"(?:[*+\u2022-]|\d{1,2}[.)])\s")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NO_CLAIM = re.compile(r"i (?:do not|don't) know\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One sentence of an answer at characters start..end of it, and how far the passages that it cites say it.

    cited: passage numbers as written, those that do not exist included. support: 0..1.
    """

    text: str
    start: int
    end: int
    cited: tuple[int, ...]
    support: float

    @property
    def is_supported(self) -> bool:
        """Whether to trust it."""
        return self.support >= SUPPORTED_AT_LEAST


def ground(answer: str, passages: Mapping[int, str], *, similarity: Similarity | None = None) -> tuple[Claim, ...]:
    """Each sentence with its support in passages, which are keyed by their number.

    A sentence that cites nothing, or only passages that are not there, has support 0 - unless it claims nothing.
    similarity: cosines of a sentence and some texts; the better of words and meaning counts, numbers still bind.
    """
    windows = {number: _windows(text) for number, text in passages.items()}
    everything = [frozenset(terms(window)) for some in windows.values() for window in some]
    claims = []
    for start, end, cited in _cited_sentences(answer):
        text = " ".join(_CITATION.sub("", answer[start:end]).split())
        where = [window for number in cited for window in windows.get(number, ())]
        support = _support(text, where, everything, similarity)
        claims.append(Claim(text=text, start=start, end=end, cited=cited, support=support))
    return tuple(claims)


def _support(
    text: str, where: Sequence[str], everything: Sequence[frozenset[str]], similarity: Similarity | None
) -> float:
    said = terms(text)
    if not said or _NO_CLAIM.match(text):
        return 1.0
    if not where:
        return 0.0
    weight = weights(dict.fromkeys(said), everything)
    numbers = set(_NUMBER.findall(text))
    cosines = similarity(text, where) if similarity is not None else [0.0] * len(where)
    scores = [
        min(
            max(coverage(weight, terms(window)), cosine),
            1.0 if numbers <= set(_NUMBER.findall(window)) else WRONG_NUMBER,
        )
        for window, cosine in zip(where, cosines, strict=True)
    ]
    return round(max(scores), 4)


def _windows(passage: str) -> list[str]:
    parts = [readable(passage[s.start : s.end], s.kind) for s in sentences(passage)] or [passage]
    return [" ".join(parts[i : i + WINDOW]) for i in range(max(1, len(parts) - WINDOW + 1))]


def _cited_sentences(answer: str) -> list[tuple[int, int, tuple[int, ...]]]:
    """(start, end, cited) of each sentence; citations that stand after its full stop are the sentence's own.

    What announces a list, and the list's items, share the citation at the list's end.
    """
    found: list[tuple[int, int, tuple[int, ...]]] = []
    for sentence in sentences(answer):
        start = sentence.start
        leading = _LEADING.match(answer, start, sentence.end)
        if leading and found:
            before, _, cited = found[-1]
            found[-1] = (before, leading.end(), cited + _numbers(leading[0]))
            start = leading.end()
        if answer[start : sentence.end].strip():
            found.append((start, sentence.end, _numbers(answer[start : sentence.end])))
    for i in range(len(found) - 2, -1, -1):
        start, end, cited = found[i]
        if not cited and (answer[start:end].endswith(":") or _ITEM.match(answer, start)):
            found[i] = (start, end, found[i + 1][2])
    return found


def _numbers(text: str) -> tuple[int, ...]:
    numbers = (int(n) for some in _CITATION.findall(text) for n in re.split(r"\s*[,;]\s*", some))
    return tuple(dict.fromkeys(numbers))
