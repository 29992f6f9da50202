"""Markdown (CommonMark's blocks, pipe tables, front matter). Inline marks stay: they read well as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import NamedTuple

from thruline.core.composing import Composer
from thruline.core.decoding import decode
from thruline.core.documents import BlockKind, Parsed
from thruline.core.front_matter import front_matter

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE)
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_LIST = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$)")
_TABLE = re.compile(r"[ \t]*\|.*\|[ \t]*")
_RULE = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*")
_FENCED = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_UNSEEN = re.compile(
    r"<!--(?P<comment>.*?)(?:-->|\Z)"
    r"|^\[(?://|comment|#)\]:[ \t]*\S+[ \t]*[(\"'](?P<link>[^\n]*)[)\"'][ \t]*$"
    r"|<(?P<tag>[a-z][a-z0-9]*)\b[^<>]*?(?:\bhidden\b|display:\s*none|visibility:\s*hidden|font-size:\s*[01](?:px|pt|em)?\b"
    r"|opacity:\s*0(?![.\d]))[^<>]*>(?P<element>.*?)</(?P=tag)>",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)


class _Piece(NamedTuple):
    kind: BlockKind
    text: str
    level: int = 0


class MarkdownParser:
    """Headings, paragraphs, lists, tables and code as blocks; comments and hidden elements as hidden text."""

    version = "markdown 1"

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """The document; its title is the front matter's or the first heading, else the file's name."""
        out = Composer(media_type, self.version)
        text = _without_front_matter(decode(data), out)
        for piece in _pieces(_without_unseen(text, out).split("\n")):
            if piece.level:
                out.heading(piece.level, piece.text)
            else:
                out.block(piece.text, kind=piece.kind)
        return _titled(out, name)


def _titled(out: Composer, name: str) -> Parsed:
    parsed = out.done()
    if parsed.title:
        return parsed
    out.title = name.rpartition("/")[2]
    return out.done()


def _without_front_matter(text: str, out: Composer) -> str:
    """Front matter gives the title and stays as text: it names authors, and a program would read it."""
    found = _FRONT.match(text)
    if not found:
        return text
    if title := _FRONT_TITLE.search(found[1]):
        out.title = title[1]
    for key, value in front_matter(found[1]):
        out.field(key, value)
    out.block(found[1], kind="code")
    return text[found.end() :]


def _without_unseen(text: str, out: Composer) -> str:
    """Takes out what a Markdown renderer shows to nobody, except inside fenced code, where it is shown."""
    parts: list[str] = []
    at = 0
    for fence in _FENCED.finditer(text):
        parts += (_hide(text[at : fence.start()], out), fence[0])
        at = fence.end()
    return "".join(parts) + _hide(text[at:], out)


def _hide(text: str, out: Composer) -> str:
    for found in _UNSEEN.finditer(text):
        out.hide(found["comment"] or found["link"] or found["element"] or "")
    return _UNSEEN.sub("", text)


def _pieces(lines: list[str]) -> Iterator[_Piece]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if fence := _FENCE.fullmatch(line):
            body = _fenced(lines, at + 1, fence[1])
            yield _Piece("code", "\n".join(body))
            at += len(body) + 2
        elif heading := _ATX.fullmatch(line):
            yield _Piece("text", heading[2] or "", len(heading[1]))
            at += 1
        elif not line.strip() or _RULE.fullmatch(line):
            at += 1
        else:
            taken = _paragraph(lines, at)
            yield _piece(taken)
            at += len(taken)


def _fenced(lines: list[str], at: int, fence: str) -> list[str]:
    return list(takewhile(lambda line: not _closes(line, fence), lines[at:]))


def _closes(line: str, fence: str) -> bool:
    bare = line.strip()
    return len(bare) >= len(fence) and bare == fence[0] * len(bare)


def _paragraph(lines: list[str], at: int) -> list[str]:
    """The lines from `at` that belong together; a Setext underline is the last of them."""
    end = at + 1
    while end < len(lines) and not _starts_block(lines[end]):
        end += 1
        if _SETEXT.fullmatch(lines[end - 1]):
            break
    return lines[at:end]


def _starts_block(line: str) -> bool:
    if not line.strip():
        return True
    ruled = _RULE.fullmatch(line) is not None and not _SETEXT.fullmatch(line)
    return bool(_FENCE.fullmatch(line) or _ATX.fullmatch(line)) or ruled


def _piece(lines: list[str]) -> _Piece:
    if len(lines) > 1 and (under := _SETEXT.fullmatch(lines[-1])):
        return _Piece("text", "\n".join(lines[:-1]), 1 if under[1][0] == "=" else 2)
    text = "\n".join(lines)
    if _LIST.match(lines[0]):
        return _Piece("list", text)
    if all(_TABLE.fullmatch(line) for line in lines):
        return _Piece("table", text)
    return _Piece("code" if all(line.startswith(("    ", "\t")) for line in lines) else "text", text)
