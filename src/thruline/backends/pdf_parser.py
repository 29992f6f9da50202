"""PDF by pypdfium2: text page by page, headings by size, and the text that was drawn so that nobody sees it."""

from __future__ import annotations

import re
from collections import Counter
from ctypes import byref, c_uint

import pypdfium2 as pdfium
from pypdfium2 import raw

from thruline.core.composing import Composer, flow
from thruline.core.documents import Parsed
from thruline.core.errors import Refused

# Smaller than anything printed to be read (footnotes are 6 to 8 points).
_TINY = 2.0
_HEADING_SCALE = 1.15
_LONGEST_HEADING = 120
_NEARLY_WHITE = 250
_HYPHEN = re.compile("[\u00ad\u0002\ufffe]\r?\n?")
_PROPERTIES = ("Author", "Subject", "Keywords", "Creator")
_SENTENCE_END = re.compile(r"[.:!?][\"')\]]?$")
_Box = tuple[float, float, float, float]


class PdfParser:
    """Paragraphs with pages; invisible, white, tiny and off-page text apart."""

    version = "pdf 1"

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """The document; its title is the file's own, else the first heading, else the file's name."""
        try:
            document = pdfium.PdfDocument(data)
        except pdfium.PdfiumError as failure:
            raise Refused(f"{name!r} is not a readable PDF", reason="parser_failed") from failure
        out = Composer(media_type, self.version, title=document.get_metadata_value("Title") or "")
        for said in _PROPERTIES:
            out.note(said, document.get_metadata_value(said))
        for number in range(len(document)):
            _read_page(document[number], number + 1, out)
        if not out.title and not out.done().title:
            out.title = name.rpartition("/")[2]
        return out.done()


def _read_page(page: pdfium.PdfPage, number: int, out: Composer) -> None:
    texts = page.get_textpage()
    sizes: Counter[float] = Counter()
    titles: dict[str, float] = {}
    covers: list[tuple[_Box, bool]] = []
    for thing in list(page.get_objects(textpage=texts)):
        if not isinstance(thing, pdfium.PdfTextObj):
            covers.append((thing.get_bounds(), raw.FPDFPageObj_GetType(thing) == raw.FPDF_PAGEOBJ_IMAGE))
            continue
        words = flow(thing.extract())
        if _is_unseen(thing, page, covers):
            out.hide(words)
            page.remove_obj(thing)
            continue
        size = round(_drawn_size(thing), 1)
        sizes[size] += len(words)
        titles[words] = size
    texts.close()
    _write(page.get_textpage().get_text_range(), number, _headings(titles, sizes), out)


def _is_unseen(text: pdfium.PdfTextObj, page: pdfium.PdfPage, covers: list[tuple[_Box, bool]]) -> bool:
    """A layer of recognised text over a scanned picture is invisible by design and counts as seen."""
    box = text.get_bounds()
    under = [image for cover, image in covers if _inside(box, cover)]
    if raw.FPDFTextObj_GetTextRenderMode(text) == raw.FPDF_TEXTRENDERMODE_INVISIBLE:
        return not any(under)
    return _drawn_size(text) < _TINY or not _touches(box, page.get_bbox()) or (_is_white(text) and not under)


def _is_white(text: pdfium.PdfTextObj) -> bool:
    red, green, blue, alpha = c_uint(), c_uint(), c_uint(), c_uint()
    known = raw.FPDFPageObj_GetFillColor(text, byref(red), byref(green), byref(blue), byref(alpha))
    if not known:
        return False
    return alpha.value == 0 or min(red.value, green.value, blue.value) >= _NEARLY_WHITE


def _drawn_size(text: pdfium.PdfTextObj) -> float:
    """Points on paper: the font's size times the scale of the matrix."""
    matrix = text.get_matrix()
    return text.get_font_size() * max(abs(matrix.d), abs(matrix.b))


def _inside(box: _Box, cover: _Box) -> bool:
    return box[0] >= cover[0] - 1 and box[1] >= cover[1] - 1 and box[2] <= cover[2] + 1 and box[3] <= cover[3] + 1


def _touches(box: _Box, page: _Box) -> bool:
    return box[0] < page[2] and box[2] > page[0] and box[1] < page[3] and box[3] > page[1]


def _headings(titles: dict[str, float], sizes: Counter[float]) -> dict[str, int]:
    """Line -> level: lines drawn larger than the body, the largest first."""
    if not sizes:
        return {}
    body = sizes.most_common(1)[0][0]
    large = {w: s for w, s in titles.items() if s >= body * _HEADING_SCALE and 2 < len(w) <= _LONGEST_HEADING}
    ranks = sorted(set(large.values()), reverse=True)
    return {words: min(ranks.index(size) + 1, 6) for words, size in large.items()}


def _write(text: str, page: int, headings: dict[str, int], out: Composer) -> None:
    paragraph: list[str] = []
    lines = _HYPHEN.sub("", text).replace("\r", "").replace("\x00", "").split("\n")
    widest = max(map(len, lines))
    for line in lines:
        level = headings.get(flow(line), 0)
        if level:
            out.block("\n".join(paragraph), page=page)
            paragraph = []
            out.heading(level, line, page=page)
            continue
        paragraph.append(line)
        if not line.strip() or (_SENTENCE_END.search(line.rstrip()) and len(line) < widest * 0.8):
            out.block("\n".join(paragraph), page=page)
            paragraph = []
    out.block("\n".join(paragraph), page=page)
