"""Mending: wrong words replaced by the right ones wherever a text says them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from thruline.core.documents import Parsed
from thruline.data.called import words_of
from thruline.data.rewriting import Replace, Rewriter, rewritten


class Fix(NamedTuple):
    """Words that are wrong and what is right instead."""

    wrong: str
    right: str


class Mender:
    """Puts one fix right in any number of texts, and counts the places.

    As a policy's words, wrong ones are met in any case and with other marks between them. Where the right words
    contain the wrong ones, as `12 Elm Street` does `Elm Street`, what is right already stays.
    """

    def __init__(self, fix: Fix) -> None:
        wrong, right = (unicodedata.normalize("NFC", words) for words in fix)
        self._right = right
        self.places = 0
        words: Mapping[str, Replace] = {wrong: self._mended}
        if words_of(wrong) != words_of(right) and _contains(words_of(right), words_of(wrong)):
            words = {right: str, wrong: self._mended}
        self._rewrite = Rewriter(words)

    def text(self, text: str) -> str:
        """The text with the right words."""
        return self._rewrite(text)

    def parsed(self, parsed: Parsed) -> Parsed:
        """A document with the right words, properties of its file included."""
        made = rewritten(parsed, self._rewrite)
        return replace(made, properties=tuple(map(self._rewrite, parsed.properties)))

    def is_needed(self, *texts: str) -> bool:
        """Whether one of the texts says the wrong words."""
        return any(self._rewrite(text) != text for text in texts)

    def _mended(self, said: str) -> str:
        self.places += said != self._right
        return self._right


def mended_text(text: str, fixes: Sequence[Fix]) -> tuple[str, tuple[int, ...]]:
    """A text after every fix in order, and the number of places that each of them changed."""
    menders = [Mender(fix) for fix in fixes]
    for mender in menders:
        text = mender.text(text)
    return text, tuple(mender.places for mender in menders)


def mended_parsed(parsed: Parsed, fixes: Sequence[Fix]) -> tuple[Parsed, tuple[int, ...]]:
    """The same of a parsed document."""
    menders = [Mender(fix) for fix in fixes]
    for mender in menders:
        parsed = mender.parsed(parsed)
    return parsed, tuple(mender.places for mender in menders)


def _contains(words: Sequence[str], part: Sequence[str]) -> bool:
    return any(tuple(words[at : at + len(part)]) == tuple(part) for at in range(len(words) - len(part) + 1))
