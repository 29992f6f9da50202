"""HTML by resiliparse: the page's own content in reading order, and everything on it that a person cannot see.

The engine repairs the page and writes it out again well-formed; that text is read tag by tag, which costs a tenth of
walking the engine's nodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from resiliparse.parse.encoding import bytes_to_str, detect_encoding
from resiliparse.parse.html import HTMLTree

from thruline.backends.html_parser.beside import content
from thruline.backends.html_parser.page import read_tags
from thruline.backends.html_parser.reader import Reader
from thruline.backends.html_parser.unseen import mark_unseen_by_sheet
from thruline.core.composing import Composer
from thruline.core.documents import Parsed

# With these, letters can be meant that UTF-8 reads as others: ISO-2022, HZ, UTF-16.
_SWITCHES = (b"\x1b", b"~{", b"\x00")


_DATES = (
    "dc.date", "dcterms.created", "dcterms.modified", "last-modified", "article:published_time",
    "article:modified_time",
)  # fmt: skip


class HtmlParser:
    """Content with its headings; what stands beside it goes, hidden elements and comments are kept apart."""

    version = "html 3"

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """The document; its title is the page's, else its first heading, else the file's name."""
        tree = HTMLTree.parse(_decoded(data).replace("\x00", ""))
        out = Composer(media_type, self.version, title=tree.title or "")
        for field, value in _fields(tree):
            out.field(field, value)
        if tree.body is not None:
            mark_unseen_by_sheet(tree)
            page = read_tags(tree.body.html)
            Reader(page, out, content(page)).read()
            if not out.done().text:
                Reader(page, out, None, everything=True).read()
        if not out.title and not out.done().title:
            out.title = name.rpartition("/")[2]
        return out.done()


def _fields(tree: HTMLTree) -> Iterator[tuple[str, str]]:
    """What the page says of itself in its head, by its own names; a date by ours, the surest one last."""
    said = [
        ((meta.getattr("name") or meta.getattr("property") or "").casefold(), meta.getattr("content") or "")
        for meta in (tree.head.get_elements_by_tag_name("meta") if tree.head is not None else ())
    ]
    yield from ((name, value) for name, value in said if name)
    known = dict(said)
    yield from (("date", known[name]) for name in _DATES if name in known)


def _decoded(data: bytes) -> str:
    """The page in letters. What reads as UTF-8 is UTF-8, whatever it says: a guess costs half of what parsing does."""
    if not any(switch in data for switch in _SWITCHES):
        with suppress(UnicodeDecodeError):
            return data.decode("utf-8-sig")
    return bytes_to_str(data, detect_encoding(data) or "utf-8")
