"""Tables of text: CSV, TSV and JSON lines, one line held at a time."""

from __future__ import annotations

import codecs
import csv
import json
import os
import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from thruline.backends.rows_origin.table import Broken, Found, Values
from thruline.core.decoding import decode
from thruline.core.errors import Invalid, Unavailable
from thruline.core.glimpse import counted

WIDEST = 16_000_000  # bytes of a line; csv itself takes no field of more than 131,072 characters
_BLOCK = 1 << 20
_DELIMITERS = ",;\t|"
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_HEADER = "line 1 has to name each column once"
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class TooWide(ValueError):
    """A line that is not held; the next one can be read."""


class _Start(NamedTuple):
    offset: int
    line: int


class Lines:
    """The lines of a file as text, and where they are. A line that is no UTF-8 is guessed, as in any other text."""

    def __init__(self, file: BinaryIO, at: int = 0) -> None:
        self._file = file
        self._next = _Start(file.seek(at), 1)
        self.first = self.second = self._next  # of the row that was begun: its first line, and what follows it

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        data = self._file.readline(WIDEST)
        if not data:
            raise StopIteration
        size = len(data) + (self._skip() if len(data) == WIDEST and not data.endswith(b"\n") else 0)
        is_first = self.second is self.first
        self._next = _Start(self._next.offset + size, self._next.line + 1)
        if is_first:
            self.second = self._next
        if size > len(data):
            raise TooWide(f"a line of {size} bytes")
        return _text(data.removeprefix(codecs.BOM_UTF8) if self._next.line == 2 else data)

    def begin(self) -> _Start:
        """A row begins here."""
        self.first = self.second = self._next
        return self.first

    def give_up(self) -> None:
        """The row that was begun is none: go on behind its first line."""
        self._next = self.second
        self._file.seek(self._next.offset)

    def _skip(self) -> int:
        skipped = 0
        while data := self._file.readline(WIDEST):
            skipped += len(data)
            if data.endswith(b"\n"):
                break
        return skipped


class CsvTable:
    """Values between commas, semicolons, tabs or bars: whichever the header has most of."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def columns(self) -> Sequence[str]:
        """The header."""
        with _opened(self._path) as file:
            return self._header(file).names

    def counted(self, within_s: float) -> str:
        """Its lines under the header; a value may have several."""
        return _about(self._path, within_s, header=1)

    def rows(self) -> Generator[Found | Broken, None, None]:
        """Every row under the header."""
        with _opened(self._path) as file:
            header = self._header(file)
            lines = Lines(file)
            reader = self._reader(lines, header.delimiter)
            next(reader, None)
            while True:
                start = lines.begin()
                try:
                    values = next(reader)
                except StopIteration:
                    return
                except (csv.Error, TooWide) as error:
                    yield Broken(f"line {start.line}", "too_large" if _is_width(error) else "broken_row")
                    lines.give_up()
                    continue
                if len(values) == len(header.names):
                    yield Found(start.offset, f"line {start.line}", dict(zip(header.names, values, strict=True)))
                elif values:
                    yield Broken(f"line {start.line}", "broken_row")

    def row(self, at: int) -> Values:
        """The row that begins there."""
        with _opened(self._path) as file:
            header = self._header(file)
            try:
                values = next(self._reader(Lines(file, at), header.delimiter), [])
            except csv.Error as error:
                raise ValueError("no row begins there") from error
        return dict(zip(header.names, values, strict=True))

    def _header(self, file: BinaryIO) -> _Header:
        first = file.readline(WIDEST)
        if first.startswith(_WIDE):
            raise Invalid(f"{self._path.name!r} is UTF-16", hint="save it as UTF-8")
        text = _text(first.removeprefix(codecs.BOM_UTF8))
        if not text.strip():
            raise Unavailable(f"{self._path.name!r} has no header", hint="is it still being written?")
        delimiter = "\t" if self._path.suffix == ".tsv" else max(_DELIMITERS, key=text.count)
        try:
            names = next(csv.reader([text], delimiter=delimiter, strict=True), [])
        except csv.Error as error:
            raise Invalid(f"{self._path.name!r} has no header: {error}", hint=_HEADER) from error
        names = [name.strip() or f"column {number}" for number, name in enumerate(names, 1)]
        if len(set(names)) < len(names):
            raise Invalid(f"{self._path.name!r} has two columns of one name", hint=_HEADER)
        return _Header(names, delimiter)

    @staticmethod
    def _reader(lines: Lines, delimiter: str) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=delimiter, strict=True)


class JsonLinesTable:
    """An object a line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def columns(self) -> None:
        """Each object has its own."""

    def counted(self, within_s: float) -> str:
        """Its lines."""
        return _about(self._path, within_s, header=0)

    def rows(self) -> Generator[Found | Broken, None, None]:
        """Every line that says something."""
        with _opened(self._path) as file:
            lines = Lines(file)
            while True:
                start = lines.begin()
                try:
                    text = next(lines, None)
                    if text is None:
                        return
                    if text.strip():
                        yield Found(start.offset, f"line {start.line}", _object(text))
                except TooWide:
                    yield Broken(f"line {start.line}", "too_large")
                except (ValueError, RecursionError):
                    yield Broken(f"line {start.line}", "broken_row")

    def row(self, at: int) -> Values:
        """The object that begins there."""
        with _opened(self._path) as file:
            return _object(next(Lines(file, at), ""))


def _about(path: Path, within_s: float, *, header: int) -> str:
    until, lines, last = time.monotonic() + within_s, 0, b"\n"
    with _opened(path) as file:
        while block := file.read(_BLOCK):
            lines, last = lines + block.count(b"\n"), block
            if time.monotonic() > until:
                return f"more than {lines:,} rows"
    rows = lines + (not last.endswith(b"\n")) - header
    return f"about {counted(max(0, rows), 'row')}"


def _is_width(error: Exception) -> bool:
    return isinstance(error, TooWide) or str(error).startswith("field larger")


class _Header(NamedTuple):
    names: Sequence[str]
    delimiter: str


def _opened(path: Path) -> BinaryIO:
    return open(os.open(path, _FLAGS), "rb")


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return decode(data)


def _object(text: str) -> Values:
    values = json.loads(text)
    if not isinstance(values, dict):
        raise ValueError("not an object")
    return values
