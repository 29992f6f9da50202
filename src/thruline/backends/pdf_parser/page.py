"""What is drawn on a page of a PDF: runs of words with their boxes, the rules between them, and what nobody sees.

Everything is in points from the lower left corner of the page as it is read: turned pages are turned back.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from ctypes import byref
from typing import Any, NamedTuple

import pypdfium2 as pdfium
from pypdfium2 import raw

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
_Boxed = tuple[str, float, float, float, float, int]  # a word, its box, and its first character's index


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
    for line in _LINE.finditer(text):
        boxes = _boxes(texts.raw, text, line.start(), line.end())
        if boxes:
            at = boxes[0][5]
            size = _size(texts.raw, at)
            turn = round(raw.FPDFText_GetCharAngle(texts.raw, at) / (math.pi / 2)) % 4
            if turn:
                boxes = [(word, *_turned(box, turn), at) for word, *box, at in boxes]
            for run in _parted(boxes, size, broken=line.group()[-1] in "\x02\ufffe"):
                yield turn, run


def _boxes(handle: Any, text: str, start: int, end: int) -> list[_Boxed]:
    """The words of a line with their boxes. Most of the time goes by here: two questions to the engine for a word."""
    box = raw.FS_RECTF()
    at_box, ask = byref(box), raw.FPDFText_GetLooseCharBox
    boxes = []
    for match in _WORD.finditer(text, start, end):
        first, last = match.start(), match.end() - 1
        ask(handle, first, at_box)
        left, bottom, right, top = box.left, box.bottom, box.right, box.top
        if last > first:
            ask(handle, last, at_box)
            if box.right > right:
                right = box.right
            if box.left < left:
                left = box.left
            if abs(box.top - top) > 1:  # it stands across, or rises
                bottom, top = min(bottom, box.bottom), max(top, box.top)
        boxes.append((match.group(), left, bottom, right, top, first))
    return boxes


def characters(texts: pdfium.PdfTextPage) -> str:
    """The page's characters, each at its own index."""
    text, count = texts.get_text_range(), texts.count_chars()
    if len(text) == count:
        return text
    # The engine leaves out characters that it cannot name; its indexes do not.
    return "".join(chr(raw.FPDFText_GetUnicode(texts.raw, n) or 0x20) for n in range(count))


def _parted(boxes: list[_Boxed], size: float, *, broken: bool) -> Iterator[Run]:
    """The words of a line as the engine tells it, parted where a wide gap or a step is."""
    start, widest, highest = 0, size * GAP, size * _STEP
    _, left, bottom, right, _, _ = boxes[0]
    for n in range(1, len(boxes)):
        _, next_left, next_bottom, next_right, _, _ = boxes[n]
        gap = next_left - right if next_left >= left else left - next_right
        if gap > widest or abs(next_bottom - bottom) > highest:
            bullet = n == start + 1 and gap < size * 4 and ITEM_SIGN.fullmatch(boxes[start][0])
            if not bullet or abs(next_bottom - bottom) > highest:
                yield _run(boxes[start:n], size, broken=False)
                start = n
        left, bottom, right = next_left, next_bottom, next_right
    yield _run(boxes[start:], size, broken=broken)


def _run(boxes: list[_Boxed], size: float, *, broken: bool) -> Run:
    words, lefts, bottoms, rights, tops, at = zip(*boxes, strict=True)
    return Run(
        tuple(map(Word, words, lefts, rights)), min(lefts), min(bottoms), max(rights), max(tops), size, at[0], broken
    )


def _size(handle: object, at: int) -> float:
    """Points on paper: the font's size times the scale of the matrix."""
    matrix = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(handle, at, byref(matrix))
    scale = math.hypot(matrix.b, matrix.d) or 1.0
    return round(raw.FPDFText_GetFontSize(handle, at) * scale, 1) or 1.0


def _turned(box: Sequence[float], turn: int) -> Box:
    """The box on a page turned so that text at this angle stands upright."""
    left, bottom, right, top = box
    if turn == 3:
        return bottom, -right, top, -left
    if turn == 2:
        return -right, -top, -left, -bottom
    if turn == 1:
        return -top, left, -bottom, right
    return left, bottom, right, top


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
