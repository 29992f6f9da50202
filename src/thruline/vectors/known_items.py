"""Questions that documents answer, made without a language model: their titles, and the words that tell them apart.

Who types them looks for something known to be there. They say how well it is found again, not how well a question in
other words is.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from thruline.vectors.terms import terms

WORDS = 5  # of a key phrase
_WORD = re.compile(r"[^\W\d_][\w'-]+")
_LONGEST_TITLE = 20  # words


class Item(NamedTuple):
    """A document: what is searched for, under which title, and its words."""

    id: str
    title: str
    text: str


def known_items(items: Sequence[Item]) -> dict[str, str]:
    """Id -> a query that this document answers and hardly another; those without words that are their own are left out.

    A title where it has two words and stands alone, for every second document; else the key phrase.
    """
    titles = Counter(_key(item.title) for item in items)
    rare = _rarities(items)
    made: dict[str, str] = {}
    for n, item in enumerate(items):
        own_title = n % 2 == 0 and titles[_key(item.title)] == 1 and _is_title(item.title)
        query = item.title.strip() if own_title else key_phrase(item.text, rare)
        if query:
            made[item.id] = query
    return made


def key_phrase(text: str, rare: Mapping[str, float]) -> str:
    """The words that are frequent in the text and rare elsewhere, as they stand there first and in that order.

    rare: stem -> how rare it is; words that are not in it count nothing. Empty where fewer than two words count.
    """
    words = {stems[0]: word for word in reversed(_WORD.findall(text)) if (stems := terms(word))}
    often = Counter(terms(text))
    weight = {stem: math.sqrt(often[stem]) * rare.get(stem, 0.0) for stem in words}
    best = sorted((s for s in words if weight[s] > 0), key=lambda s: (-weight[s], s))[:WORDS]
    return " ".join(words[s] for s in reversed(words) if s in best) if len(best) > 1 else ""


def _rarities(items: Sequence[Item]) -> dict[str, float]:
    """Of every stem: 0 for one that all documents have, where there are two and more."""
    held = Counter(stem for item in items for stem in set(terms(item.text)))
    return {stem: math.log((len(items) + 1) / n) for stem, n in held.items()}


def _key(title: str) -> str:
    return " ".join(terms(title))


def _is_title(title: str) -> bool:
    return 2 <= len(title.split()) <= _LONGEST_TITLE and len(terms(title)) > 1
