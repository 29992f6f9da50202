"""Pages: where on its documents' pages an answer stands, and what a page looks like.

A picture shows all of a page, whatever was covered in its text. So it is shown where nothing of it is hidden from this
reader: nothing that their clearance or the source's policy covers stands on it, and where something might be covered,
nothing on it is a picture itself, which no rule has read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.documents import Chunk, Spot
from thruline.core.errors import Denied, NotFound, Refused, Unsupported
from thruline.core.nouns import Actor
from thruline.core.pages import Frame, Look, Page, Span
from thruline.data import copies
from thruline.data.media import PAGED
from thruline.data.policies import policy
from thruline.data.records import Record
from thruline.flows import receipts, sources
from thruline.flows.documents import Document, read_documents
from thruline.flows.eyes import Eyes, eyes
from thruline.flows.quoting import quoted
from thruline.flows.reports import AnswerReport, CitedPage, Mark, PagePicture, Passage

if TYPE_CHECKING:
    from thruline.flows.line import Line

DOTS = 110  # an inch: legible on a screen, a tenth of a second to draw
MOST_PAGES = 12  # that one passage is looked for on: it has at most 250 words
COVERED = "something on this page is covered for you"
UNREAD = "this page holds pictures or characters that could not be checked for what is covered for you"
_UNITS = 10_000  # of a page's side, as spots are told


def cited(line: Line, actor: Actor, answer: str) -> tuple[CitedPage, ...]:
    """The pages that an answer rests on; raises NotFound where the actor may not see it."""
    said = receipts.read(line, actor, answer)
    numbers = {n for s in said.sentences for n in s.citations}
    passages = sorted((p for p in said.passages if p.number in numbers and p.page and p.text), key=lambda p: p.number)
    opened = _Opened(line, actor)
    return tuple(_together([page for passage in passages for page in _cited(line, opened, said, passage)]))


def picture(line: Line, actor: Actor, what: str, number: int) -> PagePicture:
    """A page as it looks; raises Denied where something on it is hidden from the actor, NotFound where it is not."""
    record = line.records.get(sources.document(line, actor, what).record)
    file = _Opened(line, actor).file(record.id)
    if file is None:
        raise NotFound(f"{what!r} is not to be shown", hint="it is quarantined, or the file itself is kept no longer")
    if file.document.media_type not in PAGED:
        raise Unsupported(f"{what!r} has no pages to show", hint="its text is all of it")
    page = next(iter(file.look(Look(numbers=(number,), dots=DOTS))), None)
    if page is None:
        raise NotFound(f"{what!r} has no page {number}", hint="pages are counted from 1")
    if withheld := file.withheld(page):
        raise Denied(
            f"page {number} of {what!r} is not shown: {withheld}", hint="its text is, as far as you may see it"
        )
    return PagePicture(record=record.id, page=number, of=page.of, width=page.width, height=page.height, png=page.png)


@dataclass(frozen=True)
class _File:
    """A document with its bytes, for one reader."""

    line: Line
    reader: Eyes
    document: Document
    data: bytes

    def look(self, look: Look) -> tuple[Page, ...]:
        """See ParserPool.look."""
        return self.line.parsers.look(self.data, self.document.media_type, self.document.title, look)

    def withheld(self, page: Page) -> str:
        """Why the page is not shown to this reader; empty where it is."""
        if not self.reader.hidden:
            return ""
        if self.reader.cover(self.document)(page.text) != page.text:
            return COVERED
        return UNREAD if page.has_unread else ""


class _Opened:
    """Files as a reader may see them, each opened once."""

    def __init__(self, line: Line, actor: Actor) -> None:
        self._line = line
        self._actor = actor
        self._files: dict[tuple[str, str], _File | None] = {}

    def file(self, id: str, document: str = "") -> _File | None:
        """None where its text is not for the reader, or it is no longer there. document: as it is cut."""
        if (id, document) not in self._files:
            self._files[id, document] = self._open(id, document)
        return self._files[id, document]

    def _open(self, id: str, cut: str) -> _File | None:
        line = self._line
        record = line.records.get_many([id]).get(id)
        if record is None or (record.state == "quarantined" and not self._actor.is_operator):
            return None
        cut = cut or record.document
        document = read_documents(line, [cut]).get(cut)
        data = line.payloads.get_many([id]).get(id)
        if document is None or data is None or copies.opened(line.ids, data):  # of words put right, no page shows them
            return None
        return _File(line, self._eyes(record), document, data)

    def _eyes(self, record: Record) -> Eyes:
        """Also without what the source's policy keeps out of its texts, which no clearance shows."""
        options = next((s.options for s in self._line.records.sources() if s.id == record.source), {})
        return eyes(self._line, self._actor).also_without(policy(options).hidden).named(self._line)


