"""reStructuredText as Sphinx projects write it: read for its words, not rendered.

Headings, paragraphs, lists and code keep their place; directives with content give their content; what only
steers the build (index entries, targets, tables of contents) goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent

from thruline.core.composing import Composer
from thruline.core.decoding import decode
from thruline.core.documents import BlockKind, Parsed

_UNDERLINE = re.compile(r"([!-/:-@\[-`{-~])\1*[ \t]*")
_DIRECTIVE = re.compile(r"\.\. (?:\|[^|]+\| )?([\w:+-]+)::(?:[ \t]+(.*))?")
_TARGET = re.compile(r"\.\. (?:_[^\n]+:.*|__:.*|\|[^|]+\| (?:replace|image|unicode)::.*)")
_NOTE = re.compile(r"\.\. \[([^\]]+)\][ \t]*(.*)")
_OPTION = re.compile(r"[ \t]*:[\w-]+:(?:[ \t].*)?")
_FIELD = re.compile(r":([A-Za-z][\w -]*):[ \t]+(\S.*)")
_TOP = 40  # lines: what a page says of itself stands above its text
_LIST = re.compile(r"(?:[-*+•]|\(?(?:\d{1,3}|#|[a-zA-Z])[.)])[ \t]+\S")
_GRID = re.compile(r"[=+][=+\- ]{3,}[=+\-][ \t]*")
_ROLE_TITLED = re.compile(r":[\w:+.-]+:`([^`<]*?)\s*<[^`>]*>`", re.DOTALL)
_ROLE = re.compile(r":[\w:+.-]+:`[!~]?([^`]*)`", re.DOTALL)
_LINK = re.compile(r"`([^`<]+?)\s*<([^`>]*)>`__?", re.DOTALL)
_REFERENCE = re.compile(r"`([^`]+)`__?(?!\w)")
_LITERAL = re.compile(r"``([^`]+)``")

_DROPPED = frozenset(
    [
        "index",
        "toctree",
        "module",
        "currentmodule",
        "highlight",
        "contents",
        "image",
        "default-role",
        "default-domain",
        "raw",
        "role",
        "tabularcolumns",
        "sectnum",
        "meta",
        "automodule",
        "autoclass",
        "include",
        "py:module",
    ]
)
# Without a body they are marks for cross-references, and the heading below says the same name.
_MARKS = frozenset(("setting", "fieldlookup", "templatefilter", "templatetag", "django-admin"))
_CODE = frozenset(("code", "code-block", "sourcecode", "literalinclude", "parsed-literal", "snippet", "productionlist"))
_SPOKEN = {"versionadded": "New in version", "versionchanged": "Changed in version", "deprecated": "Deprecated since"}
_ADMONITIONS = frozenset(
    ("note", "warning", "tip", "hint", "important", "caution", "danger", "attention", "error", "seealso")
)


class RstParser:
    """Words and structure of a reStructuredText page."""

    version = "rst 1"

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """The document; the first heading is its title, else the file's name."""
        reader = _Reader(Composer(media_type, self.version))
        lines = decode(data).expandtabs(8).split("\n")
        for field in filter(None, map(_FIELD.fullmatch, lines[:_TOP])):
            reader.out.field(field[1], field[2])
        reader.read(lines)
        parsed = reader.out.done()
        if not parsed.title:
            reader.out.title = name.rpartition("/")[2]
            return reader.out.done()
        return parsed


