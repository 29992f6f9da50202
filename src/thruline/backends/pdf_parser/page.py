"""What is drawn on a page of a PDF: runs of words with their boxes, the rules between them, and what nobody sees.

Everything is in points from the lower left corner of the page as it is read: turned pages are turned back.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from ctypes import byref, c_void_p
from typing import Any, NamedTuple

import numpy as np
import pypdfium2 as pdfium
from pypdfium2 import raw

from thruline.backends.pdf_parser import quick
from thruline.backends.pdf_parser.unseen import take_unseen
from thruline.core.layout.runs import GAP, ITEM_SIGN, Box, Run, Word

_LINE = re.compile(
    "[^\r\n\x02\ufffe]+[\x02\ufffe]?"
)  # the engine puts these two where a word was broken at a line's end
_WORD = re.compile("[^\\s\x00\x02\ufffe]+")
# Of the size of the letters.
_STEP = 0.6
_MOST_PATHS = 2000  # a drawing, not tables
_THIN = 3.0
_SHORTEST_RULE = 6.0


class Drawn(NamedTuple):
    """A page: its runs as the file orders them, lines and edges of boxes, runs that stand across, and hidden texts."""

    runs: list[Run]
    rules: list[Box]
    across: list[Run]
    hidden: list[str]
    has_picture: bool


def read_page(page: pdfium.PdfPage) -> Drawn:
    """The page without what nobody sees."""
    hidden, covers = take_unseen(page)
    paths = [cover.box for cover in covers if not cover.is_picture]
    rules = [edge for box in paths for edge in _edges(box, page.get_bbox())] if len(paths) < _MOST_PATHS else []
    texts = page.get_textpage()
    runs, across = _straight(_runs(texts))
    texts.close()
    return Drawn(runs, rules, across, hidden, any(cover.is_picture for cover in covers))


def _runs(texts: pdfium.PdfTextPage) -> Iterator[tuple[int, Run]]:
    """Each run with the angle at which it stands, in quarter turns."""
    text = characters(texts)
    matches = list(_WORD.finditer(text))
    if not matches:
        return
    words, begin = [match.group() for match in matches], [match.start() for match in matches]
    starts = np.array(begin)
    ends = starts + np.array([len(word) for word in words])
    ask = _Letters(texts.raw)
    lines = [line for line in _lines(text, starts) if line.first < line.end]
    boxes = _boxes(ask, starts, ends)
    turns = [ask.turn(begin[line.first]) for line in lines]
    for line, turn in zip(lines, turns, strict=True):
        if turn:
            boxes[line.first : line.end] = _turned(boxes[line.first : line.end], turn)
    sizes = [ask.size(begin[line.first]) for line in lines]
    laid = _Laid(words, begin, boxes, lines, sizes)
    for line, size, turn in zip(lines, sizes, turns, strict=True):
        for run in laid.parted(line, size):
            yield turn, run


class _Line(NamedTuple):
    """Words first..end, as the engine tells a line. broken: it ends in a hyphen that broke a word."""

    first: int
    end: int
    broken: bool


def _lines(text: str, starts: np.ndarray) -> Iterator[_Line]:
    found = [(match.start(), match.end(), match.group()[-1] in "\x02\ufffe") for match in _LINE.finditer(text)]
    first = np.searchsorted(starts, [start for start, _, _ in found]).tolist()
    end = np.searchsorted(starts, [end for _, end, _ in found]).tolist()
    return map(_Line, first, end, (broken for _, _, broken in found))


class _Letters:
    """Asks the engine about characters; what it writes its answers into is made once a page."""

    def __init__(self, handle: Any) -> None:
        self.handle = handle
        self._matrix = raw.FS_MATRIX()
        self._to_matrix = byref(self._matrix)

    def turn(self, at: int) -> int:
        """The angle that a character stands at, in quarter turns."""
        return round(quick.char_angle(self.handle, at) / (math.pi / 2)) % 4

    def size(self, at: int) -> float:
        """Points on paper: the font's size times the scale of the matrix."""
        quick.char_matrix(self.handle, at, self._to_matrix)
        scale = math.hypot(self._matrix.b, self._matrix.d) or 1.0
        return round(quick.char_font_size(self.handle, at) * scale, 1) or 1.0

    def boxes(self, at: list[int]) -> np.ndarray:
        """(characters, 4) left, top, right, bottom."""
        found = np.zeros((len(at), 4), np.float32)
        place, ask, handle, to = found.ctypes.data, quick.loose_char_box, self.handle, c_void_p()
        for n in at:
            to.value = place
            ask(handle, n, to)
            place += 16
        return found.astype(float)


