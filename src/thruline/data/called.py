"""What a person is called, as words and numbers: found in running text where no detector sees a name.

Two spellings are the same when their letters and digits are, whatever stands between the words, in whichever case
and with or without accents. A name counts in both orders ("Ada Lovelace", "Lovelace, Ada") and around initials ("Ada
K. Lovelace"); a number by its last nine digits, so that +44 20 7946 0958 is also 020 7946 0958.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from urllib.parse import unquote

Words = tuple[str, ...]
_WORD = re.compile(r"[^\W_]+")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_LINE = re.compile(r"\\[nrt]")
_QUOTED = re.compile(r"%[0-9a-fA-F]{2}")
_MARKUP = re.compile(r"<[^<>]{1,500}>")
# What may stand inside a word: tags of characters, emphasis, invisible characters, a hyphen at the end of a line.
_INSIDE = re.compile(
    r"</?(?:a|abbr|b|bd[io]|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|small|span|strike|strong|sub|sup|tt|u|var|wbr)"
    r"(?:\s[^<>]{0,500})?/?>|<!--[^<>]{0,500}-->|[*`~]+|__+|[\u00ad\u200b-\u200d\u2060\ufeff]|[-\u2010\u2011]\r?\n\s*",
    re.IGNORECASE,
)
_SIGNS = ("<", "*", "`", "~", "__", "-\n", "-\r\n")  # without any of these an ASCII text has nothing inside its words
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_ACCENTS = dict.fromkeys(range(0x300, 0x370))
_STROKES = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)
_APART = r"[ .\-/()]{0,2}"  # may stand between two digits of a number
_NUMBER = re.compile(rf"[0-9](?:{_APART}[0-9]){{6,60}}")
_IS_NUMBER = re.compile(r"[+(]?[0-9 .\-/()]+|[a-z]{2}[0-9]{2}[a-z0-9 ]{8,40}")  # a telephone, a card; an IBAN
_TELLING = 9  # digits by which numbers compare: what comes before differs with the country it is called from
_SHORTEST = 7


def fold(text: str) -> str:
    """The text as it is compared: one form of each letter, no case, no accents."""
    return text.lower() if text.isascii() else _FOREIGN.sub(_bare, text).lower()


def words_of(text: str) -> Words:
    """Letters and digits of the text, word by word."""
    return tuple(_WORD.findall(fold(text)))


def orders(called: str) -> list[Words]:
    """The terms by which a name or number is known: as written, with its last word first, by its last digits."""
    words = words_of(called)
    number = _IS_NUMBER.fullmatch(fold(called).strip())
    digits = [(term,) for term in _numbers(fold(called), whole=True)] if number else []
    return list(dict.fromkeys((words, words[-1:] + words[:-1], *digits))) if words else []


def terms(folded: str, lengths: Collection[int]) -> Iterator[Words]:
    """Every run of so many words, also where initials stand between them, and every number; some more than once."""
    words = _WORD.findall(folded)
    full = [word for word in words if len(word) > 1]
    for length in lengths:
        yield from zip(*(words[start:] for start in range(length)), strict=False)
        if len(full) < len(words):
            yield from zip(*(full[start:] for start in range(length)), strict=False)
    if 1 in lengths:
        yield from ((number,) for number in _numbers(folded))


def single_terms(folded: str) -> Iterator[str]:
    """The terms of one word, and every number: each of these is in `terms(folded, {1})`, and no other."""
    yield from set(_WORD.findall(folded))
    yield from _numbers(folded)


def readings(text: str) -> Iterator[str]:
    """The ways to read a text: as it stands, unescaped, without its markup, with its broken words joined."""
    yield text
    if "\\" in text:
        text = _LINE.sub(" ", _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text))
        yield text
    if "%" in text and _QUOTED.search(text):
        yield unquote(text)
    if "&" in text or "<" in text:
        yield html.unescape(_MARKUP.sub(" ", text))
    if not text.isascii() or any(sign in text for sign in _SIGNS):
        yield html.unescape(_MARKUP.sub(" ", _INSIDE.sub("", text)))


class Called:
    """Looks for people by what they are called in any number of texts."""

    def __init__(self, names: Iterable[str]) -> None:
        self._sought = {term for name in names for term in orders(name)}
        self._lengths = {len(term) for term in self._sought}
        self._rare = sorted({max(term, key=len) for term in self._sought})
        self._digits = [re.compile(_APART.join(word.removeprefix("#"))) for word in self._rare if word.startswith("#")]

    def is_in(self, text: str) -> bool:
        """Whether one of them is called in the text."""
        return any(self._is_said(fold(reading)) for reading in readings(text))

    def among(self, texts: Iterable[tuple[str, str]]) -> Iterator[str]:
        """Of (id, text) pairs the ids whose text calls one of them."""
        return (id for id, text in texts if self.is_in(text))

    def _is_said(self, folded: str) -> bool:
        hinted = any(word in folded for word in self._rare) or any(d.search(folded) for d in self._digits)
        return hinted and not self._sought.isdisjoint(terms(folded, self._lengths))


def _bare(found: re.Match[str]) -> str:
    """Letters as they are compared; an accent that stands alone belongs to the letter before it, and goes too."""
    plain = unicodedata.normalize("NFKC", found[0]).casefold()
    bare = unicodedata.normalize("NFKD", plain).translate(_ACCENTS)
    return unicodedata.normalize("NFKC", bare).casefold().translate(_STROKES)


def _numbers(folded: str, *, whole: bool = False) -> Iterator[str]:
    """Numbers of a text by their last digits, or by any nine in a row where it does not show which are the last."""
    for found in _NUMBER.finditer(folded):
        digits = re.sub(r"[^0-9]", "", found[0])
        last = len(digits) - _TELLING
        starts = [max(last, 0)] if whole else range(max(last, 0) + 1)
        yield from (f"#{digits[start : start + _TELLING]}" for start in starts)
