"""HTML by resiliparse: the page's own content in reading order, and everything on it that a person cannot see."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from resiliparse.parse.encoding import bytes_to_str, detect_encoding
from resiliparse.parse.html import HTMLTree, NodeType

from thruline.core.composing import Composer, flow
from thruline.core.documents import BlockKind, Parsed

_SKIPPED = frozenset(
    [
        "script",
        "style",
        "template",
        "noscript",
        "nav",
        "footer",
        "svg",
        "head",
        "button",
        "select",
        "option",
        "iframe",
        "object",
    ]
)
_BLOCKS: Mapping[str, BlockKind] = {"pre": "code", "ul": "list", "ol": "list", "table": "table"}
_BREAKS = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "main",
        "header",
        "aside",
        "blockquote",
        "dl",
        "dt",
        "dd",
        "figure",
        "figcaption",
        "form",
        "fieldset",
        "address",
        "details",
        "summary",
        "body",
        "hr",
        "center",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
        "ul",
        "ol",
        "table",
    ]
)
_INNER_BREAKS = frozenset(["li", "tr", "br", "p", "div"])
_HEADING = re.compile(r"h([1-6])")
_BOILERPLATE_ROLES = frozenset(("navigation", "contentinfo", "banner", "search"))
_RULE = re.compile(r"([^{}@]+)\{([^{}]*)\}")
_SIMPLE_SELECTOR = re.compile(r"[\w.#*\-\s>,\[\]=\"']+")
_UNSEEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0*(?:\.0+)?\s*(?:;|!|$)"
    r"|font-size\s*:\s*(?:0*\.\d+|0|1)\s*(?:px|pt|em|rem|%)?\s*(?:;|!|$)|font-size\s*:\s*0"
    r"|(?:left|top|right|text-indent|margin-left)\s*:\s*-\d{3,}|clip\s*:\s*rect\(\s*[01]p?x?[ ,]+[01]"
    r"|(?:max-)?(?:height|width)\s*:\s*0(?:px)?\s*(?:;|!|$)[^}]*overflow\s*:\s*hidden",
    re.IGNORECASE,
)
_COLOR = re.compile(r"(?:^|;)\s*color\s*:\s*([^;!]+)", re.IGNORECASE)
_GROUND = re.compile(r"background(?:-color)?\s*:\s*([^;!]+)", re.IGNORECASE)
_WHITE = frozenset(("white", "#fff", "#ffffff", "rgb(255,255,255)", "transparent"))
_SPOKEN_ATTRIBUTES = ("alt", "aria-label", "aria-description", "title", "data-prompt")
# An alternative text describes; one of this many words instructs.
_LONGEST_DESCRIPTION = 40
_FEWEST_COMMENT_WORDS = 4

_Event = tuple[Literal["enter", "leave"], Any]


class HtmlParser:
    """Content blocks with headings; navigation and footers go, hidden elements and comments are kept apart."""

    version = "html 1"

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """The document; its title is the page's, else its first heading, else the file's name."""
        tree = HTMLTree.parse(bytes_to_str(data, detect_encoding(data) or "utf-8").replace("\x00", ""))
        out = Composer(media_type, self.version, title=tree.title or "")
        if tree.body is not None:
            _Page(out, _unseen_by_sheet(tree)).read(tree.body)
        if not out.title and not out.done().title:
            out.title = name.rpartition("/")[2]
        return out.done()


class _Page:
    """Walks the tree without recursion, so that depth costs nothing but time."""

    def __init__(self, out: Composer, unseen: frozenset[int]) -> None:
        self._out = out
        self._unseen = unseen
        self._pending: list[str] = []
        self._kind: BlockKind = "text"
        self._holder = ""
        self._grounds = ["white"]

    def read(self, body: Any) -> None:
        """Write the body's blocks and hidden texts."""
        skipped_to = None
        for what, node in _walk(body):
            if skipped_to is not None:
                skipped_to = None if what == "leave" and node == skipped_to else skipped_to
            elif what == "enter":
                skipped_to = node if self._enter(node) else None
            else:
                self._leave(node)
        self._flush()

    def _enter(self, node: Any) -> bool:
        """Take the node in; True when nothing below it is to be read."""
        if node.type == NodeType.TEXT:
            self._pending.append(node.value or "")
        elif node.type == NodeType.COMMENT:
            self._comment(node.value or "")
        elif node.type == NodeType.ELEMENT:
            return self._element(node)
        return False

    def _element(self, node: Any) -> bool:
        tag, style = node.tag, node.getattr("style") or ""
        if tag in _SKIPPED or (node.getattr("role") or "") in _BOILERPLATE_ROLES:
            return True
        if self._is_unseen(node, style):
            self._out.hide(node.text)
            return True
        self._describe(node)
        self._grounds.append(_color(_GROUND, style) or self._grounds[-1])
        if self._holder:
            self._pending.append(_gap(tag))
        elif tag in _BREAKS:
            self._flush()
            self._holder, self._kind = (tag, _BLOCKS[tag]) if tag in _BLOCKS else ("", "text")
        elif tag == "br":
            self._pending.append("\n")
        return False

    def _leave(self, node: Any) -> None:
        if node.type != NodeType.ELEMENT:
            return
        self._grounds.pop()
        if heading := _HEADING.fullmatch(node.tag):
            self._out.heading(int(heading[1]), "".join(self._pending))
            self._pending.clear()
        elif node.tag in _BREAKS and node.tag == (self._holder or node.tag):
            self._flush()

    def _flush(self) -> None:
        text = "".join(self._pending)
        self._out.block(text if self._kind == "code" else _tidy(text), kind=self._kind)
        self._pending.clear()
        self._kind, self._holder = "text", ""

    def _is_unseen(self, node: Any, style: str) -> bool:
        if hash(node) in self._unseen or node.hasattr("hidden") or _UNSEEN_STYLE.search(style):
            return True
        return bool(color := _color(_COLOR, style)) and _same(color, _color(_GROUND, style) or self._grounds[-1])

    def _comment(self, text: str) -> None:
        if len(text.split()) >= _FEWEST_COMMENT_WORDS and not text.lstrip().startswith(("[if", "<!")):
            self._out.hide(text)

    def _describe(self, node: Any) -> None:
        """Short alternative texts stand for the picture; long ones speak to programs."""
        for name in _SPOKEN_ATTRIBUTES:
            words = (node.getattr(name) or "") if node.hasattr(name) else ""
            if len(words.split()) > _LONGEST_DESCRIPTION or (words and name == "data-prompt"):
                self._out.hide(words)
            elif name == "alt" and words:
                self._pending.append(f" {words} ")