class _Reader:
    """Heading styles get their level in order of appearance, for the whole page."""

    def __init__(self, out: Composer) -> None:
        self.out = out
        self._styles: list[str] = []

    def read(self, lines: list[str]) -> None:
        """Write down what the lines say."""
        at = 0
        while at < len(lines):
            at = self._step(lines, at)

    def _step(self, lines: list[str], at: int) -> int:
        """Read one construct at line `at`; gives the line after it."""
        line = lines[at]
        if not line.strip():
            return at + 1
        if line.startswith("..") and line[2:3] in ("", " "):
            return self._explicit(lines, at)
        if taken := self._heading(lines, at):
            return at + taken
        if _GRID.fullmatch(line):
            return self._table(lines, at)
        if line.startswith(" "):
            end = _indented_end(lines, at)
            self.read(dedent("\n".join(lines[at:end])).split("\n"))
            return end
        return self._paragraph(lines, at)

    def _heading(self, lines: list[str], at: int) -> int:
        """Number of lines that a heading at `at` takes, 0 when there is none."""
        line, *rest = (*lines[at : at + 3], "", "")
        over = _UNDERLINE.fullmatch(line)
        if over and len(line.strip()) > 2 and rest[0].strip() and rest[1].rstrip() == line.rstrip():
            return self._titled(rest[0], over[1] * 2, 3)
        under = _UNDERLINE.fullmatch(rest[0])
        if under and not line.startswith(" ") and len(rest[0].strip()) >= min(3, len(line.strip())) and not over:
            return self._titled(line, under[1], 2)
        return 0

    def _titled(self, title: str, style: str, lines: int) -> int:
        if style not in self._styles:
            self._styles.append(style)
        self.out.heading(self._styles.index(style) + 1, plain(title))
        return lines

    def _explicit(self, lines: list[str], at: int) -> int:
        """A line that starts with `..`: directive, target, footnote, or else a comment."""
        end = _indented_end(lines, at + 1)
        body = dedent("\n".join(lines[at + 1 : end])).strip("\n")
        first = lines[at]
        if _TARGET.fullmatch(first):
            return end
        if directive := _DIRECTIVE.fullmatch(first):
            self._directive(directive[1], directive[2] or "", body)
        elif note := _NOTE.fullmatch(first):
            self.out.block(plain(f"[{note[1]}] {note[2]}\n{body}"))
        else:
            self._comment(f"{first[2:]}\n{body}")
        return end

    def _directive(self, name: str, argument: str, body: str) -> None:
        if name in _DROPPED or (name in _MARKS and not body):
            return
        options, content = _split_options(body)
        if name in _CODE:
            self.out.block(content, kind="code")
            return
        if lead := _lead(name, argument, options):
            self.out.block(plain(lead))
        self.read(content.split("\n"))

    def _comment(self, text: str) -> None:
        """A comment is read by programs only; labels and commented-out markup are not worth a word."""
        if len(text.split()) > 3:
            self.out.hide(text)

    def _table(self, lines: list[str], at: int) -> int:
        end = at
        while end < len(lines) and (lines[end].strip() or (end + 1 < len(lines) and _GRID.fullmatch(lines[end + 1]))):
            end += 1
        rows = [line for line in lines[at:end] if not _GRID.fullmatch(line)]
        self.out.block(plain("\n".join(rows)), kind="table")
        return end

    def _paragraph(self, lines: list[str], at: int) -> int:
        end = at + 1
        while end < len(lines) and lines[end].strip() and not lines[end].startswith(".. "):
            end += 1
        text = "\n".join(lines[at:end])
        literal = text.rstrip().endswith("::")
        shown = text.rstrip()[:-1] if literal else text
        self.out.block("" if shown.strip() == ":" else plain(shown), kind=_kind(text))
        return self._literal(lines, end) if literal else end

    def _literal(self, lines: list[str], at: int) -> int:
        """The indented block after `::`, as code."""
        end = _indented_end(lines, at)
        self.out.block(dedent("\n".join(lines[at:end])), kind="code")
        return end


def plain(text: str) -> str:
    """Inline markup to the words that a reader sees."""
    for pattern, words in ((_ROLE_TITLED, r"\1"), (_ROLE, r"\1"), (_LINK, r"\1 (\2)"), (_LITERAL, r"\1")):
        text = pattern.sub(words, text)
    return _REFERENCE.sub(r"\1", text)


def _kind(text: str) -> BlockKind:
    return "list" if _LIST.match(text) else "text"


def _lead(name: str, argument: str, options: str) -> str:
    """What a directive says before its content."""
    if name in _SPOKEN:
        return f"{_SPOKEN[name]} {argument}:"
    if name in _ADMONITIONS:
        return f"{name.capitalize()}: {argument}".strip()
    return "\n".join(part for part in (argument, options) if part.strip())


def _split_options(body: str) -> tuple[str, str]:
    """More of a directive's argument (a second signature), and its content; `:option:` lines go."""
    lines = body.split("\n")
    head = next((i for i, line in enumerate(lines) if not line.strip()), len(lines))
    if not any(_OPTION.fullmatch(line) for line in lines[:head]):
        return "", body
    return "\n".join(_unoptioned(lines[:head])), "\n".join(lines[head:])


def _unoptioned(lines: list[str]) -> Iterator[str]:
    inside = False
    for line in lines:
        inside = bool(_OPTION.fullmatch(line)) or (inside and line.startswith(" "))
        if not inside:
            yield line


def _indented_end(lines: list[str], at: int) -> int:
    """The line after the indented (or blank) lines from `at` on; trailing blank lines are not among them."""
    end = at
    for i in range(at, len(lines)):
        if lines[i].startswith(" "):
            end = i + 1
        elif lines[i].strip():
            break
    return max(end, at)
