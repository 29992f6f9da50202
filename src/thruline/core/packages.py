"""Office files are zip archives of XML: opened without inflating a bomb, read without expanding an entity."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple
from xml.etree import ElementTree as ET

from thruline.core.errors import Refused

# Honest documents inflate to a few times their size; python's zipfile never inflates past a declared size.
_MOST_INFLATED = 200 * 2**20
_MOST_RATIO = 200
_RATIO_FROM = 10 * 2**20
_MOST_PARTS = 10_000
_PROPERTIES = {
    "creator": "author",
    "lastModifiedBy": "last_modified_by",
    "subject": "subject",
    "keywords": "keywords",
    "category": "category",
    "description": "comments",
    "Company": "company",
    "Manager": "manager",
}
# Of a damaged archive or part; RuntimeError is an encrypted one, NotImplementedError an unknown compression.
_DAMAGE = (zipfile.BadZipFile, zlib.error, KeyError, EOFError, RuntimeError, ET.ParseError, ValueError)
_CARRIED = {"vbaproject.bin": "macros", "embeddings": "embedded", "activex": "active_control"}


class Relation(NamedTuple):
    """What a part refers to: the last word of the relation's type, and the part's name in the archive."""

    kind: str
    part: str


def open_archive(data: bytes, name: str) -> zipfile.ZipFile:
    """The archive; raises Refused `too_large` for one that would inflate beyond reason, `parser_failed` for none."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError) as failure:
        raise Refused(f"{name!r} is not a readable archive", reason="parser_failed") from failure
    parts = archive.infolist()
    inflated = sum(part.file_size for part in parts)
    bomb = inflated > _RATIO_FROM and inflated > _MOST_RATIO * len(data)
    if inflated > _MOST_INFLATED or len(parts) > _MOST_PARTS or bomb:
        raise Refused(f"{name!r} would inflate to {inflated} bytes", reason="too_large")
    return archive


class Package:
    """An Office Open XML file: parts that name one another by relations."""

    def __init__(self, data: bytes, name: str) -> None:
        self._name = name
        self._archive = open_archive(data, name)
        self._parts = frozenset(self._archive.namelist())

    def main(self) -> str:
        """The part that the document begins with; raises Refused where there is none."""
        found = [r.part for r in self.relations("").values() if r.kind == "officeDocument"]
        if not found:
            raise Refused(f"{self._name!r} is no office document", reason="parser_failed")
        return found[0]

    def relations(self, part: str) -> dict[str, Relation]:
        """Relation id -> what the part refers to inside the archive, in the file's order."""
        folder, base = posixpath.split(part)
        listed = posixpath.join(folder, "_rels", f"{base}.rels")
        if listed not in self._parts:
            return {}
        found = {}
        for item in self.xml(listed):
            target = posixpath.normpath(posixpath.join("/", folder, item.get("Target", "")))[1:]
            if item.get("TargetMode") != "External" and target in self._parts:
                found[item.get("Id", "")] = Relation(item.get("Type", "").rpartition("/")[2], target)
        return found

    def xml(self, part: str) -> ET.Element:
        """A part as a tree; raises Refused when it is missing or broken."""
        with self._opened(part) as stream:
            return ET.parse(stream).getroot()  # noqa: S314 - see above

    def data(self, part: str) -> bytes:
        """A part as it is; raises Refused as `xml`."""
        with self._opened(part) as stream:
            return stream.read()

    def pictures(self, part: str, shown: ET.Element) -> list[str]:
        """The parts of the pictures that an element of a part shows, in order."""
        ids = [value for e in named(shown, "blip") for key, value in e.items() if key.endswith("}embed")]
        related = self.relations(part) if ids else {}
        return [related[id].part for id in ids if id in related]

    def stream(self, part: str, *tags: str) -> Iterator[ET.Element]:
        """The elements of a part that are called so, one at a time: each is emptied when the next one is asked for."""
        with self._opened(part) as stream:
            wanted: dict[str, bool] = {}
            for _, element in ET.iterparse(stream):  # noqa: S314 - see above
                if element.tag not in wanted:
                    wanted[element.tag] = local(element) in tags
                if wanted[element.tag]:
                    yield element
                    element.clear()

    def properties(self) -> Iterator[tuple[str, str]]:
        """What the file says of itself, and what it carries that is never run or opened: macros, embedded files."""
        for part in ("docProps/core.xml", "docProps/app.xml"):
            if part in self._parts:
                yield from (
                    (_PROPERTIES[tag], e.text or "") for e in self.xml(part) if (tag := local(e)) in _PROPERTIES
                )
        yield from carried(self._archive)

    def title(self) -> str:
        """The title among the file's properties."""
        return self._property("title")

    def dated(self) -> str:
        """When it was changed last, or made, as its properties say."""
        return self._property("modified") or self._property("created")

    def _property(self, name: str) -> str:
        if "docProps/core.xml" not in self._parts:
            return ""
        return next((e.text or "" for e in self.xml("docProps/core.xml") if local(e) == name), "")

    @contextmanager
    def _opened(self, part: str) -> Iterator[IO[bytes]]:
        try:
            with self._archive.open(part) as stream:
                yield stream
        except _DAMAGE as failure:
            raise Refused(f"{self._name!r} has no readable {part!r}", reason="parser_failed") from failure


def carried(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """What an archive carries that is never run or opened, by kind and the name of its part."""
    for part in archive.namelist():
        if kind := next((kind for mark, kind in _CARRIED.items() if mark in part.lower() and "_rels" not in part), ""):
            yield kind, part


def local(element: ET.Element) -> str:
    """An element's name without its namespace, of which each edition of the standard has its own."""
    return element.tag[element.tag.rfind("}") + 1 :]


def named(element: ET.Element, *tags: str) -> Iterator[ET.Element]:
    """The element and all within it that are called so, in order."""
    return (inner for inner in element.iter() if local(inner) in tags)


def relation_id(element: ET.Element) -> str:
    """`r:id`, by which an element refers to a part."""
    return next((value for key, value in element.items() if key.endswith("}id")), "")
