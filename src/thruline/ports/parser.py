"""A file format: bytes to text. Runs in a child process without network, memory to spare or anyone's trust."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from thruline.core.documents import Parsed
from thruline.core.pages import Look, Page

ReadsInside = Callable[[bytes, str], Parsed]  # (bytes, name) of a file in a file, as Parser.parse; raises Refused


class Parser(Protocol):
    """Reads one family of media types. Write with core.composing.Composer and offsets come out right."""

    version: str

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """The document; `parser` is the version, `title` may fall back on the file's name.

        Deterministic. Raises Refused with `too_large` before it inflates what it will not take, and with
        `parser_failed` for bytes that are not of the media type; anything else that it raises means the same.
        """
        ...


@runtime_checkable
class Learned(Protocol):
    """A parser that reads with networks, and can do nothing without them."""

    def with_weights(self, folder: Path) -> Parser:
        """The same, with the networks in a folder."""
        ...


@runtime_checkable
class Container(Protocol):
    """A format that holds files of other formats, as mail does; each is read by the parser of its own format."""

    version: str

    def parse_with(self, data: bytes, media_type: str, name: str, read: ReadsInside) -> Parsed:
        """As Parser.parse. read: in the same child, under the same limits; what it refuses is told, not lost."""
        ...


@runtime_checkable
class Paged(Protocol):
    """A format with pages that a person can be shown as they are."""

    def look(self, data: bytes, name: str, look: Look) -> tuple[Page, ...]:
        """The pages that are asked for, in that order; raises Refused as Parser.parse does.

        Comments and forms that were laid over a page are not drawn: no parser has read them.
        """
        ...


@runtime_checkable
class Tabular(Protocol):
    """A format of sheets, of which the first that a person sees can be taken for a table."""

    def rows(self, data: bytes, name: str) -> Iterator[Sequence[str]]:
        """Its rows in words, from the first that has cells; raises Refused as Parser.parse does."""
        ...
