"""The tags of a page, in order, as blocks."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Mapping

from thruline.backends.html_parser.beside import stands_beside
from thruline.backends.html_parser.page import Page
from thruline.backends.html_parser.unseen import Grounds
from thruline.core.composing import Composer
from thruline.core.documents import BlockKind

_SKIPPED = frozenset(("template", "noscript", "nav", "footer", "svg", "head", "button", "select", "option", "object"))
_BLOCKS: Mapping[str, BlockKind] = {"pre": "code", "ul": "list", "ol": "list", "table": "table"}
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BREAKS = frozenset(
    (
        "p", "div", "section", "article", "main", "header", "aside", "blockquote", "dl", "dt", "dd", "figure",
        "figcaption", "form", "fieldset", "address", "details", "summary", "body", "hr", "center", *_HEADINGS, *_BLOCKS,
    )
)  # fmt: skip
_CLOSING = frozenset(f"/{tag}" for tag in _BREAKS)
_COMMENT = ""
_ACTIVE = _BREAKS | _CLOSING | _SKIPPED | {"td", "th", "li", "tr", "br", _COMMENT}
# Ends a line where the page does; its source's own line ends mean nothing.
_LINE = "\x1e"
_CELLS = {"td": " | ", "th": " | ", "tr": _LINE}
_LINES = dict.fromkeys(("li", "br", "p", "div", *_HEADINGS), _LINE) | _CELLS
_IN_TABLE = dict.fromkeys(_LINES, " ") | _CELLS
# A table around these lays out a page.
_LAID_OUT = frozenset(("table", "h1", "h2", "h3"))
_BOILERPLATE_ROLES = frozenset(("navigation", "contentinfo", "banner", "search"))
_ATTRIBUTE = re.compile(r'([^\s="]+)="([^"]*)"')
# Descriptions of up to eighty characters are no longer than forty words.
_TELLING = re.compile(r' (?:(?:style|hidden|role|alt|data-prompt)=|(?:aria-label|aria-description|title)="[^"]{81})')
_SPOKEN_ATTRIBUTES = ("alt", "aria-label", "aria-description", "title", "data-prompt")
# An alternative text describes; one of this many words instructs.
_LONGEST_DESCRIPTION = 40
_FEWEST_COMMENT_WORDS = 4


class Reader:
    """Reads the tags in order, without recursion, so that depth costs nothing but time."""

    def __init__(self, page: Page, out: Composer, main: range | None, *, everything: bool = False) -> None:
        self._page = page
        self._out = out
        self._main = main
        self._everything = everything
        self._mute_to = -1
        self._pending: list[str] = []
        self._kind: BlockKind = "text"
        self._holder_end = -1
        self._gaps: Mapping[str, str] = _LINES
        self._grounds = Grounds(len(page.tags))

    def read(self) -> None:
        """Write the page's blocks and hidden texts."""
        page = self._page
        tags, texts, pending = page.tags, page.texts, self._pending
        scope = self._main or range(len(tags))
        first, last = scope.start, scope.stop
        self._title_outside(scope)
        active = self._active()
        ahead = 0
        while (at := active[ahead]) < len(tags):
            ahead += 1
            tag = tags[at]
            if tag in _CLOSING:
                self._leave(tag[1:], at)
            elif tag == _COMMENT:
                self._comment(page.comments[at])
            elif self._enter(tag, at):
                at = page.ends[at]
                ahead = bisect_right(active, at, ahead)
            pending += texts[max(at, self._mute_to, first) : min(active[ahead], last)]
        self._flush()

    def _active(self) -> list[int]:
        """The tags that change how a text is read, and the end: at all others it runs on."""
        told = zip(self._page.tags, self._page.attributes, strict=True)
        active = [at for at, (tag, given) in enumerate(told) if tag in _ACTIVE or (given and _TELLING.search(given))]
        return [*active, len(self._page.tags)]

    def _title_outside(self, scope: range) -> None:
        """A page's one title often stands above what it calls its content."""
        page = self._page
        titles = [at for at, tag in enumerate(page.tags) if tag == "h1" and not _TELLING.search(page.attributes[at])]
        if titles and not any(at in scope for at in titles):
            self._out.heading(1, page.inside(titles[0]))

    def _enter(self, tag: str, at: int) -> bool:
        """Take the tag in; True when nothing inside it is to be read."""
        attributes = self._page.attributes[at]
        if tag in _SKIPPED or (attributes and _TELLING.search(attributes) and self._is_told_off(attributes, at)):
            self._pending.append(" ")
            return True
        if self._holder_end >= 0:
            self._pending.append(self._gaps.get(tag, ""))
        elif tag in _BREAKS:
            self._flush()
            if self._drops(at):
                self._mute_to = self._page.ends[at]
            elif tag in _BLOCKS and not (tag == "table" and self._lays_out(at)):
                self._kind, self._holder_end = _BLOCKS[tag], self._page.ends[at]
                self._gaps = _IN_TABLE if tag == "table" else _LINES
        elif tag == "br":
            self._pending.append(_LINE)
        return False

    def _leave(self, tag: str, at: int) -> None:
        if self._holder_end >= 0:
            if at >= self._holder_end:
                self._flush()
            elif tag not in _CELLS and tag != "li":
                self._pending.append(self._gaps.get(tag, ""))
        elif level := _HEADINGS.get(tag):
            self._out.heading(level, " ".join(html.unescape("".join(self._pending)).split()))
            self._pending.clear()
        elif tag in _BREAKS:
            self._flush()

    def _flush(self) -> None:
        if self._pending:
            text = "".join(self._pending)
            self._pending.clear()
            if text and not text.isspace():
                text = html.unescape(text) if "&" in text else text
                self._out.block(text.replace(_LINE, "\n") if self._kind == "code" else _tidy(text), kind=self._kind)
        if self._holder_end >= 0:
            self._kind, self._holder_end, self._gaps = "text", -1, _LINES

    def _drops(self, at: int) -> bool:
        if self._everything or at < self._mute_to:
            return False
        return stands_beside(self._page, at, framed=self._main is not None)

    def _lays_out(self, at: int) -> bool:
        inside = range(at + 1, self._page.ends[at])
        return any(self._page.tags[n] in _LAID_OUT for n in inside)

    def _is_told_off(self, attributes: str, at: int) -> bool:
        """Whether the attributes make an element navigation or unseen; what is unseen is noted."""
        given = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(attributes)}
        if given.get("role") in _BOILERPLATE_ROLES:
            return True
        if self._grounds.hides(given, at, self._page.ends[at]):
            self._out.hide(self._page.inside(at))
            return True
        self._describe(given, at)
        return False

    def _comment(self, text: str) -> None:
        if len(text.split()) >= _FEWEST_COMMENT_WORDS and not text.lstrip().startswith(("[if", "<!")):
            self._out.hide(text)

    def _describe(self, given: Mapping[str, str], at: int) -> None:
        """Short alternative texts stand for the picture; long ones speak to programs."""
        for name in _SPOKEN_ATTRIBUTES:
            words = given.get(name, "")
            if len(words.split()) > _LONGEST_DESCRIPTION or (words and name == "data-prompt"):
                self._out.hide(words)
            elif name == "alt" and words and at >= self._mute_to and (self._main is None or at in self._main):
                self._pending.append(f" {html.escape(words)} ")


def _tidy(text: str) -> str:
    if _LINE not in text:
        return " ".join(text.split())
    lines = (" ".join(line.split()).strip("| ") for line in text.split(_LINE))
    return "\n".join(line for line in lines if line)
