"""PowerPoint presentations from their XML: slide by slide what is shown, then what the speaker notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple
from xml.etree.ElementTree import Element

from thruline.core.composing import Composer
from thruline.core.documents import Parsed
from thruline.core.inlays import Inlays
from thruline.core.packages import Package, local, named, relation_id
from thruline.core.tables import pieces
from thruline.ports.parser import ReadsInside

_SHAPES = frozenset(("sp", "pic", "graphicFrame", "cxnSp"))
_TITLES = frozenset(("title", "ctrTitle"))
_NOT_CONTENT = frozenset(("sldNum", "dt", "ftr", "hdr", "sldImg"))
_DRAWN_APART = frozenset(("diagramData", "chart"))
_TINY = 200  # hundredths of a point
# An alternative text describes; one of this many words instructs.
_LONGEST_DESCRIPTION = 40


class _Slide(NamedTuple):
    number: int
    width: int
    height: int
    hidden: bool


class _Source(NamedTuple):
    """Where a slide stands in the file, and what reads its pictures."""

    package: Package
    part: str
    inlays: Inlays


class _Shape(NamedTuple):
    """role: what the layout means it for; nothing for a free one. grouped: its place is relative to a group's."""

    element: Element
    role: str
    grouped: bool


class PptxParser:
    """Titles as headings, the slide's number as page; hidden slides and shapes, and what lies off the slide, apart."""

    version = "pptx 2"

    def parse_with(self, data: bytes, media_type: str, name: str, read: ReadsInside) -> Parsed:
        """The document; its title is the file's own, else its first heading, else its name."""
        package = Package(data, name)
        main = package.main()
        show = package.xml(main)
        related = package.relations(main)
        out = Composer(media_type, self.version, title=package.title())
        inlays = Inlays(out, read)
        for property_name, value in package.properties():
            out.note(property_name, value)
            out.field(property_name, value)
        out.field("date", package.dated())
        for relation in related.values():
            if relation.kind in ("commentAuthors", "authors"):
                for author in package.xml(relation.part):
                    out.note("commenter", author.get("name"))
        slides = [related[id].part for e in named(show, "sldId") if (id := relation_id(e)) in related]
        for number, part in enumerate(slides, 1):
            _read(_Source(package, part, inlays), number, _size(show), out)
        if not out.title and not out.done().title:
            out.title = name.rpartition("/")[2]
        return replace(out.done(), parser=", ".join((self.version, *sorted(inlays.parsers))))


def _read(source: _Source, number: int, size: tuple[int, int], out: Composer) -> None:
    package, part, _ = source
    root = package.xml(part)
    slide = _Slide(number, *size, hidden=root.get("show") in ("0", "false"))
    shapes = sorted(_shapes(root), key=lambda shape: shape.role not in _TITLES)
    for shape in shapes:
        _write(shape, slide, source, out)
    for relation in package.relations(part).values():
        for text in _beside(package, relation.kind, relation.part):
            if slide.hidden:
                out.hide(text)
            else:
                out.block(text, page=number)


def _beside(package: Package, kind: str, part: str) -> Iterator[str]:
    """Speaker notes, comments, and the words of diagrams and charts: parts of their own beside the slide."""
    if kind == "notesSlide":
        for shape in _shapes(package.xml(part)):
            if shape.role not in _NOT_CONTENT and (text := _text(shape.element)):
                yield f"Notes: {text}"
    elif kind == "comments":
        for comment in package.xml(part):
            yield "".join(e.text or "" for e in named(comment, "t", "text"))
    elif kind in _DRAWN_APART:
        words = (e.text or "" for e in named(package.xml(part), "t", "v"))
        yield "\n".join(dict.fromkeys(word.strip() for word in words if not _is_number(word)))


def _write(shape: _Shape, slide: _Slide, source: _Source, out: Composer) -> None:
    if shape.role in _NOT_CONTENT:
        return
    element = shape.element
    hidden = slide.hidden or _is_unseen(shape, slide)
    if hidden:
        out.hide(_text(element))
    else:
        _write_shown(shape, slide, out)
    for picture in source.package.pictures(source.part, element):
        place = f"on slide {slide.number}"
        source.inlays.write(source.package.data(picture), picture, place, page=slide.number, hidden=hidden)


def _write_shown(shape: _Shape, slide: _Slide, out: Composer) -> None:
    element = shape.element
    _describe(element, slide, out)
    tables = list(named(element, "tbl"))
    for table in tables:
        rows = [[_text(cell, out) for cell in named(row, "tc")] for row in named(table, "tr")]
        for piece in pieces(rows):
            out.block(piece, kind="table", page=slide.number)
    text = "" if tables else _text(element, out)
    if shape.role in _TITLES:
        out.heading(1, text, page=slide.number)
    else:
        out.block(text, kind="list" if "\n" in text else "text", page=slide.number)


def _describe(element: Element, slide: _Slide, out: Composer) -> None:
    described = next((e.get("descr", "") for e in named(element, "cNvPr")), "")
    if len(described.split()) > _LONGEST_DESCRIPTION:
        out.hide(described)
    else:
        out.block(described, page=slide.number)


def _shapes(root: Element) -> Iterator[_Shape]:
    """Shapes in reading order, groups opened; of alternatives for other programs, the first."""
    waiting = [(element, False) for element in list(root)[::-1]]
    while waiting:
        element, grouped = waiting.pop()
        tag = local(element)
        if tag in _SHAPES:
            yield _Shape(element, _role(element), grouped)
        else:
            inside = [e for e in element if tag != "AlternateContent" or local(e) == "Choice"]
            waiting += [(e, grouped or tag == "grpSp") for e in inside[::-1]]


def _text(shape: Element, out: Composer | None = None) -> str:
    """The paragraphs, a line each; runs too small to be read are hidden in `out`, where it is given."""
    return "\n".join(filter(None, (_paragraph(p, out) for p in named(shape, "p"))))


def _paragraph(paragraph: Element, out: Composer | None) -> str:
    shown: list[str] = []
    for run in paragraph:
        if local(run) == "br":
            shown.append(" ")
        text = "".join(e.text or "" for e in named(run, "t"))
        if out is not None and _is_tiny(run):
            out.hide(text)
        else:
            shown.append(text)
    return " ".join("".join(shown).split())


def _is_tiny(run: Element) -> bool:
    size = next((e.get("sz", "") for e in run if local(e) == "rPr"), "")
    return size.isdecimal() and int(size) <= _TINY


def _is_unseen(shape: _Shape, slide: _Slide) -> bool:
    if any(e.get("hidden") in ("1", "true") for e in named(shape.element, "cNvPr")):
        return True
    frame = next(named(shape.element, "xfrm"), None)
    if frame is None or shape.grouped or not slide.width:
        return False
    at = {local(e): e for e in frame}
    if "off" not in at or "ext" not in at:
        return False
    left, top = _number(at["off"].get("x")), _number(at["off"].get("y"))
    right, bottom = left + _number(at["ext"].get("cx")), top + _number(at["ext"].get("cy"))
    return left >= slide.width or top >= slide.height or right < 0 or bottom < 0


def _role(shape: Element) -> str:
    return next((e.get("type", "body") for e in named(shape, "ph")), "")


def _size(show: Element) -> tuple[int, int]:
    size = next(named(show, "sldSz"), None)
    return (0, 0) if size is None else (_number(size.get("cx")), _number(size.get("cy")))


def _number(text: str | None) -> int:
    return int(text) if text and text.lstrip("-").isdecimal() else 0


def _is_number(word: str) -> bool:
    return not word.strip() or word.strip().lstrip("-").replace(".", "", 1).isdecimal()