class _Place(NamedTuple):
    """A passage in its document: its chunk, the chunks on the same pages, and those pages."""

    chunk: Chunk
    beside: Sequence[Chunk]
    numbers: tuple[int, ...]


def _together(found: Sequence[CitedPage]) -> Iterator[CitedPage]:
    """Each page once. Of a passage that is quoted somewhere, what is quoted and not the rest of it."""
    exact = {mark.passage for page in found for mark in page.marks if not mark.whole}
    pages: dict[tuple[str, int], CitedPage] = {}
    for page in found:
        marks = tuple(mark for mark in page.marks if not mark.whole or mark.passage not in exact)
        if marks or not page.marks:
            held = pages.get((page.record, page.page), replace(page, marks=()))
            pages[page.record, page.page] = replace(held, marks=held.marks + marks)
    yield from pages.values()


def _cited(line: Line, opened: _Opened, said: AnswerReport, passage: Passage) -> Iterator[CitedPage]:
    stands = line.records.places([passage.chunk]).get(passage.chunk)
    file = opened.file(passage.record, stands.document) if stands else None
    if stands is None or file is None or file.document.media_type not in PAGED:
        return
    place = _place(file.document.chunks, stands.position)
    exact = quoted(passage.text, [s for s in said.sentences if passage.number in s.citations], passage.chunk)
    spans = exact or [(0, len(passage.text))]
    try:
        found = list(_found(file, place, spans))
    except Refused as refused:
        blank = Page(number=passage.page, of=0, width=0, height=0)
        yield _as_cited(passage, blank, (), withheld=f"it could not be drawn ({refused.reason})")
        return
    for page, frames in [pair for pair in found if any(pair[1])] or found[:1]:
        marks = (
            Mark(passage=passage.number, text=passage.text[a:b], frames=f, whole=not exact)
            for (a, b), f in zip(spans, frames, strict=True) if f
        )  # fmt: skip
        yield _as_cited(passage, page, tuple(marks), withheld=file.withheld(page))


def _as_cited(passage: Passage, page: Page, marks: tuple[Mark, ...], *, withheld: str) -> CitedPage:
    return CitedPage(
        record=passage.record, title=passage.title, page=page.number, of=page.of, width=page.width,
        height=page.height, marks=() if withheld else marks, withheld=withheld,
    )  # fmt: skip


def _found(file: _File, place: _Place, spans: Sequence[Span]) -> Iterator[tuple[Page, list[tuple[Frame, ...]]]]:
    """Each page with the frames of each span: of words read off a picture as they were read, else found again."""
    text, before = "", 0
    for chunk in place.beside:
        before = len(text) if chunk is place.chunk else before
        text += f"{chunk.text}\n"
    asked = Look(numbers=place.numbers, text=text, spans=tuple((before + a, before + b) for a, b in spans))
    for page in file.look(asked):
        read_off = [tuple(_spotted(place.chunk, page, span)) for span in spans]
        written = page.frames or ((),) * len(spans)
        yield page, [a + b for a, b in zip(read_off, written, strict=True)]


def _place(chunks: Sequence[Chunk], position: int) -> _Place:
    """The chunk's own page, and those up to where the next begins.

    Nobody knows where the last one ends, nor the one before what runs along the edges, which stands at a text's end.
    """
    ends = [after.page if after.page >= c.page else c.page + MOST_PAGES for c, after in pairwise(chunks)]
    ends.append(chunks[-1].page + MOST_PAGES)
    first = chunks[position].page
    last = min(ends[position], first + MOST_PAGES - 1)
    beside = [c for c, end in zip(chunks, ends, strict=True) if c.page <= last and end >= first]
    return _Place(chunks[position], beside, tuple(range(first, last + 1)))


def _spotted(chunk: Chunk, page: Page, span: Span) -> Iterator[Frame]:
    """Frames of the words of a span that were read off this page, those of a line as one."""
    held: Spot | None = None
    for spot in chunk.spots:
        start, end = spot.start - chunk.start, spot.end - chunk.start
        if spot.page != page.number or end <= span[0] or start >= span[1]:
            continue
        if held and _in_line(held, spot):
            top, bottom = min(held.top, spot.top), max(held.bottom, spot.bottom)
            held = held._replace(right=spot.right, top=top, bottom=bottom)
        else:
            if held:
                yield _framed(held, page)
            held = spot
    if held:
        yield _framed(held, page)


def _in_line(before: Spot, after: Spot) -> bool:
    middle = (after.top + after.bottom) / 2
    return before.top < middle < before.bottom and after.left >= before.left


def _framed(spot: Spot, page: Page) -> Frame:
    across, down = page.width / _UNITS, page.height / _UNITS
    sides = (spot.left * across, spot.top * down, spot.right * across, spot.bottom * down)
    return Frame(*(round(side, 2) for side in sides))
