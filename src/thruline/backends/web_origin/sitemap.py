"""Sitemaps (sitemaps.org): pages and further sitemaps, from XML that may declare nothing of its own."""

from __future__ import annotations

import zlib
from typing import NamedTuple
from xml.parsers import expat

_DEEPEST = 16


class Entry(NamedTuple):
    """An address, and when the site says that it last changed."""

    address: str
    changed: str


class Sitemap(NamedTuple):
    """What one file lists."""

    pages: list[Entry]
    maps: list[Entry]


def read_sitemap(data: bytes, most: int) -> Sitemap:
    """The entries of a sitemap or sitemap index, packed or not.

    Raises ValueError for what is no sitemap, declares a document type - entities are how XML reads files and fills
    memory - or would unpack to more than most bytes.
    """
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = reader.start
    parser.CharacterDataHandler = reader.text
    parser.EndElementHandler = reader.end
    try:
        parser.Parse(_unpacked(data, most), True)
    except expat.ExpatError as error:
        raise ValueError(f"it is no XML: {error}") from error
    if reader.root not in ("urlset", "sitemapindex"):
        raise ValueError("it lists no pages")
    return reader.found


class _Reader:
    """Keeps `loc` and `lastmod` that stand right below `url` or `sitemap`; pictures have a `loc` as well."""

    def __init__(self) -> None:
        self.found = Sitemap([], [])
        self.root = ""
        self._open: list[str] = []
        self._said = {"loc": "", "lastmod": ""}

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self._open.append(name.rpartition(" ")[2])
        self.root = self.root or self._open[0]
        if len(self._open) > _DEEPEST:
            raise ValueError("it is nested too deeply")
        if len(self._open) == 2:
            self._said = {"loc": "", "lastmod": ""}

    def text(self, text: str) -> None:
        if len(self._open) == 3 and self._open[-1] in self._said:
            self._said[self._open[-1]] += text

    def end(self, _name: str) -> None:
        closed = self._open.pop()
        if len(self._open) == 1 and closed in ("url", "sitemap") and self._said["loc"].strip():
            entry = Entry(self._said["loc"].strip(), self._said["lastmod"].strip())
            (self.found.pages if closed == "url" else self.found.maps).append(entry)


def _refuse_doctype(*_: object) -> None:
    raise ValueError("it declares a document type, which sitemaps do not have")


def _unpacked(data: bytes, most: int) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    unpack = zlib.decompressobj(wbits=31)
    try:
        plain = unpack.decompress(data, most + 1)
    except zlib.error as error:
        raise ValueError(f"it does not unpack: {error}") from error
    if len(plain) > most:
        raise ValueError(f"it unpacks to more than {most} bytes")
    return plain
