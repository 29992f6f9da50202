"""Where words that were read off a page stand on it.

The words come as the parser wrote them down: lines joined, hyphens closed, columns and tables in order, what runs along
the edges left out. They are found again by their letters alone: each run of words of the page is looked up in the text,
the longest first, and splits what is left to look in before and after it, so that a word that stands there many times
is the one in its place.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from ctypes import byref, c_int
from typing import NamedTuple

import pypdfium2 as pdfium
from pypdfium2 import raw

from thruline.backends.pdf_parser.page import characters, read_page
from thruline.core.layout.grids import take_tables
from thruline.core.layout.order import Column, in_order
from thruline.core.layout.runs import Run
from thruline.core.pages import Frame, Look, Span

_FINE = 100  # the engine tells places in whole numbers: hundredths of a point
_BETWEEN = "\x00\x02\ufffe"  # beside spaces: what the engine puts where there is no character


class _Letters(NamedTuple):
    """Letters and digits of a text, folded, and the character that each is of."""

    text: str
    at: list[int]


class _Found(NamedTuple):
    """A run whose letters are those of the text from `start` on."""

    page: Shown
    letters: _Letters
    start: int


def find_spans(pages: Sequence[Shown], look: Look) -> list[tuple[tuple[Frame, ...], ...]]:
    """For each page the frames of each span of the text. It should hold all that stands on these pages."""
    units = [(page, page.letters(run)) for page in pages for run in page.runs] if look.spans else []
    whole = _letters(look.text, 0, len(look.text))
    found = [_Found(*units[n], at) for n, at in _aligned([letters.text for _, letters in units], whole.text)]
    found.sort(key=lambda each: each.start)
    return [
        tuple(tuple(_frames([f for f in found if f.page is page], whole, span)) for span in look.spans)
        for page in pages
    ]


class Shown:
    """An open page with its characters, without what nobody sees, as `read_page` leaves it."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self.drawn = read_page(page)
        self.size = page.get_size()
        self._page = page
        self._texts = page.get_textpage()
        self.text = characters(self._texts)

    def close(self) -> None:
        """Give back the page."""
        self._texts.close()
        self._page.close()

    @property
    def runs(self) -> Iterator[Run]:
        """In the order that they are read in; those of tables and across at the end."""
        runs, tables = take_tables(self.drawn.runs, self.drawn.rules)
        left = {run.at: run for run in self.drawn.runs}
        for part in in_order([*runs, *tables]):
            if isinstance(part, Column):
                yield from (left.pop(run.at) for line in part.lines for run in line.runs if run.at in left)
        yield from left.values()
        yield from self.drawn.across

    def letters(self, run: Run) -> _Letters:
        """Those of a run."""
        left, end = sum(len(word.text) for word in run.words), run.at
        while left and end < len(self.text):
            left -= not (self.text[end].isspace() or self.text[end] in _BETWEEN)
            end += 1
        return _letters(self.text, run.at, end)

    @property
    def is_named(self) -> bool:
        """Whether the file says of each character what it is."""
        return not any(raw.FPDFText_HasUnicodeMapError(self._texts.raw, n) for n in range(len(self.text)))

    def frame(self, begin: int, end: int) -> Frame:
        """Around these characters."""
        box, corners = raw.FS_RECTF(), []
        for n in range(begin, end):
            if raw.FPDFText_GetLooseCharBox(self._texts.raw, n, byref(box)) and box.right > box.left:
                corners += [self._place(box.left, box.top), self._place(box.right, box.bottom)]
        xs, ys = zip(*corners, strict=True) if corners else ((0.0,), (0.0,))
        return Frame(min(xs), min(ys), max(xs), max(ys))

    def _place(self, x: float, y: float) -> tuple[float, float]:
        """A point as the page is seen: turned, cropped, from its upper left corner."""
        width, height = (round(side * _FINE) for side in self.size)
        across, down = c_int(), c_int()
        raw.FPDF_PageToDevice(self._page.raw, 0, 0, width, height, 0, x, y, byref(across), byref(down))
        return across.value / _FINE, down.value / _FINE


def _letters(text: str, start: int, end: int) -> _Letters:
    letters: list[str] = []
    at: list[int] = []
    for n in range(start, end):
        folded = text[n].lower() if text[n].isascii() else unicodedata.normalize("NFKD", text[n]).casefold()
        for letter in folded:
            if letter.isalnum():
                letters.append(letter)
                at.append(n)
    return _Letters("".join(letters), at)


def _aligned(units: Sequence[str], text: str) -> Iterator[tuple[int, int]]:
    """(unit, where in the text it begins), those that keep the order first, then what is left where it is alone."""
    found = dict(_in_turn(units, text, 0, len(units), 0, len(text)))
    yield from found.items()
    taken = sorted((at, at + len(units[n])) for n, at in found.items())
    for n in (n for n, unit in enumerate(units) if n not in found and unit):
        at = text.find(units[n])
        while at >= 0 and any(start < at + len(units[n]) and at < end for start, end in taken):
            at = text.find(units[n], at + 1)
        if at >= 0:
            taken.append((at, at + len(units[n])))
            yield n, at


def _in_turn(units: Sequence[str], text: str, low: int, high: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    pending = [(low, high, start, end)]
    while pending:
        low, high, start, end = pending.pop()
        while low < high and text.startswith(units[low], start, end):  # mostly all of them: the parser wrote so
            yield low, start
            low, start = low + 1, start + len(units[low])
        while low < high and text.endswith(units[high - 1], start, end):
            high, end = high - 1, end - len(units[high - 1])
            yield high, end
        if split := _longest(units, text, low, high, start, end):
            n, at = split
            yield n, at
            pending += [(low, n, start, at), (n + 1, high, at + len(units[n]), end)]


def _longest(units: Sequence[str], text: str, low: int, high: int, start: int, end: int) -> tuple[int, int] | None:
    """The longest unit that stands there, one that stands there once before all others."""
    found = None
    for n in sorted(range(low, high), key=lambda n: (-len(units[n]), n)):
        at = text.find(units[n], start, end) if units[n] else -1
        if at >= 0:
            found = found or (n, at)
            if text.find(units[n], at + 1, end) < 0:
                return n, at
    return found


def _frames(found: Sequence[_Found], whole: _Letters, span: Span) -> Iterator[Frame]:
    """One for each run that the span goes through; signs at its ends are its own, as the full stop of a sentence."""
    first, last = bisect_left(whole.at, span[0]), bisect_left(whole.at, span[1])
    if first == last:
        return
    before, after = whole.at[first] - span[0], span[1] - whole.at[last - 1] - 1
    for page, letters, start in found:
        low, high = max(first, start), min(last, start + len(letters.text))
        if low < high:
            begin, end = letters.at[low - start], letters.at[high - start - 1] + 1
            begin -= _signs(page.text[max(begin - before, 0) : begin][::-1]) if low == first else 0
            end += _signs(page.text[end : end + after]) if high == last else 0
            yield page.frame(begin, end)


def _signs(text: str) -> int:
    """How many characters that are no letters stand at its beginning, before any space."""
    return next((n for n, c in enumerate(text) if c.isspace() or c in _BETWEEN or c.isalnum()), len(text))