def _walk(root: Any) -> Iterator[_Event]:
    node = root
    yield "enter", node
    while True:
        if node.first_child is not None:
            node = node.first_child
            yield "enter", node
            continue
        yield "leave", node
        while node != root and node.next is None:
            node = node.parent
            yield "leave", node
        if node == root:
            return
        node = node.next
        yield "enter", node


def _unseen_by_sheet(tree: Any) -> frozenset[int]:
    """Elements that a style sheet in the page hides, for selectors simple enough to ask the engine."""
    found: set[int] = set()
    for sheet in tree.document.get_elements_by_tag_name("style"):
        for selector, rule in _RULE.findall(sheet.text):
            if _UNSEEN_STYLE.search(rule) and _SIMPLE_SELECTOR.fullmatch(selector):
                found.update(hash(node) for node in tree.document.query_selector_all(selector.strip()))
    return frozenset(found)


def _gap(tag: str) -> str:
    """What parts an element inside a list or table from the one before it."""
    if tag in ("td", "th"):
        return " | "
    return "\n" if tag in _INNER_BREAKS else ""


def _color(pattern: re.Pattern[str], style: str) -> str:
    found = pattern.search(style)
    return re.sub(r"\s+", "", found[1]).lower() if found else ""


def _same(color: str, ground: str) -> bool:
    return color == ground or color == "transparent" or (color in _WHITE and ground in _WHITE)


def _tidy(text: str) -> str:
    lines = (flow(line).strip("| ") for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
