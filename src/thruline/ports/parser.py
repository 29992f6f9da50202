"""A file format: bytes to text. Runs in a child process without network, memory to spare or anyone's trust."""

from __future__ import annotations

from typing import Protocol

from thruline.core.documents import Parsed


class Parser(Protocol):
    """Reads one family of media types. Write with core.composing.Composer and offsets come out right."""

    version: str

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """The document; `parser` is the version, `title` may fall back on the file's name.

        Deterministic. Raises Refused with `too_large` before it inflates what it will not take, and with
        `parser_failed` for bytes that are not of the media type; anything else that it raises means the same.
        """
        ...
