"""What a person is called, as a sequence of words: found in running text where no detector sees a name.

Two spellings are the same when their letters and digits are, whatever stands between the words and in whichever case;
a name counts in both orders ("Ada Lovelace", "Lovelace, Ada").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

Words = tuple[str, ...]
_WORD = re.compile(r"[^\W_]+")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
# What may stand between two words, also where a line break was written as `\n` in JSON.
_BETWEEN = r"(?:(?:\\[nrt]|[\W_]){1,8}|[\s|\-:+]+)"  # the second: columns of a table
_BEFORE, _AFTER = r"(?:(?<![^\W_])|(?<=\\[nrt]))", r"(?![^\W_])"


def fold(text: str) -> str:
    """The text as it is compared: one form of each letter, no case."""
    return unicodedata.normalize("NFKC", text).casefold()


def words_of(text: str) -> Words:
    """Letters and digits of the text, word by word."""
    return tuple(_WORD.findall(fold(text)))


def orders(called: str) -> list[Words]:
    """The word sequences by which a name is known: as written, and with its last word first."""
    words = words_of(called)
    return list(dict.fromkeys((words, words[-1:] + words[:-1]))) if words else []


def windows(words: Words, length: int) -> set[Words]:
    """Every run of that many words, each once."""
    return {words[start : start + length] for start in range(len(words) - length + 1)}


class Called:
    """Looks for people by what they are called in any number of texts."""

    def __init__(self, names: Iterable[str]) -> None:
        sequences = [words for name in names for words in orders(name)]
        self._rare = sorted({max(words, key=len) for words in sequences})
        self._pattern = re.compile("|".join(map(_pattern, sequences)) or r"(?!)")

    def is_in(self, text: str) -> bool:
        """Whether one of them is called in the text."""
        folded = fold(text)
        return any(word in folded for word in self._rare) and self._pattern.search(folded) is not None

    def among(self, texts: Iterable[tuple[str, bytes]]) -> Iterator[str]:
        """Of (id, UTF-8 text or JSON) pairs the ids whose text calls one of them."""
        return (id for id, data in texts if self.is_in(decoded(data)))


def decoded(data: bytes) -> str:
    """Bytes as the text that is looked through."""
    return _unescaped(data.decode("utf-8", "replace"))


def _unescaped(text: str) -> str:
    """The text with what JSON wrote as `\\u00eb` as the letter that it is."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "\\u" in text else text


def _pattern(words: Words) -> str:
    return _BEFORE + _BETWEEN.join(map(re.escape, words)) + _AFTER
