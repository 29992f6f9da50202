"""PDF by pypdfium2: columns in the order they are read, tables by rows, and what was drawn so that nobody sees it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pypdfium2 as pdfium
from pypdfium2 import raw

from thruline.backends.pdf_parser.page import Drawn, read_page
from thruline.backends.pdf_parser.picture import draw_page
from thruline.backends.pdf_parser.places import Shown, find_spans
from thruline.backends.pdf_parser.running import take_running
from thruline.core.composing import Composer
from thruline.core.documents import Parsed
from thruline.core.errors import Refused
from thruline.core.layout.grids import take_tables
from thruline.core.layout.order import Column, Part, in_order
from thruline.core.layout.prose import Words, paragraphs
from thruline.core.pages import Look, Page
from thruline.core.tables import pieces
from thruline.ports.parser import ReadsInside

_HEADING_SCALE = 1.15
_LONGEST_HEADING = 200
_PROPERTIES = ("Author", "Subject", "Keywords", "Creator")
_DOTS = 150  # an inch: letters of ten points are twenty high
_AT_ONCE = 200  # pages laid out together: enough to tell what repeats, few enough for the memory


class PdfParser:
    """Paragraphs and tables with pages; headers and footers once, at the end; what is not seen apart."""

    version = "pdf 2"

    def parse_with(self, data: bytes, media_type: str, name: str, read: ReadsInside) -> Parsed:
        """The document; its title is the file's own, else the first heading, else the file's name."""
        document = open_pdf(data, name)
        out = Composer(media_type, self.version, title=document.get_metadata_value("Title") or "")
        for said in _PROPERTIES:
            out.note(said, document.get_metadata_value(said))
            out.field(said, document.get_metadata_value(said))
        out.field("date", document.get_metadata_value("ModDate") or document.get_metadata_value("CreationDate"))
        _Reader(out, lambda number: _recognised(document, number, read)).read(document)
        if not out.title and not out.done().title:
            out.title = name.rpartition("/")[2]
        return out.done()

    def look(self, data: bytes, name: str, look: Look) -> tuple[Page, ...]:
        """See ports.parser.Paged."""
        return tuple(_seen(open_pdf(data, name), look))


def open_pdf(data: bytes, name: str) -> pdfium.PdfDocument:
    """The document; raises Refused for one that is locked or damaged."""
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as failure:
        if failure.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise Refused(f"{name!r} is locked by a password", reason="locked") from failure
        raise Refused(f"{name!r} is not a readable PDF", reason="parser_failed") from failure


class _Reader:
    """Writes pages down, as many at a time as are laid out together."""

    def __init__(self, out: Composer, recognised: Callable[[int], Parsed | None]) -> None:
        self._out = out
        self._recognised = recognised
        self._sizes: Counter[float] = Counter()
        self._words = Words()
        self._running: dict[str, int] = {}

    def read(self, document: pdfium.PdfDocument) -> None:
        """All pages, and at the end what runs along their edges."""
        for start in range(0, len(document), _AT_ONCE):
            numbers = range(start, min(start + _AT_ONCE, len(document)))
            self.write(start + 1, [read(document, n) for n in numbers])
        for line, page in self._running.items():
            self._out.block(line, page=page)

    def write(self, first: int, pages: list[Drawn]) -> None:
        """Pages that follow on one another, the first of this number."""
        bodies, running = take_running([page.runs for page in pages])
        laid = [list(_parts(body, page)) for body, page in zip(bodies, pages, strict=True)]
        for body in bodies:
            for run in body:
                self._sizes[run.size] += len(run.words)
                self._words.learn(run)
        levels = self._levels([part for page in laid for part in page])
        for number, (parts, page, edges) in enumerate(zip(laid, pages, running, strict=True), first):
            for part in parts:
                self._write(part, number, levels)
            if page.has_picture and not page.runs:
                self._recognise(number)
            for run in page.across:
                self._out.block(run.text, page=number)
            for text in page.hidden:
                self._out.hide(text)
            for line in edges:
                self._running.setdefault(line, number)

    def _recognise(self, number: int) -> None:
        """A page that is a picture, as whoever reads pictures reads it."""
        found = self._recognised(number)
        if found is None:
            self._out.skip(number)
            return
        for block in found.blocks:
            self._out.block(found.text[block.start : block.end], kind=block.kind, page=number)
            within = [spot for spot in found.spots if block.start <= spot.start < block.end]
            self._out.place([(found.text[s.start : s.end], s._replace(page=number)) for s in within])

    def _write(self, part: Part, page: int, levels: dict[float, int]) -> None:
        if not isinstance(part, Column):
            for piece in pieces(part.rows):
                self._out.block(piece, kind="table", page=page)
            return
        for paragraph in paragraphs(part, self._words):
            level = levels.get(paragraph.size, 0)
            if level and 2 < len(paragraph.text) <= _LONGEST_HEADING:
                self._out.heading(level, paragraph.text, page=page)
            else:
                self._out.block(paragraph.text, page=page)

    def _levels(self, parts: list[Part]) -> dict[float, int]:
        """Size -> level: what is drawn larger than the body, the largest first."""
        body = self._sizes.most_common(1)[0][0] if self._sizes else 0.0
        columns = [part for part in parts if isinstance(part, Column)]
        sizes = {line.runs[0].size for column in columns for line in column.lines}
        large = sorted((s for s in sizes if s >= body * _HEADING_SCALE), reverse=True)
        return {size: min(n, 6) for n, size in enumerate(large, 1)}


def read(document: pdfium.PdfDocument, number: int) -> Drawn:
    """The page of this number, from 0."""
    page = document[number]
    try:
        return read_page(page)
    finally:
        page.close()


def _seen(document: pdfium.PdfDocument, look: Look) -> Iterator[Page]:
    shown = {number: Shown(document[number - 1]) for number in look.numbers if 0 < number <= len(document)}
    frames = find_spans(list(shown.values()), look)
    for (number, page), found in zip(shown.items(), frames, strict=True):
        said = Composer("", "")
        _Reader(said, lambda _: None).write(number, [page.drawn])
        width, height = page.size
        yield Page(
            number=number, of=len(document), width=round(width, 2), height=round(height, 2), frames=found,
            text=said.done().text, has_unread=page.drawn.has_picture or not page.is_named,
            png=draw_page(document, number - 1, look.dots, bare=True) if look.dots else b"",
        )  # fmt: skip
        page.close()


def _parts(runs: list, page: Drawn) -> Iterator[Part]:
    runs, tables = take_tables(runs, page.rules)
    yield from in_order([*runs, *tables])


def _recognised(document: pdfium.PdfDocument, number: int, read: ReadsInside) -> Parsed | None:
    """What the picture of a page, counted from 1, says; None where nobody reads pictures, nothing where it is none."""
    try:
        return read(draw_page(document, number - 1, _DOTS), f"page {number}.png")
    except Refused as refused:
        if refused.reason in ("needs_ocr", "unsupported_type"):
            return None
        raise
