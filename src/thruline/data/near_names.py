# ruff: noqa: RUF001 - it tells letters of other scripts by Latin ones
"""Near names: whether a name that nobody bears is a misspelt one that somebody does, and where to look for them.

A letter too many, missing, other or swapped in the given name and in the surname; the words in another order; another
script, told by its Latin letters; a short form or an initial.
"""

from __future__ import annotations

import string
from collections.abc import Iterator

from thruline.data.called import words_of
from thruline.data.kin import Told, formal
from thruline.data.kin_score import name_level, says

_CYRILLIC = (
    "а a б b в v г g ґ g д d е e ё e є ye ж zh з z и i і i ї yi й y к k л l м m н n о o п p р r с s т t у u ф f х kh "
    "ц ts ч ch ш sh щ shch ъ - ы y ь - э e ю yu я ya"
)  # fmt: skip
_GREEK = "α a β v γ g δ d ε e ζ z η i θ th ι i κ k λ l μ m ν n ξ x ο o π p ρ r σ s ς s τ t υ y φ f χ ch ψ ps ω o"
_PAIRS = f"{_CYRILLIC} {_GREEK}".split()
_LATIN = str.maketrans({a: b.strip("-") for a, b in zip(_PAIRS[::2], _PAIRS[1::2], strict=True)})


def nearness(typed: str, known: str) -> tuple[str, ...]:
    """What speaks for a typed name being a known one, in words, the nearer the fewer; empty where nothing does."""
    ours, theirs = _latin(typed), _latin(known)
    if min(len(ours), len(theirs)) < 2:
        return ()
    scripts = () if (ours, theirs) == (words_of(typed), words_of(known)) else ("another script",)
    for words, order in ((ours, ()), ((*ours[1:], ours[0]), ("the words in another order",))):
        if words == theirs:
            return (*scripts, *order) or ("the same name",)
        level = name_level(Told(name=" ".join(words)), Told(name=" ".join(theirs)))
        if "other" not in level.split():
            return (*scripts, *order, says(level))
    return ()


def keys_near(typed: str) -> set[str]:
    """Where to look for whoever may be meant: under every name that is one letter from the typed one."""
    words = _latin(typed)
    return {key for order in (words, (*words[1:], *words[:1])) if len(words) > 1 for key in _keys(order[0], order[-1])}


def _keys(given: str, surname: str) -> Iterator[str]:
    for one in one_off(surname):
        yield from (f"surname {one} {form[0]}" for form in formal(given))
    for one in one_off(given):
        yield from (f"given {form} {surname[0]}" for form in formal(one))


def one_off(word: str) -> set[str]:
    """The word, and every one that is a Latin letter less, more or other, or has two neighbours swapped."""
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    less = {a + b[1:] for a, b in cuts if b and len(word) > 1}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    other = {a + letter + b[1:] for a, b in cuts if b for letter in string.ascii_lowercase}
    more = {a + letter + b for a, b in cuts for letter in string.ascii_lowercase}
    return less | swapped | other | more | {word}


def _latin(name: str) -> tuple[str, ...]:
    return tuple(filter(None, (word.translate(_LATIN) for word in words_of(name))))
