"""Word documents by python-docx: paragraphs, headings, lists, tables; hidden runs apart."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import docx
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph

from thruline.core.composing import Composer
from thruline.core.documents import Parsed
from thruline.core.inlays import Inlays
from thruline.core.packages import carried, open_archive
from thruline.core.tables import pieces
from thruline.ports.parser import ReadsInside

_HEADING = re.compile(r"(?:Heading|heading) (\d)")
_TINY_HALF_POINTS = 4
_WHITE = "FFFFFF"
_PROPERTIES = ("author", "last_modified_by", "subject", "keywords", "category", "comments")
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


class _Style(NamedTuple):
    name: str
    hidden: bool


class DocxParser:
    """The body in order, then comments and the pages' headers and footers."""

    version = "docx 3"

    def parse_with(self, data: bytes, media_type: str, name: str, read: ReadsInside) -> Parsed:
        """The document; raises Refused `too_large` for an archive that would inflate beyond reason."""
        archive = open_archive(data, name)
        document = docx.Document(io.BytesIO(data))
        out = Composer(media_type, self.version, title=document.core_properties.title or "")
        for said in _PROPERTIES:
            out.note(said, getattr(document.core_properties, said))
            out.field(said, getattr(document.core_properties, said))
        if dated := document.core_properties.modified or document.core_properties.created:
            out.field("date", dated.isoformat())
        for kind, part in carried(archive):
            out.note(kind, part)
        styles: dict[str | None, _Style] = {}
        inlays = Inlays(out, read)
        for item in document.iter_inner_content():
            _write(item, styles, out)
            for picture in _pictures(item):
                inlays.write(picture.blob, picture.partname)
        for text in dict.fromkeys(_margins(document, out)):
            out.block(text)
        if not out.title and not out.done().title:
            out.title = name.rpartition("/")[2]
        return replace(out.done(), parser=", ".join((self.version, *sorted(inlays.parsers))))


def _pictures(item: Paragraph | Table) -> Iterator[Any]:
    """The parts of the pictures in it, in order; what is linked and lies elsewhere is not fetched."""
    element = item._tbl if isinstance(item, Table) else item._p
    for shown in element.iter(qn("a:blip")):
        if (id := shown.get(qn("r:embed"))) in item.part.rels and not item.part.rels[id].is_external:
            yield item.part.rels[id].target_part


def _write(item: Paragraph | Table, styles: dict[str | None, _Style], out: Composer) -> None:
    if isinstance(item, Table):
        for piece in pieces(list(_cells(row, out)) for row in item._tbl.tr_lst):
            out.block(piece, kind="table")
        return
    style = _style(item, styles)
    text = _visible(item._p, out, all_hidden=style.hidden)
    if heading := _HEADING.match(style.name):
        out.heading(int(heading[1]), text)
    elif style.name == "Title":
        out.heading(1, text)
    else:
        out.block(text, kind="list" if style.name.startswith("List") else "text")


def _style(paragraph: Paragraph, styles: dict[str | None, _Style]) -> _Style:
    """The paragraph's style; to look one up takes longer than to read the paragraph."""
    id = paragraph._p.style
    if id not in styles:
        style = paragraph.style
        hidden = bool(style is not None and style.font.hidden)  # type: ignore[union-attr]
        styles[id] = _Style((style.name if style is not None else "") or "", hidden)
    return styles[id]


def _cells(row: Any, out: Composer) -> Iterator[str]:
    for cell in row.tc_lst:
        yield " ".join(_visible(p, out) for p in cell.iter(qn("w:p"))).strip()


def _margins(document: Any, out: Composer) -> Iterator[str]:
    for comment in document.comments:
        yield f"{comment.author}: {comment.text}"
    for section in document.sections:
        for part in (section.header, section.footer):
            if not part.is_linked_to_previous:
                yield "\n".join(_visible(p, out) for p in part._element.iter(qn("w:p")))


def _visible(paragraph: Any, out: Composer, *, all_hidden: bool = False) -> str:
    """The text that Word shows; runs that it does not show go to the hidden ones."""
    shown: list[str] = []
    unseen: list[str] = []
    for run in paragraph.iter(qn("w:r")):
        if next(run.iterancestors(_FALLBACK), None) is not None:
            continue  # the same text box once more, for older programs
        (unseen if all_hidden or _is_unseen(run) else shown).append(run.text)
    out.hide("".join(unseen))
    return "".join(shown)


def _is_unseen(run: Any) -> bool:
    look = run.find(qn("w:rPr"))
    if look is None:
        return False
    vanish, size, color = (look.find(qn(tag)) for tag in ("w:vanish", "w:sz", "w:color"))
    if vanish is not None and vanish.get(qn("w:val"), "true") not in ("0", "false"):
        return True
    if size is not None and int(size.get(qn("w:val"), "22")) <= _TINY_HALF_POINTS:
        return True
    return color is not None and color.get(qn("w:val")) == _WHITE and look.find(qn("w:shd")) is None
