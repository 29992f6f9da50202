"""Text of a PDF that a program reads and a person does not see: invisible, white, tiny, beside the page."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from ctypes import byref, c_float, c_uint
from typing import Any, NamedTuple

import pypdfium2 as pdfium
from pypdfium2 import raw

from thruline.backends.pdf_parser import quick
from thruline.core.composing import flow
from thruline.core.layout.runs import Box

# Smaller than anything printed to be read (footnotes are 6 to 8 points).
_TINY = 2.0
_NEARLY_WHITE = 250
_DEEPEST = 8  # forms in forms
_SHAPES = (raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING)
_Matrix = tuple[float, float, float, float, float, float]


class Cover(NamedTuple):
    """Something drawn that text may stand on."""

    box: Box
    is_picture: bool


class _Thing(NamedTuple):
    """An object of the page, the form that holds it, and how that form is placed."""

    handle: Any
    kind: int
    form: Any
    placed: _Matrix | None


def take_unseen(page: pdfium.PdfPage) -> tuple[list[str], list[Cover]]:
    """Takes hidden text off the page; what it said, and what is drawn beside text."""
    look, whole = _Look(), page.get_bbox()
    covers: list[Cover] = []
    unseen: list[_Thing] = []
    for thing in _things(page):
        if thing.kind == raw.FPDF_PAGEOBJ_TEXT:
            if _is_unseen(look, thing, whole, covers):
                unseen.append(thing)
        elif thing.kind in _SHAPES:
            covers.append(Cover(look.box(thing), thing.kind == raw.FPDF_PAGEOBJ_IMAGE))
    return list(_taken_off(page, unseen)) if unseen else [], covers


def _things(page: pdfium.PdfPage) -> Iterator[_Thing]:
    for n in range(raw.FPDFPage_CountObjects(page.raw)):
        handle = raw.FPDFPage_GetObject(page.raw, n)
        kind = quick.object_type(handle)
        yield _Thing(handle, kind, None, None)
        if kind == raw.FPDF_PAGEOBJ_FORM:
            yield from _within(handle, None, 1)


def _within(form: Any, placed: _Matrix | None, depth: int) -> Iterator[_Thing]:
    matrix = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(form, byref(matrix))
    here = (matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)
    placed = _times(here, placed) if placed else here
    for n in range(raw.FPDFFormObj_CountObjects(form)):
        handle = raw.FPDFFormObj_GetObject(form, n)
        kind = quick.object_type(handle)
        yield _Thing(handle, kind, form, placed)
        if kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
            yield from _within(handle, placed, depth + 1)


class _Look:
    """Asks the engine about objects; what it writes its answers into is made once a page."""

    def __init__(self) -> None:
        self._floats = tuple(c_float() for _ in range(4))
        self._colours = tuple(c_uint() for _ in range(4))
        self._matrix = raw.FS_MATRIX()
        self._to_floats = [byref(f) for f in self._floats]
        self._to_colours = [byref(c) for c in self._colours]
        self._to_matrix = byref(self._matrix)

    def box(self, thing: _Thing) -> Box:
        """Its bounds on the page."""
        quick.object_bounds(thing.handle, *self._to_floats)
        left, bottom, right, top = self._floats
        box = left.value, bottom.value, right.value, top.value
        return _placed(box, thing.placed) if thing.placed else box

    def size(self, text: _Thing) -> float:
        """Points on paper: the font's size times the scale of the matrix."""
        quick.text_font_size(text.handle, self._to_floats[0])
        quick.object_matrix(text.handle, self._to_matrix)
        size = self._floats[0].value * max(abs(self._matrix.d), abs(self._matrix.b))
        return size * max(abs(text.placed[3]), abs(text.placed[1])) if text.placed else size

    def is_white(self, text: _Thing) -> bool:
        """Whether it is drawn in white, or in nothing."""
        if not quick.object_fill(text.handle, *self._to_colours):
            return False
        red, green, blue, alpha = self._colours
        return alpha.value == 0 or min(red.value, green.value, blue.value) >= _NEARLY_WHITE


def _is_unseen(look: _Look, text: _Thing, page: Box, covers: list[Cover]) -> bool:
    """A layer of recognised text over a scanned picture is invisible by design and counts as seen."""
    if quick.text_render_mode(text.handle) == raw.FPDF_TEXTRENDERMODE_INVISIBLE:
        box = look.box(text)
        return not any(cover.is_picture for cover in covers if _inside(box, cover.box))
    if look.size(text) < _TINY or not _touches(look.box(text), page):
        return True
    if not look.is_white(text):
        return False
    box = look.box(text)
    return not any(_inside(box, cover.box) for cover in covers)


def _taken_off(page: pdfium.PdfPage, things: list[_Thing]) -> Iterator[str]:
    texts = page.get_textpage()
    for thing in things:
        yield flow(_text(thing.handle, texts.raw))
        if thing.form:
            raw.FPDFFormObj_RemoveObject(thing.form, thing.handle)
        else:
            raw.FPDFPage_RemoveObject(page.raw, thing.handle)
    texts.close()
    for thing in things:
        raw.FPDFPageObj_Destroy(thing.handle)  # what was removed is ours


def _text(handle: Any, texts: Any) -> str:
    size = raw.FPDFTextObj_GetText(handle, texts, None, 0)
    buffer = ctypes.create_string_buffer(size)
    raw.FPDFTextObj_GetText(handle, texts, ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    return buffer.raw[: max(size - 2, 0)].decode("utf-16-le", "replace")


def _times(inner: _Matrix, outer: _Matrix) -> _Matrix:
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _placed(box: Box, by: _Matrix) -> Box:
    a, b, c, d, e, f = by
    corners = [(x, y) for x in (box[0], box[2]) for y in (box[1], box[3])]
    xs, ys = [a * x + c * y + e for x, y in corners], [b * x + d * y + f for x, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _inside(box: Box, cover: Box) -> bool:
    return box[0] >= cover[0] - 1 and box[1] >= cover[1] - 1 and box[2] <= cover[2] + 1 and box[3] <= cover[3] + 1


def _touches(box: Box, page: Box) -> bool:
    return box[0] < page[2] and box[2] > page[0] and box[1] < page[3] and box[3] > page[1]
