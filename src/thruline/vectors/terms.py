"""Words of a text in the form in which they are compared: lower case, light English stems, parts of identifiers.

Where no spaces stand between words, pairs of letters stand for them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from thruline.core.scripts import spaced

_WORD = re.compile(r"[^\W_]+(?:[_.'\u2019-]+[^\W_]+)*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PIECE = re.compile(r"[^\W_]+")  # a capital within a word of another alphabet begins no part of a name
_STOP_WORDS = """
a about after all also am an and any are as at be been before being but by can could d did do does doing done for
from had has have having he her here him his how i if in into is isn it its just ll m me might must my no nor not
of on one or our ours over own re s shall she should so some such t than that the their them then there these they
this those through to too up us ve very was way we were what when where which while who whom whose why will with
without would you your yours mean tell need want please use used uses using against between difference differ vs
versus happen happens happened get gets got exactly best possible
"""
_STOP = frozenset(_STOP_WORDS.split())


def terms(text: str) -> list[str]:
    """Stems in order, without stop words. `QuerySet.select_related` also gives its parts."""
    found: list[str] = []
    for word in _WORD.findall(spaced(text)):
        found.extend(_forms(word))
    return found


@lru_cache(maxsize=1 << 15)
def _forms(word: str) -> tuple[str, ...]:
    lower = word.lower().replace("\u2019", "'").removesuffix("'s")
    if lower in _STOP or (len(lower) == 1 and not lower.isdigit()):
        return ()
    parts = [part.lower() for part in (_PART if word.isascii() else _PIECE).findall(word)]
    if len(parts) < 2:
        return (stem(lower),)
    return (lower, *(stem(part) for part in parts if part not in _STOP and len(part) > 1))


def count_words(text: str) -> int:
    """How many words it has; where no spaces stand between them, nearly as many as letters."""
    return len(spaced(text).split())


def stem(word: str) -> str:
    """A light English stem: `protected`, `protects` and `protection` meet; other languages stay nearly as they are."""
    if len(word) < 4 or not word.isascii():
        return word
    for suffix, instead in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if word.endswith(suffix) and not word.endswith(("ss", "us", "is")):
            word = word[: -len(suffix)] + instead
            break
    for suffix in ("ation", "ion", "ing", "ed", "er", "or"):
        bare = word.removesuffix(suffix)
        if bare != word and len(bare) >= 3 and any(vowel in bare for vowel in "aeiouy"):
            word = bare[:-1] if bare[-1] == bare[-2] and bare[-1] not in "lsz" else bare
            break
    return word.removesuffix("ate").removesuffix("e") if len(word) > 4 else word


def weights(wanted: Iterable[str], texts: Sequence[frozenset[str]]) -> dict[str, float]:
    """How much each wanted term tells apart the texts: 1 for one that all have, more for a rare one.

    Damped against BM25's idf, because the texts were found by these very terms: the topic is common among them.
    """
    count = len(texts)
    frequency = {term: max(1, sum(term in text for text in texts)) for term in wanted}
    return {term: 1 + 0.5 * math.log((count + 1) / (n + 1)) for term, n in frequency.items()}


def coverage(weight: Mapping[str, float], has: Iterable[str]) -> float:
    """Share, by weight, of the terms that `has` holds, in [0, 1]; 0 where there are no terms."""
    total = sum(weight.values())
    return sum(weight.get(term, 0.0) for term in set(has)) / total if total else 0.0
