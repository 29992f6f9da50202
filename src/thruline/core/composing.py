"""How a parser writes down what it reads, so that offsets, headings and hidden text come out alike in every format."""

from __future__ import annotations

import re
from collections.abc import Sequence

from thruline.core.documents import Block, BlockKind, Parsed, Spot
from thruline.core.invisible import reveal

_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u202f\u3000]+")
_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)
_BETWEEN = "\n\n"


class Composer:
    """Collects headings and blocks in reading order. Every visible character lies in exactly one block."""

    def __init__(self, media_type: str, parser: str, title: str = "") -> None:
        self.title = title
        self._media_type = media_type
        self._parser = parser
        self._parts: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._spots: list[Spot] = []
        self._unread: list[int] = []
        self._headings: list[tuple[int, str]] = []
        self._path: tuple[str, ...] = ()
        self._hidden: dict[str, None] = {}
        self._properties: dict[str, None] = {}
        self._fields: list[tuple[str, str]] = []

    def heading(self, level: int, text: str, *, page: int = 0) -> None:
        """A title; it closes the ones of the same or a deeper level, and is the first block under itself."""
        seen = flow(self._see(text))
        if not seen:
            return
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        self._headings.append((level, seen))
        self._path = tuple(title for _, title in self._headings)
        self._write(seen, "text", page)

    def block(self, text: str, *, kind: BlockKind = "text", page: int = 0) -> None:
        """A paragraph, list, table or code block, line breaks kept; empty ones leave no trace."""
        self._write(_trimmed(self._see(text)).strip("\n"), kind, page)

    def place(self, words: Sequence[tuple[str, Spot]]) -> Sequence[tuple[str, Spot]]:
        """Say where words of the last block, in their order, stand on the page; gives those that are not in it."""
        if not self._blocks:
            return words
        text, block, at = self._parts[-1], self._blocks[-1], 0
        left = []
        for word, spot in words:
            found = text.find(word, at)
            if found < 0:
                left.append((word, spot))
                continue
            at = found + len(word)
            self._spots.append(spot._replace(start=block.start + found, end=block.start + at))
        return left

    def skip(self, page: int) -> None:
        """A page that is a picture and was not read."""
        self._unread.append(page)

    def hide(self, text: str) -> None:
        """Text that a person does not see. Kept once, in order."""
        seen = reveal(text)
        for part in (flow(seen.text), *seen.hidden):
            if part:
                self._hidden.setdefault(part)

    def note(self, name: str, value: str | None) -> None:
        """What the file says of itself, as its author; nothing where it does not."""
        if said := flow(value or ""):
            self._properties.setdefault(f"{name}: {said}")

    def field(self, name: str, value: str | None) -> None:
        """What might be a field of the document, as its author; nothing where it does not say so."""
        if said := flow(value or ""):
            self._fields.append((flow(name), said))

    def done(self) -> Parsed:
        """The document; without a title of its own it takes the first heading."""
        first = next((b.headings[0] for b in self._blocks if b.headings), "")
        return Parsed(
            text="".join(self._parts),
            title=flow(self._see(self.title)) or first,
            blocks=tuple(self._blocks),
            hidden=tuple(self._hidden),
            properties=tuple(self._properties),
            media_type=self._media_type,
            parser=self._parser,
            spots=tuple(self._spots),
            unread=tuple(self._unread),
            fields=tuple(self._fields),
        )

    def _see(self, text: str) -> str:
        if text.isascii():
            return text
        seen = reveal(text)
        for message in seen.hidden:
            self._hidden.setdefault(message)
        return seen.text

    def _write(self, text: str, kind: BlockKind, page: int) -> None:
        if not text.strip():
            return
        before = _BETWEEN if self._blocks else ""
        start = self._length + len(before)
        self._parts += (before, text)
        self._length = start + len(text)
        self._blocks.append(Block(start=start, end=self._length, headings=self._path, kind=kind, page=page))


def _trimmed(text: str) -> str:
    return _TRAILING.sub("", text) if "\n" in text else text.rstrip(" \t")


def flow(text: str) -> str:
    """The text on one line with single spaces."""
    return _SPACES.sub(" ", text.replace("\n", " ")).strip()
