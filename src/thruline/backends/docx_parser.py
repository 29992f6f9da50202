"""Word documents by python-docx: paragraphs, headings, lists, tables; hidden runs apart."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import docx
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph

from thruline.core.composing import Composer
from thruline.core.documents import Parsed
from thruline.core.packages import carried, open_archive

_HEADING = re.compile(r"(?:Heading|heading) (\d)")
_TINY_HALF_POINTS = 4
_WHITE = "FFFFFF"
_PROPERTIES = ("author", "last_modified_by", "subject", "keywords", "category", "comments")
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


class DocxParser:
    """The body in order, then comments and the pages' headers and footers."""

    version = "docx 2"

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """The document; raises Refused `too_large` for an archive that would inflate beyond reason."""
        archive = open_archive(data, name)
        document = docx.Document(io.BytesIO(data))
        out = Composer(media_type, self.version, title=document.core_properties.title or "")
        for name in _PROPERTIES:
            out.note(name, getattr(document.core_properties, name))
        for kind, part in carried(archive):
            out.note(kind, part)
        for item in document.iter_inner_content():
            _write(item, out)
        for text in dict.fromkeys(_margins(document, out)):
            out.block(text)
        if not out.title and not out.done().title:
            out.title = name.rpartition("/")[2]
        return out.done()


def _write(item: Paragraph | Table, out: Composer) -> None:
    if isinstance(item, Table):
        rows = (" | ".join(_cells(row, out)) for row in item._tbl.tr_lst)
        out.block("\n".join(rows), kind="table")
        return
    text = _visible(item._p, item, out)
    style = (item.style.name if item.style is not None else "") or ""
    if heading := _HEADING.match(style):
        out.heading(int(heading[1]), text)
    elif style == "Title":
        out.heading(1, text)
    else:
        out.block(text, kind="list" if style.startswith("List") else "text")


def _cells(row: Any, out: Composer) -> Iterator[str]:
    for cell in row.tc_lst:
        yield " ".join(_visible(p, None, out) for p in cell.iter(qn("w:p"))).strip()


def _margins(document: Any, out: Composer) -> Iterator[str]:
    for comment in document.comments:
        yield f"{comment.author}: {comment.text}"
    for section in document.sections:
        for part in (section.header, section.footer):
            if not part.is_linked_to_previous:
                yield "\n".join(_visible(p, None, out) for p in part._element.iter(qn("w:p")))


def _visible(paragraph: Any, of: Paragraph | None, out: Composer) -> str:
    """The text that Word shows; runs that it does not show go to the hidden ones."""
    style = of.style if of is not None else None
    all_hidden = bool(style is not None and style.font.hidden)  # type: ignore[union-attr]
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
