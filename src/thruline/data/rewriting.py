"""Rewriting: words of a text replaced wherever they stand, and where the rest of the text has moved to."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from thruline.core.documents import Parsed

Replace = Callable[[str], str]


class Moved(NamedTuple):
    """A rewritten text. starts, ends: of the replaced spans in the old one; shifts: how far what follows each moved."""

    text: str
    starts: list[int]
    ends: list[int]
    shifts: list[int]

    def at(self, place: int) -> int:
        """Where a place of the old text is now; inside of what was replaced, the end of what replaced it."""
        begun = bisect_left(self.starts, place)
        if not begun:
            return place
        return max(place, self.ends[begun - 1]) + self.shifts[begun - 1]


class Rewriter:
    """Replaces these words in any case and with other marks between their parts: `536-90-4399` is also 536904399."""

    def __init__(self, words: Mapping[str, Replace]) -> None:
        known = [word for word in sorted(words, key=len, reverse=True) if re.search(r"[^\W_]", word)]
        self._replace = [words[word] for word in known]
        patterns = "|".join(f"({_anywhere(word)})" for word in known)
        self._found = re.compile(rf"(?<![^\W_])(?:{patterns})(?![^\W_])", re.IGNORECASE) if known else None

    def __call__(self, text: str) -> str:
        """The text with them replaced."""
        return self._found.sub(self._instead, text) if self._found else text

    def moved(self, text: str) -> Moved:
        """The same, with where everything has gone."""
        parts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        shifts: list[int] = []
        at, shift = 0, 0
        for match in self._found.finditer(text) if self._found else ():
            instead = self._instead(match)
            parts += [text[at : match.start()], instead]
            starts.append(match.start())
            at = match.end()
            shift += len(instead) - len(match[0])
            ends.append(at)
            shifts.append(shift)
        return Moved("".join([*parts, text[at:]]), starts, ends, shifts)

    def _instead(self, match: re.Match[str]) -> str:
        assert match.lastindex is not None
        return self._replace[match.lastindex - 1](match[0])


def rewritten(parsed: Parsed, rewrite: Rewriter) -> Parsed:
    """What is searched, cited and shown, rewritten; blocks, and words read off a picture, go with their text."""
    moved = rewrite.moved(parsed.text)
    blocks = tuple(
        replace(b, start=moved.at(b.start), end=moved.at(b.end), headings=tuple(map(rewrite, b.headings)))
        for b in parsed.blocks
    )
    fields = tuple((name, rewrite(value)) for name, value in parsed.fields)
    spots = (spot._replace(start=moved.at(spot.start), end=moved.at(spot.end)) for spot in parsed.spots)
    return replace(
        parsed, text=moved.text, title=rewrite(parsed.title), blocks=blocks, hidden=tuple(map(rewrite, parsed.hidden)),
        fields=fields, spots=tuple(spot for spot in spots if spot.start < spot.end),
    )  # fmt: skip


def _anywhere(word: str) -> str:
    """`536-90-4399` is also 536904399; names in capitals are still names."""
    parts = re.findall(r"[^\W_]+", word)
    if all(part.isdigit() for part in parts):
        return r"[\W_]?".join(char for part in parts for char in part)
    return r"[\W_]{1,3}".join(map(re.escape, parts))