def _boxes(ask: _Letters, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """(words, 4) left, bottom, right, top, from the first and the last letter of each."""
    first = ask.boxes(starts.tolist())
    longer = np.flatnonzero(ends - starts > 1)
    last = first.copy()
    last[longer] = ask.boxes((ends[longer] - 1).tolist())
    rises = np.abs(last[:, 1] - first[:, 1]) > 1  # it stands across, or rises
    bottom = np.where(rises, np.minimum(first[:, 3], last[:, 3]), first[:, 3])
    top = np.where(rises, np.maximum(first[:, 1], last[:, 1]), first[:, 1])
    return np.stack([np.minimum(first[:, 0], last[:, 0]), bottom, np.maximum(first[:, 2], last[:, 2]), top], axis=1)


class _Laid:
    """The words of a page with their boxes, to be parted into runs where a wide gap or a step is."""

    def __init__(
        self, words: list[str], at: list[int], boxes: np.ndarray, lines: list[_Line], sizes: list[float]
    ) -> None:
        left, bottom, right, _ = boxes.T
        size = np.repeat(sizes, [line.end - line.first for line in lines])
        gap = np.where(left[1:] >= left[:-1], left[1:] - right[:-1], left[:-1] - right[1:])
        steps = np.abs(np.diff(bottom)) > size[1:] * _STEP
        self._gap, self._steps = gap, steps
        self._parts = (np.flatnonzero((gap > size[1:] * GAP) | steps) + 1).tolist()
        self._at = at
        self._sides = boxes.T.tolist()
        self._words = list(map(Word, words, self._sides[0], self._sides[2]))

    def parted(self, line: _Line, size: float) -> Iterator[Run]:
        """The runs of a line."""
        start = line.first
        low, high = bisect_left(self._parts, line.first + 1), bisect_left(self._parts, line.end)
        for n in self._parts[low:high]:
            bullet = n == start + 1 and self._gap[n - 1] < size * 4 and ITEM_SIGN.fullmatch(self._words[start].text)
            if not bullet or self._steps[n - 1]:
                yield self._run(start, n, size, broken=False)
                start = n
        yield self._run(start, line.end, size, broken=line.broken)

    def _run(self, start: int, end: int, size: float, *, broken: bool) -> Run:
        lefts, bottoms, rights, tops = (side[start:end] for side in self._sides)
        box = min(lefts), min(bottoms), max(rights), max(tops)
        return Run(tuple(self._words[start:end]), *box, size, self._at[start], broken)


def _turned(boxes: np.ndarray, turn: int) -> np.ndarray:
    """The boxes on a page turned so that text at this angle stands upright."""
    left, bottom, right, top = boxes.T
    if turn == 3:
        return np.stack([bottom, -right, top, -left], axis=1)
    if turn == 2:
        return np.stack([-right, -top, -left, -bottom], axis=1)
    return np.stack([-top, left, -bottom, right], axis=1)


def characters(texts: pdfium.PdfTextPage) -> str:
    """The page's characters, each at its own index."""
    text, count = texts.get_text_range(), texts.count_chars()
    if len(text) == count:
        return text
    # The engine leaves out characters that it cannot name; its indexes do not.
    return "".join(chr(raw.FPDFText_GetUnicode(texts.raw, n) or 0x20) for n in range(count))


def _straight(found: Iterator[tuple[int, Run]]) -> tuple[list[Run], list[Run]]:
    """The runs that stand as most letters do, and those that stand across."""
    each = list(found)
    letters: Counter[int] = Counter()
    for turn, run in each:
        letters[turn] += len(run.words)
    upright = letters.most_common(1)[0][0] if letters else 0
    return [run for turn, run in each if turn == upright], [run for turn, run in each if turn != upright]


def _edges(box: Box, page: Box) -> list[Box]:
    """A thin box is a rule; a larger one, unless it is the page's ground, has four."""
    left, bottom, right, top = box
    width, height = right - left, top - bottom
    if width <= _THIN or height <= _THIN:
        return [box] if max(width, height) >= _SHORTEST_RULE else []
    if width > (page[2] - page[0]) * 0.98 and height > (page[3] - page[1]) * 0.9:
        return []
    sides = (
        (left, bottom, right, bottom),
        (left, top, right, top),
        (left, bottom, left, top),
        (right, bottom, right, top),
    )
    return list(sides)
