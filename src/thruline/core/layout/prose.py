"""Lines to paragraphs: where one ends, and which hyphens only broke a word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from thruline.core.layout.order import Column, Line, usual
from thruline.core.layout.runs import Run

# Of the size of the letters, of the usual distance between lines, and of the column's width.
_INDENT = 0.8
_LOOSE = 1.3
_OTHER_SIZE = 0.12
_SHORT = 0.12
_SENTENCE_END = re.compile(r"[.:!?…。！？][\"'”’)\]]?$")  # noqa: RUF001 - full stops of other scripts
_ITEM = re.compile(r"(?:[•◦▪‣·*–—-]|\(?(?:\d{1,3}|[a-z])[.)])(?=\s)")  # noqa: RUF001 - dashes that begin items
_LAST = re.compile(r"\S+$")
_FIRST = re.compile(r"\S+")
_EDGES = "\"'“”‘’()[].,;:!?"  # noqa: RUF001


class Paragraph(NamedTuple):
    """Lines that belong together; size: of its letters, in points."""

    text: str
    size: float
    lines: list[Line]


class Words:
    """The words of a document, as they stand within its lines: they tell what a hyphen at a line's end meant."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def learn(self, run: Run) -> None:
        """Take note of the words of a line; of those at its ends only half may be there."""
        self._known.update([word.text.lower().strip(_EDGES) for word in run.words[1:-1]])

    def join(self, before: str, after: str, *, broken: bool) -> str:
        """Two lines as one. broken: the first ended in a hyphen, which is not in it."""
        if not broken and not (before.endswith("-") and before[-2:-1].isalnum()):
            return f"{before} {after}"
        before = before.removesuffix("-")
        first, second = _LAST.search(before), _FIRST.match(after)
        if not first or not second:
            return f"{before}- {after}"
        return f"{before}{'' if self._is_one(first.group(), second.group()) else '-'}{after}"

    def _is_one(self, first: str, second: str) -> bool:
        first, second = first.lower().lstrip(_EDGES), second.rstrip(_EDGES)
        if first + second.lower() in self._known:
            return True
        if f"{first}-{second.lower()}" in self._known:
            return False
        return first[-1:].isalpha() and second[:1].islower()


def paragraphs(column: Column, words: Words) -> Iterator[Paragraph]:
    """The lines of a column, joined."""
    lines = column.lines
    steps = [a.runs[0].middle - b.runs[0].middle for a, b in pairwise(lines)]
    step = usual([s for s in steps if s > 0], lines[0].runs[0].size * 1.3)
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    held, since = lines[0].text, 0
    for n, line in enumerate(lines[1:]):
        if _begins(lines[n], line, steps[n], min(step, line.runs[0].size * 1.9), (left, right)):
            yield Paragraph(_closed(held, lines[n]), lines[n].runs[0].size, lines[since : n + 1])
            held, since = line.text, n + 1
        else:
            held = words.join(held, line.text, broken=lines[n].runs[-1].broken)
    yield Paragraph(_closed(held, lines[-1]), lines[-1].runs[0].size, lines[since:])


def _closed(text: str, last: Line) -> str:
    return f"{text}-" if last.runs[-1].broken else text


def _begins(before: Line, line: Line, step: float, usual_step: float, edges: tuple[float, float]) -> bool:
    """Whether a paragraph begins with this line."""
    size, former = line.runs[0].size, before.runs[0].size
    if abs(size - former) > former * _OTHER_SIZE or step > usual_step * _LOOSE or step < -size:
        return True
    if before.runs[-1].broken:
        return False
    text = line.text
    if _ITEM.match(text):
        return True
    ended = bool(_SENTENCE_END.search(before.text))
    is_short = before.right < edges[1] - max((edges[1] - edges[0]) * _SHORT, size * 2)
    is_indented = line.left > before.left + size * _INDENT and before.left <= edges[0] + size * _INDENT
    return ended and (is_short or is_indented)
