"""Does each sentence of an answer stand in the passages that it cites?

Words are compared, not meaning, and what carries it is held to more: numbers with their units, names, and whether
something is denied must be as they are there. It finds sentences that came from nowhere, citations of the wrong
passage, and changed numbers, names and negations; who did what to whom it does not tell (bench/grounding.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from thruline.vectors.sentences import readable, sentences
from thruline.vectors.statements import Quantity, denials, statement
from thruline.vectors.terms import coverage, stem, terms, weights

SUPPORTED_AT_LEAST = 0.6  # a sentence copied with half of its function words changed keeps .8; another topic's has < .4
WRONG = 0.4  # the most that a sentence scores whose number, name or negation is another where it points
WINDOW = 2  # sentences of a passage that one sentence of an answer may draw on together

Similarity = Callable[[str, Sequence[str]], Sequence[float]]
_CITATION = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")
_BEFORE_STOP = re.compile(r" (?=[.,;:!?](?:\s|$))")
_LEADING = re.compile(rf"(?:\s*{_CITATION.pattern})+[.,;]?\s*")
_ITEM = re.compile(r"(?:[*+\u2022-]|\d{1,2}[.)])\s")
_NO_CLAIM = re.compile(r"i (?:do not|don't) know\b", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
# In a language that writes nouns with a capital, a capital tells no name.
_GERMAN = frozenset(
    ("der", "die", "das", "und", "ist", "nicht", "ein", "eine", "den", "dem", "von", "zu", "im", "wird")
)


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


def ground(
    answer: str, passages: Mapping[int, str], *, titles: Mapping[int, str] | None = None,
    similarity: Similarity | None = None,
) -> tuple[Claim, ...]:  # fmt: skip
    """Each sentence with its support in passages, which are keyed by their number.

    A sentence that cites nothing, or only passages that are not there, has support 0 - unless it claims nothing.
    titles: what stands above each passage, which may name what it tells of. similarity: cosines of a sentence and some
    texts; the better of words and meaning counts, numbers, names and negation still bind.
    """
    grounds = {n: _Ground.of(text, (titles or {}).get(n, "")) for n, text in passages.items()}
    everything = [window.terms for g in grounds.values() for window in g.windows]
    known_names = frozenset(name for text in passages.values() for name in _names(text, frozenset()))
    claims = []
    for start, end, cited in _cited_sentences(answer):
        text = _BEFORE_STOP.sub("", " ".join(_CITATION.sub(" ", answer[start:end]).split()))
        where = [grounds[number] for number in cited if number in grounds]
        support = _support(text, where, everything, known_names, similarity)
        claims.append(Claim(text=text, start=start, end=end, cited=cited, support=support))
    return tuple(claims)


class _Window(NamedTuple):
    text: str
    terms: frozenset[str]
    quantities: tuple[Quantity, ...]
    sentences: tuple[str, ...]


class _Ground(NamedTuple):
    """A passage: its windows, and every word in it or above it."""

    windows: tuple[_Window, ...]
    words: frozenset[str]

    @classmethod
    def of(cls, text: str, title: str) -> _Ground:
        words = frozenset(stem(word.casefold()) for word in _NAME.findall(f"{title} {text}"))
        return cls(tuple(_window(parts) for parts in _windows(text)), words)


def _window(parts: Sequence[str]) -> _Window:
    text = " ".join(parts)
    found = [q for part in parts for q in statement(part).quantities]
    dated = [Quantity(float(n), frozenset(), False, n) for q in found for n in _parts_of_date(q)]
    return _Window(text, frozenset(terms(text)), (*found, *dated), tuple(parts))


def _parts_of_date(quantity: Quantity) -> list[str]:
    """The numbers that a date is also: its year and its day."""
    return [n for n in str(quantity.value).split("-") if n] if "date" in quantity.units else []


def _support(
    text: str, where: Sequence[_Ground], everything: Sequence[frozenset[str]], known_names: frozenset[str],
    similarity: Similarity | None,
) -> float:  # fmt: skip
    said = terms(text)
    if not said or _NO_CLAIM.match(text):
        return 1.0
    windows = [window for ground in where for window in ground.windows]
    if not windows:
        return 0.0
    what = statement(text)
    weight = weights(dict.fromkeys(sorted(what.about) or said), everything)  # numbers are compared by themselves
    cosines = similarity(text, [w.text for w in windows]) if similarity is not None else [0.0] * len(windows)
    quantities = [q for q in what.quantities if not ("date" in q.units and str(q.value).startswith("-"))]
    scores = [
        min(max(coverage(weight, window.terms), cosine), 1.0 if _agrees(text, quantities, weight, window) else WRONG)
        for window, cosine in zip(windows, cosines, strict=True)
    ]
    is_named = all(any(stem(name) in g.words for g in where) for name in _names(text, known_names))
    return round(min(max(scores), 1.0 if is_named else WRONG), 4)


def _agrees(text: str, quantities: Sequence[Quantity], weight: Mapping[str, float], window: _Window) -> bool:
    """Whether every number is there, and the sentence that says most of it denies what it denies."""
    if not all(any(q.says(other) for other in window.quantities) for q in quantities):
        return False
    nearest = max(window.sentences, key=lambda sentence: coverage(weight, terms(sentence)))
    return not (_denies(text, nearest) or _denies(nearest, text))


def _denies(one: str, other: str) -> bool:
    """Whether one denies what the other says, which denies nothing."""
    said = set(terms(other))
    return not denials(other) and any(not scope or not scope.isdisjoint(said) for scope in denials(one))


def _names(text: str, known: frozenset[str]) -> list[str]:
    """Words with a capital inside a sentence; at its beginning those that are known as names."""
    words = list(_NAME.finditer(text))
    if len(_GERMAN.intersection(word[0].casefold() for word in words)) > 1:
        return []
    found = []
    for at, word in enumerate(words):
        name = word[0].casefold().removesuffix("'s").removesuffix("\u2019s")
        begins = at == 0 or text[: word.start()].rstrip()[-1:] in '.!?:"\u201c(['
        is_pair = at + 1 < len(words) and words[at + 1][0][0].isupper()
        if word[0][0].isupper() and len(name) > 2 and terms(name) and (not begins or is_pair or name in known):
            found.append(name)
    return found


def _windows(passage: str) -> list[list[str]]:
    parts = [readable(passage[s.start : s.end], s.kind) for s in sentences(passage)] or [passage]
    return [parts[i : i + WINDOW] for i in range(max(1, len(parts) - WINDOW + 1))]


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
