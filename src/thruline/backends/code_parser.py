"""Source code and configuration: cut at top-level definitions, by rules that hold in every language.

A definition begins at a line that is not indented and follows an empty one, or that starts with a word that defines;
comments and decorators right above belong to it. What is still too long is cut likewise one level further in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from thruline.core.composing import Composer
from thruline.core.decoding import decode
from thruline.core.documents import Parsed
from thruline.core.words import count_words

_MOST_WORDS = 150
_DEFINES = re.compile(
    r"\s*(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub(?:\([a-z]+\))?|unsafe|"
    r"virtual|inline|override|sealed)\s+)*(?:def|class|function|func|fn|impl|struct|enum|interface|trait|type|module|"
    r"namespace|union|macro_rules!|template|resource|CREATE|ALTER|INSERT|GRANT)\b"
)
_LEADS = re.compile(r"\s*(?:#(?!include|define|if|endif|else|pragma)|//|--|/\*|\*|@|\"\"\")")
_CLOSES = re.compile(r"\s*(?:[)\]}]|end\b|else\b|elif\b|except\b|finally\b|catch\b|fi\b|done\b|esac\b)")
_ENDS_LEVEL = 4  # of nesting into which a long definition is followed


class CodeParser:
    """Every line is kept, indented as it is; titled with the file's name."""

    version = "code 1"

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """The document, titled with its file's name."""
        out = Composer(media_type, self.version, title=name.rpartition("/")[2])
        for part in _cut(decode(data).expandtabs(4).split("\n"), 0):
            out.block("\n".join(part), kind="code")
        return out.done()


def _cut(lines: list[str], level: int) -> Iterator[list[str]]:
    if level and (level > _ENDS_LEVEL or count_words("\n".join(lines)) <= _MOST_WORDS):
        yield lines
        return
    borders = _borders(lines, bool(level))
    if level and len(borders) == 1:
        yield lines
        return
    for start, end in zip(borders, [*borders[1:], len(lines)], strict=True):
        yield from _cut(lines[start:end], level + 1)


def _borders(lines: list[str], inner: bool) -> list[int]:
    """Where pieces begin: the first line, and each that starts a definition at the least indentation there is.

    inner: the lines are one definition, and its first line does not count for the indentation.
    """
    depths = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    depth = min((d for d in depths[1:] if not inner or d > depths[0]), default=0) if inner else 0
    borders = [0]
    for at in range(1, len(lines)):
        if _starts(lines, at, depth):
            start = _with_lead(lines, at, depth)
            if start > borders[-1]:
                borders.append(start)
    return borders


def _starts(lines: list[str], at: int, depth: int) -> bool:
    line = lines[at]
    if not line.strip() or len(line) - len(line.lstrip()) != depth or _CLOSES.match(line):
        return False
    return not lines[at - 1].strip() or _DEFINES.match(line) is not None


def _with_lead(lines: list[str], at: int, depth: int) -> int:
    """The first of the comments and decorators that stand right above a line."""
    while at > 1 and _LEADS.match(lines[at - 1]) and len(lines[at - 1]) - len(lines[at - 1].lstrip()) >= depth:
        at -= 1
    return at
