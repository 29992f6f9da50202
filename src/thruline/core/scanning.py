"""A text that many patterns look through, read once: each is tried only where a word stands that it can begin with.

An alternation behind `\\b` is tried by the regular expression engine at every character, which costs more than reading
the words of the text; a dozen such patterns would take longer than parsing it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from heapq import merge
from itertools import accumulate

_WORD = re.compile(r"(\w+)")
# What `re.IGNORECASE` takes for an ASCII letter and lower() does not, or not as one character.
_ALIKE = str.maketrans({"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"})


class Scanned:
    """A text and where its words begin."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def lowered(self) -> str:
        """In lower case, each character where it was."""
        return self.text.lower() if self.text.isascii() else self.text.translate(_ALIKE).lower()

    def finditer(
        self, pattern: re.Pattern[str], *, first: Sequence[str] = (), holds: Sequence[str] = ()
    ) -> Iterator[re.Match[str]]:
        """What pattern.finditer gives, sooner.

        first: words, in lower case, one of which every match begins with. holds: where no such words are known,
        lower-case parts, one of which every match has.
        """
        if first:
            yield from self._beginning(pattern, first)
        elif any(part in self.lowered for part in holds):
            yield from pattern.finditer(self.text)

    def _beginning(self, pattern: re.Pattern[str], first: Sequence[str]) -> Iterator[re.Match[str]]:
        end = 0
        for start in merge(*(self._places.get(word, ()) for word in first)):
            if start >= end and (found := pattern.match(self.text, start)):
                end = found.end()
                yield found

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        pieces = _WORD.split(self.lowered)  # words at every second place: faster than a match object for each
        places: defaultdict[str, list[int]] = defaultdict(list)
        for word, start in zip(pieces[1::2], list(accumulate(map(len, pieces), initial=0))[1::2], strict=False):
            places[word].append(start)
        return places
