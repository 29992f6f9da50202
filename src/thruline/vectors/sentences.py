"""Sentences of a text with their exact places, and how they read without markup (reStructuredText, Markdown)."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Literal, NamedTuple

SentenceKind = Literal["text", "item", "code", "heading", "name"]

_ABBREVIATIONS = frozenset(
    (
        "e.g",
        "i.e",
        "etc",
        "vs",
        "cf",
        "dr",
        "mr",
        "mrs",
        "ms",
        "prof",
        "no",
        "fig",
        "st",
        "approx",
        "ca",
        "inc",
        "ltd",
        "jr",
        "sr",
        "dept",
        "est",
    )
)
_BREAK = re.compile(
    r"[.!?][\"'\u201d\u2019)\]`*]*(?=\s+[\"'\u201c\u2018(\[`*:]*[^\W_a-z])"
    r"|[\u3002\uff01\uff1f\uff61]+[\u300d\u300f\u201d\u2019\uff09]*(?=\s*\S)"  # no space follows in Chinese or Japanese
)
_ITEM = re.compile(r"\s*(?:[*+\u2022-]|\d{1,2}[.)]|#\.)\s+\S")
_UNDERLINE = re.compile(r"([=\-~^\"'`#*+.:_])\1{2,}\s*")
_TABLE = re.compile(r"\s*(?:[+|]|={3,}\s+=|-{3,}\s+-)")
_NAMED = re.compile(
    r"\s*\.\. (?:[\w-]+:)?(?:class|method|attribute|function|module|setting|django-admin|data|exception|templatetag|"
    r"templatefilter|fieldlookup|option|describe|django-admin-option|envvar|property|classmethod|staticmethod):: *(.+)"
)
_CODE = re.compile(r"\s*\.\. (?:code-block|code|sourcecode|console|parsed-literal|literalinclude|highlight|snippet)::")
# A line of a program that a parser took out of its frame: in a block of nothing else it is no sentence.
_STATEMENT = re.compile(
    r"\s*(?:from \S+ import .+|import [\w.]+|(?:def|class|for|while|if|elif|else|try|except|with|async)\b.*:"
    r"|return\b.*|@\w.*|[\w.]+\(.*\)|[\w.]+ = \S.*|[)\]}]+)\s*"
)
_ADMONITION = re.compile(r"\s*\.\. [\w-]+::")
_OPTION = re.compile(r"\s*(?::[\w-]+:(?:\s|$)|\.\. )")


class Sentence(NamedTuple):
    """Characters start..end of the text."""

    start: int
    end: int
    kind: SentenceKind


class _Block(NamedTuple):
    lines: list[tuple[int, str]]

    @property
    def indent(self) -> int:
        first = self.lines[0][1]
        return len(first) - len(first.lstrip())

    @property
    def start(self) -> int:
        return self.lines[0][0] + self.indent

    @property
    def end(self) -> int:
        at, line = self.lines[-1]
        return at + len(line.rstrip())


def sentences(text: str) -> list[Sentence]:
    """Every sentence, list item, heading and code block in order; markup lines and tables are left out.

    A `name` is what the text below it is about: a documented method or setting, the term of a definition.
    """
    found: list[Sentence] = []
    code_below: int | None = None  # blocks deeper than this are code
    for block in _blocks(text):
        if code_below is not None and block.indent > code_below:
            found.append(Sentence(block.start - block.indent, block.end, "code"))
            continue
        code_below = None
        is_program = all(_STATEMENT.fullmatch(line) for _, line in block.lines)
        if is_program or block.lines[0][1].lstrip().startswith(("```", "~~~", ">>>", "$ ", "...\\>")):
            found.append(Sentence(block.start, block.end, "code"))
            continue
        found.extend(_of_block(text, block))
        last = block.lines[-1][1]
        if last.rstrip().endswith("::") or _CODE.match(block.lines[0][1]):
            is_code = not _ADMONITION.match(last) or _CODE.match(last)
            code_below = block.indent if is_code else None
    return found


def _blocks(text: str) -> Iterator[_Block]:
    """Lines between blank lines; a fenced code block is one, and a heading with its underline is one."""
    lines: list[tuple[int, str]] = []
    at, is_fenced = 0, False
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith(("```", "~~~ ")):
            if not is_fenced and lines:
                yield _Block(lines)
                lines = []
            is_fenced = not is_fenced
            lines.append((at, line))
            if not is_fenced:
                yield _Block(lines)
                lines = []
        elif line.strip() or (is_fenced and lines):
            lines.append((at, line))
        elif lines:
            yield _Block(lines)
            lines = []
        at += len(line)
    if lines:
        yield _Block(lines)


def _of_block(text: str, block: _Block) -> Iterator[Sentence]:
    run: list[tuple[int, str]] = []
    for position, (at, line) in enumerate(block.lines):
        below = block.lines[position + 1][1] if position + 1 < len(block.lines) else ""
        named = _NAMED.match(line)
        if named or line.startswith("#") or (_UNDERLINE.fullmatch(below) and not _UNDERLINE.fullmatch(line)):
            yield from _prose(text, run)
            run = []
            start = at + (named.start(1) if named else len(line) - len(line.lstrip()))
            yield Sentence(start, at + len(line.rstrip()), "name" if named else "heading")
        elif not run and _is_term(line, below):
            yield Sentence(at + len(line) - len(line.lstrip()), at + len(line.rstrip()), "name")
        elif _UNDERLINE.fullmatch(line) or _TABLE.match(line) or _OPTION.match(line):
            yield from _prose(text, run)
            run = []
        elif _ITEM.match(line):
            yield from _prose(text, run)
            run = [(at, line)]
        else:
            run.append((at, line))
    yield from _prose(text, run)


def _is_term(line: str, below: str) -> bool:
    """Whether line is a term that the deeper line below it defines."""
    is_deeper = len(below) - len(below.lstrip()) > len(line) - len(line.lstrip())
    return is_deeper and not _ITEM.match(line) and len(line.split()) <= 4 and line.rstrip()[-1] not in ".:!?,"


def _prose(text: str, lines: list[tuple[int, str]]) -> Iterator[Sentence]:
    if not lines:
        return
    kind: SentenceKind = "item" if _ITEM.match(lines[0][1]) else "text"
    start, end = lines[0][0], lines[-1][0] + len(lines[-1][1].rstrip())
    for found in _BREAK.finditer(text, start, end):
        if not _is_abbreviation(text[max(start, found.start() - 12) : found.start()]):
            yield _trimmed(text, start, found.end(), kind)
            start, kind = found.end(), "text"
    if text[start:end].strip():
        yield _trimmed(text, start, end, kind)


def _is_abbreviation(before: str) -> bool:
    word = before.split()[-1].lstrip("([\"'").lower() if before.split() else ""
    return word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha())


def _trimmed(text: str, start: int, end: int, kind: SentenceKind) -> Sentence:
    return Sentence(end - len(text[start:end].lstrip()), end, kind)


_ROLE = re.compile(r":[a-z][\w:+.-]*:`([~!]?)([^`<]*?)(?:\s*<[^`>]*>)?`(?:\\(?=\w))?")
_MARKUP = (
    (re.compile(r"``([^`]+)``(?:\\(?=\w))?"), r"\1"),
    (re.compile(r"`([^`<]+?)\s*<[^`>]+>`__?"), r"\1"),
    (re.compile(r"`([^`]+)`(?:__?(?!\w))?"), r"\1"),
    (re.compile(r"!?\[([^\]]+)\]\([^)\s]*\)"), r"\1"),
    (re.compile(r"\[#?[\w-]*\]_"), ""),
    (re.compile(r"\*\*([^*]+)\*\*"), r"\1"),
    (re.compile(r"(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])"), r"\1"),
    (re.compile(r"<(https?://[^>]+)>"), r"\1"),
    (re.compile(r"^\s*(?:[*+\u2022-]|\d{1,2}[.)]|#\.|#{1,6})\s+"), ""),
    (re.compile(r"\\ "), ""),
    (re.compile(r"::\s*$"), ":"),
    (re.compile(r"\s+"), " "),
)


def readable(text: str, kind: SentenceKind) -> str:
    """The sentence as a person reads it: without markup, on one line; code keeps its lines."""
    if kind == "code":
        lines = [line for line in text.splitlines() if not line.lstrip().startswith(("```", "~~~ "))]
        return textwrap.dedent("\n".join(lines)).strip("\n")
    text = _ROLE.sub(lambda m: m[2].rpartition(".")[2] if m[1] == "~" else m[2], text)
    for pattern, instead in _MARKUP:
        text = pattern.sub(instead, text)
    return text.strip()
